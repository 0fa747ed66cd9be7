"""Time-driven activity-based costing: what a minute of people costs, and what each kind of work costs with it.

A department's cost is divided by the minutes it can practically work, and each activity is charged its own minutes.
Minutes that nothing asked for stay visible as unused capacity instead of being spread over the customers.

Source: Kaplan & Anderson (2004), Time-Driven Activity-Based Costing, Harvard Business Review 82(11).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from keepwell.errors import DataError


@dataclass(frozen=True, slots=True)
class Activity:
    """Work that was done `times` times and takes `minutes` each."""

    name: str
    times: int
    minutes: Decimal


@dataclass(frozen=True, slots=True)
class Costing:
    """What the work cost; money in one currency."""

    rate: Decimal  # of one minute
    minutes: Decimal  # worked by all activities
    assigned: Decimal  # cost of these minutes
    unused: Decimal  # cost of the other practical minutes; below 0 where more was worked than practical


def minute_rate(cost: Decimal, practical_minutes: Decimal) -> Decimal:
    """Return the cost of one practical minute.

    Raises:
        DataError: There are no practical minutes.

    >>> minute_rate(Decimal(560_000), Decimal(700_000))
    Decimal('0.8')
    """
    if practical_minutes <= 0:
        raise DataError(f"{practical_minutes} practical minutes", "the capacity", "Give the minutes people can work.")
    return cost / practical_minutes


def unit_cost(activity: Activity, rate: Decimal) -> Decimal:
    """Return what doing the activity once costs.

    >>> unit_cost(Activity("order", 49_000, Decimal(8)), Decimal("0.8"))
    Decimal('6.4')
    """
    return activity.minutes * rate


def costed(activities: Iterable[Activity], *, cost: Decimal, practical_minutes: Decimal) -> Costing:
    """Charge the activities their minutes and return what is assigned and what is left unused.

    Raises:
        DataError: There are no practical minutes.
    """
    rate = minute_rate(cost, practical_minutes)
    minutes = sum((a.times * a.minutes for a in activities), Decimal(0))
    return Costing(rate=rate, minutes=minutes, assigned=minutes * rate, unused=cost - minutes * rate)
