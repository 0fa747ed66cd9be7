"""What the models read of the past: distinct histories with their customers, as the engine counts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from keepwell.engine import Engine, collected, number
from keepwell.models.shapes import Cells, Floats, Ints
from keepwell.predict.history import attached, mixed_customers
from keepwell.predict.origins import Origin
from keepwell.predict.score import Outcomes

if TYPE_CHECKING:
    import ibis.expr.types as ir

CELL = ("repeats", "recency", "age")


@dataclass(frozen=True, slots=True)
class Past:
    """Cells as an origin saw them, with money; the sums have shape (cells,) and go over all customers of a cell."""

    cells: Cells
    total: Floats  # contribution of all purchases so far
    total_squares: Floats  # sum of the squares of each customer's total
    squares: Floats  # sum of the squares of each purchase's contribution

    @property
    def orders(self) -> Floats:
        """Purchase days so far of a customer of each cell."""
        return self.cells.repeats.astype(np.float64) + 1


@dataclass(frozen=True, slots=True)
class Rows:
    """What came after an origin: customers who share their cell and all that is below form one row; shape (rows,).

    Mappings are by the number of days looked back or ahead. Where `ids` is given, each row is one customer, and rows
    are in the order of the ids.
    """

    cell: Ints  # index into the cells of the origin
    count: Floats  # customers
    recent: Mapping[int, Ints]  # purchase days of each within so many days before the origin, the first one included
    recent_brought: Mapping[int, Floats]  # contribution of these, summed over the row
    actual: Mapping[int, Ints]  # purchase days of each that came within so many days
    brought: Mapping[int, Floats]  # contribution of these, summed over the row
    ids: pa.Array[Any] | None = None
    row: Ints | None = None  # of customers: where they are among the rows of those who share all of the above

    def outcomes(self, days: int) -> Outcomes:
        """Return what came within `days`, beside the cells."""
        return Outcomes(self.cell, self.actual[days], self.count)


@dataclass(frozen=True, slots=True)
class Silence:
    """How long customers had been silent some days before the origin, and whether they came in these days."""

    days: Ints  # shape (rows,)
    came: Ints  # 1 or 0
    count: Floats  # customers


@dataclass(frozen=True, slots=True)
class Seen:
    """A past, and what came after it."""

    past: Past
    rows: Rows
    silences: Mapping[int, Silence]  # by days before the origin
    each: ir.Table  # a row for each customer, kept


def grouped(engine: Engine, history: ir.Table, *, log_intervals: float | None = None) -> Past:
    """Count the customers of each distinct history; the cells come sorted."""
    rows = _sorted(collected(engine, history.group_by(*CELL).aggregate(**_sums(history))), CELL)
    return _past(rows, log_intervals)


@dataclass(frozen=True, slots=True)
class Days:
    """The table of `customer_days` in two: customers who bought on each of their days, and the others.

    `plain` has no column `bought`; `mixed` is None where there is nobody.
    """

    plain: ir.Table
    mixed: ir.Table | None

    def occasions(self) -> ir.Table:
        """Return all purchase occasions."""
        if self.mixed is None:
            return self.plain
        return self.plain.union(attached(self.mixed).select(self.plain.columns))

    def around(self, origin: Origin) -> ir.Table:
        """Return the occasions known at an origin, as they were known then, and those within its horizon."""
        then, end = ibis.date(origin.day), ibis.date(origin.day + timedelta(days=origin.horizon))
        plain = self.plain.filter(self.plain.day <= end)
        if self.mixed is None:
            return plain
        known = attached(self.mixed.filter(self.mixed.day <= then))
        later = attached(self.mixed.filter(self.mixed.day <= end))
        parts = (known, later.filter(later.day > then))
        return ibis.union(plain, *(part.select(plain.columns) for part in parts))


def divided(engine: Engine, days: ir.Table) -> Days:
    """Divide the table of `customer_days`."""
    others = engine.keep(mixed_customers(days))
    if not number(engine, others.count()):
        return Days(days.drop("bought"), None)
    plain = engine.keep(days.anti_join(others, "customer_id").drop("bought"))
    return Days(plain, engine.keep(days.semi_join(others, "customer_id")))


def observed(
    engine: Engine, days: Days, origin: Origin, spans: Sequence[int], *, log_intervals: float | None = None
) -> Seen:
    """Return what was known at an origin, and what came within each of `spans` days after it.

    The engine passes over the purchases once, and then over one row a customer.
    """
    each = engine.keep(_each(days.around(origin), origin, spans))
    keys = _keys(spans)
    sums = [name for span in spans for name in (f"brought_{span}", f"recent_brought_{span}")]
    counted = each.group_by(*CELL, *keys).aggregate(
        count=each.count().cast("float64"),
        total=each.total.sum(),
        total_squares=(each.total * each.total).sum(),
        squares=each.squares.sum(),
        **{name: each[name].sum() for name in sums},
    )
    rows = _sorted(collected(engine, counted), (*CELL, *keys))
    new = _changes(rows, CELL)
    cell = np.cumsum(new) - 1
    merged = {name: rows[name][new] for name in CELL}
    merged |= {name: np.bincount(cell, weights=rows[name]) for name in ("count", *_MONEY)}
    return Seen(
        past=_past(merged, log_intervals),
        rows=_rows(rows, cell, rows["count"], spans),
        silences={span: _silence(engine, each, span) for span in spans},
        each=each,
    )


def customers(engine: Engine, seen: Seen, spans: Sequence[int]) -> Rows:
    """Return one row for each customer of an origin, in the order of their ids."""
    table = collected(engine, seen.each.drop("total", "squares").order_by("customer_id"))
    names = [name for name in table.column_names if name not in {"customer_id", *CELL}]
    rows = {name: table[name].to_numpy(zero_copy_only=False) for name in names}
    cell = cells_of(seen.past.cells, *(table[name].to_numpy() for name in CELL))
    keyed = {name: table[name].to_numpy() for name in (*CELL, *_keys(spans))}
    order = np.lexsort([keyed[name] for name in reversed(keyed)])
    row = np.empty(len(cell), np.int64)
    row[order] = np.cumsum(_changes({name: values[order] for name, values in keyed.items()}, list(keyed))) - 1
    one = _rows(rows, cell, np.ones(len(cell)), spans)
    return replace(one, ids=table["customer_id"].combine_chunks(), row=row)


def _keys(spans: Sequence[int]) -> tuple[str, ...]:
    return tuple(name for span in spans for name in (f"actual_{span}", f"recent_{span}"))


def cells_of(cells: Cells, repeats: Ints, recency: Ints, age: Ints) -> Ints:
    """Return the index of each history among sorted cells; every one is there."""
    width = int(cells.age.max(initial=0)) + 1

    def key(x: Ints, t_x: Ints, T: Ints) -> Ints:
        answer: Ints = (x.astype(np.int64) * width + t_x) * width + T
        return answer

    return np.searchsorted(key(cells.repeats, cells.recency, cells.age), key(repeats, recency, age)).astype(np.int64)


def _rows(rows: Mapping[str, np.ndarray], cell: Ints, count: Floats, spans: Sequence[int]) -> Rows:
    return Rows(
        cell=cell.astype(np.int64),
        count=count,
        recent={span: rows[f"recent_{span}"].astype(np.int64) for span in spans},
        recent_brought={span: np.nan_to_num(rows[f"recent_brought_{span}"]) for span in spans},
        actual={span: rows[f"actual_{span}"].astype(np.int64) for span in spans},
        brought={span: np.nan_to_num(rows[f"brought_{span}"]) for span in spans},
    )


def _each(occasions: ir.Table, origin: Origin, spans: Sequence[int]) -> ir.Table:
    """Return one row for each customer known at an origin: their history, and what came shortly before and after it."""
    then = ibis.date(origin.day)
    before, value = occasions.day <= then, occasions.amount.cast("float64")
    each = occasions.group_by("customer_id").aggregate(
        first=occasions.day.min(),
        last=occasions.day.max(where=before),
        orders=occasions.count(where=before),
        total=occasions.amount.sum(where=before).cast("float64"),
        squares=(value * value).sum(where=before),
        **{name: column for span in spans for name, column in _around(occasions, origin.day, span)},
    )
    known = each.filter(each["first"] <= then)
    silences = {f"silent_{span}": _days(_day(origin.day, -span), known[f"last_{span}"]) for span in spans}
    return known.select(
        "customer_id",
        *(f"{name}_{span}" for span in spans for name in ("actual", "brought", "recent", "recent_brought")),
        "total",
        "squares",
        repeats=known.orders - 1,
        recency=_days(known["last"], known["first"]),
        age=_days(then, known["first"]),
        **silences,
    )


def _around(occasions: ir.Table, day: date, span: int) -> Iterator[tuple[str, ir.Scalar]]:
    then = occasions.day <= ibis.date(day)
    after = ~then & (occasions.day <= _day(day, span))
    recent = then & (occasions.day > _day(day, -span))
    yield f"actual_{span}", occasions.count(where=after)
    yield f"brought_{span}", occasions.amount.sum(where=after).cast("float64")
    yield f"recent_{span}", occasions.count(where=recent)
    yield f"recent_brought_{span}", occasions.amount.sum(where=recent).cast("float64")
    yield f"last_{span}", occasions.day.max(where=occasions.day <= _day(day, -span))


def _silence(engine: Engine, each: ir.Table, span: int) -> Silence:
    """Count customers known `span` days before the origin by how long they had been silent then."""
    known = each.filter(each[f"silent_{span}"].notnull())
    came = (known[f"recent_{span}"] > 0).cast("int64")
    counted = known.group_by(days=known[f"silent_{span}"], came=came).aggregate(count=known.count().cast("float64"))
    rows = _sorted(collected(engine, counted), ("days", "came"))
    return Silence(rows["days"].astype(np.int64), rows["came"].astype(np.int64), rows["count"])


def _day(day: date, days: int) -> ir.DateScalar:
    return ibis.date(day + timedelta(days=days))


def _days(later: ir.Value, earlier: ir.Value) -> ir.Value:
    return later.delta(earlier, unit="day").cast("int64")


_MONEY = ("total", "total_squares", "squares")


def _sums(history: ir.Table) -> dict[str, ir.Scalar]:
    total = history.first_contribution + history.repeat_sum
    squares = history.first_contribution * history.first_contribution + history.repeat_sum_squares
    return {
        "count": history.count().cast("float64"),
        "total": total.sum(),
        "total_squares": (total * total).sum(),
        "squares": squares.sum(),
    }


def _past(rows: dict[str, Floats], log_intervals: float | None) -> Past:
    x, t_x, age = (rows[name].astype(np.int64) for name in CELL)
    return Past(Cells(x, t_x, age, rows["count"], log_intervals), *(rows[name] for name in _MONEY))


def _changes(rows: Mapping[str, np.ndarray], keys: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Say of each sorted row whether a key differs from the row before."""
    new: npt.NDArray[np.bool_] = np.arange(len(rows[keys[0]])) == 0
    for key in keys:
        new[1:] |= rows[key][1:] != rows[key][:-1]
    return new


def _sorted(table: pa.Table, keys: tuple[str, ...]) -> dict[str, np.ndarray]:
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    order = np.lexsort([columns[name] for name in reversed(keys)])
    return {name: values[order] for name, values in columns.items()}


def first_day(engine: Engine, days: ir.Table) -> date | None:
    """Return the day of the first purchase of all, or None."""
    bought = days.filter(days.bought == 1)
    answer: date | None = collected(engine, bought.aggregate(day=bought.day.min()))["day"][0].as_py()
    return answer
