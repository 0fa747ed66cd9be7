"""How good a forecast of purchase days was: exact measures, from the whole predictive distribution.

With p the chance of being active, F the distribution of the count given that, S = 1 - F and y what came, the mixture's
survival is p S(k), so that the continuous ranked probability score is

    CRPS = sum over k < y of (1 - p S(k))^2 + sum over k >= y of (p S(k))^2
         = y - 2 p sum over k < y of S(k) + p^2 sum over all k of S(k)^2,

two sums that are tabulated once a distribution. The probability integral transform is spread evenly between
the distribution's values just below and at y (Czado, Gneiting & Held 2009, Biometrics 65:1254-1261): it is what the
randomised transform gives on average, without its noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from keepwell.models.shapes import Floats, Forecast, Ints

GROUPS = ("all", "0", "1", "2-4", "5+")


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came after an origin: customers who share cell and outcome form one row; shape (rows,) each."""

    cell: Ints  # index into the cells of the origin
    actual: Ints  # purchase days within the horizon
    count: Floats  # customers


@dataclass(frozen=True, slots=True)
class Judged:
    """One forecast beside what came, per row of the outcomes; shape (rows,) each."""

    orders: Floats  # forecast
    crps: Floats
    below: Floats  # the predictive distribution just below what came
    at: Floats  # and at it


def judged(forecast: Forecast, outcomes: Outcomes) -> Judged:
    """Lay a forecast beside what came."""
    p, group = forecast.p_active[outcomes.cell], forecast.group[outcomes.cell]
    y = outcomes.actual
    begin, length = forecast.start[group], np.diff(forecast.start)[group]
    reached = np.minimum(_running(forecast.pmf, forecast.start), 1.0)
    reached[forecast.start[1:] - 1] = 1.0
    survival = 1 - reached
    summed = _running(survival, forecast.start)
    squares = np.add.reduceat(survival**2, forecast.start[:-1])[group]
    before = np.where(y > 0, summed[begin + np.clip(y, 1, length) - 1], 0.0)
    below = np.where(y > 0, reached[begin + np.clip(y, 1, length) - 1], 0.0)
    at = reached[begin + np.minimum(y, length - 1)]
    return Judged(
        orders=forecast.orders[outcomes.cell],
        crps=y - 2 * p * before + p**2 * squares,
        below=np.where(y > 0, 1 - p + p * below, 0.0),
        at=1 - p + p * at,
    )


def group_of(repeats: Ints) -> Ints:
    """Return the index of each customer's group in GROUPS[1:]."""
    return np.searchsorted([1, 2, 5], repeats, side="right").astype(np.int64)


def measures(judged: Judged, outcomes: Outcomes, group: Ints) -> Iterator[tuple[str, str, float]]:
    """Yield (group, measure, value); a measure that is not defined for a group is left out.

    `group` is the index of each row's customers in GROUPS[1:].
    """
    sums = _sums(judged, outcomes, group)
    order = np.argsort(judged.orders, kind="stable")
    forecast, count = judged.orders[order], outcomes.count[order]
    actual, groups = outcomes.actual[order], group[order]
    for i, name in enumerate(GROUPS):
        inside = {key: float(value.sum() if i == 0 else value[i - 1]) for key, value in sums.items()}
        if not inside["customers"]:
            continue
        rows = slice(None) if i == 0 else groups == i - 1
        ranking = Ranking.of(forecast[rows], actual[rows], count[rows])
        values = {**_measures(inside), **ranking.measures(), **(ranking.tenths() if i == 0 else {})}
        for measure, value in values.items():
            if np.isfinite(value):
                yield name, measure, value


def _sums(judged: Judged, outcomes: Outcomes, group: Ints) -> dict[str, Floats]:
    """Return what the measures are made of, summed over the customers of each group, shape (4,) each."""
    error = judged.orders - outcomes.actual
    each = {
        "customers": np.ones(len(error)),
        "expected": judged.orders,
        "actual": outcomes.actual.astype(float),
        "absolute": np.abs(error),
        "square": error**2,
        "crps": judged.crps,
        "crps_square": judged.crps**2,
        "covered": ((judged.at >= 0.05) & (judged.below < 0.95)).astype(float),
        **{f"pit_{d}": share for d, share in enumerate(transform(judged.below, judged.at))},
    }
    return {
        key: np.bincount(group, weights=value * outcomes.count, minlength=4).astype(np.float64)
        for key, value in each.items()
    }


