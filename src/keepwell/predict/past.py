"""What the models read of the past: distinct histories with their customers, as the engine counts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
import numpy as np

from keepwell.engine import Engine, collected
from keepwell.models.shapes import Cells, Floats
from keepwell.predict.history import from_occasions, occasions
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


@dataclass(frozen=True, slots=True)
class Seen:
    """A past, and what came after it."""

    past: Past
    outcomes: Outcomes
    brought: float  # contribution of the purchases that came


def grouped(engine: Engine, history: ir.Table) -> Past:
    """Count the customers of each distinct history; the cells come sorted."""
    return _past(_sorted(collected(engine, history.group_by(*CELL).aggregate(**_sums(history))), CELL))


def observed(engine: Engine, days: ir.Table, origin: Origin) -> Seen:
    """Return what was known at an origin and what came within its horizon, from the table of `customer_days`."""
    then, end = ibis.date(origin.day), ibis.date(origin.day + timedelta(days=origin.horizon))
    known = from_occasions(occasions(days.filter(days.day <= then)), until=origin.day)
    later = occasions(days.filter(days.day <= end)).filter(ibis._.day > then)
    came = later.group_by("customer_id").aggregate(actual=later.count(), brought=later.amount.sum())
    both = known.left_join(came, "customer_id").select(known, came.actual, came.brought)
    both = both.mutate(actual=both.actual.fill_null(0))
    counts = both.group_by(*CELL, "actual").aggregate(brought=both.brought.sum().cast("float64"), **_sums(both))
    rows = _sorted(collected(engine, counts), (*CELL, "actual"))
    keys = np.stack([rows[name] for name in CELL], axis=1)
    new = np.r_[True, (keys[1:] != keys[:-1]).any(axis=1)] if len(keys) else np.zeros(0, bool)
    cell = np.cumsum(new) - 1
    merged = {name: rows[name][new] for name in CELL}
    merged |= {name: np.bincount(cell, weights=rows[name]) for name in ("count", *_MONEY)}
    return Seen(
        past=_past(merged),
        outcomes=Outcomes(cell=cell, actual=rows["actual"], count=rows["count"]),
        brought=float(np.nansum(rows["brought"])),
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
