"""What resources cost and can work, month by month, and what a minute of each costs.

A month in which the books begin or end is no whole month: of its cost and its minutes only the days from the first
fact and up to the last day count, else a run in the middle of a month would show half of it as unused. A month that
the settings name themselves begins on its first day.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from keepwell.account.activity import minute_rate
from keepwell.account.work import Model, Period

MONEY = Decimal("0.0001")
RATE = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class Span:
    """A resource from one day to another at one rate; `cost` and `minutes` are those of a whole month."""

    resource: str
    cost: Decimal
    minutes: Decimal
    rate: Decimal  # of one minute, 8 decimals
    start: date
    end: date  # inclusive


@dataclass(frozen=True, slots=True)
class Capacity:
    """One month of a resource, or the part of it that counts."""

    resource: str
    month: date
    cost: Decimal
    minutes: Decimal
    rate: Decimal


def spans(model: Model, *, first: date, last: date) -> tuple[Span, ...]:
    """Return the model's periods between the day of the first fact and the last day, without those outside."""
    found = (_span(period, first, last) for period in model.periods)
    return tuple(span for span in found if span.start <= span.end)


def _span(period: Period, first: date, last: date) -> Span:
    end = last if period.last is None else min(last, _month_end(period.last))
    rate = minute_rate(period.cost, period.minutes).quantize(RATE)
    return Span(period.resource, period.cost, period.minutes, rate, period.first or first, end)


def months(spans: tuple[Span, ...]) -> Iterator[Capacity]:
    """Yield each month of each span."""
    for span in spans:
        month = span.start.replace(day=1)
        while month <= span.end:
            end = _month_end(month)
            days = (min(end, span.end) - max(month, span.start)).days + 1
            cost, minutes = (_part(whole, days, end.day) for whole in (span.cost, span.minutes))
            yield Capacity(span.resource, month, cost, minutes, span.rate)
            month = end + timedelta(days=1)


def _part(whole: Decimal, days: int, of: int) -> Decimal:
    return (whole * days / of).quantize(MONEY)


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
