"""A calendar common to all customers: how much more or less a day brings than another.

On day d all customers' rates are multiplied by one factor,

    ln factor(d) = weekday + time of year + trend + known events - level,

with `level` such that the factors of the log's days have mean 1. The effects are estimated from two counts a day: the
repeat purchases y(d), and those that a model without a calendar expects of the customers there are, o(d). Given
these, y(d) is (over-dispersed) Poisson with mean o(d) factor(d), and each kind of effect is drawn from a normal
distribution of mean 0 and its own variance. The variances are estimated too, by the fixed point of MacKay
(1992, Neural Computation 4:415-447), with tr the trace of the posterior covariance of a kind's n effects:

    variance = sum of squared effects / (n - tr / variance),

so a kind that the counts do not show shrinks to nothing. Over-dispersion divides the likelihood (McCullagh & Nelder
1989, Generalized Linear Models, 2nd ed., ch. 9): a shop whose days vary by luck more than Poisson teaches less.

The trend is a walk in quarters whose steps are drawn so; beyond the log it stays where it was: a step is never drawn on
into the future. Days are ordinals: day 1 is the first of January of year 1, a Monday.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from keepwell.models.quadrature import lasting
from keepwell.models.shapes import Floats, Ints

YEAR = 365.2425
QUARTER = 91
BROAD, DETAIL = 4, 26  # harmonics of the year's broad shape, and up to those of a fortnight
YEAR_FROM = 548  # days of log from which the time of year can be told from the ageing of customers
TWICE_FROM = 730  # and from which it was seen twice, so that detail and trend can be told from it
EVENT_SD = 1.0  # prior sd of the logarithm of what a named event does: from a third to three times
MOST = {"weekday": 1.0, "year": 1.0, "detail": 0.5, "trend": 0.1, "events": EVENT_SD}  # largest sd of each kind
NOTHING = 1e-3  # sd of a kind of effects below which it is held for none
SETTLED = 1e-2  # relative change of an sd at which the search for it ends
ROUNDS = 60


@dataclass(frozen=True, slots=True)
class Event:
    """Days, from `first` to `last`, that share one effect with all events of the same name; None: it lasts."""

    name: str
    first: int
    last: int | None


@dataclass(frozen=True, slots=True)
class Frame:
    """What a calendar is made of, for a log from day `first` to day `last`."""

    first: int
    last: int
    events: tuple[Event, ...] = ()

    @property
    def length(self) -> int:
        """Return the days of the log."""
        return self.last - self.first + 1

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the events, each once."""
        return tuple(dict.fromkeys(event.name for event in self.events))

    @property
    def kinds(self) -> tuple[tuple[str, int], ...]:
        """Return the kinds of effects that can be told from this log, each with its number of effects."""
        broad = 2 * BROAD if self.length >= YEAR_FROM else 0
        detail = 2 * (DETAIL - BROAD) if self.length >= TWICE_FROM else 0
        trend = (self.length - 1) // QUARTER if self.length >= TWICE_FROM else 0
        sizes = (("weekday", 7), ("year", broad), ("detail", detail), ("trend", trend), ("events", len(self.names)))
        return tuple((name, size) for name, size in sizes if size)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Effects of each column of `design`, shape (columns,), with their posterior covariance."""

    frame: Frame
    effects: Floats
    covariance: Floats
    sds: tuple[float, ...]  # of each kind of effects, in the frame's order
    level: float
    dispersion: float  # variance of a day's count over its mean, given the calendar


def design(frame: Frame, days: Ints) -> Floats:
    """Return the columns of the effects for each day, shape (days, columns), in the order of `frame.kinds`."""
    blocks: dict[str, Callable[[], Floats]] = {
        "weekday": lambda: ((days[:, None] + 6) % 7 == np.arange(7)).astype(float),
        "year": lambda: _waves(days, 1, BROAD),
        "detail": lambda: _waves(days, BROAD + 1, DETAIL),
        "trend": lambda: _ramps(frame, days),
        "events": lambda: np.column_stack([_runs(frame, name, days) for name in frame.names]),
    }
    return np.column_stack([blocks[kind]() for kind, _ in frame.kinds])


def factors(calendar: Calendar, days: Ints) -> Floats:
    """Return the factor on all rates of each day, past or to come."""
    logs = design(calendar.frame, days) @ calendar.effects - calendar.level
    answer: Floats = np.exp(logs)
    return answer


def fitted(frame: Frame, *, came: Floats, expected: Floats) -> Calendar:
    """Estimate the calendar from the counts of each day of the log, shape (days,) each.

    Args:
        frame: What to estimate.
        came: Repeat purchases.
        expected: Those expected without a calendar.
    """
    counts = problem(frame, came=came, expected=expected)
    kinds = [name for name, _ in frame.kinds]
    of = np.repeat(np.arange(len(kinds)), [size for _, size in frame.kinds])
    most, fixed = np.array([MOST[name] for name in kinds]), np.array([name == "events" for name in kinds])
    sds, dispersion = np.where(fixed, most, most / 2), 1.0
    effects = np.zeros(len(of) + 1)
    effects[0] = np.log(max(counts.came.sum(), 0.5) / max(counts.expected.sum(), 1e-9))
    for _ in range(ROUNDS):
        effects, covariance = peak(counts, effects, sds[of], dispersion=dispersion)
        known = 1 - np.minimum(np.diag(covariance)[1:] / sds[of] ** 2, 1.0)  # 0: by the prior alone, 1: by the counts
        before, sds = sds, np.where(fixed, sds, np.minimum(_sds(effects[1:], known, of), most))
        dispersion = _dispersion(counts, effects, float(known.sum()))
        if np.abs(np.log(np.maximum(sds, NOTHING) / np.maximum(before, NOTHING))).max(initial=0.0) < SETTLED:
            break
    effects = effects[1:] * (sds > NOTHING)[of]
    days = np.arange(frame.first, frame.last + 1)
    level = float(np.log(np.mean(np.exp(design(frame, days) @ effects))))
    return Calendar(frame, effects, covariance[1:, 1:], tuple(sds.tolist()), level, dispersion)


@dataclass(frozen=True, slots=True)
class Problem:
    """A penalised Poisson regression; the first of the columns is the constant, which is not penalised."""

    columns: Floats
    came: Floats
    expected: Floats

    def mean(self, effects: Floats) -> Floats:
        """Return the mean count of each day."""
        mean: Floats = self.expected * np.exp(np.clip(self.columns @ effects, -30, 30))
        return mean

    def value(self, effects: Floats, penalty: Floats, dispersion: float) -> float:
        """Return the logarithm of the posterior density, up to a constant."""
        mean = self.mean(effects)
        fits = float(self.came @ np.log(mean) - mean.sum()) / dispersion
        return fits - float(penalty @ effects**2) / 2


def peak(counts: Problem, start: Floats, sd: Floats, *, dispersion: float) -> tuple[Floats, Floats]:
    """Return the effects of the highest posterior density and their covariance, by Newton's method.

    `sd`, shape (columns - 1,), is the prior's of each effect but the constant.
    """
    penalty = np.r_[1e-9, 1 / sd**2]
    effects, value = start, counts.value(start, penalty, dispersion)
    for _ in range(100):
        mean = counts.mean(effects)
        slope = counts.columns.T @ (counts.came - mean) / dispersion - penalty * effects
        rooted = counts.columns * np.sqrt(mean)[:, None]
        bend = rooted.T @ rooted / dispersion + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        if float(slope @ step) < 1e-8:
            break
        for halving in range(20):
            there = effects + step / 2**halving
            reached = counts.value(there, penalty, dispersion)
            if reached > value:
                break
        else:
            break
        effects, value = there, reached
    return effects, np.linalg.inv(bend)


def problem(frame: Frame, *, came: Floats, expected: Floats) -> Problem:
    """Return the regression that `fitted` solves, for days on which something was expected."""
    use = expected > 0
    days = np.arange(frame.first, frame.last + 1)[use]
    return Problem(np.column_stack([np.ones(len(days)), design(frame, days)]), came[use], expected[use])


def _sds(effects: Floats, known: Floats, of: Ints) -> Floats:
    """Return MacKay's next standard deviation of each kind."""
    squares, free = np.bincount(of, weights=effects**2), np.bincount(of, weights=known)
    sds: Floats = np.maximum(np.sqrt(squares / np.maximum(free, 1e-9)), NOTHING / 10)
    return sds


