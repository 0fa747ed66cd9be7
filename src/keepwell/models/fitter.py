"""Find the largest likelihood over the logarithms of a model's parameters, and say how that ended.

A model gives its log-likelihood with the gradient. The way there is a bounded quasi-Newton search on a thinned set of
cells, then Newton's method on all of them. The curvature at the end is taken from differences of the gradient. Where
it is (nearly) flat the data cannot tell values apart that differ by a factor of more than a hundred; such parameters
get no standard deviation, and the ending says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from keepwell.models.shapes import Floats

Objective = Callable[[Floats], tuple[float, Floats]]

FLAT = 0.04  # curvature of the log-likelihood of a direction known to a factor e^5 only
LONGEST = 2.0  # longest step in one logarithm
LITTLE = 1e-6  # gain in the log-likelihood that nobody would miss
EDGE = 1e-9  # what is nearer to a bound lies on it


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where the search ended; arrays have shape (parameters,), `covariance` (parameters, parameters)."""

    theta: Floats  # logarithms of the parameters
    value: float
    gradient: Floats
    covariance: Floats  # of `theta`, of what can be known only
    unknown: tuple[int, ...]  # parameters that the data do not determine
    settled: bool  # whether nothing better can be found nearby
    evaluations: int


class Counted:
    """An objective that counts how often it was asked."""

    def __init__(self, objective: Objective) -> None:
        self._objective, self.evaluations = objective, 0

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        """Return value and gradient at `theta`."""
        self.evaluations += 1
        value, gradient = self._objective(theta)
        fine = np.isfinite(value) and np.isfinite(gradient).all()
        return (value, gradient) if fine else (-np.inf, np.zeros_like(gradient))


def searched(
    objective: Objective, start: Floats, bounds: Sequence[tuple[float, float]], scale: float
) -> tuple[Floats, float]:
    """Return a place near a maximum and the value there, by bounded quasi-Newton search; `scale` is its rough size."""
    from scipy.optimize import minimize

    counted = Counted(objective)

    def lost(theta: Floats) -> tuple[float, Floats]:
        value, gradient = counted(theta)
        return min(-value / scale, 1e30), -gradient / scale

    options: Any = {"maxiter": 200, "ftol": 1e-12, "gtol": 1e-7}
    found: Any = minimize(lost, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return np.asarray(found.x, float), -float(found.fun) * scale


def polished(objective: Objective, start: Floats, bounds: Sequence[tuple[float, float]]) -> Maximum:
    """Climb from `start` by Newton's method until the gain left is rounding, and measure the curvature there."""
    counted = Counted(objective)
    low, high = np.array(bounds).T
    theta = np.clip(start, low, high)
    value, gradient = counted(theta)
    bend, bent_at = curvature(counted, theta), theta
    settled = False
    for _ in range(60):
        step, gain = _step(theta, gradient, bend, low, high)
        settled = gain <= LITTLE + 1e-12 * abs(value)
        if gain <= LITTLE / 1000 + 1e-14 * abs(value):
            break
        there = _climbed(counted, theta, value, step, low, high)
        if there is None:
            break
        slow = np.abs(there[2]).max() > 0.2 * np.abs(gradient).max()
        theta, value, gradient = there
        if slow:
            bend, bent_at = curvature(counted, theta), theta
    if np.abs(theta - bent_at).max() > 1e-3:
        bend = curvature(counted, theta)
    covariance, unknown, peak = _known(theta, bend, low, high)
    return Maximum(theta, value, gradient, covariance, unknown, settled and peak, counted.evaluations)


def curvature(objective: Objective, theta: Floats, width: float = 1e-4) -> Floats:
    """Return the matrix of second derivatives of minus the value, by central differences of the gradient."""
    steps = width * np.eye(len(theta))
    rows = [(objective(theta - h)[1] - objective(theta + h)[1]) / (2 * width) for h in steps]
    return (np.array(rows) + np.array(rows).T) / 2


def _step(theta: Floats, gradient: Floats, bend: Floats, low: Floats, high: Floats) -> tuple[Floats, float]:
    """Return Newton's step, cut where it meets a bound, and the gain that the whole step promises."""
    free = ~(((theta <= low) & (gradient < 0)) | ((theta >= high) & (gradient > 0)))
    step, gain = np.zeros_like(theta), 0.0
    while free.any():
        step, gain = _newton(gradient, bend, free)
        outward = ((theta <= low) & (step < 0)) | ((theta >= high) & (step > 0))
        if not outward.any():
            break
        free &= ~outward
        step, gain = np.zeros_like(theta), 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(step > 0, (high - theta) / step, np.where(step < 0, (low - theta) / step, np.inf))
    # Cut as a whole: along a ridge the parameters rise together, and one alone would leave it.
    return step * min(1.0, room.min()), gain


def _newton(gradient: Floats, bend: Floats, free: npt.NDArray[np.bool_]) -> tuple[Floats, float]:
    step = np.zeros_like(gradient)
    roots, ways = np.linalg.eigh(bend[np.ix_(free, free)])
    slope = ways.T @ gradient[free]
    # A direction that curves upwards is climbed at the length of its own curvature.
    sizes = np.maximum(np.abs(roots), np.maximum(np.abs(slope) / LONGEST, 1e-300))
    step[free] = ways @ (slope / sizes)
    return step, float(np.sum(slope**2 / sizes) / 2)


def _climbed(
    objective: Objective, theta: Floats, value: float, step: Floats, low: Floats, high: Floats
) -> tuple[Floats, float, Floats] | None:
    """Return the first of ever shorter steps that does not lose, or None."""
    for halvings in range(25):
        there = np.clip(theta + step / 2**halvings, low, high)
        there = np.where(high - there < EDGE, high, np.where(there - low < EDGE, low, there))
        reached, gradient = objective(there)
        if reached >= value - 1e-15 * abs(value) and (there != theta).any():
            return there, reached, gradient
    return None


def _known(theta: Floats, bend: Floats, low: Floats, high: Floats) -> tuple[Floats, tuple[int, ...], bool]:
    """Return the covariance of what is known, the parameters that are not, and whether no direction curves upwards."""
    inside = (theta > low) & (theta < high)
    covariance = np.zeros_like(bend)
    unknown = set(np.flatnonzero(~inside).tolist())
    if not inside.any():
        return covariance, tuple(sorted(unknown)), True
    places = np.flatnonzero(inside)
    roots, ways = np.linalg.eigh(bend[np.ix_(inside, inside)])
    steep = roots > FLAT
    covariance[np.ix_(inside, inside)] = (ways[:, steep] / roots[steep]) @ ways[:, steep].T
    shares = (ways[:, ~steep] ** 2).sum(axis=1)
    unknown |= set(places[shares > 0.05].tolist())
    return covariance, tuple(sorted(unknown)), bool((roots > -FLAT).all())
