"""Lengths of stay: what the models of staying read, and what they share in fitting and foreseeing.

A subscription is seen until it ends or until today. In discrete time a length counts periods: who ended at t was there
for t - 1 renewals and did not make the t-th; who runs at t has made t renewals. In continuous time it is any time that
passed. Where S is the chance of staying and a subscription was watched only from the age u on (those that ended before
are not in the data),

    ln L = ln P(t) - ln S(u) where it ended,    ln L = ln S(t) - ln S(u) where it runs,

P being the chance S(t-1) - S(t) in discrete time, the density -S'(t) in continuous time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from keepwell.errors import DataError, FitError
from keepwell.models.fitter import Maximum, Objective, polished, searched
from keepwell.models.shapes import Fit, Floats, parameters

P = TypeVar("P")
Bools = npt.NDArray[np.bool_]
# Logarithms of the parameters (k,) and times (n,) in; a logarithm (n,) and its gradient (k, n) out.
Curve = Callable[[Floats, Floats], tuple[Floats, Floats]]

ENOUGH = 1e-12  # share of an endless sum that is left out
FAR = 30_000_000  # most terms of an endless sum
SERIES = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)  # of Stirling's formula for ln G, in 1/z, 1/z^3, ...
FEWEST = 5  # ends, below which they say nothing of how subscribers differ
LARGE = 20.0  # from which on the series is exact to the last digit


@dataclass(frozen=True, slots=True)
class Stays:
    """Distinct lengths of stay and how many subscriptions share each; every array has shape (n,)."""

    time: Floats  # periods, or any unit of time
    ended: Bools  # it ended then; else it runs
    count: Floats  # subscriptions
    seen_from: Floats  # age from which it was watched; 0 from its start


def stays(time: Any, ended: Any, count: Any = 1.0, seen_from: Any = 0.0) -> Stays:
    """Return checked lengths of stay; the arguments are of one shape (n,), or single values for all.

    Raises:
        DataError: A length, an age or a count is impossible; says which row.

    >>> stays([1.0, 2.0], [True, False], count=[30, 70]).count
    array([30., 70.])
    """
    t, e, c, u = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v)) for v in (time, ended, count, seen_from)))
    found = Stays(t.astype(float), e.astype(bool), c.astype(float), u.astype(float))
    numbers = np.isfinite(found.time) & np.isfinite(found.count) & np.isfinite(found.seen_from)
    _refuse(~numbers, found, "is not finite", "Leave it out.")
    _refuse(found.count < 0, found, "has a count below 0", "Count subscriptions.")
    _refuse((found.time < 0) | (found.seen_from < 0), found, "is below 0", "Count time from the start.")
    _refuse(found.ended & (found.time <= 0), found, "ended before any time passed", "The first end is at 1.")
    late = np.where(found.ended, found.seen_from >= found.time, found.seen_from > found.time)
    _refuse(late, found, "was seen only after its last day", "Leave it out.")
    return found


def _refuse(bad: Bools, found: Stays, problem: str, mend: str) -> None:
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(f"length {found.time[row]:g} {problem}", f"row {row + 1} of the lengths of stay", mend)


def in_periods(found: Stays) -> Stays:
    """Return lengths of stay of which all are whole periods.

    Raises:
        DataError: One is not.
    """
    broken = (found.time != np.rint(found.time)) | (found.seen_from != np.rint(found.seen_from))
    _refuse(broken, found, "is no whole number of periods", "Count renewals, or fit a model of continuous time.")
    return found


def log_rising(z: Any, a: Any) -> Floats:
    """Return ln[G(z+a) / G(z)] for z > 0, a >= 0, to the last digits also where z is large beside a."""
    z, a = np.broadcast_arrays(np.asarray(z, float), np.asarray(a, float))
    large = np.maximum(z, LARGE)
    with np.errstate(over="ignore"):
        raised = a * np.log(large) + (large + a - 0.5) * np.log1p(a / large) - a
    for power, weight in enumerate(SERIES):
        raised = raised + weight * ((large + a) ** -(2 * power + 1.0) - large ** -(2 * power + 1.0))
    small = np.minimum(z, LARGE)
    answer: Floats = np.where(z >= LARGE, raised, gammaln(small + a) - gammaln(small))
    return answer


def log_staying(a: Any, b: Any, x: Any) -> Floats:
    """Return ln[B(a, b+x) / B(a, b)] for x >= 0, B the beta function; what is smaller of a and x is added to b."""
    a, b, x = np.broadcast_arrays(*(np.asarray(v, float) for v in (a, b, x)))
    less = np.minimum(a, x)
    answer: Floats = log_rising(b, less) - log_rising(b + np.maximum(a, x), less)
    return answer


def log_chances(p: Any, found: Stays, *, alive: Curve, ending: Curve) -> Floats:
    """Return ln L of one subscription of each row, shape (n,)."""
    theta = logs(p)
    here, _ = alive(theta, found.time)
    gone, _ = ending(theta, np.where(found.ended, found.time, 1.0))
    before, _ = alive(theta, found.seen_from)
    total: Floats = np.where(found.ended, gone, here) - before
    return total


def logs(p: Any) -> Floats:
    """Return the logarithms of the parameters, in their order."""
    found: Floats = np.log(np.array(list(parameters(p).values())))
    return found


def objective(found: Stays, *, alive: Curve, ending: Curve) -> Objective:
    """Return the summed ln L with its gradient, as a function of the logarithms of the parameters.

    Each distinct time is looked at once: those who run at it count for, those first seen at it against.
    """
    here, where = np.unique(np.r_[found.time[~found.ended], found.seen_from], return_inverse=True)
    weight = np.bincount(where, np.r_[found.count[~found.ended], -found.count], len(here))
    ends, at = np.unique(found.time[found.ended], return_inverse=True)
    gone = np.bincount(at, found.count[found.ended], len(ends))

    def value(theta: Floats) -> tuple[float, Floats]:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            stay, by_stay = alive(theta, here)
            leave, by_leave = ending(theta, ends)
            return float(weight @ stay + gone @ leave), by_stay @ weight + by_leave @ gone

    return value


def fitted(
    build: Callable[..., P],
    found: Stays,
    *,
    alive: Curve,
    ending: Curve,
    starts: Sequence[P],
    bounds: Sequence[tuple[float, float]],
    doubt: Callable[[P, frozenset[str]], str],
    scales: frozenset[str] = frozenset(),
) -> Fit[P]:
    """Fit a model of staying by maximum likelihood.

    Args:
        build: The parameter dataclass.
        found: The lengths of stay.
        alive: ln S with its gradient.
        ending: The logarithm of the chance or density of an end, with its gradient.
        starts: Parameters to start from, in the unit of the data; the best end wins.
        bounds: Of the logarithms; of those in `scales` with time in units of the mean length.
        doubt: Says in a sentence what cannot be known, given parameters and the names that are not determined.
        scales: Names of the parameters that are times.

    Raises:
        FitError: Nobody left, nobody was there for any time, or the search failed.
    """
    unit = _enough(found) if scales else 1.0
    people, ends = _enough(found, whole=True), float(found.count[found.ended].sum())
    names = list(parameters(starts[0]))
    shift = np.array([np.log(unit) if name in scales else 0.0 for name in names])
    here = Stays(found.time / unit, found.ended, found.count, found.seen_from / unit)
    asked = objective(here, alive=alive, ending=ending)
    near = max((searched(asked, logs(p) - shift, bounds) for p in starts), key=lambda end: end[1])[0]
    top = polished(asked, near, bounds)
    if not np.isfinite(top.value):
        raise FitError("the likelihood of these lengths of stay has no finite value", "", "Check times and counts.")
    if not top.settled:
        raise FitError("the search stopped before it reached a peak of the likelihood", "", "Please report it.")
    params = build(**dict(zip(names, np.exp(top.theta + shift).tolist(), strict=True)))
    value = top.value - (ends * np.log(unit) if scales else 0.0)
    unknown = frozenset(names) if ends < FEWEST else frozenset(names[i] for i in top.unknown)
    return _reported(params, unknown, top, value, people=people, cells=len(found.time), doubt=doubt)


def _enough(found: Stays, *, whole: bool = False) -> float:
    """Return the mean length of stay, or with `whole` the number of subscriptions.

    Raises:
        FitError: The lengths say nothing of leaving.
    """
    people = float(found.count.sum())
    watched = float(found.count @ (found.time - found.seen_from))
    if people < 2 or watched <= 0:
        raise FitError(f"{people:g} subscriptions watched for {watched:g} periods are too few", "", "Wait for more.")
    if not found.count[found.ended].sum() > 0:
        mend = "Use the share that could have left unnoticed instead, or wait."
        raise FitError("nobody has left yet, so how long they stay cannot be known", "", mend)
    return people if whole else watched / people


def _reported(
    params: P,
    unknown: frozenset[str],
    top: Maximum,
    value: float,
    *,
    people: float,
    cells: int,
    doubt: Callable[[P, frozenset[str]], str],
) -> Fit[P]:
    values = parameters(params)
    spread = np.sqrt(np.diag(top.covariance)) * np.array(list(values.values()))
    ending = "The likelihood is at its peak: nothing better lies nearby, and each parameter is determined."
    return Fit(
        params=params,
        log_likelihood=float(value),
        sd={name: float("nan") if name in unknown else float(sd) for name, sd in zip(values, spread, strict=True)},
        log_covariance=tuple(tuple(float(v) for v in row) for row in top.covariance),
        converged=not unknown,
        ending=f"The likelihood is flat at its peak. {doubt(params, unknown)}" if unknown else ending,
        customers=people,
        cells=cells,
        evaluations=top.evaluations,
    )


def rate_of(found: Stays) -> float:
    """Return the ends by the time watched: the chance to leave a period, were it the same for all at all times."""
    return float(found.count[found.ended].sum() / (found.count @ (found.time - found.seen_from)))


def aic(fit: Fit[Any]) -> float:
    """Return Akaike's criterion: twice the number of parameters less twice the log-likelihood; lower is better."""
    return 2.0 * len(parameters(fit.params)) - 2.0 * fit.log_likelihood


