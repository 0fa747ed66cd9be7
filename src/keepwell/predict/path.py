"""Purchase days of all customers period by period, as forecast at an origin, beside what came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from keepwell.models.shapes import Floats
from keepwell.predict.crowd import Crowd, ordered
from keepwell.predict.daily import Daily
from keepwell.predict.fitted import Fitted
from keepwell.predict.origins import Origin

MOST_PERIODS = 60
WEEK = 7
Z95 = 1.6448536269514722  # the normal distribution's 95% point


def main_origin(at: list[Origin], *, first: date, as_of: date, horizon: int) -> Origin | None:
    """Return the latest origin that looks ahead the whole horizon, or half of the log where that is shorter."""
    wanted = min(0.95 * horizon, (as_of - first).days / 2)
    long = [origin for origin in at if origin.horizon >= wanted]
    return max(long or at, key=lambda o: (o.day if long else date.min, o.horizon), default=None)


@dataclass(frozen=True, slots=True)
class Course:
    """A forecast whose course is to be drawn."""

    one: Fitted
    crowd: Crowd
    origin: date
    days: int
    whole: float | None = None  # purchase days of all its days together; None: those of the model


def path(course: Course, *, shared: float, daily: Daily, came: Floats | None) -> Iterator[dict[str, Any]]:
    """Yield one row per period of 7 days, or as many weeks as make at most 60 periods.

    The band holds what all forecasts share (`shared`, relative), what one period differs from its neighbours by
    (measured before the origin), and chance. `came` holds the purchase days a day of the customers known at the origin,
    from the first day of the log on; None where the future is drawn.
    """
    step = WEEK * -(-course.days // (WEEK * MOST_PERIODS))
    ends = np.r_[np.arange(step, course.days, step), course.days]
    expected = np.diff(ordered(course.one, course.crowd, ends.astype(np.float64)), prepend=0.0)
    if course.whole is not None and expected.sum() > 0:
        expected *= course.whole / expected.sum()
    spread = Z95 * np.hypot(shared, _shock(daily, course.origin, step))
    chance = Z95 * np.sqrt(expected)
    lower = np.maximum(expected * np.exp(-spread) - chance, 0.0)
    upper = expected * np.exp(spread) + chance
    begin = (course.origin - daily.first).days + 1
    actual = None if came is None else np.add.reduceat(came[begin : begin + course.days], np.r_[0, ends[:-1]])
    for i, end in enumerate(ends):
        yield {
            "origin": course.origin,
            "period": course.origin + timedelta(days=int(end)),
            "expected": float(expected[i]),
            "lower": float(lower[i]),
            "upper": float(upper[i]),
            "actual": None if actual is None else float(actual[i]),
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
