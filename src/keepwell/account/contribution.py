"""What each order and each customer's month earned: one profit and loss, booked twice.

Lines are summed per order (`order_contribution`), and orders per customer and month (`ledger`). Money that is given
back later belongs to the month in which that happened, so the few orders whose lines lie in several months are
summed per month as well. What an order costs is rounded on its lines, so that every sum of them is exact:

    gross - discounts + shipping_charged + tax + other - refunds = money in
    contribution = gross - discounts + shipping_charged + other - refunds - all costs, in three steps
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

import ibis
import ibis.expr.types as ir

from keepwell.account import effort
from keepwell.account.capacity import Span
from keepwell.account.lines import GIFT_CARD
from keepwell.account.rounding import added, product
from keepwell.account.work import Model
from keepwell.settings import Costs
from keepwell.tables import (
    LEDGER_COSTS,
    LEDGER_IN,
    LEDGER_LINES,
    LEDGER_OUT,
    MONEY,
    UNKNOWN,
    checked,
    counted,
    total,
)

CONTRIBUTIONS = ("contribution_1", "contribution_2", "contribution")
_ADDED = (*LEDGER_LINES, "assumed_sales")
_ON_LINES = (*LEDGER_IN, "product_cost", "assumed_sales")
WORKED = ("fulfilment", "returns_handling", "service", "marketing")  # lines that work can stand in
TIED = ("fulfilment", "returns_handling", "service")  # of them, those that an order bears
_ON_ORDERS = ("payment_fees", *WORKED)
_EVERY_ORDER = ("order", "line", "return")  # what calls for work that is known without the other orders


NO_MODEL = Model()


def priced(ruled: ir.Table, *, margin: float, model: Model = NO_MODEL) -> ir.Table:
    """Spread each line's money over the ledger and tell what its goods cost.

    Args:
        ruled: Order lines with `ledger_line` and `product`.
        margin: Share of net product sales left after product cost, for lines whose cost is not known.
        model: The work, which says what else of a line is read.

    Returns:
        `order_id`, `customer_id`, `order_date`, the lines of the ledger that order lines carry, `assumed_sales`, `net`
        (product sales after discounts and refunds), `fee` (null: not known), `sale` and `void` (0 or 1), and the
        columns of `effort.on_lines`.
    """
    return ruled.select(
        "order_id",
        "customer_id",
        "order_date",
        **incoming(ruled),
        **costed(ruled, left=exact(margin)),
        fee=ruled.payment_fee,
        sale=(ruled.product & (ruled.gross > 0)).cast("int64"),
        void=(ruled.status == "void").cast("int64"),
        **effort.on_lines(ruled, model),
    )


def books(
    priced: ir.Table, undone: ir.Table, *, costs: Costs, model: Model = NO_MODEL, spans: tuple[Span, ...] = ()
) -> ir.Table:
    """Sum lines per order and add the order's own costs and the word whether it was a purchase.

    Args:
        priced: As `priced` returns them.
        undone: `order_id` and `undone`, the sale lines taken back whole.
        costs: What an order costs besides its products and the work on it.
        model: The work on it.
        spans: What a minute of it costs.

    Returns:
        The columns of `order_contribution` but for the contributions; `last_customer` (of the known ones, by id; null:
        nobody), `last_month`, `back_month` (in which goods came back; null: none did), `back_` + a line of the ledger
        (the part of it that their coming back caused), `sales` (lines), `void`, and what the work took.
    """
    named = priced.customer_id.nullif(UNKNOWN)
    summed = priced.group_by("order_id").aggregate(
        **{name: _summed(priced[name]) for name in (*_ON_LINES, "net", "fee")},
        sales=counted(priced.sale.sum()),
        void=priced.void.max(),
        customer=named.min(),
        last_customer=named.max(),
        order_date=priced.order_date.min(),
        last_date=priced.order_date.max(),
        **effort.summed(priced, model),
    )
    t = summed.left_join(undone, "order_id").drop("order_id_right")
    t = t.mutate(month=month(t.order_date), last_month=month(t.last_date), back_month=month(t.back_date))
    t = t.mutate(**effort.on_orders(t, model, spans, drivers=_EVERY_ORDER))
    bought = (t.net > 0) & (t.void == 0) & (t.sales > t.undone.fill_null(0))
    taken = t.gross - t.discounts + t.shipping_charged + t.tax + t.other - t.refunds
    fees = times(taken, exact(costs.payment_fee_rate)) + _amount(costs.payment_fee_fixed)
    return t.select(
        *("order_id", "order_date", "last_customer", "month", "last_month", "back_month", "sales", "void"),
        *(*_ON_LINES, *effort.asked_columns(model), *_taken(model, _EVERY_ORDER)),
        customer_id=t.customer.fill_null(UNKNOWN),
        purchase=bought,
        payment_fees=t.fee.coalesce(((t.void == 0) & (taken > 0)).ifelse(fees, _none())),
        **_own_costs(t, bought, costs, model),
    )


def _own_costs(t: ir.Table, bought: Any, costs: Costs, model: Model) -> dict[str, Any]:
    """Return what work and flat rates put into the lines of the ledger, and apart what the return of goods did."""
    back = {line: effort.spent(t, model, model.of("return"), line) for line in WORKED}
    flat = t.back_month.notnull().ifelse(_amount(costs.return_per_order), _none())
    back["returns_handling"] = added(back["returns_handling"] + flat)
    own = {line: effort.spent(t, model, model.of("order", "line"), line) + back[line] for line in WORKED}
    own["fulfilment"] += bought.ifelse(_amount(costs.fulfilment_per_order), _none())
    return {line: added(amount) for line, amount in own.items()} | {f"back_{k}": v for k, v in back.items()}


def with_firsts(books: ir.Table, firsts: ir.Table, *, model: Model, spans: tuple[Span, ...]) -> ir.Table:
    """Return the books with the work on first orders.

    Args:
        books: As `books` returns them.
        firsts: The `order_id` of each known customer's first purchase.
        model: The work.
        spans: What a minute of it costs.
    """
    marked = books.left_join(firsts.select("order_id", _first=ibis.literal(value=True)), "order_id")
    t = marked.mutate(first=marked._first.notnull()).drop("order_id_right", "_first")
    t = t.mutate(**effort.on_orders(t, model, spans, drivers=("first order",)))
    more = {line: effort.spent(t, model, model.of("first order"), line) for line in WORKED}
    return t.mutate(**{line: added(t[line] + amount) for line, amount in more.items()})


def first_orders(books: ir.Table) -> ir.Table:
    """Return each known customer's first purchase: `customer_id`, `first_date`, `order_id` (the first of that day)."""
    bought = books.filter(books.purchase, books.customer_id != UNKNOWN)
    days = bought.group_by("customer_id").aggregate(first_date=bought.order_date.min())
    first = bought.inner_join(days, "customer_id").filter(lambda t: t.order_date == t.first_date)
    return first.group_by("customer_id", "first_date").aggregate(order_id=first.order_id.min())