def _dispersion(counts: Problem, effects: Floats, freedom: float) -> float:
    """Return the variance of a day over its mean: Pearson's, never below that of chance."""
    mean = counts.mean(effects)
    left = max(len(mean) - 1 - freedom, 1.0)
    return max(float(((counts.came - mean) ** 2 / np.maximum(mean, 1e-9)).sum()) / left, 1.0)


def _waves(days: Ints, low: int, high: int) -> Floats:
    """Return sines and cosines over the year; the finer a wave, the smaller it is thought before it is seen."""
    turn = 2 * np.pi * days / YEAR
    orders = np.arange(low, high + 1)
    size = low / orders
    return np.column_stack([size * np.sin(turn[:, None] * orders), size * np.cos(turn[:, None] * orders)])


def _ramps(frame: Frame, days: Ints) -> Floats:
    """Return for each quarter of the log, the last ending with it, how far a day is through it: 0 before, 1 after."""
    steps = (frame.length - 1) // QUARTER
    begins = frame.last - QUARTER * np.arange(steps, 0, -1)
    ramps: Floats = np.clip((days[:, None] - begins) / QUARTER, 0.0, 1.0)
    return ramps


def _runs(frame: Frame, name: str, days: Ints) -> Floats:
    runs = np.zeros(len(days), np.bool_)
    for event in frame.events:
        if event.name == name:
            runs |= (days >= event.first) & (days <= (event.last if event.last is not None else np.inf))
    return runs.astype(float)


@dataclass(frozen=True, slots=True)
class Part:
    """One effect in words: by what it multiplies a day, and the sd of that."""

    name: str
    factor: float
    sd: float


