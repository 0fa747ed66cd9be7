"""Put money on the forecast, customer by customer, in batches: memory is a batch, never all customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from keepwell.engine import Engine
from keepwell.models import compound
from keepwell.models.compound import Counts, GammaWorth, SignedWorth
from keepwell.models.shapes import Cells, Floats, Ints
from keepwell.predict import spend
from keepwell.predict.horizon import Ahead
from keepwell.predict.level import Level
from keepwell.tables import CONTRACTS, checked

if TYPE_CHECKING:
    import ibis.expr.types as ir

READ = ("customer_id", "repeats", "recency", "age", "first_contribution", "repeat_sum", "repeat_sum_squares")
SCHEMA = pa.schema([pa.field(f.name, f.type) for f in CONTRACTS["values"].schema.to_pyarrow()])
FURTHEST = 36_500  # days; a next order beyond is none
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Lookup:
    """The cells by one number each, so that a batch finds its cells by bisection."""

    width: int
    keys: Ints  # rising, shape (cells,)
    cell: Ints  # the cell of each key

    def find(self, repeats: Ints, recency: Ints, age: Ints) -> Ints:
        """Return the cell of each history; every history has one."""
        found: Ints = self.cell[np.searchsorted(self.keys, _key(self.width, repeats, recency, age))]
        return found


@dataclass(frozen=True, slots=True)
class Known:
    """All that a batch needs besides its rows: plain arrays and values, so that it can be sent to workers."""

    lookup: Lookup
    horizons: tuple[Ahead, ...]
    next_order: Ints  # days since 1970, by cell; -1: no such day
    worth: GammaWorth | SignedWorth
    level: Level
    spend_sd: float  # of the population's mean order
    basis: tuple[str, ...]  # by horizon


def lookup(cells: Cells) -> Lookup:
    """Return the lookup of the cells."""
    width = int(cells.age.max(initial=0)) + 1
    keys = _key(width, cells.repeats, cells.recency, cells.age)
    order = np.argsort(keys)
    return Lookup(width, keys[order], order)


def values(engine: Engine, history: ir.Table, known: Known) -> ir.Table:
    """Return the table `values`: one row per customer and horizon."""
    if not len(known.lookup.keys):
        return checked("values", engine.table([], SCHEMA))
    return checked("values", engine.mapped(history.select(*READ), partial(valued, known=known), SCHEMA))


def valued(batch: pa.RecordBatch, *, known: Known) -> pa.RecordBatch:
    """Value the customers of one batch: a row for each horizon."""
    columns = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in READ[1:]}
    cell = known.lookup.find(columns["repeats"], columns["recency"], columns["age"])
    n = columns["repeats"] + 1
    total = columns["first_contribution"] + columns["repeat_sum"]
    squares = columns["first_contribution"] ** 2 + columns["repeat_sum_squares"]
    parts = [
        _horizon(batch.column("customer_id"), ahead, basis, cell, n, total, squares, known)
        for ahead, basis in zip(known.horizons, known.basis, strict=True)
    ]
    both = [pa.concat_arrays([part[i] for part in parts]) for i in range(len(SCHEMA))]
    return pa.RecordBatch.from_arrays(both, schema=SCHEMA)


def _horizon(
    customer: pa.Array[Any], ahead: Ahead, basis: str, cell: Ints, n: Ints, total: Floats, squares: Floats, known: Known
) -> list[pa.Array[Any]]:
    worth = spend.predicted(known.worth.params, n=n.astype(float), total=total)
    level = known.level.of(n - 1)
    mean = worth.mean * level
    counts = Counts(ahead.none[cell], ahead.group[cell], ahead.start, ahead.pmf, ahead.discount[cell] * level)
    quantiles = _quantiles(counts, n, total, squares, worth.mean, worth.weight, known)
    due = known.next_order[cell]
    columns: dict[str, Any] = {
        "customer_id": customer,
        "horizon": pa.repeat(ahead.name, len(cell)),
        "p_active": ahead.p_active[cell],
        "expected_orders": ahead.orders[cell],
        "expected_contribution": ahead.discounted[cell] * mean,
        **{f"q{int(100 * level):02d}": quantiles[:, i] for i, level in enumerate(compound.LEVELS)},
        "p_zero": np.clip(ahead.none[cell], 0.0, 1.0),
        "sd_mean": _sd_mean(ahead, cell, mean, worth.weight, known.spend_sd),
        "next_order": pa.array(due, pa.int32(), mask=due < 0).cast(pa.date32()),
        "spend": mean,
        "spend_weight": worth.weight,
        "basis": pa.repeat(basis, len(cell)),
    }
    return [pa.array(columns[field.name], field.type) for field in SCHEMA]


def _quantiles(
    counts: Counts, n: Ints, total: Floats, squares: Floats, mean: Floats, weight: Floats, known: Known
) -> Floats:
    if isinstance(known.worth, GammaWorth):
        return compound.gamma_sums(known.worth, counts, n=n, total=total)
    around = np.maximum(squares - total**2 / n, 0.0)
    return compound.signed_sums(known.worth, counts, n=n, mean=mean, weight=weight, around=around)


def _sd_mean(ahead: Ahead, cell: Ints, mean: Floats, weight: Floats, spend_sd: float) -> Floats:
    """Return the sd of discounted orders times spend, to first order, from the parameters of both."""
    variance = np.zeros(len(cell))
    for move in ahead.moves:
        variance += (move[cell] * mean) ** 2
    variance += (ahead.discounted[cell] * (1 - weight) * spend_sd) ** 2
    answer: Floats = np.sqrt(variance)
    return answer


def next_orders(days: Floats, as_of: date) -> Ints:
    """Return the day, since 1970, that lies so many days after `as_of`; -1 where there is none."""
    near = days <= FURTHEST
    today = (as_of - EPOCH).days
    return np.where(near, today + np.ceil(np.where(near, days, 0)).astype(np.int64), -1)


def _key(width: int, repeats: Ints, recency: Ints, age: Ints) -> Ints:
    key: Ints = (repeats.astype(np.int64) * width + recency) * width + age
    return key
