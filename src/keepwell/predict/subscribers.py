"""What subscribers will earn us: their orders are the payments of their subscriptions.

Of a running subscription the payment days to come are known; what is not is whether it still runs on them. With S the
chance of staying (see `terms`), p the price, m the assumed margin and f what a payment costs besides (fulfilment,
payment fee), a subscription of age a brings within a horizon

    sum over payment days u in it of (p m - f) S(a+u) / S(a) exp(-rate u).

Its distribution is exact at fixed points: how many payments are made, and what margin is believed. A customer's several
subscriptions are taken to end in the same order as their chances say: their quantiles add up, and the customer has left
when the last has. That is the widest their sum can be, and between one person's subscriptions nothing else is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pyarrow as pa
from ibis import _

from keepwell.engine import Engine, collected
from keepwell.errors import ConfigError
from keepwell.models.compound import LEVELS, Points, points
from keepwell.models.shapes import Floats, Ints
from keepwell.predict.belief import margins
from keepwell.predict.equity import Equity
from keepwell.predict.horizon import LIFE_TAIL, LONGEST_LIFE, SOON, rate_a_day, spans
from keepwell.predict.terms import (
    LENGTHS,
    PERIODS,
    Course,
    begun,
    completed,
    courses,
    lengths,
    moved,
    payment_days,
)
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings
from keepwell.tables import CONTRACTS, HORIZONS, Tables, checked

if TYPE_CHECKING:
    import ibis.expr.types as ir

SCHEMA = pa.schema([pa.field(f.name, f.type) for f in CONTRACTS["values"].schema.to_pyarrow()])
QUANTILES = ("q05", "q10", "q25", "q50", "q75", "q90", "q95")
READ = ("customer_id", "period", "started", "price", "own_price")
BLOCK = 2_000_000  # payments of cells that are in memory at once
DRAWS = 4096  # of a total
FEWEST = 20  # running subscriptions, below which the past tests nothing
UNTESTED = 0.10  # of ln(actual / expected), assumed beside parameters and chance where nothing could be tested
EPOCH = np.datetime64("1970-01-01", "D")


@dataclass(frozen=True, slots=True)
class Total:
    """What all running subscriptions together will bring within one horizon."""

    horizon: str
    expected: float
    lower: float  # 5%
    upper: float  # 95%
    basis: str


@dataclass(frozen=True, slots=True)
class Tested:
    """Payments of those who ran on an earlier day, as foreseen with what was known then, and as they came."""

    horizon: str
    origin: date
    expected: float
    actual: float
    sd: float  # of the expected, by parameters and chance

    @property
    def excess(self) -> float:
        """The variance of ln(actual / expected) that parameters and chance do not explain, by this one origin."""
        error = np.log(max(self.actual, 0.5) / self.expected)
        return max(float(error**2) - (self.sd / self.expected) ** 2, 0.0)


@dataclass(frozen=True, slots=True)
class Subscribed:
    """What is foreseen of subscriptions."""

    values: ir.Table  # of the customers with a running subscription, as the table `values`
    totals: tuple[Total, ...]  # by horizon
    courses: tuple[Course, ...]  # the model of each way of paying
    tested: tuple[Tested, ...]  # what the same would have foreseen of the past


def subscribed(tables: Tables, settings: Settings, engine: Engine, *, tell: Tell = quiet) -> Subscribed | None:
    """Value the customers with a running subscription; None where there is none as of `settings.as_of`.

    Reads the table `subscriptions`. Running subscriptions without a price, and with none of the same period to take
    for it, are left out.

    Raises:
        ConfigError: `as_of` is not set.
    """
    if settings.as_of is None:
        raise ConfigError("the last day observed is not known", "as_of", "Set as_of.")
    if "subscriptions" not in tables:
        return None
    tell("subscriptions")
    there = engine.keep(begun(tables["subscriptions"], settings.as_of))
    running = engine.keep(_priced(there))
    cells = _cells(engine, running)
    if not len(cells.count):
        return None
    found = courses(lengths(engine, there))
    known = _known(found, cells, settings)
    valued = engine.mapped(running.select(*READ), partial(_valued, known=known), SCHEMA)
    values = engine.keep(checked("values", _together(valued)))
    tested = looked_back(engine, tables["subscriptions"], settings.as_of)
    return Subscribed(values, tuple(_totals(known, cells, tested, settings)), tuple(found), tuple(tested))


def alongside(
    engine: Engine, values: ir.Table, totals: Sequence[Equity], found: Subscribed | None
) -> tuple[ir.Table, list[Equity]]:
    """Return the table `values` with the rows of subscribers in place of what the purchase models say of them.

    The totals follow: what the purchase models foresee of all is brought down to the others, its interval in
    proportion, and the ends of the two intervals are added up, as if both went wrong the same way.
    """
    if found is None:
        return values, list(totals)
    others = values.anti_join(found.values.select("customer_id").distinct(), "customer_id")
    sums = others.group_by("horizon").aggregate(total=_.expected_contribution.sum())
    left = {row["horizon"]: row["total"] for row in collected(engine, sums).to_pylist()}
    of = {total.horizon: total for total in found.totals}
    return others.union(found.values), [_added(row, left.get(row.horizon, 0.0), of[row.horizon]) for row in totals]


def _added(row: Equity, others: float, paid: Total) -> Equity:
    """Return the total of one horizon: the purchases of the others, and the payments of subscribers."""
    share = abs(others / row.expected) if row.expected else 0.0
    lower, upper = others + share * (row.lower - row.expected), others + share * (row.upper - row.expected)
    return replace(
        row,
        expected=others + paid.expected,
        lower=lower + paid.lower,
        upper=upper + paid.upper,
        basis=f"{row.basis}; {paid.basis}",
    )


def _priced(there: ir.Table) -> ir.Table:
    """Return the running subscriptions with a price: their own, else the mean of the plan's, else of the period's."""
    price = there.price.cast("float64")
    plan = ibis.window(group_by=[there.period, there.plan])
    period = ibis.window(group_by=there.period)
    taken = ibis.coalesce(price, price.mean().over(plan), price.mean().over(period))
    told = there.mutate(price=taken, own_price=there.price.notnull().cast("float64"))
    return told.filter(~told.gone & told.price.notnull())


@dataclass(frozen=True, slots=True)
class _Cells:
    """Running subscriptions by period and first day; arrays of shape (n,)."""

    period: tuple[str, ...]
    started: Any  # days, datetime64
    count: Floats
    price: Floats  # sum
    square: Floats  # sum of the squares


def _cells(engine: Engine, running: ir.Table) -> _Cells:
    grouped = running.group_by("period", "started").aggregate(
        n=_.count(), total=_.price.sum(), square=(_.price * _.price).sum()
    )
    table = collected(engine, grouped.order_by("period", "started"))
    n, total, square = (table.column(c).to_numpy().astype(float) for c in ("n", "total", "square"))
    started = np.array(table.column("started").to_pylist(), dtype="M8[D]")
    return _Cells(tuple(str(p) for p in table.column("period").to_pylist()), started, n, total, square)


@dataclass(frozen=True, slots=True)
class Span:
    """One horizon of all cells: of one subscription, in units of what a payment brings; (n,) unless said otherwise."""

    name: str
    days: int
    orders: Floats  # expected payments
    worth: Floats  # the same, each discounted to now
    square: Floats  # variance of the discounted payments
    doubt: Floats  # shape (directions, n): change of `worth` along each axis of what is not known of the parameters
    leave: Floats  # chance of having ended
    none: Floats  # chance of no payment
    drawn: Floats  # shape (n, draws): discounted payments at the fixed points, rising


@dataclass(frozen=True, slots=True)
class Known:
    """All that a batch needs besides its rows: plain arrays and values, so that it can be sent to workers."""

    key: Ints  # of each cell, rising
    place: Ints  # the cell of each key
    spans: tuple[Span, ...]
    next_order: Ints  # days since 1970; -1: a payment is less likely than not
    soon: Floats  # chance of a payment within `SOON` days, shape (3, n)
    at: Points
    margin: float
    margins: Floats  # shape (draws,): believed, at the points
    fee: float  # share of a payment
    fixed: float  # money a payment
    basis: tuple[str, ...]  # by cell
    as_of: date


def _known(found: Sequence[Course], cells: _Cells, settings: Settings) -> Known:
    as_of, assumptions, costs = settings.as_of, settings.assumptions, settings.costs
    if as_of is None:
        raise ConfigError("the last day observed is not known", "as_of", "Set as_of.")
    of = {course.period: course for course in found}
    rate = rate_a_day(assumptions.discount_rate)
    parts = [_Part(of[p], *_rows(cells, p), np.datetime64(as_of, "D")) for p in PERIODS if p in set(cells.period)]
    life = _life_days(parts, cells.count, rate=rate)
    at = points(settings.predict.draws, seed=settings.predict.seed)
    first, sure = _spread(parts, len(cells.count))
    next_day = (np.datetime64(as_of, "D") - EPOCH).astype(np.int64) + first.astype(np.int64)
    keys = _keys(np.array(cells.period), cells.started)
    order = np.argsort(keys)
    return Known(
        key=keys[order],
        place=order,
        spans=tuple(_span(parts, n, d, at, len(cells.count), rate=rate) for n, d in spans(life).items()),
        next_order=np.where(sure >= 0.5, next_day, -1),
        soon=np.array([np.where(first <= days, sure, 0.0) for days in SOON]),
        at=at,
        margin=assumptions.margin,
        margins=_margins(settings, at.shared),
        fee=costs.payment_fee_rate,
        fixed=float(costs.fulfilment_per_order + costs.payment_fee_fixed),
        basis=tuple(of[p].words for p in cells.period),
        as_of=as_of,
    )


def _margins(settings: Settings, u: Floats) -> Floats:
    a = settings.assumptions
    return margins(a.margin_low, a.margin, a.margin_high, u)


def _rows(cells: _Cells, period: str) -> tuple[Ints, Any]:
    rows = np.flatnonzero(np.array(cells.period) == period)
    return rows, cells.started[rows]


@dataclass(frozen=True, slots=True)
class _Part:
    """The cells of one period."""

    course: Course
    rows: Ints  # their places among all
    started: Any
    as_of: np.datetime64

    def made(self) -> Ints:
        """Return the renewals made so far."""
        return completed(self.course.period, self.started, np.full(len(self.started), self.as_of))

    def waits(self, first: int, last: int) -> Ints:
        """Return the days until each payment to come, the `first` to the `last`, shape (n, payments)."""
        number = self.made()[:, None] + np.arange(first, last + 1)
        days = payment_days(self.course.period, self.started[:, None], number)
        found: Ints = (days - self.as_of).astype(np.int64)
        return found

    def first(self) -> Floats:
        """Return the days until the next payment, shape (n,)."""
        return self.waits(1, 1)[:, 0].astype(float)

    def alive(self, params: Any, first: int, last: int) -> Floats:
        """Return the chance of making each of those payments, shape (n, payments)."""
        if self.course.renewing:
            ahead = np.broadcast_to(np.arange(first, last + 1.0), (len(self.rows), last - first + 1))
            return self.course.alive(params, self.made()[:, None].astype(float), ahead)
        age = (self.as_of - self.started).astype(np.int64)[:, None].astype(float)
        return self.course.alive(params, age, self.waits(first, last).astype(float))

    def most(self, days: int) -> int:
        """Return the most payments that fit into so many days."""
        return int(days / LENGTHS[self.course.period]) + 2

    def blocks(self) -> list[_Part]:
        """Return the part in pieces of which a whole life fits into memory."""
        size = max(1, BLOCK // self.most(LONGEST_LIFE * 366))
        return [
            _Part(self.course, self.rows[i : i + size], self.started[i : i + size], self.as_of)
            for i in range(0, len(self.rows), size)
        ]


def _spread(parts: Sequence[_Part], n: int) -> tuple[Floats, Floats]:
    """Return the days until each cell's next payment, and the chance that it is made, shape (n,) each."""
    first, sure = np.zeros(n), np.zeros(n)
    for part in parts:
        first[part.rows] = part.first()
        sure[part.rows] = part.alive(part.course.params, 1, 1)[:, 0]
    return first, sure


