"""How often each order calls for work, how many minutes that takes, and what these cost.

What a formula may ask of an order is summed beside its money, and only what some formula asks. A number of which one
line's part is not known is not known. Minutes are rounded to four decimals a time and order, and so is their cost; what
that rounding gains or loses is told in the table `unassigned`.

Columns of work that took place are named `Model.place(work)` + 'times', 'minutes' and 'cost'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

import ibis
import ibis.expr.types as ir

from keepwell.account.capacity import Span
from keepwell.account.formula import MOST, Formula
from keepwell.account.rounding import added, product, rounded
from keepwell.account.work import Model, Work
from keepwell.tables import MONEY, counted

TAKEN = ("times", "minutes", "cost")
KEPT = (
    *TAKEN,
    "why",
)  # `why` a formula's minutes are not sound: 0 they are, one of the next, or `LACKS` + place of a name
NEGATIVE, NO_PART, BEYOND, LACKS = 1, 2, 3, 4
_SUMMED = ("units", "weight", "value")
_OF_ORDER, _OF_RETURN = "of_order_", "of_return_"  # beginnings of columns that formulas read


def on_lines(ruled: ir.Table, model: Model) -> dict[str, Any]:
    """Return the columns of a line that the work reads: `back` (0 or 1: it takes goods back), and what formulas ask.

    Args:
        ruled: Order lines with `product`.
        model: The cost model.
    """
    asked = {name for work in model.works for name in work.names()}
    values = {name: value for name, value in _values(ruled).items() if name in asked}
    for work in model.of("line"):
        values |= _per_line(ruled, work, model.place(work))
    return {"back": _back(ruled).cast("int64"), **values}


def summed(priced: ir.Table, model: Model) -> dict[str, Any]:
    """Return the sums over an order's lines that its work reads; `back_date` is the day goods first came back."""
    t, sums = priced, {"back_date": priced.order_date.min(where=priced.back == 1)}
    orders, returns = _names(model.of("order", "first order")), _names(model.of("return"))
    sums |= {_OF_ORDER + name: _sum(t, name, t.sale == 1) for name in orders & set(_SUMMED)}
    sums |= {_OF_RETURN + name: _sum(t, name, t.back == 1) for name in returns & set(_SUMMED)}
    if "country" in orders | returns:
        sums[_OF_ORDER + "country"] = t.country.min()
    if "rush" in orders:
        sums[_OF_ORDER + "rush"] = t.rush.cast("int64").max() == 1
    if "lines" in returns:
        sums[_OF_RETURN + "lines"] = counted(t.back.sum())
    for work in model.of("line"):
        minutes = t[model.place(work) + "minutes"]
        known = minutes.count(where=t.sale == 1) == t.sale.sum()
        sums[model.place(work) + "minutes"] = known.ifelse(added(minutes.sum()), ibis.null(MONEY))
        sums[model.place(work) + "why"] = t[model.place(work) + "why"].max()
    return sums


def on_orders(t: ir.Table, model: Model, spans: tuple[Span, ...], *, drivers: Iterable[str]) -> dict[str, Any]:
    """Return `times`, `minutes`, `cost` and `why` of each order's work.

    Args:
        t: Orders with the columns of `summed`, `sales` (lines sold), `void` (0 or 1), `month`, `back_month` and, for
            work on first orders, `first` (boolean).
        model: The cost model.
        spans: The rates.
        drivers: For which work.
    """
    columns: dict[str, Any] = {}
    for work in model.works:
        if work.driver in drivers:
            place, times = model.place(work), _times(t, work)
            lines = work.driver == "line"
            minutes = t[place + "minutes"] if lines else of_one(work, _asked(t, work))
            reason = t[place + "why"] if lines else why(work, _asked(t, work))
            minutes = (times > 0).ifelse(minutes, _zero())
            month = t.back_month if work.driver == "return" else t.month
            cost = charged(minutes, month, spans, work)
            columns |= dict(zip((place + name for name in KEPT), (times, minutes, cost, reason), strict=True))
    return columns


def asked_columns(model: Model) -> list[str]:
    """Return the columns of `summed` that work on first orders still reads."""
    names = _names(model.of("first order"))
    return [_OF_ORDER + name for name in sorted(names) if name != "lines"]


