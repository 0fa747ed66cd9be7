"""The tables `costs` and `unassigned`: what the work cost month by month, and what no customer bears of it.

Of each resource and month

    cost = borne by customers + borne by nobody that is known + unused

to the last decimal. A customer's part is minutes x rate, rounded to four decimals once an order and activity. What the
rounded parts miss of the exact cost of all minutes stands in `unassigned` as 'rounding', beside the unused capacity; in
`costs` both are `unused`. Flat rates, and money paid for contacts, have rows of their own and nothing unused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from keepwell.account import effort
from keepwell.account.capacity import MONEY, Capacity, Span
from keepwell.account.capacity import months as capacities
from keepwell.account.formula import Formula
from keepwell.account.work import PER_CONTACT, PER_ORDER, Model, Work
from keepwell.engine import Engine, collected
from keepwell.errors import ConfigError
from keepwell.settings import Costs
from keepwell.tables import CONTRACTS, UNKNOWN, checked, counted, total

_ZERO = Decimal("0.0000")


@dataclass(frozen=True, slots=True)
class Done:
    """Work of one kind in one month: by customers, or by nobody that is known."""

    resource: str
    activity: str
    month: date
    known: bool
    times: int
    minutes: Decimal
    cost: Decimal


def done(books: ir.Table, contacts: ir.Table | None, model: Model, costs: Costs, engine: Engine) -> list[Done]:
    """Return all work that took place, and all that was paid a time.

    Args:
        books: As `contribution.books` returns them, with the work on first orders.
        contacts: As `contacts.tied` returns them; None: there are none.
        model: The work.
        costs: The flat rates.
        engine: Sums.

    Raises:
        ConfigError: A formula gives no sound number of minutes for some order or contact; says for how many.
    """
    found = []
    for works, source, by in (
        (model.of("order", "line", "first order"), books, "month"),
        (model.of("return"), books, "back_month"),
        (model.of("touch"), contacts, "month"),
    ):
        if works and source is not None:
            found += _worked(source, by, works, model, engine)
    found += _flat(books, costs, engine)
    worked = {work.kind for work in model.of("touch")}
    return found + ([] if contacts is None else _paid(contacts, worked, engine))


def tables(found: Sequence[Done], spans: tuple[Span, ...], model: Model) -> tuple[list[dict[str, Any]], ...]:
    """Return the rows of `costs` and those of `unassigned` that unused capacity and rounding make."""
    rates = {(c.resource, c.month): c for c in capacities(spans)}
    rows, lost = [], []
    for (resource, month), capacity in sorted(rates.items()):
        work = [one for one in found if (one.resource, one.month) == (resource, month)]
        whole = _whole(capacity, work)
        rows.append(whole)
        exact = (sum((one.minutes for one in work), _ZERO) * capacity.rate).quantize(MONEY)
        unused = capacity.cost - exact
        where = ", ".join(sorted({w.ledger for w in model.works if w.resource == resource})) or "none"
        named = {"month": month, "ledger_line": where, "subject": resource}
        parts = (("unused capacity", unused), ("rounding", whole["unused"] - unused))
        lost += [named | {"reason": reason, "amount": amount} for reason, amount in parts if amount]
    there = {c.resource for c in rates.values()} | {PER_ORDER, PER_CONTACT}
    rows += _activities([one for one in found if one.resource in there], rates)
    return rows, lost


def made(name: str, rows: Sequence[dict[str, Any]], engine: Engine) -> ir.Table:
    """Return a table of the contract from rows."""
    schema = CONTRACTS[name].schema.to_pyarrow()
    return checked(name, engine.table([pa.RecordBatch.from_pylist(list(rows), schema=schema)], schema))


def _whole(capacity: Capacity, work: Iterable[Done]) -> dict[str, Any]:
    """Return the row of a resource's month."""
    borne = {known: sum((one.cost for one in work if one.known is known), _ZERO) for known in (True, False)}
    return {
        "resource": capacity.resource,
        "activity": "",
        "month": capacity.month,
        "times": 0,
        "minutes": capacity.minutes,
        "rate": capacity.rate,
        "cost": capacity.cost,
        "customers": borne[True],
        "nobody": borne[False],
        "unused": capacity.cost - borne[True] - borne[False],
    }