def order_contribution(books: ir.Table, contacts: ir.Table | None = None) -> ir.Table:
    """Return one row per order: the table `order_contribution`.

    Args:
        books: As `books` returns them.
        contacts: Cost of contacts with `order_id`, the orders they are tied to, in lines of the ledger.
    """
    t = books.mutate(marketing=_none())
    if contacts is not None:
        tied = contacts.filter(contacts.order_id.notnull())
        sums = tied.group_by("order_id").aggregate(**{f"more_{line}": _summed(tied[line]) for line in TIED})
        joined = t.left_join(sums, "order_id").drop("order_id_right")
        t = joined.mutate(**{line: added(joined[line] + joined[f"more_{line}"].fill_null(_none())) for line in TIED})
    return checked("order_contribution", _with_contribution(t))


def monthly(books: ir.Table, priced: ir.Table) -> ir.Table:
    """Return the orders that lie in several months, a row for each of these months.

    The order's own costs and its count stand in its first month, what returns cost in the month of the first of them.

    Args:
        books: As `books` returns them.
        priced: The lines they were summed from.
    """
    own = ("purchase", *_ON_ORDERS, "back_month", *(f"back_{line}" for line in WORKED))
    spanning = books.filter(books.month != books.last_month).select(
        "order_id", *own, owner="customer_id", first="month"
    )
    lines = priced.inner_join(spanning, "order_id").mutate(month=lambda t: month(t.order_date))
    t = lines.group_by("order_id", "owner", "first", *own, "month").aggregate(
        **{name: _summed(lines[name]) for name in _ON_LINES}
    )
    at_first, at_return = t.month == t["first"], (t.month == t.back_month).fill_null(ibis.literal(value=False))
    placed = {name: at_first.ifelse(t[name], _none()) for name in _ON_ORDERS}
    for line in WORKED:
        part = t[f"back_{line}"]
        apart = at_first.ifelse(t[line] - part, _none()) + at_return.ifelse(part, _none())
        placed[line] = added(apart)
    return t.select("month", *_ON_LINES, customer_id="owner", purchase=t.purchase & at_first, **placed)