def looked_back(engine: Engine, subscriptions: ir.Table, as_of: date) -> list[Tested]:
    """Foresee the payments up to `as_of` from a horizon before it, for each horizon with enough known by then."""
    tested = []
    for name, days in HORIZONS.items():
        origin = as_of - timedelta(days=days)
        then = engine.keep(begun(subscriptions, origin))
        found = courses(lengths(engine, then))
        running = then.filter(~then.gone)
        cells = _cells(engine, running.mutate(price=ibis.literal(1.0)))
        if any(course.fit is None for course in found) or cells.count.sum() < FEWEST:
            continue
        expected, sd = _payments(found, cells, origin, days)
        before, after = (_paid(engine, begun(running.drop("gone", "last"), day)) for day in (origin, as_of))
        if expected > 0:
            tested.append(Tested(name, origin, expected, after - before, sd))
    return tested


def _payments(found: Sequence[Course], cells: _Cells, origin: date, days: int) -> tuple[float, float]:
    """Return the payments expected of all cells, and the sd of their sum."""
    of, at = {course.period: course for course in found}, points(64, seed=0)
    total, variance = 0.0, 0.0
    for period in set(cells.period):
        part = _Part(of[period], *_rows(cells, period), np.datetime64(origin, "D"))
        count, moves = cells.count[part.rows], []
        for block, many in zip(part.blocks(), _pieces(count, part), strict=True):
            sums, doubt, _ = _foreseen(block, days, at, rate=0.0)
            total += float(sums[:, 0] @ many)
            variance += float(sums[:, 2] @ many)
            moves.append(many @ doubt)
        variance += float((np.sum(moves, axis=0) ** 2).sum())
    return total, float(np.sqrt(variance))


