"""Find the largest likelihood over the logarithms of a model's parameters, and say how that ended.

A model gives its log-likelihood with the gradient. The way there is Newton's method within bounds, first on a thinned
set of cells, then on all of them; the curvature is taken from differences of the gradient. Where it is (nearly) flat
the data cannot tell values apart that differ by a factor of more than a hundred; such parameters get no standard
deviation, and the ending says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from keepwell.models.shapes import Floats

Objective = Callable[[Floats], tuple[float, Floats]]

FLAT = 0.04  # curvature of the log-likelihood of a direction known to a factor e^5 only
LONGEST = 2.0  # longest step in one logarithm
LITTLE_MORE = 1e-3  # gain of a last step that is within reach of the curvature
ROUNDS = 5  # times that a ridge is climbed with the curvature measured anew
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
        return (value, gradient) if fine else (-np.inf, np.zeros_like(theta))


def searched(
    objective: Objective, start: Floats, bounds: Sequence[tuple[float, float]], *, little: float = 1e-6
) -> tuple[Floats, float]:
    """Return a place near a maximum, where a step promises a gain of `little`, and the value there.

    A gain of 1e-6 is about a thousandth of what can be told.
    """
    end = _climbed(Counted(objective), start, bounds, little=little, share=0.0)
    return end.theta, end.value


def polished(
    objective: Objective, start: Floats, bounds: Sequence[tuple[float, float]], bend: Floats | None = None
) -> Maximum:
    """Climb from `start` until the gain left is rounding, and measure the curvature there.

    `bend` is a guess of the curvature, as of a thinned set: it only shows the way, and is left where it does not.
    """
    counted = Counted(objective)
    low, high = np.array(bounds).T
    end = _climbed(counted, start, bounds, little=1e-9, share=1e-14, bend=bend)
    found = curvature(counted, end.theta)
    for _ in range(ROUNDS):
        # Along a ridge the curvature is so small that only a careful measurement of it shows the way.
        if _step(end.theta, end.gradient, found, low, high)[1] <= _rounding(end.value):
            break
        end = _climbed(counted, end.theta, bounds, little=1e-9, share=1e-14, bend=found, measure=curvature)
        found = curvature(counted, end.theta)
    end = _finished(counted, end, found, low, high)
    covariance, unknown, peak = _known(end.theta, found, low, high)
    settled = end.gain <= _rounding(end.value) or (end.stuck and end.gain <= LITTLE_MORE)
    return Maximum(
        end.theta, end.value, end.gradient, covariance, unknown, settled and peak, evaluations=counted.evaluations
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """The end of the way up, and what one more step promises to gain."""

    theta: Floats
    value: float
    gradient: Floats
    gain: float
    stuck: bool  # nothing better was found on the way that promises the gain: what is left is rounding


def _rounding(value: float) -> float:
    """Return a gain that means nothing, at a value of this size."""
    return 1e-6 + 1e-12 * abs(value)


def _climbed(
    objective: Objective,
    start: Floats,
    bounds: Sequence[tuple[float, float]],
    *,
    little: float,
    share: float,
    bend: Floats | None = None,
    measure: Callable[[Objective, Floats], Floats] | None = None,
) -> _Place:
    """Climb by Newton's method until a step promises less than `little` plus `share` of the value.

    `bend` is the curvature at the start, and `measure` what finds it further on; each is rough if not given.
    """
    low, high = np.array(bounds).T
    theta = np.clip(start, low, high)
    value, gradient = objective(theta)
    if bend is None:
        bend = rough_curvature(objective, theta, gradient)
    stuck = False
    for _ in range(60):
        step, gain = _step(theta, gradient, bend, low, high)
        if gain <= little + share * abs(value):
            break
        there = _better(objective, theta, value, step, low, high)
        if there is None:
            stuck = True
            break
        # The curvature is kept as long as it serves.
        slow = np.abs(there[2]).max() > 0.2 * np.abs(gradient).max()
        theta, value, gradient = there
        if slow:
            bend = measure(objective, theta) if measure else rough_curvature(objective, theta, gradient)
    return _Place(theta, value, gradient, gain, stuck)


def _finished(objective: Objective, end: _Place, bend: Floats, low: Floats, high: Floats) -> _Place:
    """Take one more step, by the curvature now known: the way here no longer shows in where it ends."""
    step, gain = _step(end.theta, end.gradient, bend, low, high)
    there = np.clip(end.theta + step, low, high)
    if not 0 < gain <= LITTLE_MORE:
        return end
    value, gradient = objective(there)
    better = value >= end.value - 1e-15 * abs(end.value) and np.abs(gradient).max() < np.abs(end.gradient).max()
    return _Place(there, value, gradient, gain, end.stuck) if better else replace(end, gain=min(gain, end.gain))


def curvature(objective: Objective, theta: Floats, width: float = 1e-4) -> Floats:
    """Return the matrix of second derivatives of minus the value, by central differences of the gradient."""
    steps = width * np.eye(len(theta))
    rows = np.array([objective(theta - h)[1] - objective(theta + h)[1] for h in steps]) / (2 * width)
    half: Floats = (rows + rows.T) / 2
    return half


def rough_curvature(objective: Objective, theta: Floats, gradient: Floats, width: float = 1e-6) -> Floats:
    """Return the same to about six digits, by differences forward: enough to find the way, at half the price."""
    rows = np.array([gradient - objective(theta + h)[1] for h in width * np.eye(len(theta))]) / width
    half: Floats = (rows + rows.T) / 2
    return half


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


def _better(
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
