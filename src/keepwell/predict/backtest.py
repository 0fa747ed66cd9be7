"""How the same methods would have forecast the past: refitted at each origin on what was known on that day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from keepwell.models import signedspend
from keepwell.models.returning import Sums, line
from keepwell.models.shapes import Floats, Forecast, Ints
from keepwell.predict import baselines
from keepwell.predict.conformal import Tally, tally
from keepwell.predict.contest import Scored, scored
from keepwell.predict.crowd import Crowd, crowd
from keepwell.predict.fitted import Fitted
from keepwell.predict.log import Log
from keepwell.predict.methods import BASELINES, Answer, Customers, Method, Scene, answers, baseline
from keepwell.predict.origins import Origin, spans
from keepwell.predict.past import Past, Rows, Seen, customers, observed
from keepwell.predict.score import Judged, Outcomes, group_of, judged, measures
from keepwell.progress import Tell

Score = tuple[str, str, str, float]
FEWEST_ORIGINS = 3


@dataclass(frozen=True, slots=True)
class Tested:
    """One origin looking one number of days ahead: the measures, and what equity and the forecast path are made of."""

    origin: Origin
    scores: tuple[Score, ...]  # method, group, measure, value
    scored: Scored
    customers: float
    orders: Mapping[str, Floats]  # purchase days forecast, by method; by group of repeats, shape (4,), as all below
    came: Floats  # purchase days that came
    money: Mapping[str, Floats]  # contribution forecast, by method
    brought: Floats  # contribution that came
    models: Mapping[str, Fitted]  # by method; empty but at an origin's longest span
    crowds: Mapping[str, Crowd]  # all customers of the origin, by method; there
    tallies: Mapping[str, Tally] = field(default_factory=dict)  # what came beside what was likely, by method


def backtest(log: Log, at: Sequence[Origin], among: list[Method], *, tell: Tell) -> list[Tested]:
    """Refit and judge at every origin, the shorter span of an origin first.

    An origin at which no method could be made ready is left out.
    """
    done: list[Tested] = []
    for origin in at:
        tell(f"backtest from {origin.day}")
        done.extend(_tested(log, origin, among))
    return done


def over(tests: Sequence[Tested], days: int) -> list[Tested]:
    """Return the tests that speak of a horizon, one per origin: the longest that look no further ahead.

    Those that look more than half as far count alone, if they are at least three.
    """
    longest: dict[object, Tested] = {}
    for test in tests:
        if test.origin.horizon <= days:
            longest[test.origin.day] = test
    able = list(longest.values())
    long = [test for test in able if 2 * test.origin.horizon > days]
    return long if len(long) >= FEWEST_ORIGINS else able


def _tested(log: Log, origin: Origin, among: list[Method]) -> Iterator[Tested]:
    ahead = spans(origin.horizon)
    known = log.daily.until(origin.day)
    seen = observed(log.engine, log.parts, origin, ahead, log_intervals=known.log_gaps_until(origin.day))

    @cache
    def each() -> Rows:
        return customers(log.engine, seen, ahead)

    def ids() -> Customers:
        return Customers(each().ids, each().cell)

    ready, _ = answers(among, Scene(log, origin.day, seen.past, known, {}, ids))
    if not ready:
        return
    alone = each() if any(answer.per == "customer" for answer in ready.values()) else None
    for days in ahead:
        yield _judged(Origin(origin.day, days), seen, alone, ready, full=days == ahead[-1])


@dataclass(frozen=True, slots=True)
class Entry:
    """A forecast beside what came."""

    forecast: Forecast
    rows: Rows
    outcomes: Outcomes  # of these rows, beside the rows of the forecast
    group: Ints  # of repeats, of each row

    @property
    def judged(self) -> Judged:
        """Return how good it was."""
        return judged(self.forecast, self.outcomes)


def _entries(seen: Seen, alone: Rows | None, ready: Mapping[str, Answer], days: int) -> Iterator[tuple[str, Entry]]:
    """Yield each method's entry: by rows of customers who are alike, or by customer where a method tells them apart."""

    def entry(forecast: Forecast, rows: Rows, place: Ints) -> Entry:
        group = group_of(seen.past.cells.repeats)[rows.cell]
        return Entry(forecast, rows, replace(rows.outcomes(days), cell=place), group)

    for name, answer in ready.items():
        if answer.per == "customer" and alone is not None:
            yield name, entry(answer.forecast(days), alone, np.arange(len(alone.count)))
        else:
            yield name, entry(answer.forecast(days), seen.rows, seen.rows.cell)
    for name in BASELINES:
        known = baseline(name, seen, days)
        yield name, entry(known.forecast, seen.rows, known.row)


