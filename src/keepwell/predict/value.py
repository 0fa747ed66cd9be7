"""Put money on the forecast, customer by customer, in batches: memory is a batch, never all customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa

from keepwell.engine import Engine
from keepwell.models import compound
from keepwell.models.compound import Counts, GammaWorth, SignedWorth
from keepwell.models.shapes import Cells, Floats, Ints, Spend
from keepwell.predict import spend
from keepwell.predict.horizon import SOON, Ahead
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
class Rows:
    """One horizon's forecast of the customers of a batch; arrays of shape (n,) unless said otherwise."""

    p_active: Floats
    orders: Floats  # expected purchase days
    discounted: Floats  # the same, each discounted to now
    doubt: Floats  # sd of `discounted`, from what is not known of the parameters
    none: Floats  # chance of no purchase
    group: Ints  # whose distribution of the count, given activity, is pmf[start[group] : start[group + 1]]
    start: Ints  # shape (groups + 1,)
    pmf: Floats  # shape (start[-1],)
    discount: Floats  # what remains to be discounted of what a purchase of that distribution brings


class Forecaster(Protocol):
    """A method that sees more of a customer than the cell: it forecasts the rows of a batch."""

    def of(self, batch: pa.RecordBatch) -> Rows:
        """Forecast the customers of a batch, which has the columns `READ` and `Known.reads`."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that a batch needs besides its rows: plain arrays and values, so that it can be sent to workers.

    A horizon named in `rows` is forecast by that method, row by row, and each other by the customer's cell.
    """

    lookup: Lookup
    horizons: tuple[Ahead, ...]
    next_order: Ints  # days since 1970, by cell; -1: no such day
    soon: Floats  # chance of an order within `SOON` days, shape (3, cells)
    worth: GammaWorth | SignedWorth
    level: Level
    spend_sd: float  # of the population's mean order
    basis: tuple[str, ...]  # by horizon
    rows: Mapping[str, Forecaster] = field(default_factory=dict)
    reads: tuple[str, ...] = ()  # columns that `rows` read besides `READ`


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
    return checked("values", engine.mapped(history.select(*READ, *known.reads), partial(valued, known=known), SCHEMA))


def valued(batch: pa.RecordBatch, *, known: Known) -> pa.RecordBatch:
    """Value the customers of one batch: a row for each horizon."""
    columns = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in READ[1:]}
    cell = known.lookup.find(columns["repeats"], columns["recency"], columns["age"])
    n = columns["repeats"] + 1
    total = columns["first_contribution"] + columns["repeat_sum"]
    squares = columns["first_contribution"] ** 2 + columns["repeat_sum_squares"]
    money = _Money(n, total, squares, spend.predicted(known.worth.params, n=n.astype(float), total=total))
    rows = _rising([_rows(batch, ahead, cell, known) for ahead in known.horizons])
    soon = np.minimum(known.soon[:, cell], 1 - rows[0].none)
    parts = [
        _horizon(batch.column("customer_id"), ahead.name, basis, one, money, soon, cell, known)
        for ahead, basis, one in zip(known.horizons, known.basis, rows, strict=True)
    ]
    both = [pa.concat_arrays([part[i] for part in parts]) for i in range(len(SCHEMA))]
    return pa.RecordBatch.from_arrays(both, schema=SCHEMA)


@dataclass(frozen=True, slots=True)
class _Money:
    """What the customers of a batch spent; shape (n,) each."""

    n: Ints  # purchases
    total: Floats
    squares: Floats
    worth: Spend


def _rows(batch: pa.RecordBatch, ahead: Ahead, cell: Ints, known: Known) -> Rows:
    if ahead.name in known.rows:
        return known.rows[ahead.name].of(batch)
    return at_cells(ahead, cell)


def _rising(rows: Sequence[Rows]) -> list[Rows]:
    """Return the horizons with no chance of no order above that of a shorter one, whichever methods made them."""
    answer = [rows[0]]
    for one in rows[1:]:
        answer.append(replace(one, none=np.minimum(one.none, answer[-1].none)))
    return answer


def at_cells(ahead: Ahead, cell: Ints) -> Rows:
    """Return the forecast of customers by their cells."""
    variance = np.zeros(len(cell))
    for move in ahead.moves:
        variance += move[cell] ** 2
    return Rows(
        p_active=ahead.p_active[cell],
        orders=ahead.orders[cell],
        discounted=ahead.discounted[cell],
        doubt=np.sqrt(variance),
        none=ahead.none[cell],
        group=ahead.group[cell],
        start=ahead.start,
        pmf=ahead.pmf,
        discount=ahead.discount[cell],
    )


def _horizon(
    customer: pa.Array[Any], name: str, basis: str, rows: Rows, money: _Money, soon: Floats, cell: Ints, known: Known
) -> list[pa.Array[Any]]:
    level = known.level.of(money.n - 1)
    mean, weight = money.worth.mean * level, money.worth.weight
    counts = Counts(rows.none, rows.group, rows.start, rows.pmf, rows.discount * level)
    quantiles = _quantiles(counts, money, known)
    due = known.next_order[cell]
    columns: dict[str, Any] = {
        "customer_id": customer,
        "horizon": pa.repeat(name, len(cell)),
        "p_active": rows.p_active,
        "expected_orders": rows.orders,
        "expected_contribution": rows.discounted * mean,
        **{f"q{int(100 * level):02d}": quantiles[:, i] for i, level in enumerate(compound.LEVELS)},
        "p_zero": np.clip(rows.none, 0.0, 1.0),
        # To first order, from the parameters of both.
        "sd_mean": np.hypot(rows.doubt * mean, rows.discounted * (1 - weight) * known.spend_sd),
        "next_order": pa.array(due, pa.int32(), mask=due < 0).cast(pa.date32()),
        **{f"p_order_{days}": np.clip(soon[i], 0.0, 1.0) for i, days in enumerate(SOON)},
        "p_leave": pa.nulls(len(cell), pa.float64()),
        "spend": mean,
        "spend_weight": weight,
        "basis": pa.repeat(basis, len(cell)),
    }
    return [pa.array(columns[field.name], field.type) for field in SCHEMA]


def _quantiles(counts: Counts, money: _Money, known: Known) -> Floats:
    n, total, worth = money.n, money.total, money.worth
    if isinstance(known.worth, GammaWorth):
        return compound.gamma_sums(known.worth, counts, n=n, total=total)
    around = np.maximum(money.squares - total**2 / n, 0.0)
    return compound.signed_sums(known.worth, counts, n=n, mean=worth.mean, weight=worth.weight, around=around)


def next_orders(days: Floats, as_of: date) -> Ints:
    """Return the day, since 1970, that lies so many days after `as_of`; -1 where there is none."""
    near = days <= FURTHEST
    today = (as_of - EPOCH).days
    return np.where(near, today + np.ceil(np.where(near, days, 0)).astype(np.int64), -1)


def _key(width: int, repeats: Ints, recency: Ints, age: Ints) -> Ints:
    key: Ints = (repeats.astype(np.int64) * width + recency) * width + age
    return key
