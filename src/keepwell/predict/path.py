"""Purchase days of all customers period by period, as forecast at an origin, beside what came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
from scipy.stats import norm

from keepwell.engine import Engine, collected
from keepwell.models.shapes import Cells, Floats
from keepwell.predict.contest import Fitted
from keepwell.predict.origins import Origin

if TYPE_CHECKING:
    import ibis.expr.types as ir

MOST_PERIODS = 60
WEEK = 7


@dataclass(frozen=True, slots=True)
class Daily:
    """Purchase days a day, of customers known by some origin; shape (days,), the first day first."""

    first: date
    repeats: Floats  # second and later purchase days of all customers
    known: Floats  # purchase days of customers who had bought by the origin


def main_origin(at: list[Origin], *, first: date, as_of: date, horizon: int) -> Origin | None:
    """Return the latest origin that looks ahead the whole horizon, or half of the log where that is shorter."""
    wanted = min(0.95 * horizon, (as_of - first).days / 2)
    long = [origin for origin in at if origin.horizon >= wanted]
    return max(long or at, key=lambda o: (o.day if long else date.min, o.horizon), default=None)


def daily(engine: Engine, days: ir.Table, *, origin: date, first: date, as_of: date) -> Daily:
    """Count the purchase days a day, from the table of `customer_days`."""
    bought = days.filter(days.bought == 1)
    starts = bought.group_by("customer_id").aggregate(start=bought.day.min())
    dated = bought.join(starts, "customer_id")
    counts = dated.group_by("day").aggregate(
        repeats=dated.count(where=dated.day > dated.start),
        known=dated.count(where=dated.start <= ibis.date(origin)),
    )
    rows = collected(engine, counts)
    at = np.array([(day.as_py() - first).days for day in rows["day"]], np.int64)
    size = (as_of - first).days + 1
    columns = [np.bincount(at, weights=rows[name].to_numpy(), minlength=size) for name in ("repeats", "known")]
    return Daily(first, *columns)


def path(
    one: Fitted, sample: Cells, *, total: float, origin: date, days: int, shared: float, daily: Daily, actual: bool
) -> Iterator[dict[str, Any]]:
    """Yield one row per period of 7 days, or as many weeks as make at most 60 periods.

    The course is that of the `sample` of customers, brought to the `total` of all. The band holds what all forecasts
    share (`shared`, relative), and what one period differs from its neighbours by (measured before the origin).
    """
    step = WEEK * -(-days // (WEEK * MOST_PERIODS))
    ends = np.r_[np.arange(step, days, step), days]
    x, t_x, age = (a.astype(float) for a in (sample.repeats, sample.recency, sample.age))
    reached = [
        float(sample.count @ one.model.expected(one.fit.params, x=x, t_x=t_x, T=age, t=float(end))) for end in ends
    ]
    scale = total / reached[-1] if reached[-1] > 0 else 0.0
    expected = np.diff(np.r_[0.0, reached]) * scale
    shock = _shock(daily, origin, step)
    begin = (origin - daily.first).days + 1
    z = float(norm.ppf(0.95))
    for i, end in enumerate(ends):
        last = ends[i - 1] if i else 0
        sd = np.sqrt(shared**2 + shock**2)
        chance = z * np.sqrt(expected[i])
        low, high = expected[i] * np.exp(-z * sd) - chance, expected[i] * np.exp(z * sd) + chance
        came = float(daily.known[begin + last : begin + end].sum()) if actual else None
        yield {
            "origin": origin,
            "period": origin + timedelta(days=int(end)),
            "expected": float(expected[i]),
            "lower": float(max(low, 0.0)),
            "upper": float(high),
            "actual": came,
        }


def _shock(daily: Daily, origin: date, step: int) -> float:
    """Return the relative sd of a period around its neighbours, beyond chance, from periods before the origin.

    From differences of logarithms of one period to the next; the median is taken so that one holiday does not count.
    """
    seen = daily.repeats[: (origin - daily.first).days + 1]
    whole = len(seen) // step
    if whole < 4:
        return 0.0
    periods = seen[len(seen) - whole * step :].reshape(whole, step).sum(axis=1)
    periods = periods[np.argmax(periods > 0) :]
    if len(periods) < 4:
        return 0.0
    jumps = np.diff(np.log(periods + 0.5))
    spread = (1.4826 * np.median(np.abs(jumps))) ** 2 / 2
    return float(np.sqrt(max(spread - 1 / max(float(np.median(periods)), 1.0), 0.0)))
