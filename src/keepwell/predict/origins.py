"""From which days in the past the same methods are asked to forecast what is known by now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

QUARTER = 91  # days: 13 whole weeks, so that origins fall on one day of the week
SHORTEST = 14  # days between origins of a log that is shorter than two quarters


@dataclass(frozen=True, slots=True)
class Origin:
    """The last day that a forecast may know, and how many days it looks ahead."""

    day: date
    horizon: int


def origins(first: date, as_of: date, *, horizon: int) -> list[Origin]:
    """Return the origins of a log from `first` to `as_of`, the earliest first.

    They lie whole quarters before the end, at least a quarter after the start, and look as far ahead as `horizon`
    or the log allows, so a longer log has more of them. A log of less than two quarters is cut in four instead.
    """
    length = (as_of - first).days
    step = QUARTER if length >= 2 * QUARTER else max(length // 4, SHORTEST)
    least = min(QUARTER, step)
    back = [k * step for k in range(1, length // step + 1) if length - k * step >= least]
    return [Origin(as_of - timedelta(days=b), min(horizon, b)) for b in reversed(back)]