def _activities(found: Iterable[Done], rates: dict[tuple[str, date], Capacity]) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str, date], dict[str, Any]] = {}
    for one in found:
        rate = rates[one.resource, one.month].rate if (one.resource, one.month) in rates else Decimal(0)
        empty = {"times": 0, "minutes": _ZERO, "rate": rate, "cost": _ZERO, "customers": _ZERO, "nobody": _ZERO}
        key = {"resource": one.resource, "activity": one.activity, "month": one.month}
        row = rows.setdefault((one.resource, one.activity, one.month), key | empty | {"unused": _ZERO})
        for name, value in (("times", one.times), ("minutes", one.minutes), ("cost", one.cost)):
            row[name] += value
        row["customers" if one.known else "nobody"] += one.cost
    return [rows[key] for key in sorted(rows)]


def _worked(t: ir.Table, by: str, works: Sequence[Work], model: Model, engine: Engine) -> list[Done]:
    """Sum what the work took by month, and stop where minutes are not sound."""
    known = t.filter(t[by].notnull())
    sums: dict[str, Any] = {}
    for work in works:
        place = model.place(work)
        taken = {name: known[place + name] for name in effort.TAKEN}
        sums |= {place + "times": counted(taken["times"].sum()), place + "bad": counted(_unsound(taken).sum())}
        sums |= {place + "why": known[place + "why"].max(where=_unsound(taken) == 1)}
        sums |= {place + name: total(taken[name].sum()) for name in ("minutes", "cost")}
    rows = _by_month(known, by, sums, engine)
    for work in works:
        place = model.place(work)
        bad = sum(row[place + "bad"] for row in rows)
        _check_sound(work, bad, max((row[place + "why"] or 0 for row in rows), default=0))
    return [
        Done(work.resource, work.name, row["month"], row["known"], *(row[model.place(work) + n] for n in effort.TAKEN))
        for work in works
        for row in rows
        if row[model.place(work) + "times"]
    ]


def _unsound(taken: dict[str, Any]) -> Any:
    return ((taken["times"] > 0) & taken["minutes"].isnull()).cast("int64")


def _check_sound(work: Work, bad: int, why: int) -> None:
    """Stop where minutes are not sound for `bad` orders or contacts; `why` as `effort.why` says it of one of them."""
    if not bad:
        return
    whom = f"{bad:,} {'contact' if work.driver == 'touch' else 'order'}{'' if bad == 1 else 's'}"
    needed = work.minutes.needed if isinstance(work.minutes, Formula) else ()
    told = {
        effort.NEGATIVE: ("are below 0", "Write `max(0, ...)` around the formula, or mend it."),
        effort.NO_PART: ("divide by 0", "Divide by something that is never 0, e.g. `max(1, ...)`."),
        effort.BEYOND: ("are beyond all measure", "Write `min(600, ...)` around the formula, or mend it."),
    }
    if why >= effort.LACKS:
        name = needed[why - effort.LACKS]
        mend = f"Write `known({name}, ...)` in the formula, with what to take where it is not known, e.g. 1."
        raise ConfigError(f"its minutes need {name!r}, which is not known for {whom}", f"activity {work.name!r}", mend)
    problem, mend = told.get(why, ("are not known", "See the formulas in docs/account.md."))
    raise ConfigError(f"its minutes {problem} for {whom}", f"activity {work.name!r}", mend)


def _flat(books: ir.Table, costs: Costs, engine: Engine) -> list[Done]:
    """Return what is paid a purchase and a return, by the settings' flat rates."""
    found = []
    for name, rate, by, where in (
        ("fulfilment_per_order", costs.fulfilment_per_order, "month", books.purchase),
        ("return_per_order", costs.return_per_order, "back_month", books.back_month.notnull()),
    ):
        if rate:
            rows = _by_month(books.filter(where), by, {"times": counted(ibis._.count())}, engine)
            found += [
                Done(PER_ORDER, name, row["month"], row["known"], row["times"], _ZERO, row["times"] * rate)
                for row in rows
            ]
    return found


def _paid(contacts: ir.Table, worked: set[str], engine: Engine) -> list[Done]:
    """Return the money paid for contacts, by kind; kinds that cost neither money nor minutes too, to be seen."""
    t = contacts
    sums = {"times": counted(t.count()), "cost": total(t.paid.sum())}
    rows = _by_month(t, "month", sums, engine, "kind")
    return [
        Done(PER_CONTACT, row["kind"], row["month"], row["known"], row["times"], _ZERO, row["cost"])
        for row in rows
        if row["cost"] or row["kind"] not in worked
    ]


def _by_month(t: ir.Table, by: str, sums: dict[str, Any], engine: Engine, *more: str) -> list[dict[str, Any]]:
    grouped = t.group_by(month=t[by], known=t.customer_id != UNKNOWN, **{name: t[name] for name in more})
    return collected(engine, grouped.aggregate(**sums)).to_pylist()