def ledger(books: ir.Table, monthly: ir.Table, *others: ir.Table) -> ir.Table:
    """Return one row per customer and month: the table `ledger`.

    Args:
        books: As `books` returns them.
        monthly: As `monthly` returns them, for the orders among `books` that lie in several months.
        others: What customers cost besides: `customer_id`, `month` and some of the lines of the ledger.
    """
    lines = [*_ON_LINES, *_ON_ORDERS, *(["acquisition"] if others else [])]
    single = _filled(books.filter(books.month == books.last_month), lines)
    rows = ibis.union(single, _filled(monthly, lines), *(_filled(other, lines) for other in others))
    summed = rows.group_by("customer_id", "month").aggregate(
        orders=counted(rows.purchase.cast("int64").sum()), **{name: _summed(rows[name]) for name in lines}
    )
    return checked("ledger", _with_contribution(summed))


def _filled(t: ir.Table, lines: Sequence[str]) -> ir.Table:
    """Return what the ledger sums, 0 in the lines that the table does not have."""
    there = {name: t[name] if name in t.columns else _none() for name in lines}
    purchase = t.purchase if "purchase" in t.columns else ibis.literal(value=False)
    return t.select("customer_id", "month", purchase=purchase, **there)


def month(day: Any) -> Any:
    """Return the first day of an Ibis date's month; through a timestamp, which DuckDB makes of it anyway."""
    return day.cast("timestamp").truncate("M").date()


def totals(ledger: ir.Table) -> ir.Table:
    """Return the whole profit and loss in one row for known customers and one for the unknown one.

    Columns: `known` (boolean), `customers`, `orders` (int64), then every line of the ledger, `contribution` and
    `assumed_sales` as decimal(38,4).
    """
    known = ledger.mutate(known=ledger.customer_id != UNKNOWN)
    sums = {name: total(known[name].sum()) for name in (*_ADDED, "contribution")}
    by = known.group_by("known")
    return by.aggregate(customers=known.customer_id.nunique(), orders=counted(known.orders.sum()), **sums)


def incoming(t: ir.Table) -> dict[str, Any]:
    """Spread each line's money over the ledger; their signed sum is the line's `money`."""
    signed = t.gross - t.refund

    def caught(name: str) -> Any:
        return (t.ledger_line.fill_null("") == name).ifelse(signed, _none())

    return {
        "gross": t.product.ifelse(t.gross, _none()),
        "refunds": t.product.ifelse(t.refund, _none()),
        "discounts": t.discount - caught("discounts"),
        "shipping_charged": t.shipping + caught("shipping_charged"),
        "tax": t.tax + caught("tax"),
        "other": t.other + caught("other"),
    }


def costed(t: ir.Table, *, left: Decimal) -> dict[str, Any]:
    """Tell net product sales, the cost of the goods, and the sales whose cost is assumed.

    A gift card that is no sale costs what it is worth, because goods for it are owed: it earns when they are sold.
    """
    net = t.product.ifelse(t.gross - t.discount - t.refund, _none())
    void = t.status == "void"  # goods that were never sent cost nothing
    known = t.product_cost.notnull()
    owed = ~t.product & (t.rule.fill_null("") == GIFT_CARD)
    return {
        "net": net,
        "product_cost": ibis.cases(
            (void, _none()),
            (owed, t.gross - t.refund),
            (known & ~t.product, _none()),
            (known, t.product_cost),
            else_=times(net, 1 - left),
        ),
        "assumed_sales": (known | void).ifelse(_none(), net),
    }


def _with_contribution(t: ir.Table) -> ir.Table:
    full = t.mutate(**{name: _none() for name in LEDGER_OUT if name not in t.columns})
    left = full.gross - full.discounts + full.shipping_charged + full.other - full.refunds
    steps = {}
    for name, costs in zip(CONTRIBUTIONS, LEDGER_COSTS, strict=True):
        left -= reduce(add, [full[cost] for cost in costs])
        steps[name] = added(left)
    return full.mutate(**steps)


def _taken(model: Model, drivers: Iterable[str]) -> list[str]:
    return [model.place(work) + name for work in model.works if work.driver in drivers for name in effort.KEPT]


def _summed(amount: Any) -> Any:
    return added(amount.sum())


def times(amount: Any, factor: Decimal) -> Any:
    """Return money times a factor of at most five decimals, as money."""
    return product(added(amount), factor.quantize(Decimal("0.00001")))


def _amount(value: Decimal) -> Any:
    return ibis.literal(value, type=MONEY)


def _none() -> Any:
    return _amount(Decimal(0))


def exact(share: float) -> Decimal:
    """Return the decimal that was meant: 0.3, not the binary number nearest to it."""
    return Decimal(str(share))
