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
import numpy.typing as npt

from keepwell.models.shapes import Cells, Floats, Forecast, Ints

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


def measures(judged: Judged, outcomes: Outcomes, cells: Cells) -> Iterator[tuple[str, str, float]]:
    """Yield (group, measure, value); a measure that is not defined for a group is left out."""
    repeats = cells.repeats[outcomes.cell]
    inside = {
        "all": repeats >= 0,
        "0": repeats == 0,
        "1": repeats == 1,
        "2-4": (repeats >= 2) & (repeats <= 4),
        "5+": repeats >= 5,
    }
    for group in GROUPS:
        rows = inside[group]
        if rows.any():
            for name, value in _measures(judged, outcomes, rows).items():
                if np.isfinite(value):
                    yield group, name, float(value)


def _measures(judged: Judged, outcomes: Outcomes, rows: npt.NDArray[np.bool_]) -> dict[str, float]:
    y, weight = outcomes.actual[rows].astype(float), outcomes.count[rows]
    orders, crps, below, at = (a[rows] for a in (judged.orders, judged.crps, judged.below, judged.at))
    customers, expected, actual = weight.sum(), weight @ orders, weight @ y
    mean = weight @ crps / customers
    spread = weight @ (crps - mean) ** 2 / max(customers - 1, 1)
    return {
        "customers": customers,
        "expected": expected,
        "actual": actual,
        "bias": expected / actual - 1 if actual else np.nan,
        "mae": weight @ np.abs(orders - y) / customers,
        "rmse": np.sqrt(weight @ (orders - y) ** 2 / customers),
        "crps": mean,
        "crps_se": np.sqrt(spread / customers),
        "spearman": spearman(orders, y, weight),
        "coverage_90": weight @ ((at >= 0.05) & (below < 0.95)) / customers,
        **{f"pit_{d}": share for d, share in enumerate(transform(below, at, weight))},
    }


def transform(below: Floats, at: Floats, weight: Floats) -> Floats:
    """Return the share of the probability integral transform in each tenth, shape (10,)."""
    width = at - below
    sure = width < 1e-12
    share = np.zeros(10)
    for d in range(10):
        low, high = d / 10, (d + 1) / 10
        inside = np.clip(np.minimum(at, high) - np.maximum(below, low), 0, None) / np.where(sure, 1.0, width)
        point = (at > low) & (at <= high) if d else at <= high
        share[d] = weight @ np.where(sure, point, inside)
    return share / weight.sum()


def spearman(a: Floats, b: Floats, weight: Floats) -> float:
    """Return the rank correlation of rows that stand for `weight` customers each; ties share their mean rank."""
    ra, rb = _ranks(a, weight), _ranks(b, weight)
    whole = weight.sum()
    ra, rb = ra - weight @ ra / whole, rb - weight @ rb / whole
    spread = np.sqrt((weight @ ra**2) * (weight @ rb**2))
    return float(weight @ (ra * rb) / spread) if spread > 1e-9 * whole else float("nan")


def _ranks(values: Floats, weight: Floats) -> Floats:
    _, place = np.unique(values, return_inverse=True)
    tied = np.bincount(place, weights=weight)
    ranks: Floats = (np.cumsum(tied) - (tied - 1) / 2)[place]
    return ranks


def _running(values: Floats, start: Ints) -> Floats:
    """Return the running sum within each group."""
    whole = np.cumsum(values)
    before = np.r_[0.0, whole][start[:-1]]
    answer: Floats = whole - np.repeat(before, np.diff(start))
    return answer