def _judged(origin: Origin, seen: Seen, alone: Rows | None, ready: Mapping[str, Answer], *, full: bool) -> Tested:
    days, rows = origin.horizon, seen.rows
    entries = dict(_entries(seen, alone, ready, days))
    beside = {name: entry.judged for name, entry in entries.items()}
    orders = {name: entry.rows.count * beside[name].orders for name, entry in entries.items()}
    spend = mean_spend(seen.past)
    money = {name: spend[entry.rows.cell] * orders[name] for name, entry in entries.items()}
    money[baselines.LAST_YEAR] = rows.recent_brought[days]
    group = group_of(seen.past.cells.repeats)[rows.cell]
    fits = {name: answer.one for name, answer in ready.items()} if full else {}
    return Tested(
        origin=origin,
        scores=tuple(_scores(entries, beside, money, rows.brought[days])),
        scored=_together(entries, beside, seen, alone),
        customers=float(rows.count.sum()),
        orders={name: _by_group(entries[name].group, values) for name, values in orders.items()},
        came=_by_group(group, rows.count * rows.actual[days]),
        money={name: _by_group(entries[name].group, values) for name, values in money.items()},
        brought=_by_group(group, rows.brought[days]),
        models=fits,
        crowds={
            name: crowd(seen.past.cells, _active(one, ready[name], entries[name].forecast, seen))
            for name, one in fits.items()
        },
        tallies={name: tally(e.forecast, e.outcomes, e.group) for name, e in entries.items() if name in ready},
    )


def _together(entries: Mapping[str, Entry], beside: Mapping[str, Judged], seen: Seen, alone: Rows | None) -> Scored:
    """Condense the scores of the same people: of each customer, where a method tells them apart."""
    if alone is None or alone.row is None:
        return scored({name: one.crps for name, one in beside.items()}, seen.rows.count)
    row = alone.row
    crps = {name: one.crps if entries[name].rows is alone else one.crps[row] for name, one in beside.items()}
    return scored(crps, alone.count)


def _active(one: Fitted, answer: Answer, forecast: Forecast, seen: Seen) -> Floats:
    """Return the chance of being active of each cell."""
    return forecast.p_active if answer.per == "cell" else one.predict(seen.past.cells, days=1).p_active


def _scores(
    entries: Mapping[str, Entry], beside: Mapping[str, Judged], money: Mapping[str, Floats], brought: Floats
) -> Iterator[Score]:
    for method, one in beside.items():
        for row in measures(one, entries[method].outcomes, entries[method].group):
            yield method, *row
        yield method, "all", "expected_contribution", float(money[method].sum())
        yield method, "all", "actual_contribution", float(brought.sum())


def _by_group(group: Ints, values: Floats) -> Floats:
    return np.bincount(group, weights=values, minlength=4).astype(np.float64)


def mean_spend(past: Past) -> Floats:
    """Return what an order of each cell's customers is expected to bring on average, shape (cells,).

    Shrinkage is linear in a customer's total, so the cell's total is enough; the weights are plain moments. As in the
    spend models, what is expected follows how often a customer comes as far as it is seen to.
    """
    cells = past.cells
    n = past.orders
    mean, to_half = signedspend.credibility(
        n=n, customers=cells.count, total=past.total, total_squares=past.total_squares, squares=past.squares
    )
    groups, where = np.unique(n, return_inverse=True)
    parts = (cells.count, past.total / n, past.total_squares / n**2)
    sums = Sums(groups, *(np.bincount(where, weights=part).astype(np.float64) for part in parts))
    expected = mean + line(sums, mean=mean, to_half=to_half).of(n)
    weight = n / (n + to_half)
    answer: Floats = expected + weight * (past.total / (cells.count * n) - expected)
    return answer