def parts(calendar: Calendar) -> list[Part]:
    """Return what the calendar is made of: weekdays and months against their mean, the end against the log's mean.

    A month is the mean of its days in the year before the end of the log, by the time of year alone.
    """
    frame, found = calendar.frame, []
    place = dict(zip((kind for kind, _ in frame.kinds), _slices(frame), strict=True))
    columns = design(frame, np.arange(frame.first, frame.last + 1))
    size = columns.shape[1]

    def contrast(name: str, at: Floats) -> None:
        estimate = float(at @ calendar.effects)
        sd = np.sqrt(max(float(at @ calendar.covariance @ at), 0.0))
        found.append(Part(name, float(np.exp(estimate)), float(np.exp(estimate) * sd)))

    for i in range(7):
        at = np.zeros(size)
        at[place["weekday"]] = (np.arange(7) == i) - 1 / 7
        contrast(f"weekday {i + 1}", at)
    if "year" in place:
        days = np.arange(frame.last - 364, frame.last + 1)
        yearly = slice(place["year"].start, place.get("detail", place["year"]).stop)
        waves = design(frame, days)[:, yearly]
        months = np.array([date.fromordinal(int(day)).month for day in days])
        for month in range(1, 13):
            at = np.zeros(size)
            at[yearly] = waves[months == month].mean(axis=0) - waves.mean(axis=0)
            contrast(f"month {month}", at)
    if "trend" in place:
        at = np.zeros(size)
        at[place["trend"]] = columns[-1, place["trend"]] - columns[:, place["trend"]].mean(axis=0)
        contrast("level at the end", at)
    for i, name in enumerate(frame.names):
        contrast(f"event {name}", (np.arange(size) == place["events"].start + i).astype(float))
    return found


def _slices(frame: Frame) -> list[slice]:
    ends = np.cumsum([size for _, size in frame.kinds]).tolist()
    return [slice(begin, end) for begin, end in zip([0, *ends], ends, strict=False)]


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as customers live it: a day lasts as long as its factor.

    `passed[i]`, shape (days + 1,), is what passed from the log's first day, exclusive, to i days after it, inclusive;
    after its end time goes on at the mean pace of its last year. `now` is the place of the last day observed.
    """

    passed: Floats
    now: int

    @property
    def pace(self) -> float:
        """Return how fast time passes in the long run, beyond the table."""
        return float(self.passed[-1] - self.passed[-1 - 365]) / 365

    def at(self, place: Floats) -> Floats:
        """Return what has passed at a place in days from the log's first day; straight lines within a day."""
        end = len(self.passed) - 1
        inside = np.interp(place, np.arange(end + 1.0), self.passed)
        answer: Floats = inside + self.pace * np.maximum(place - end, 0) + self.pace_before * np.minimum(place, 0)
        return answer

    @property
    def pace_before(self) -> float:
        """Return how fast time passed before the log: as fast as days do."""
        return 1.0

    def place(self, passed: Floats) -> Floats:
        """Return the place at which so much has passed: the inverse of `at`, from the log's first day on."""
        end = len(self.passed) - 1
        known = np.interp(passed, self.passed, np.arange(end + 1.0))
        beyond = np.maximum(passed - self.passed[-1], 0) / self.pace
        answer: Floats = known + beyond
        return answer


def clock(calendar: Calendar, *, ahead: int) -> Clock:
    """Return the clock of a calendar from the first day of its log to `ahead` days (a year at least) after its last."""
    frame = calendar.frame
    days = np.arange(frame.first + 1, frame.last + max(ahead, 366) + 1)
    # A day on which nothing at all came still passes: places must be found from what has passed.
    each = np.maximum(factors(calendar, days), 1e-6)
    return Clock(np.r_[0.0, np.cumsum(each)], frame.length - 1)


def without(arrivals: Floats, growth: Floats, clock: Clock) -> Floats:
    """Return the repeat purchases expected on each day of the log if it were as long as the mean day, shape (days,).

    Args:
        arrivals: First purchases of each day, shape (days,).
        growth: Repeat purchases expected of one customer until 0, 1/2, 1, 3/2... days of the clock after the first.
        clock: The days' lengths, in the model's own time.
    """
    passed = clock.passed[: len(arrivals)]
    grid = np.arange(len(growth)) / 2
    middle = passed[1:] - np.diff(passed) / 2
    total = np.zeros(len(arrivals))
    for day in np.flatnonzero(arrivals):
        since = middle[day:] - passed[day]
        low = np.maximum(since - 0.5, 0.0)
        grown = np.interp(since + 0.5, grid, growth) - np.interp(low, grid, growth)
        total[day + 1 :] += arrivals[day] * grown / (since + 0.5 - low)
    return total


def rate_worth(worth: float, span: float) -> float:
    """Return the rate at which an even stream of one a unit of time over `span` is worth so much.

    It solves (1 - exp(-rate span)) / rate = worth.
    """
    if worth >= span:
        return 0.0
    low, high = 0.0, 1 / worth
    for _ in range(200):
        middle = (low + high) / 2
        reached = span * float(lasting(np.array(middle * span))) if np.isfinite(span) else 1 / max(middle, 1e-300)
        low, high = (low, middle) if reached < worth else (middle, high)
    return (low + high) / 2
