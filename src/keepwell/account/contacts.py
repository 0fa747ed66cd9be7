"""What each contact cost, and which order it belongs to.

A contact costs minutes of people, where an activity is called for by its kind, and money, as its file says or else
the settings for its kind. It is tied to the order it names; one that names none, or an order of somebody else, to the
customer's latest purchase on or before its day. Marketing is tied to no order. In the ledger all of it stands
in the month of the contact.

Money paid for a contact stands in the line of the activity for its kind; without one it is marketing where the contact
names a campaign or its kind is a message to many, and service elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

import ibis
import ibis.expr.types as ir

from keepwell.account import effort
from keepwell.account.capacity import Span
from keepwell.account.contribution import TIED, WORKED, month
from keepwell.account.formula import Formula
from keepwell.account.rounding import added
from keepwell.account.work import Model, Work
from keepwell.settings import Costs
from keepwell.tables import MONEY, UNKNOWN, trimmed

# Kinds of contact that are messages to many, whoever answers.
MESSAGES = (
    "ad", "brochure", "campaign", "catalog", "catalogue", "direct mail", "e-mail", "email", "flyer", "leaflet",
    "letter", "mail", "mailing", "newsletter", "postcard", "push", "sms", "text message", "voucher", "whatsapp",
)  # fmt: skip


def costed(touches: ir.Table, model: Model, spans: tuple[Span, ...], costs: Costs) -> ir.Table:
    """Return what each contact cost.

    Args:
        touches: The contract's table.
        model: The work.
        spans: What a minute of it costs.
        costs: What a contact of a kind costs in money where its file does not say.

    Returns:
        `file`, `line`, `customer_id`, `date`, `month`, `kind`, `campaign` (both in lower case), `order_id`, what the
        work took (see `effort`), `paid` (money), and the lines of the ledger that contacts can stand in.
    """
    t = touches.mutate(kind=trimmed(touches.kind).lower(), campaign=plain(touches.campaign), month=month(touches.date))
    told: set[str] = set()
    taken: dict[str, Any] = {}
    for work in model.of("touch"):
        taken |= _taken(t, work, model, spans, told=work.kind not in told)
        told.add(work.kind)
    t = t.mutate(**taken, paid=_paid(t, costs))
    lines = {line: [effort.spent(t, model, model.of("touch"), line)] for line in WORKED}
    where = _line(t, model.of("touch"))
    for line, parts in lines.items():
        parts.append((where == line).ifelse(t.paid, _none()))
    columns = [model.place(work) + name for work in model.of("touch") for name in effort.KEPT]
    return t.select(
        *("file", "line", "customer_id", "date", "month", "kind", "campaign", "order_id", "paid", *columns),
        **{line: added(reduce(add, parts)) for line, parts in lines.items()},
    )


def tied(costed: ir.Table, books: ir.Table) -> ir.Table:
    """Return the contacts, each with the customer and the `order_id` that bear it; null where no order does.

    A contact that names somebody's order and nobody else is theirs.

    Args:
        costed: As the function of that name returns them.
        books: One row per order with `customer_id`, `order_date` and `purchase`.
    """
    owners = books.select("order_id", owner="customer_id")
    t = costed.left_join(owners, "order_id").drop("order_id_right")
    theirs = (t.owner.notnull() & ((t.customer_id == UNKNOWN) | (t.owner == t.customer_id))).fill_null(
        ibis.literal(value=False)
    )
    t = t.mutate(
        customer_id=theirs.ifelse(t.owner, t.customer_id), order_id=theirs.ifelse(t.order_id, ibis.null("string"))
    )
    t = t.drop("owner")
    latest = _latest(t.filter(t.order_id.isnull(), t.customer_id != UNKNOWN), books)
    joined = t.left_join(latest, ["file", "line"]).drop("file_right", "line_right")
    costs = reduce(add, [joined[line] for line in TIED]) != 0
    named = joined.order_id.coalesce(joined.latest)
    return joined.mutate(order_id=costs.ifelse(named, ibis.null("string"))).drop("latest")


def plain(text: Any) -> Any:
    """Return a name as it is compared: without case and outer spaces; '' where there is none."""
    return trimmed(text.fill_null("")).lower()


def _latest(contacts: ir.Table, books: ir.Table) -> ir.Table:
    """Return the last purchase on or before each contact's day, of several the last id: `file`, `line`, `latest`."""
    bought = books.filter(books.purchase)
    days = bought.group_by("customer_id", day=bought.order_date).aggregate(latest=bought.order_id.max())
    none, never = {"file": ibis.null("string"), "line": ibis.null("int64")}, ibis.null("date")
    rows = ibis.union(
        days.select("customer_id", "day", **none, bought_on="day"),
        contacts.select("customer_id", "file", "line", day="date", bought_on=never).select(
            "customer_id", "day", "file", "line", "bought_on"
        ),
    )
    so_far = ibis.window(group_by="customer_id", order_by=[rows.day, rows.file.notnull()], preceding=None, following=0)
    asked = rows.mutate(bought_on=rows.bought_on.max().over(so_far)).filter(rows.file.notnull())
    found = asked.inner_join(days.rename(bought_on="day"), ["customer_id", "bought_on"])
    return found.select("file", "line", "latest")


def _taken(t: ir.Table, work: Work, model: Model, spans: tuple[Span, ...], *, told: bool) -> dict[str, Any]:
    """Return the columns of one activity; of several for one kind, the first (`told`) takes the file's minutes."""
    minutes = effort.of_one(work, {"minutes": t.minutes})
    if told and not (isinstance(work.minutes, Formula) and "minutes" in work.names()):
        minutes = t.minutes.coalesce(minutes)
    called = t.kind == work.kind
    minutes = called.ifelse(minutes, _none())
    cost = effort.charged(minutes, t.month, spans, work)
    place = model.place(work)
    why = called.ifelse(effort.why(work, {"minutes": t.minutes}), ibis.literal(0, "int64"))
    taken = (called.cast("int64"), minutes, cost, why)
    return dict(zip((place + name for name in effort.KEPT), taken, strict=True))


def _paid(t: ir.Table, costs: Costs) -> Any:
    by_kind = [(t.kind == kind.strip().lower(), ibis.literal(cost, MONEY)) for kind, cost in costs.touches.items()]
    return t.cost.coalesce(ibis.cases(*by_kind, else_=_none()) if by_kind else _none())


def _line(t: ir.Table, works: Sequence[Work]) -> Any:
    """Return the line of the ledger that the money paid for a contact stands in."""
    first: dict[str, str] = {}
    for work in works:
        first.setdefault(work.kind, work.ledger)
    message = (t.campaign != "") | t.kind.isin(MESSAGES)
    cases = [(t.kind == kind, ibis.literal(line)) for kind, line in first.items()]
    return ibis.cases(*cases, (message, ibis.literal("marketing")), else_=ibis.literal("service"))


def _none() -> Any:
    return ibis.literal(Decimal(0), MONEY)
