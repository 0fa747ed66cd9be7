"""Mend predictive distributions whose intervals held too few or too many customers in the backtest.

A distribution is taken in two parts: the chance of no order, and how many orders come given that some do. By groups
of repeats (0, 1, 2-4, 5 and more) the first is moved by one shift of its log odds, so that as many come to nothing as
were seen to; the second is passed through the distribution that its probability integral transform was seen to have,
in twentieths, so that interval levels mean what they say. Both are drawn to no change: the shift by a normal prior of
sd 0.5, the twentieths by a hundred customers spread evenly over them.

What is learned at origins is tried at later ones, whose day lies after all that was learned: the adjustment is used
only where it raises the mean logarithm of the chance given to what came, by more than one standard error over at least
three such trials. The mean that a customer is expected to order stays the model's.

After: Kuleshov, Fenner & Ermon (2018), Accurate uncertainties for deep learning using calibrated regression, ICML;
the transform of counts: Czado, Gneiting & Held (2009), Biometrics 65:1254-1261.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit

from keepwell.models.shapes import Cells, Floats, Forecast, Ints
from keepwell.predict.horizon import Ahead
from keepwell.predict.score import GROUPS, Outcomes, group_of, judged

CLASSES = len(GROUPS) - 1
BINS, PARTS = 20, 20
SHIFT_SD, EVEN = 0.5, 100.0
FEWEST = 3  # trials
LEAST = 1e-9  # a chance no smaller is asked of a logarithm


@dataclass(frozen=True, slots=True)
class Tally:
    """What came at one origin, beside what one method held for likely."""

    customers: Floats  # shape (4, 20): by group of repeats and by chance of no order
    none: Floats  # sum of that chance
    zero: Floats  # customers without an order
    parts: Floats  # shape (4, 20): of those with some, by the transform of their number


@dataclass(frozen=True, slots=True)
class Adjustment:
    """How to mend, by group of repeats."""

    shift: Floats  # of the log odds of no order, shape (4,)
    parts: Floats  # share of each twentieth of the transform, shape (4, 20)
    trials: int
    gain: float  # mean logarithm of chance that trials won, a customer

    @property
    def words(self) -> str:
        """Say what was done."""
        return f"distributions mended by what {self.trials} later origins confirmed"


@dataclass(frozen=True, slots=True)
class Past:
    """One origin's tally and when it was known."""

    day: int  # of the origin
    known: int  # day by which all that came was known
    tally: Tally


def tally(forecast: Forecast, outcomes: Outcomes, group: Ints) -> Tally:
    """Count what came, by what was forecast; `group` is the index of each row's group of repeats."""
    row = outcomes.cell
    nothing = forecast.pmf[forecast.start[:-1]][forecast.group[row]]
    none = 1 - forecast.p_active[row] * (1 - nothing)
    place = group * BINS + np.minimum((none * BINS).astype(np.int64), BINS - 1)

    def summed(values: Floats) -> Floats:
        whole = np.bincount(place, weights=values, minlength=CLASSES * BINS)
        return whole.reshape(CLASSES, BINS).astype(np.float64)

    one, some = judged(forecast, outcomes), outcomes.actual > 0
    rest = np.maximum(1 - none[some], LEAST)
    below, at = ((np.clip(edge[some] - none[some], 0.0, rest)) / rest for edge in (one.below, one.at))
    weight = outcomes.count[some]
    parts = [np.bincount(group[some], weights=share * weight, minlength=CLASSES) for share in _spread(below, at)]
    return Tally(
        customers=summed(outcomes.count),
        none=summed(outcomes.count * none),
        zero=summed(outcomes.count * ~some),
        parts=np.stack(parts, axis=1).astype(np.float64),
    )


def _spread(below: Floats, at: Floats) -> Iterator[Floats]:
    """Yield the share of each row's transform, even between `below` and `at`, that falls into each part of 0..1."""
    width = np.maximum(at - below, LEAST)
    reached = np.zeros(len(at))
    for edge in np.arange(1, PARTS) / PARTS:
        upto = np.clip((edge - below) / width, 0.0, 1.0)
        yield upto - reached
        reached = upto
    yield 1 - reached


