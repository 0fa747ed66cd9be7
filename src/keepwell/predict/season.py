"""Models that wear a calendar: the same purchase models, on a clock that runs as fast as the shop's days.

A calendar multiplies all customers' rates by one factor a day (`models.calendar`). Measured by a clock on which a day
lasts as long as its factor, purchases come as evenly as the models say, so a history is translated to that clock,
the model does its work there, and the answer is translated back. All histories end on the same day, so that an age
says on which day it began. For the models in which customers leave at a purchase this is exact up to the rounding to
whole days; in Pareto/NBD leaving then follows the clock too, an approximation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from keepwell.errors import DataError
from keepwell.models import calendar
from keepwell.models.calendar import Calendar, Clock, Frame, Part
from keepwell.models.histories import groups_of
from keepwell.models.shapes import Cells, Fit, Floats, Forecast, Ints
from keepwell.predict.daily import Daily
from keepwell.predict.fitted import Fitted, NoPartError
from keepwell.predict.origins import QUARTER
from keepwell.settings import Event

AHEAD = 3 * 365  # days of the clock that are kept after the log
SHORTEST = 91  # days of log, and purchases, from which a calendar is tried
FEWEST = 100
ORIGINS = 3  # from which a calendar can be judged
ROUNDS = 2  # model, calendar, model, calendar, model


@dataclass(frozen=True, slots=True)
class Seasoned:
    """A purchase model on the calendar's clock, for histories that end on the last day of the calendar's log."""

    base: Any  # a `Model`
    calendar: Calendar
    clock: Clock

    def fit(self, cells: Cells, *, start: Any = None) -> Fit[Any]:
        """Fit the base model to the histories on the clock.

        How regularly customers buy (`k`, where a model has it) stays what it is on the days of `start`.
        """
        kept = {"k": int(start.k)} if hasattr(start, "k") else {}
        answer: Fit[Any] = self.base.fit(self.on_clock(cells)[0], start=start, **kept)
        return answer

    def predict(self, p: Any, cells: Cells, *, days: int, rate: float = 0.0, clock: bool = False) -> Forecast:
        """Forecast each cell over the next `days` of the calendar."""
        merged, cell = self.on_clock(cells)
        answer: Forecast = self.base.predict(p, merged, days=self.ahead(days), rate=self.rate(days, rate), clock=clock)
        return replace(
            answer,
            days=days,
            p_active=answer.p_active[cell],
            orders=answer.orders[cell],
            discounted=answer.discounted[cell],
            group=answer.group[cell],
        )

    def next_order_days(self, p: Any, cells: Cells, q: float = 0.5) -> Floats:
        """Return the days of the calendar until the next purchase has come with chance q."""
        merged, cell = self.on_clock(cells)
        return self._until(self.base.next_order_days(p, merged, q))[cell]

    def active(self, p: Any, *, x: Floats, t_x: Floats, T: Floats) -> Floats:
        """Return the chance of being active."""
        t_x, T = self._ages(t_x, T)
        answer: Floats = self.base.active(p, x=x, t_x=t_x, T=T)
        return answer

    def expected(self, p: Any, *, x: Floats, t_x: Floats, T: Floats, t: float) -> Floats:
        """Return the purchases expected in the next `t` days of the calendar."""
        t_x, T = self._ages(t_x, T)
        answer: Floats = self.base.expected(p, x=x, t_x=t_x, T=T, t=self.ahead(t))
        return answer

    def discounted(self, p: Any, *, x: Floats, t_x: Floats, T: Floats, delta: float, t: float = np.inf) -> Floats:
        """Return the same, discounted."""
        t_x, T = self._ages(t_x, T)
        answer: Floats = self.base.discounted(p, x=x, t_x=t_x, T=T, delta=self.rate(t, delta), t=self.ahead(t))
        return answer

    def ahead(self, days: float) -> float:
        """Return how much passes on the clock in the next `days`."""
        return float(self._until_now(np.array([days]))[0])

    def rate(self, days: float, rate: float) -> float:
        """Return the rate on the clock that discounts an even stream of purchases as `rate` does on the calendar."""
        if rate == 0:
            return 0.0
        last = min(days, len(self.clock.passed) - 1 - self.clock.now)
        edges = np.r_[np.arange(np.ceil(last)), last]
        each = np.diff(self._until_now(edges))
        worth = float(each @ np.exp(-rate * (edges[1:] + edges[:-1]) / 2))
        if days > last:  # from there on as fast as in the long run
            worth += self.clock.pace * (np.exp(-rate * last) - np.exp(-rate * days)) / rate
        return calendar.rate_worth(worth, self.ahead(days))

    def at_work(self, age: Floats) -> Floats:
        """Return ages on the clock."""
        return self._ages(age, age)[1]

    def on_clock(self, cells: Cells) -> tuple[Cells, Ints]:
        """Return the distinct histories on the clock, in whole days, and which of them each cell has become."""
        now = self.clock.now
        if cells.age.max(initial=0) > now:
            problem = f"a history of {int(cells.age.max())} days is longer than the calendar's log of {now}"
            raise DataError(problem, "age", "Give histories of the log that the calendar was made from.")
        marks = np.rint(self.clock.passed[: now + 1]).astype(np.int64)
        begin = now - cells.age
        # Two purchases on neighbouring slow days may fall on one day of the clock; the second is put on the next.
        recency = np.where(cells.repeats > 0, np.maximum(marks[begin + cells.recency] - marks[begin], 1), 0)
        age = np.maximum(marks[now] - marks[begin], recency)
        recencies, ages, pair = groups_of(recency, age)
        repeats, of, cell = groups_of(cells.repeats, pair)
        count = np.bincount(cell, weights=cells.count, minlength=len(repeats)).astype(np.float64)
        return Cells(repeats, recencies[of], ages[of], count), cell

    def _ages(self, t_x: Floats, T: Floats) -> tuple[Floats, Floats]:
        begin = self.clock.now - np.asarray(T, float)
        start = self.clock.at(begin)
        return self.clock.at(begin + t_x) - start, float(self.clock.passed[self.clock.now]) - start

    def _until_now(self, days: Floats) -> Floats:
        answer: Floats = self.clock.at(self.clock.now + days) - self.clock.passed[self.clock.now]
        return answer

    def _until(self, wait: Floats) -> Floats:
        answer: Floats = self.clock.place(self.clock.passed[self.clock.now] + wait) - self.clock.now
        return answer


def seasoned(name: str, one: Fitted, cells: Cells, daily: Daily, *, as_of: date, events: Sequence[Event]) -> Fitted:
    """Return a fitted model, under a new name, with the calendar that is seen on `as_of`.

    The model says what to expect, the counts by day what came, and the model is fitted anew on the clock: twice.
    Where nothing but chance is seen, the model stays as it was.

    Raises:
        NoPartError: The log is too short or too thin.
        FitError: The fit on the clock failed.
    """
    known = daily.until(as_of)
    days, came = len(known.repeats), int(known.repeats.sum())
    if days < SHORTEST or came < FEWEST:
        raise NoPartError(f"{days} days with {came} repeat purchases show no calendar", "", "Give a longer log.")
    frame = framed(daily.first, as_of, events)
    clock = Clock(np.arange(days + AHEAD, dtype=float), days - 1)
    for _ in range(ROUNDS):
        growth = one.model.expected_new(one.fit.params, np.arange(2 * int(clock.passed[clock.now]) + 8) / 2)
        expected = calendar.without(known.newcomers, growth, clock)
        found = calendar.fitted(frame, came=known.repeats, expected=expected)
        clock = calendar.clock(found, ahead=AHEAD)
        model = Seasoned(one.model, found, clock)
        if not found.effects.any():
            return Fitted(name, model, one.fit)
        one = Fitted(one.name, one.model, model.fit(cells, start=one.fit.params))
    return Fitted(name, model, one.fit)


def comparable(first: date, day: date, as_of: date) -> bool:
    """Say whether a calendar seen on an origin's day is of the kind that is seen on the last day observed.

    Errors made before a time of year could be seen say nothing of forecasts that see it. Such origins are left out,
    if at least `ORIGINS` are left.
    """
    seen = [(end - first).days + 1 >= calendar.YEAR_FROM for end in (day, as_of, as_of - ORIGINS * timedelta(QUARTER))]
    return seen[0] or not (seen[1] and seen[2])


def rows(one: Fitted) -> list[Part]:
    """Return what the calendar of a fitted model is made of; nothing where it wears none."""
    return calendar.parts(one.model.calendar) if isinstance(one.model, Seasoned) else []


def framed(first: date, as_of: date, events: Sequence[Event]) -> Frame:
    """Return the frame of a calendar with the events of the settings."""
    days = tuple(
        calendar.Event(event.name, event.first.toordinal(), event.last.toordinal() if event.last else None)
        for event in events
    )
    return Frame(first.toordinal(), as_of.toordinal(), days)
