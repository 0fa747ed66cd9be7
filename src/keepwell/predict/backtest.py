"""How the same methods would have forecast the past: refitted at each origin on what was known on that day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from keepwell.engine import Engine
from keepwell.models import signedspend
from keepwell.models.shapes import Floats, Ints
from keepwell.predict import baselines
from keepwell.predict.contest import Fitted, Scored, fitted, scored
from keepwell.predict.crowd import Crowd, crowd
from keepwell.predict.origins import Origin
from keepwell.predict.past import Days, Past, Seen, observed
from keepwell.predict.score import Judged, group_of, judged, measures
from keepwell.progress import Tell

Score = tuple[str, str, str, float]


@dataclass(frozen=True, slots=True)
class Tested:
    """One origin: the methods' measures, and what equity and the forecast path are made of."""

    origin: Origin
    models: tuple[Fitted, ...]
    crowds: Mapping[str, Crowd]  # all customers of the origin, by model
    scores: tuple[Score, ...]  # method, group, measure, value
    scored: Scored
    customers: float
    orders: Mapping[str, Floats]  # purchase days forecast, by method; by group of repeats, shape (4,), as all below
    came: Floats  # purchase days that came
    money: Mapping[str, Floats]  # contribution forecast, by method
    brought: Floats  # contribution that came


def backtest(engine: Engine, days: Days, at: Sequence[Origin], models: Sequence[str], *, tell: Tell) -> list[Tested]:
    """Refit and judge at every origin; one at which no model can be fitted is left out."""
    done = (_tested(engine, days, origin, models, tell) for origin in at)
    return [test for test in done if test is not None]


def _tested(engine: Engine, days: Days, origin: Origin, models: Sequence[str], tell: Tell) -> Tested | None:
    tell(f"backtest from {origin.day}")
    seen = observed(engine, days, origin)
    cells = seen.past.cells
    fits, _ = fitted(models, cells)
    if not fits:
        return None
    forecasts = {one.name: one.predict(cells, days=origin.horizon) for one in fits}
    crowds = {name: crowd(cells, forecast.p_active) for name, forecast in forecasts.items()}
    forecasts[baselines.OWN_RATE] = baselines.own_rate(cells, days=origin.horizon)
    forecasts[baselines.POPULATION] = baselines.population(cells, days=origin.horizon)
    beside = {name: judged(forecast, seen.outcomes) for name, forecast in forecasts.items()}
    spend = mean_spend(seen.past)
    group = group_of(cells.repeats)
    orders = {name: _by_group(group, cells.count * forecast.orders) for name, forecast in forecasts.items()}
    money = {name: _by_group(group, cells.count * spend * forecast.orders) for name, forecast in forecasts.items()}
    return Tested(
        origin=origin,
        models=tuple(fits),
        crowds=crowds,
        scores=tuple(_scores(seen, beside, money)),
        scored=scored(beside, seen.outcomes),
        customers=float(cells.count.sum()),
        orders=orders,
        came=_by_group(group[seen.outcomes.cell], seen.outcomes.count * seen.outcomes.actual),
        money=money,
        brought=_by_group(group[seen.outcomes.cell], seen.brought),
    )


def _scores(seen: Seen, beside: Mapping[str, Judged], money: Mapping[str, Floats]) -> Iterator[Score]:
    for method, one in beside.items():
        for row in measures(one, seen.outcomes, seen.past.cells):
            yield method, *row
        yield method, "all", "expected_contribution", float(money[method].sum())
        yield method, "all", "actual_contribution", float(seen.brought.sum())


def _by_group(group: Ints, values: Floats) -> Floats:
    return np.bincount(group, weights=values, minlength=4).astype(np.float64)


def mean_spend(past: Past) -> Floats:
    """Return what an order of each cell's customers is expected to bring on average, shape (cells,).

    Shrinkage is linear in a customer's total, so the cell's total is enough; the weights are plain moments.
    """
    cells = past.cells
    n = past.orders
    mean, to_half = signedspend.credibility(
        n=n, customers=cells.count, total=past.total, total_squares=past.total_squares, squares=past.squares
    )
    weight = n / (n + to_half)
    answer: Floats = mean + weight * (past.total / (cells.count * n) - mean)
    return answer