def charged(minutes: Any, month: Any, spans: tuple[Span, ...], work: Work) -> Any:
    """Return what minutes cost at the rate of their month, as money; 0 in months in which the resource has no cost."""
    cases = [
        (month.between(ibis.date(s.start.replace(day=1)), ibis.date(s.end)), _at(minutes, s.rate))
        for s in spans
        if s.resource == work.resource
    ]
    return ibis.cases(*cases, else_=_zero()) if cases else _zero()


def spent(t: ir.Table, model: Model, works: Iterable[Work], line: str) -> Any:
    """Return the cost of the work among `works` that stands in a line of the ledger."""
    costs = [t[model.place(work) + "cost"] for work in works if work.ledger == line]
    return added(reduce(add, costs)) if costs else _zero()


def of_one(work: Work, values: Mapping[str, Any]) -> Any:
    """Return the minutes of one time as money's type; null where they are not known, negative or absurd."""
    if not isinstance(work.minutes, Formula):
        return ibis.literal(work.minutes, MONEY)
    found = work.minutes.of(values)
    sound = found.between(0.0, float(MOST)).fill_null(ibis.literal(value=False))
    return sound.ifelse(rounded(sound.ifelse(found, 0.0)), ibis.null(MONEY))


def why(work: Work, values: Mapping[str, Any]) -> Any:
    """Return why the minutes of one time are not sound, as int64: 0 where they are (see `KEPT`)."""
    if not isinstance(work.minutes, Formula):
        return ibis.literal(0, "int64")
    found = work.minutes.of(values)
    lacking = [(values[name].isnull(), _code(LACKS + place)) for place, name in enumerate(work.minutes.needed)]
    wrong = [(found < 0, _code(NEGATIVE)), (found > float(MOST), _code(BEYOND))]
    return ibis.cases(*wrong, (found.notnull(), _code(0)), *lacking, else_=_code(NO_PART))


def _code(value: int) -> Any:
    return ibis.literal(value, "int64")


def _names(works: Iterable[Work]) -> set[str]:
    return {name for work in works for name in work.names()}


def _back(t: ir.Table) -> Any:
    return t["product"] & (t.refund > 0) & (t.status != "void")


def _values(t: ir.Table) -> dict[str, Any]:
    """Return what formulas may ask of one line; the columns that the facts lack are not known."""
    weight = t.weight if "weight" in t.columns else ibis.null(MONEY)
    return {
        "units": t.quantity.abs(),
        "weight": weight,
        "value": _back(t).ifelse(t.refund, t.gross - t.discount),
        "rush": t.rush if "rush" in t.columns else ibis.null("boolean"),
        "country": t.country,
    }


def _per_line(t: ir.Table, work: Work, place: str) -> dict[str, Any]:
    sold, values = t["product"] & (t.gross > 0), _values(t)
    minutes = sold.ifelse(of_one(work, values), ibis.null(MONEY))
    return {place + "minutes": minutes, place + "why": sold.ifelse(why(work, values), _code(0))}


def _sum(t: ir.Table, name: str, where: Any) -> Any:
    """Return a sum over the lines `where`, null if one of them does not know its part."""
    unknown = (where & t[name].isnull()).cast("int64").max() == 1
    return unknown.ifelse(ibis.null(MONEY), added(t[name].sum(where=where)))


def _times(t: ir.Table, work: Work) -> Any:
    done = (t.sales > 0) & (t.void == 0)
    if work.driver == "line":
        return done.ifelse(counted(t.sales), ibis.literal(0, "int64"))
    if work.driver == "return":
        done = t.back_month.notnull()
    elif work.driver == "first order":
        done = t["first"]
    return done.cast("int64")


def _asked(t: ir.Table, work: Work) -> dict[str, Any]:
    """Return the values that the formula names."""
    values: dict[str, Any] = {}
    for name in work.names():
        if work.driver == "return" and name != "country":
            values[name] = t[_OF_RETURN + name]
        else:
            values[name] = t.sales if name == "lines" else t[_OF_ORDER + name]
    return values


def _at(minutes: Any, rate: Decimal) -> Any:
    return product(minutes, rate)


def _zero() -> Any:
    return ibis.literal(Decimal(0), MONEY)
