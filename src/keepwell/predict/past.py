"""What the models read of the past: distinct histories with their customers, as the engine counts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
import numpy as np

from keepwell.engine import Engine, collected, number
from keepwell.models.shapes import Cells, Floats
from keepwell.predict.history import attached, mixed_customers
from keepwell.predict.origins import Origin
from keepwell.predict.score import Outcomes

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

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
class Seen:
    """A past, and what came after it."""

    past: Past
    outcomes: Outcomes
    brought: Floats  # contribution of the purchases that came, by row of the outcomes


def grouped(engine: Engine, history: ir.Table) -> Past:
    """Count the customers of each distinct history; the cells come sorted."""
    return _past(_sorted(collected(engine, history.group_by(*CELL).aggregate(**_sums(history))), CELL))


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


def observed(engine: Engine, days: Days, origin: Origin) -> Seen:
    """Return what was known at an origin and what came within its horizon."""
    rows = _sorted(collected(engine, _counted(days.around(origin), origin)), (*CELL, "actual"))
    keys = np.stack([rows[name] for name in CELL], axis=1)
    new = np.r_[True, (keys[1:] != keys[:-1]).any(axis=1)] if len(keys) else np.zeros(0, bool)
    cell = np.cumsum(new) - 1
    merged = {name: rows[name][new] for name in CELL}
    merged |= {name: np.bincount(cell, weights=rows[name]) for name in ("count", *_MONEY)}
    return Seen(
        past=_past(merged),
        outcomes=Outcomes(cell=cell, actual=rows["actual"], count=rows["count"]),
        brought=np.nan_to_num(rows["brought"]),
    )


def _counted(occasions: ir.Table, origin: Origin) -> ir.Table:
    """Count the customers of each cell of an origin and each number of purchase days after it."""
    then = ibis.date(origin.day)
    before, value = occasions.day <= then, occasions.amount.cast("float64")
    each = occasions.group_by("customer_id").aggregate(
        first=occasions.day.min(),
        last=occasions.day.max(where=before),
        orders=occasions.count(where=before),
        total=occasions.amount.sum(where=before).cast("float64"),
        squares=(value * value).sum(where=before),
        actual=occasions.count(where=~before),
        brought=occasions.amount.sum(where=~before).cast("float64"),
    )
    known = each.filter(each["first"] <= then)
    return known.group_by(
        "actual",
        repeats=known.orders - 1,
        recency=known["last"].delta(known["first"], unit="day"),
        age=then.delta(known["first"], unit="day"),
    ).aggregate(
        count=known.count().cast("float64"),
        total=known.total.sum(),
        total_squares=(known.total * known.total).sum(),
        squares=known.squares.sum(),
        brought=known.brought.sum(),
    )


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


def _past(rows: dict[str, Floats]) -> Past:
    x, t_x, age = (rows[name].astype(np.int64) for name in CELL)
    return Past(Cells(x, t_x, age, rows["count"]), *(rows[name] for name in _MONEY))


def _sorted(table: pa.Table, keys: tuple[str, ...]) -> dict[str, np.ndarray]:
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    order = np.lexsort([columns[name] for name in reversed(keys)])
    return {name: values[order] for name, values in columns.items()}


def first_day(engine: Engine, days: ir.Table) -> date | None:
    """Return the day of the first purchase of all, or None."""
    bought = days.filter(days.bought == 1)
    answer: date | None = collected(engine, bought.aggregate(day=bought.day.min()))["day"][0].as_py()
    return answer