def _measures(sums: dict[str, float]) -> dict[str, float]:
    customers, expected, actual = sums["customers"], sums["expected"], sums["actual"]
    crps = sums["crps"] / customers
    spread = max(sums["crps_square"] - customers * crps**2, 0.0) / max(customers - 1, 1)
    return {
        "customers": customers,
        "expected": expected,
        "actual": actual,
        "bias": expected / actual - 1 if actual else np.nan,
        "mae": sums["absolute"] / customers,
        "rmse": float(np.sqrt(sums["square"] / customers)),
        "crps": crps,
        "crps_se": float(np.sqrt(spread / customers)),
        "coverage_90": sums["covered"] / customers,
        **{f"pit_{d}": sums[f"pit_{d}"] / customers for d in range(10)},
    }


def transform(below: Floats, at: Floats) -> Iterator[Floats]:
    """Yield for each tenth the share of each row's probability integral transform that falls into it."""
    width = np.maximum(at - below, 1e-12)
    reached = np.zeros(len(at))
    for d in range(1, 11):
        # An outcome that the forecast held for impossible has no width; it counts where it lies.
        upto = np.clip((d / 10 - below) / width, 0.0, 1.0) if d < 10 else np.ones(len(at))
        yield upto - reached
        reached = upto


@dataclass(frozen=True, slots=True)
class Ranking:
    """Customers ordered by forecast, those of one forecast taken together; what is in doubt is the mean of all orders.

    With R the mean rank of a customer among all (ties share theirs) and y what came, the normalised Gini coefficient
    is the area between the curve of cumulated y over customers ranked by forecast and the diagonal, against the same
    area for customers ranked by y itself; the areas are in proportion to cov(y, R of the forecast) and cov(y, R of y).
    """

    forecast: Floats  # shape (rows,), rising
    actual: Ints
    count: Floats
    rank: Floats  # by forecast

    @classmethod
    def of(cls, forecast: Floats, actual: Ints, count: Floats) -> Ranking:
        """Rank rows that are in the order of the forecast."""
        block = np.cumsum(np.r_[False, forecast[1:] != forecast[:-1]])
        tied = np.bincount(block, weights=count).astype(np.float64)
        return cls(forecast, actual, count, _ranks(tied)[block])

    def measures(self) -> dict[str, float]:
        """Return `spearman`, `gini` and `capture_10`; nan where one is not defined."""
        # Everything but the forecast's rank depends on what came alone, which is a few whole numbers.
        tied = np.bincount(self.actual, weights=self.count).astype(np.float64)
        ranked = np.bincount(self.actual, weights=self.count * self.rank)
        whole, y = tied.sum(), np.arange(len(tied), dtype=float)
        middle, r = (whole + 1) / 2, _ranks(tied)
        came = float(tied @ y)
        both, gained = float(ranked @ (r - middle)), float(ranked @ (y - came / whole))
        own, perfect = float(tied @ (r - middle) ** 2), float(tied @ ((y - came / whole) * r))
        spread = np.sqrt(own * float((self.count * (self.rank - middle) ** 2).sum()))
        some = 1e-9 * whole
        return {
            "spearman": both / spread if spread > some else np.nan,
            "gini": gained / perfect if perfect > some else np.nan,
            "capture_10": float(1 - self._upto(self.actual, np.array([0.9]))[0] / came) if came else np.nan,
        }

    def tenths(self) -> dict[str, float]:
        """Return the mean forecast and the mean of what came of each tenth of the customers, the lowest first."""
        edges, size = np.linspace(0, 1, 11), self.count.sum() / 10
        means = {
            end: np.diff(self._upto(values, edges)) / size
            for end, values in (("forecast", self.forecast), ("actual", self.actual))
        }
        return {f"decile_{d + 1}_{end}": float(values[d]) for end, values in means.items() for d in range(10)}

    def _upto(self, values: Floats | Ints, shares: Floats) -> Floats:
        """Return the sum of `values` over each share of the customers, the lowest forecasts first."""
        last = np.r_[self.forecast[1:] != self.forecast[:-1], True]
        customers, summed = (np.r_[0.0, np.cumsum(v)[last]] for v in (self.count, self.count * values))
        answer: Floats = np.interp(shares * customers[-1], customers, summed)
        return answer


def _ranks(tied: Floats) -> Floats:
    """Return the mean rank of each group of customers who are tied, given their numbers from the lowest on."""
    ranks: Floats = np.cumsum(tied) - (tied - 1) / 2
    return ranks


def _running(values: Floats, start: Ints) -> Floats:
    """Return the running sum within each group."""
    whole = np.cumsum(values)
    before = np.r_[0.0, whole][start[:-1]]
    answer: Floats = whole - np.repeat(before, np.diff(start))
    return answer
