"""Exponential-gamma: how long subscriptions last in continuous time, when each ends at a constant rate of its own.

A subscriber may leave at any time, at a rate that differs between subscribers as Gamma(r, rate alpha). The chance of
still being there at t is that of a Pareto distribution of the second kind, the density of leaving then

    S(t) = (1 + t/alpha)^-r,    f(t) = S(t) r / (alpha + t).

It is the shifted beta-geometric's twin where ends do not wait for a renewal; r has no unit, alpha is a time.

Source: Fader & Hardie (2010), Marketing Science 29(1):85-93; Hardie & Fader, "Fitting the sBG model to
multi-cohort data" and "Applied probability models in marketing research" (notes); Lomax (1954), J. Am. Stat. Assoc. 49.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from keepwell.models import stays as staying
from keepwell.models.shapes import Fit, Floats
from keepwell.models.stays import Stays

SHAPE, SCALE = (-9.0, 12.0), (-12.0, 16.0)  # bounds of the logarithms, time in units of the mean stay


@dataclass(frozen=True, slots=True)
class ExponentialGamma:
    """Rate of leaving ~ Gamma(r, rate alpha); alpha is a time, the mean rate r / alpha."""

    r: float
    alpha: float


def log_likelihood(p: ExponentialGamma, *, time: Any, ended: Any, seen_from: Any = 0.0) -> Floats:
    """Return ln L of each subscription, shape (n,): times, whether it ended, seen from which age, in one unit.

    >>> log_likelihood(ExponentialGamma(r=1.0, alpha=2.0), time=[2.0, 2.0], ended=[True, False]).round(4)
    array([-2.0794, -0.6931])
    """
    return staying.log_chances(p, staying.stays(time, ended, 1.0, seen_from), alive=_alive, ending=_ending)


def survival(p: ExponentialGamma, t: Any) -> Floats:
    """Return the chance of still being there at t, shape of `t`."""
    return np.exp(log_survival(p, t))


def log_survival(p: ExponentialGamma, t: Any) -> Floats:
    """Return its logarithm, shape of `t`."""
    answer: Floats = -p.r * np.log1p(np.asarray(t, float) / p.alpha)
    return answer


def retention(p: ExponentialGamma, t: Any, *, step: float = 1.0) -> Floats:
    """Return the share of those there at t - step who are there at t, shape of `t`."""
    ts = np.asarray(t, float)
    return np.exp(log_survival(p, ts) - log_survival(p, ts - step))


def residual(p: ExponentialGamma, age: Any, *, delta: float) -> Floats:
    """Return the discounted expected residual lifetime at an age, shape of `age`, discounted at `delta` per time."""
    return staying.residual_time(lambda t: log_survival(p, t), age, delta=delta, scale=p.alpha)


def predict(p: ExponentialGamma, age: Any, ahead: Any) -> Floats:
    """Return the chance of who is there at `age` to be there `ahead` later, shape (ages, aheads).

    >>> predict(ExponentialGamma(r=1.0, alpha=1.0), [0.0, 1.0], [1.0, 2.0]).round(3)
    array([[0.5  , 0.333],
           [0.667, 0.5  ]])
    """
    ages, more = (np.atleast_1d(np.asarray(v, float)) for v in (age, ahead))
    return np.exp(log_survival(p, ages[:, None] + more) - log_survival(p, ages)[:, None])


def fit(found: Stays) -> Fit[ExponentialGamma]:
    """Fit by maximum likelihood to lengths of stay in any one unit of time.

    Raises:
        FitError: Nobody left, or the search failed.
    """
    mean = staying.rate_of(found) if found.ended.any() else 1.0
    starts = [ExponentialGamma(r=r, alpha=r / mean) for r in (0.3, 1.5, 30.0)]
    return staying.fitted(
        ExponentialGamma,
        found,
        alive=_alive,
        ending=_ending,
        starts=starts,
        bounds=[SHAPE, SCALE],
        doubt=_doubt,
        scales=frozenset({"alpha"}),
    )


def _alive(theta: Floats, t: Floats) -> tuple[Floats, Floats]:
    r, alpha = np.exp(theta)
    total = -r * np.log1p(t / alpha)
    return total, np.array([total, r * t / (alpha + t)])


def _ending(theta: Floats, t: Floats) -> tuple[Floats, Floats]:
    r, alpha = np.exp(theta)
    total, slope = _alive(theta, t)
    return total + np.log(r) - np.log(alpha + t), slope + np.array([np.ones(len(t)), -alpha / (alpha + t)])


def _doubt(p: ExponentialGamma, unknown: frozenset[str]) -> str:  # noqa: ARG001  the pair describes one distribution
    return (
        "How subscribers differ in their rate of leaving cannot be known: only the mean rate of new ones, "
        f"{p.r / p.alpha:.3g} per unit of time, is."
    )
