"""Weibull-gamma: how long subscriptions last in continuous time, when a subscriber's rate of leaving changes with age.

As the exponential-gamma, but each subscriber's time passes as in a Weibull distribution: with c above 1 they become
likelier to leave the longer they stay, below 1 less likely; c = 1 is the exponential-gamma. The chance of still being
there at t is that of a Burr distribution of type XII, the density of leaving then

    S(t) = [1 + (t/alpha)^c]^-r,    f(t) = S(t) r c/t (t/alpha)^c / [1 + (t/alpha)^c].

r and c have no unit, alpha is a time (the papers' alpha is this one to the power c).

Source: Fader & Hardie, "Applied probability models in marketing research" (notes); Fader, Hardie, Liu, Davin &
Steenburgh (2018), Journal of Interactive Marketing 43:1-16; Burr (1942), Annals of Mathematical Statistics 13.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from keepwell.models import stays as staying
from keepwell.models.shapes import Fit, Floats
from keepwell.models.stays import Stays

SHAPE, SCALE = (-9.0, 12.0), (-12.0, 16.0)  # bounds of the logarithms, time in units of the mean stay
POWER = (-3.0, 3.0)  # bounds of the logarithm of c


@dataclass(frozen=True, slots=True)
class WeibullGamma:
    """How subscribers differ (r), the time at which the base has thinned out (alpha), and how age changes them (c)."""

    r: float
    alpha: float
    c: float


def log_likelihood(p: WeibullGamma, *, time: Any, ended: Any, seen_from: Any = 0.0) -> Floats:
    """Return ln L of each subscription, shape (n,): times, whether it ended, seen from which age, in one unit.

    >>> p = WeibullGamma(r=1.0, alpha=2.0, c=1.0)  # an exponential-gamma
    >>> log_likelihood(p, time=[2.0, 2.0], ended=[True, False]).round(4)
    array([-2.0794, -0.6931])
    """
    return staying.log_chances(p, staying.stays(time, ended, 1.0, seen_from), alive=_alive, ending=_ending)


def survival(p: WeibullGamma, t: Any) -> Floats:
    """Return the chance of still being there at t, shape of `t`."""
    return np.exp(log_survival(p, t))


def log_survival(p: WeibullGamma, t: Any) -> Floats:
    """Return its logarithm, shape of `t`."""
    ts = np.asarray(t, float)
    return _alive(staying.logs(p), ts.ravel())[0].reshape(ts.shape)


def retention(p: WeibullGamma, t: Any, *, step: float = 1.0) -> Floats:
    """Return the share of those there at t - step who are there at t, shape of `t`."""
    ts = np.asarray(t, float)
    return np.exp(log_survival(p, ts) - log_survival(p, ts - step))


def residual(p: WeibullGamma, age: Any, *, delta: float) -> Floats:
    """Return the discounted expected residual lifetime at an age, shape of `age`, discounted at `delta` per time."""
    return staying.residual_time(lambda t: log_survival(p, t), age, delta=delta, scale=p.alpha)


def predict(p: WeibullGamma, age: Any, ahead: Any) -> Floats:
    """Return the chance of who is there at `age` to be there `ahead` later, shape (ages, aheads).

    >>> predict(WeibullGamma(r=1.0, alpha=1.0, c=2.0), [0.0, 1.0], [1.0, 2.0]).round(3)
    array([[0.5, 0.2],
           [0.4, 0.2]])
    """
    ages, more = (np.atleast_1d(np.asarray(v, float)) for v in (age, ahead))
    return np.exp(log_survival(p, ages[:, None] + more) - log_survival(p, ages)[:, None])


def fit(found: Stays) -> Fit[WeibullGamma]:
    """Fit by maximum likelihood to lengths of stay in any one unit of time.

    Raises:
        FitError: Nobody left, or the search failed.
    """
    mean = staying.rate_of(found) if found.ended.any() else 1.0
    starts = [WeibullGamma(r=r, alpha=r / mean, c=c) for r, c in ((0.3, 1.0), (1.5, 1.0), (0.5, 1.5), (30.0, 0.8))]
    return staying.fitted(
        WeibullGamma,
        found,
        alive=_alive,
        ending=_ending,
        starts=starts,
        bounds=[SHAPE, SCALE, POWER],
        doubt=_doubt,
        scales=frozenset({"alpha"}),
    )


def _alive(theta: Floats, t: Floats) -> tuple[Floats, Floats]:
    r, c = np.exp(theta[0]), np.exp(theta[2])
    with np.errstate(divide="ignore"):
        power = c * (np.log(t) - theta[1])  # ln (t/alpha)^c; -inf at 0
    whole = np.logaddexp(0.0, power)
    share = np.exp(power - whole)  # (t/alpha)^c / [1 + (t/alpha)^c]
    by_c = np.where(share > 0, share * np.where(np.isfinite(power), power, 0.0), 0.0)
    return -r * whole, -r * np.array([whole, -c * share, by_c])


def _ending(theta: Floats, t: Floats) -> tuple[Floats, Floats]:
    total, slope = _alive(theta, t)
    c = np.exp(theta[2])
    power = c * (np.log(t) - theta[1])
    rest = np.exp(-np.logaddexp(0.0, power))  # 1 / [1 + (t/alpha)^c]
    total = total + theta[0] + theta[2] + power - np.logaddexp(0.0, power) - np.log(t)
    return total, slope + np.array([np.ones(len(t)), -c * rest, 1 + power * rest])


def _doubt(p: WeibullGamma, unknown: frozenset[str]) -> str:
    if unknown == {"c"}:
        return "Whether a subscriber's rate of leaving rises or falls with age cannot be known."
    half = p.alpha * np.expm1(np.log(2) / p.r) ** (1 / p.c) if p.r > 1e-2 else np.inf
    return (
        "How subscribers differ, and how the rate of leaving changes with one's age, cannot be told apart: only the "
        f"course of the whole base is known, half of which has left at {half:.3g}."
    )