def learned(tallies: Sequence[Tally]) -> Adjustment:
    """Return what to do about tallies, all customers alike."""
    customers, none, zero, parts = (
        np.sum([getattr(t, name) for t in tallies], axis=0) for name in ("customers", "none", "zero", "parts")
    )
    shift = np.array([_shift(*rows) for rows in zip(customers, none, zero, strict=True)])
    share = (parts + EVEN / PARTS) / (parts.sum(axis=1, keepdims=True) + EVEN)
    return Adjustment(shift, share, 0, 0.0)


def _shift(customers: Floats, none: Floats, zero: Floats) -> float:
    """Return the likeliest shift of the log odds of one group, under its prior."""
    some = customers > 0
    odds, people, seen = logit(_mean(none[some], customers[some])), customers[some], float(zero.sum())
    shift = 0.0
    for _ in range(50):  # Newton on a concave function of one variable
        chance = expit(odds + shift)
        slope = seen - people @ chance - shift / SHIFT_SD**2
        step = slope / (people @ (chance * (1 - chance)) + 1 / SHIFT_SD**2)
        shift += float(np.clip(step, -1.0, 1.0))
        if abs(step) < 1e-12:
            break
    return shift


def _mean(total: Floats, customers: Floats) -> Floats:
    return np.clip(total / customers, LEAST, 1 - LEAST)


def gain(of: Adjustment, later: Tally) -> float:
    """Return what the adjustment adds to the mean logarithm of the chance given to what came at another origin."""
    some = later.customers > 0
    plain = np.where(some, _mean(later.none, np.where(some, later.customers, 1.0)), 0.5)
    moved = np.clip(expit(logit(plain) + of.shift[:, None]), LEAST, 1 - LEAST)
    came = later.customers - later.zero
    won = (later.zero * np.log(moved / plain) + came * np.log((1 - moved) / (1 - plain))).sum()
    won += (later.parts * np.log(of.parts * PARTS)).sum()
    return float(won / later.customers.sum())


def adjustment(pasts: Sequence[Past]) -> Adjustment | None:
    """Return what to do now, or None where nothing is proved to help."""
    trials = []
    for past in pasts:
        before = [other.tally for other in pasts if other.known <= past.day]
        if before:
            trials.append(gain(learned(before), past.tally))
    if len(trials) < FEWEST:
        return None
    mean, error = float(np.mean(trials)), float(np.std(trials, ddof=1) / np.sqrt(len(trials)))
    if mean <= error:
        return None
    return replace(learned([past.tally for past in pasts]), trials=len(trials), gain=mean)


def adjusted(ahead: Ahead, cells: Cells, of: Adjustment | None) -> Ahead:
    """Return the horizon with its distributions mended; as it is where there is nothing to do."""
    if of is None:
        return ahead
    kind = group_of(cells.repeats)
    start, pmf = shaped(ahead.start, ahead.pmf, of)
    return replace(
        ahead,
        none=expit(logit(np.clip(ahead.none, LEAST, 1 - LEAST)) + of.shift[kind]),
        group=ahead.group + (len(ahead.start) - 1) * kind,
        start=start,
        pmf=pmf,
    )


def sooner(chances: Floats, cells: Cells, of: Adjustment | None) -> Floats:
    """Return chances of an order, shape (..., cells), moved as the chance of none is."""
    if of is None:
        return chances
    moved: Floats = expit(logit(np.clip(chances, LEAST, 1 - LEAST)) - of.shift[group_of(cells.repeats)])
    return moved


def shaped(start: Ints, pmf: Floats, of: Adjustment) -> tuple[Ints, Floats]:
    """Return the distributions once for each group of repeats, one after the other; P(0) of each is as it was."""
    length = np.diff(start)
    first = start[:-1]
    some = np.maximum(1 - pmf[first], LEAST)
    running = np.cumsum(pmf)
    upto = (running - np.repeat(running[first], length)) / np.repeat(some, length)
    upto[start[1:] - 1] = np.where(length > 1, 1.0, 0.0)
    made = []
    for parts in of.parts:
        reached = np.interp(np.clip(upto, 0.0, 1.0), np.linspace(0, 1, PARTS + 1), np.r_[0.0, np.cumsum(parts)])
        each = np.diff(reached, prepend=0.0) * np.repeat(some, length)
        each[first] = pmf[first]
        made.append(each)
    starts = np.concatenate([start[:-1] + i * start[-1] for i in range(CLASSES)])
    return np.r_[starts, CLASSES * start[-1]].astype(np.int64), np.concatenate(made)
