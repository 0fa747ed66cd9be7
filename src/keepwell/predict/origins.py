"""From which days in the past the same methods are asked to forecast what is known by now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from keepwell.tables import HORIZONS

QUARTER = 91  # days: 13 whole weeks, so that origins fall on one day of the week
SHORTEST = 14  # days between origins of a log that is shorter than two quarters


@dataclass(frozen=True, slots=True)
class Origin:
    """The last day that a forecast may know, and how many days it looks ahead."""

    day: date
    horizon: int


def spans(longest: int) -> list[int]:
    """Return over how many days an origin is judged that has `longest` days after it: horizons that fit, and these.

    >>> spans(365), spans(273), spans(40)
    ([91, 182, 365], [91, 182, 273], [40])
    """
    return sorted({*(days for days in HORIZONS.values() if days < longest), longest})


def horizon_of(days: int) -> str:
    """Return the name of the horizon that a test over so many days speaks of: the shortest that is no shorter.

    >>> horizon_of(91), horizon_of(364), horizon_of(20)
    ('3m', '12m', '3m')
    """
    return next((name for name, length in HORIZONS.items() if days <= length), list(HORIZONS)[-1])


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