def weights(fits: Sequence[Fit[Any]]) -> Floats:
    """Return Akaike's weights of models fitted to the same data, shape (models,): exp(-AIC/2), summing to 1."""
    criteria = np.array([aic(fit) for fit in fits])
    raw = np.exp((criteria.min() - criteria) / 2)
    share: Floats = raw / raw.sum()
    return share


def chosen(fits: Sequence[Fit[P]]) -> Fit[P]:
    """Return the fit of lowest AIC; of equals the first."""
    return min(fits, key=aic)


def residual(log_survival: Callable[[Floats], Floats], n: Any, *, rate: float, periods: int | None = None) -> Floats:
    """Return the discounted expected residual lifetime at the n-th renewal, shape of `n`, in periods.

    Of who has made n - 1 renewals and stands before the n-th, which is not discounted:
    the sum over t >= n of S(t) / S(n-1) / (1+rate)^(t-n), up to `periods` of them where that is given.

    Raises:
        DataError: n is below 1, or the sum has no end and the rate is not above 0.
    """
    ns = np.atleast_1d(np.asarray(n, float))
    if ns.size and ns.min() < 1:
        raise DataError("renewals count from 1", "n", "Give the number of the renewal that is due.")
    if periods is None and rate <= 0:
        problem = "without discount the lifetimes of all who stay may add up to no end"
        raise DataError(problem, f"rate {rate:g}", "Give a rate above 0, or a number of periods.")
    terms = periods if periods is not None else _terms(rate)
    begun, total = log_survival(ns - 1), np.zeros(len(ns))
    step = max(1, 2_000_000 // max(len(ns), 1))
    for first in range(0, terms, step):
        t = np.arange(first, min(first + step, terms), dtype=float)
        there = np.exp(log_survival((ns[:, None] + t).ravel()).reshape(len(ns), -1) - begun[:, None])
        total += there @ np.exp(-np.log1p(rate) * t)
    return total.reshape(np.shape(n))


def _terms(rate: float) -> int:
    return int(min(np.ceil((np.log1p(1 / rate) - np.log(ENOUGH)) / np.log1p(rate)), FAR))


def residual_time(log_survival: Callable[[Floats], Floats], age: Any, *, delta: float, scale: float) -> Floats:
    """Return the discounted expected residual lifetime at an age, shape of `age`.

    That is the integral over u > 0 of S(age+u) / S(age) exp(-delta u). `delta` discounts continuously per unit of
    time, `scale` is a time of the order of the lifetimes.

    Raises:
        DataError: The rate is not above 0.
    """
    if delta <= 0:
        problem = "without discount the lifetimes of all who stay may add up to no end"
        raise DataError(problem, f"delta {delta:g}", "Give a rate above 0.")
    ages = np.atleast_1d(np.asarray(age, float))
    end = -np.log(ENOUGH) / delta
    edges = np.r_[0.0, np.geomspace(min(scale, end) * 1e-6, end, 120)]
    nodes, weight = np.polynomial.legendre.leggauss(12)
    width = np.diff(edges)
    u = (edges[:-1, None] + width[:, None] * (nodes + 1) / 2).ravel()
    w = (width[:, None] * weight / 2).ravel() * np.exp(-delta * u)
    there = np.exp(log_survival((ages[:, None] + u).ravel()).reshape(len(ages), -1) - log_survival(ages)[:, None])
    answer: Floats = (there @ w).reshape(np.shape(age))
    return answer
