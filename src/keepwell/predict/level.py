"""What orders bring of late, beside what shrinkage expects of them: measured at the backtest's origins.

Spend models hold that what a customer spends has nothing to do with how often they come, and that prices stay. Where
one big order is the mark of somebody who does not return, or prices have moved, the orders that do come are worth
less (or more) than expected, in much the same measure at every origin. That measure is

    ln(contribution that came / purchase days that came) - ln(contribution forecast / purchase days forecast),

by groups of repeats, averaged over the origins, those of more orders and of later days counting more, and drawn to
nothing by what it varies from origin to origin: mean x max(0, 1 - se^2 / mean^2) (the positive-part James-Stein rule).
With fewer than three origins nothing is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keepwell.models.shapes import Floats, Ints
from keepwell.predict.backtest import Tested
from keepwell.predict.score import group_of

FEWEST_ORIGINS = 3
HALF_LIFE = 365.0  # days: an origin a year older counts half


@dataclass(frozen=True, slots=True)
class Level:
    """A factor on what an order is expected to bring, by groups of repeats '0', '1', '2-4', '5+'; shape (4,)."""

    factor: Floats
    origins: int

    def of(self, repeats: Ints) -> Floats:
        """Return the factor of customers with so many repeats."""
        answer: Floats = self.factor[group_of(repeats)]
        return answer

    @property
    def words(self) -> str:
        """Say what was measured; empty where nothing was."""
        if np.all(self.factor == 1):
            return ""
        low, high = self.factor.min() - 1, self.factor.max() - 1
        return f"orders of late bring {low:+.0%} to {high:+.0%} against the past, measured at {self.origins} origins"


NONE = Level(np.ones(4), 0)


def level(tests: Sequence[Tested], method: str) -> Level:
    """Measure the level of a method."""
    taken = [test for test in tests if method in test.orders]
    if len(taken) < FEWEST_ORIGINS:
        return NONE
    recent = recency(taken)
    factors = np.ones(4)
    for g in range(4):
        rows = [
            (weight * test.came[g], _gap(test, method, g))
            for weight, test in zip(recent, taken, strict=True)
            if min(test.came[g], test.brought[g], test.orders[method][g], test.money[method][g]) > 0
        ]
        if len(rows) >= FEWEST_ORIGINS:
            weight, gap = np.array(rows).T
            factors[g] = np.exp(_drawn_in(weight, gap))
    return Level(factors, len(taken))


def recency(tests: Sequence[Tested]) -> Floats:
    """Return what each origin counts: half for each year that it is older than the latest."""
    last = max(test.origin.day for test in tests)
    return np.array([0.5 ** ((last - test.origin.day).days / HALF_LIFE) for test in tests])


def effective(weight: Floats) -> float:
    """Return the number of equally weighted observations that say as much."""
    return float(weight.sum() ** 2 / (weight @ weight))


def _gap(test: Tested, method: str, g: int) -> float:
    came = test.brought[g] / test.came[g]
    return float(np.log(came * test.orders[method][g] / test.money[method][g]))


def _drawn_in(weight: Floats, gap: Floats) -> float:
    mean = float(weight @ gap / weight.sum())
    spread = float(weight @ (gap - mean) ** 2 / weight.sum()) * len(gap) / (len(gap) - 1)
    return mean * max(0.0, 1 - spread / effective(weight) / mean**2) if mean else 0.0
