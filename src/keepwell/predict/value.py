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
from keepwell.predict import agree, spend
from keepwell.predict.horizon import SOON, Ahead, rising
from keepwell.predict.level import Level
from keepwell.tables import CONTRACTS, checked

if TYPE_CHECKING:
    import ibis.expr.types as ir

READ = ("customer_id", "repeats", "recency", "age", "first_contribution", "repeat_sum", "repeat_sum_squares")
SCHEMA = pa.schema([pa.field(f.name, f.type) for f in CONTRACTS["values"].schema.to_pyarrow()])
FURTHEST = 36_500  # days; a next order beyond is none
EPOCH = date(1970, 1, 1)
YEAR, LIFE = "12m", "life"
TRACE = 1e-290  # below which nothing is divided by


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

    A horizon named in `rows` is forecast by that method, row by row, and each other by the customer's cell. What the
    cells' models say stays the measure of what such a method does not tell: whether a customer is still one, the days
    within the horizon, and a life.
    """

    lookup: Lookup
    horizons: tuple[Ahead, ...]
    wait: Floats  # days until an order is as likely as not, by cell; inf: never
    as_of: date  # from which they are counted
    soon: Floats  # chance of an order within `SOON` days, shape (3, cells)
    worth: GammaWorth | SignedWorth
    level: Level
    spend_sd: float  # of the population's mean order
    basis: tuple[str, ...]  # by horizon
    rows: Mapping[str, Forecaster] = field(default_factory=dict)
    reads: tuple[str, ...] = ()  # columns that `rows` read besides `READ`
    year: Floats | None = None  # orders, and these discounted, of 12 months by the model of 'life', shape (2, cells)

    @property
    def active(self) -> Floats:
        """The chance of still being a customer, by cell: that of the model of 12 months, or of the last one."""
        found = {ahead.name: ahead.p_active for ahead in self.horizons}
        return found.get(YEAR, self.horizons[-1].p_active)


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
    rows = _lived(_rising([_rows(batch, ahead, cell, known) for ahead in known.horizons]), cell, known)
    same = _same(rows, cell, known)
    parts = [
        _horizon(batch.column("customer_id"), ahead.name, basis, one, money, same, known)
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


@dataclass(frozen=True, slots=True)
class _Same:
    """What is said of a customer in the row of each horizon; shape (n,) unless said otherwise."""

    active: Floats
    soon: Floats  # shape (3, n)
    due: Ints  # days since 1970; -1: no such day


def _same(rows: Sequence[Rows], cell: Ints, known: Known) -> _Same:
    """Return it; the times of the next order agree with the chances of none that methods of rows give."""
    soon, wait = known.soon[:, cell], known.wait[cell]
    asked = [i for i, ahead in enumerate(known.horizons) if ahead.name != LIFE]
    near = known.horizons[0]
    mine = soon
    if near.name in known.rows:
        mine = agree.soon(soon, near.none[cell], rows[0].none, days=near.days)
    mine = np.minimum(mine, 1 - rows[0].none)
    if any(known.horizons[i].name in known.rows for i in asked):
        days = np.array([*SOON, *(known.horizons[i].days for i in asked)], dtype=np.float64)
        none = np.vstack([1 - mine, *(rows[i].none for i in asked)])
        base = np.vstack([1 - soon, *(known.horizons[i].none[cell] for i in asked)])
        wait = agree.median(days, none, base, wait)
    year = next((rows[i].none for i, ahead in enumerate(known.horizons) if ahead.name == YEAR), rows[0].none)
    return _Same(np.maximum(known.active[cell], np.clip(1 - year, 0.0, 1.0)), mine, next_orders(wait, known.as_of))


def _rows(batch: pa.RecordBatch, ahead: Ahead, cell: Ints, known: Known) -> Rows:
    if ahead.name in known.rows:
        return known.rows[ahead.name].of(batch)
    return at_cells(ahead, cell)


def _rising(rows: Sequence[Rows]) -> list[Rows]:
    """Return the horizons so that more time never means less, whichever methods made them; see `horizon.rising`."""
    answer = [rows[0]]
    for one in rows[1:]:
        answer.append(replace(one, **rising(one, answer[-1])))
    return answer


def _lived(rows: list[Rows], cell: Ints, known: Known) -> list[Rows]:
    """Return the horizons with a life that goes on from 12 months, where a method of rows forecast these."""
    place = {ahead.name: i for i, ahead in enumerate(known.horizons)}
    if known.year is None or YEAR not in known.rows or LIFE in known.rows or LIFE not in place:
        return rows
    life = lengthened(known.horizons[place[LIFE]], cell, rows[place[YEAR]], known.year[:, cell])
    return [life if name == LIFE else rows[i] for name, i in place.items()]


def lengthened(ahead: Ahead, cell: Ints, year: Rows, base: Floats) -> Rows:
    """Return the life of customers, by cell, multiplied by what 12 months are of the same model's 12 months.

    The chance of an order takes up a factor below 1, and what an order brings one above it, so that the
    distribution keeps its mean. There is never less in a life than in its first year, nor a greater chance of no order.

    Args:
        ahead: The life, by cell.
        cell: Of each customer, shape (n,).
        year: The customers' 12 months.
        base: The model's own orders and discounted orders of 12 months, shape (2, n).
    """
    life = at_cells(ahead, cell)
    orders = np.maximum(_over(year.orders, base[0]) * life.orders, year.orders)
    discounted = np.maximum(_over(year.discounted, base[1]) * life.discounted, year.discounted)
    factor = _over(discounted, life.discounted)
    active = ahead.p_active[cell]
    nothing = ahead.pmf[ahead.start[:-1]][life.group]
    some = np.divide(1 - life.none, active, out=1 - nothing, where=active > agree.SEEN)  # given activity
    chance = np.minimum(np.maximum(active * np.minimum(factor, 1.0) * some, 1 - year.none), 1.0)
    return replace(
        life,
        orders=orders,
        discounted=discounted,
        doubt=life.doubt * factor,
        none=np.minimum(1 - chance, year.none),
        discount=life.discount * _over(factor * active * some, chance),
    )


def _over(value: Floats, base: Floats) -> Floats:
    """Return value / base; 1 where there is next to nothing to divide by."""
    return np.divide(value, base, out=np.ones_like(value), where=base > TRACE)


def at_cells(ahead: Ahead, cell: Ints) -> Rows:
    """Return the forecast of customers by their cells."""
    variance = np.zeros(len(cell))
    for move in ahead.moves:
        variance += move[cell] ** 2
    return Rows(
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
    customer: pa.Array[Any], name: str, basis: str, rows: Rows, money: _Money, same: _Same, known: Known
) -> list[pa.Array[Any]]:
    level = known.level.of(money.n - 1)
    mean, weight = money.worth.mean * level, money.worth.weight
    counts = Counts(rows.none, rows.group, rows.start, rows.pmf, rows.discount * level)
    quantiles = _quantiles(counts, money, known)
    columns: dict[str, Any] = {
        "customer_id": customer,
        "horizon": pa.repeat(name, len(customer)),
        "p_active": same.active,
        "expected_orders": rows.orders,
        "expected_contribution": rows.discounted * mean,
        **{f"q{int(100 * level):02d}": quantiles[:, i] for i, level in enumerate(compound.LEVELS)},
        "p_zero": np.clip(rows.none, 0.0, 1.0),
        # To first order, from the parameters of both.
        "sd_mean": np.hypot(rows.doubt * mean, rows.discounted * (1 - weight) * known.spend_sd),
        "next_order": pa.array(same.due, pa.int32(), mask=same.due < 0).cast(pa.date32()),
        **{f"p_order_{days}": np.clip(same.soon[i], 0.0, 1.0) for i, days in enumerate(SOON)},
        "p_leave": pa.nulls(len(customer), pa.float64()),
        "spend": mean,
        "spend_weight": weight,
        "basis": pa.repeat(basis, len(customer)),
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