def _pieces(count: Floats, part: _Part) -> list[Floats]:
    ends = np.cumsum([len(block.rows) for block in part.blocks()])[:-1]
    return np.split(count, ends)


def _paid(engine: Engine, there: ir.Table) -> float:
    """Return the payments made so far."""
    total = 0.0
    for table in lengths(engine, there).values():
        renewals, n = (table.column(c).to_numpy().astype(float) for c in ("renewals", "n"))
        runs = ~np.array(table.column("gone").to_pylist(), dtype=bool)
        total += float(n @ (renewals + runs))
    return total


def _life_days(parts: Sequence[_Part], count: Floats, *, rate: float) -> int:
    """Return the whole years, in days, after which less than 0.1% of all discounted payments are still to come."""
    by_year = np.zeros(LONGEST_LIFE)
    for block in (block for part in parts for block in part.blocks()):
        last = block.most(LONGEST_LIFE * 365)
        wait = block.waits(1, last)
        worth = block.alive(block.course.params, 1, last) * np.exp(-rate * wait) * count[block.rows][:, None]
        year = np.minimum((wait - 1) // 365, LONGEST_LIFE - 1)
        by_year += np.bincount(year.ravel(), worth.ravel(), LONGEST_LIFE)
    done = np.cumsum(by_year) / max(by_year.sum(), 1e-300)
    return int(np.argmax(done >= 1 - LIFE_TAIL) + 1) * 365


def _span(parts: Sequence[_Part], name: str, days: int, at: Points, n: int, *, rate: float) -> Span:
    # What is not known of one course is apart from what is not known of another.
    ways = [len(moved(part.course)) for part in parts]
    begins = dict(zip((part.course.period for part in parts), np.cumsum([0, *ways[:-1]]).tolist(), strict=True))
    blocks = [block for part in parts for block in part.blocks()]
    answers = [(block, _foreseen(block, days, at, rate=rate)) for block in blocks]

    def placed(width: int, pick: int) -> Floats:
        out = np.zeros((n, width))
        for block, answer in answers:
            begin = begins[block.course.period] if pick == 1 else 0
            out[block.rows, begin : begin + answer[pick].shape[1]] = answer[pick]
        return out

    sums, doubt, drawn = placed(5, 0), placed(sum(ways), 1), placed(len(at.orders), 2)
    orders, worth, square, leave, none = sums.T
    return Span(name, days, orders, worth, square, doubt.T, leave, none, drawn)


def _foreseen(part: _Part, days: int, at: Points, *, rate: float) -> tuple[Floats, Floats, Floats]:
    """Return sums (n, 5): payments, discounted, their variance, left, none; doubt (n, ways); draws."""
    last = part.most(days)
    wait = part.waits(1, last)
    inside = wait <= days
    discount = np.where(inside, np.exp(-rate * wait), 0.0)
    alive = part.alive(part.course.params, 1, last)
    worth = (alive * discount).sum(axis=1)
    gained = np.cumsum(discount, axis=1)
    # E[V^2] is the sum over payments of what V^2 grows by with each, times the chance that it is made.
    second = (alive * (gained**2 - (gained - discount) ** 2)).sum(axis=1)
    first = np.where(inside[:, 0], alive[:, 0], 0.0)
    sums = np.column_stack(
        [
            (alive * inside).sum(axis=1),
            worth,
            np.maximum(second - worth**2, 0.0),
            _left(part, days, alive, inside),
            1 - first,
        ]
    )
    ways = moved(part.course)
    doubt = np.zeros((len(worth), len(ways)))
    for i, params in enumerate(ways):
        doubt[:, i] = (part.alive(params, 1, last) * discount).sum(axis=1) - worth
    return sums, doubt, _drawn(alive * inside, gained, at.orders)


def _left(part: _Part, days: int, alive: Floats, inside: Any) -> Floats:
    """Return the chance of having ended within so many days."""
    if part.course.renewing:
        stays = np.where(inside, alive, 1.0).min(axis=1)
    else:
        age = (part.as_of - part.started).astype(np.int64)[:, None].astype(float)
        stays = part.course.alive(part.course.params, age, np.full((len(age), 1), float(days)))[:, 0]
    answer: Floats = 1 - stays
    return answer


def _drawn(alive: Floats, gained: Floats, u: Floats) -> Floats:
    """Return the discounted payments at points `u` of their distribution, shape (n, points), rising.

    At u so many payments are made as have a chance above 1 - u.
    """
    out = np.zeros((len(alive), len(u)))
    for i in range(len(alive)):
        made = np.searchsorted(-alive[i], -(1 - u), side="right")
        out[i] = np.where(made > 0, gained[i, np.maximum(made, 1) - 1], 0.0)
    return out


def _keys(period: Any, started: Any) -> Ints:
    number = np.select([period == p for p in PERIODS], range(len(PERIODS)), 0).astype(np.int64)
    found: Ints = number * 10**7 + (started - EPOCH).astype(np.int64)
    return found


def _valued(batch: pa.RecordBatch, *, known: Known) -> pa.RecordBatch:
    """Value the running subscriptions of one batch: a row for each horizon."""
    period = np.array(batch.column("period").to_pylist(), dtype=object)
    started = batch.column("started").cast(pa.date32()).cast(pa.int32()).to_numpy(zero_copy_only=False)
    price = batch.column("price").to_numpy(zero_copy_only=False).astype(float)
    cell = known.place[
        np.searchsorted(known.key, _keys(period, started.astype(np.int64) * np.timedelta64(1, "D") + EPOCH))
    ]
    parts = [_span_rows(batch, span, cell, price, known) for span in known.spans]
    both = [pa.concat_arrays([part[i] for part in parts]) for i in range(len(SCHEMA))]
    return pa.RecordBatch.from_arrays(both, schema=SCHEMA)


def _span_rows(batch: pa.RecordBatch, span: Span, cell: Ints, price: Floats, known: Known) -> list[Any]:
    brings = price * (known.margin - known.fee) - known.fixed
    next_order = known.next_order[cell]
    basis = f"looking {span.days / 365:.3g} years ahead" if span.name == "life" else f"looking {span.days} days ahead"
    columns: dict[str, Any] = {
        "customer_id": batch.column("customer_id"),
        "horizon": np.full(len(cell), span.name, dtype=object),
        "p_active": np.ones(len(cell)),
        "expected_orders": span.orders[cell],
        "expected_contribution": brings * span.worth[cell],
        **dict(zip(QUANTILES, _quantiles(span, cell, price, known).T, strict=True)),
        "p_zero": span.none[cell],
        "sd_mean": np.abs(brings) * np.sqrt((span.doubt[:, cell] ** 2).sum(axis=0)),
        "next_order": pa.array(next_order.astype(np.int32), mask=next_order < 0).cast(pa.date32()),
        **{f"p_order_{days}": known.soon[i, cell] for i, days in enumerate(SOON)},
        "p_leave": span.leave[cell],
        "spend": brings,
        "spend_weight": batch.column("own_price"),
        "basis": np.array([f"payments: {words}; {basis}" for words in known.basis], dtype=object)[cell],
    }
    return [
        column if isinstance(column, pa.Array) else pa.array(column, type=f.type)
        for f, column in ((f, columns[f.name]) for f in SCHEMA)
    ]


def _quantiles(span: Span, cell: Ints, price: Floats, known: Known) -> Floats:
    """Return the quantiles at `LEVELS` of what each subscription brings, shape (n, 7).

    Without fixed costs they are in proportion to the price, so they are computed once a cell.
    """
    asked = price if known.fixed else np.ones(len(price))
    pairs, where = np.unique(np.column_stack([cell, asked]), axis=0, return_inverse=True)
    answer = np.empty((len(pairs), len(LEVELS)))
    places = np.minimum((np.array(LEVELS) * len(known.margins)).astype(np.int64), len(known.margins) - 1)
    step = max(1, BLOCK // len(known.margins))
    for i in range(0, len(pairs), step):
        some = pairs[i : i + step]
        brings = some[:, 1:] * (known.margins - known.fee) - known.fixed
        answer[i : i + step] = np.sort(span.drawn[some[:, 0].astype(np.int64)] * brings, axis=1)[:, places]
    scale = np.ones(len(price)) if known.fixed else price
    found: Floats = answer[where.ravel()] * scale[:, None]
    return found


def _together(rows: ir.Table) -> ir.Table:
    """Return one row per customer and horizon, of the rows of their subscriptions."""
    sums = {name: rows[name].sum() for name in ("expected_orders", "expected_contribution", *QUANTILES, "sd_mean")}
    whole = (rows.spend * rows.expected_orders).sum() / rows.expected_orders.sum().nullif(0.0)
    return rows.group_by("customer_id", "horizon").aggregate(
        **sums,
        p_active=rows.p_active.max(),
        p_zero=rows.p_zero.min(),
        next_order=rows.next_order.min(),
        **{f"p_order_{days}": rows[f"p_order_{days}"].max() for days in SOON},
        p_leave=rows.p_leave.min(),
        spend=ibis.coalesce(whole, rows.spend.mean()),
        spend_weight=rows.spend_weight.min(),
        basis=rows.basis.max(),
    )


def _totals(known: Known, cells: _Cells, tested: Sequence[Tested], settings: Settings) -> list[Total]:
    """Return the total of each horizon: parameters, margin, chance, and by how much more the same was off before."""
    off = float(np.mean([one.excess for one in tested])) if tested else UNTESTED**2
    at = points(DRAWS, seed=settings.predict.seed)
    kept = _margins(settings, at.shared) - known.fee
    brings = known.margin - known.fee
    per_cell = brings * cells.price - known.fixed * cells.count
    squares = brings**2 * cells.square - 2 * brings * known.fixed * cells.price + known.fixed**2 * cells.count
    words = "; ".join(sorted(set(known.basis))) + f"; {_told(tested)}"
    return [_total(span, cells, per_cell, squares, kept, at, known, off, words) for span in known.spans]


def _told(tested: Sequence[Tested]) -> str:
    if not tested:
        return f"too little was known before to test it: an error of {UNTESTED:.0%} or so is assumed"
    errors = ", ".join(f"{one.actual / one.expected - 1:+.1%} ({one.horizon})" for one in tested)
    return f"foreseen that long before today, payments differed from what was expected by {errors}"


def _total(
    span: Span,
    cells: _Cells,
    per_cell: Floats,
    squares: Floats,
    kept: Floats,
    at: Points,
    known: Known,
    off: float,
    words: str,
) -> Total:
    from scipy.special import ndtri

    expected = float(span.worth @ per_cell)
    by_parameters = float(((span.doubt @ per_cell) ** 2).sum())
    sd = float(np.sqrt(by_parameters + span.square @ squares + off * expected**2))
    sales, payments = float(span.worth @ cells.price), float(span.worth @ cells.count)
    drawn = kept * sales - known.fixed * payments + sd * ndtri(at.level)
    lower, upper = (float(v) for v in np.quantile(drawn, [0.05, 0.95]))
    return Total(span.name, expected, min(lower, expected), max(upper, expected), f"subscriptions: {words}")
