"""Beta-discrete-Weibull: how long subscriptions last, when a subscriber's chance to end may also change with age.

As the shifted beta-geometric, but each subscriber's renewals pass as in a discrete Weibull: after t of them it is as
if t^c had passed. With c above 1 a subscriber becomes likelier to leave the longer they stay, below 1 less likely;
c = 1 is the shifted beta-geometric. With B the beta function,

    S(t) = B(gamma, delta + t^c) / B(gamma, delta),    P(T=t) = S(t-1) - S(t).

Source: Fader, Hardie, Liu, Davin & Steenburgh (2018), Journal of Interactive Marketing 43:1-16.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import psi

from keepwell.models import stays as staying
from keepwell.models.shapes import Fit, Floats
from keepwell.models.stays import Stays

SHAPE = (-16.0, 16.0)  # bounds of the logarithm of a shape
POWER = (-3.0, 3.0)  # bounds of the logarithm of c


@dataclass(frozen=True, slots=True)
class BetaWeibull:
    """Chance to end at the first renewal ~ Beta(gamma, delta); c says how age changes it."""

    gamma: float
    delta: float
    c: float


def log_likelihood(p: BetaWeibull, *, time: Any, ended: Any, seen_from: Any = 0.0) -> Floats:
    """Return ln L of each subscription, shape (n,): lengths in whole periods, whether it ended, seen from which age.

    >>> p = BetaWeibull(gamma=0.668, delta=3.806, c=1.0)  # a shifted beta-geometric
    >>> log_likelihood(p, time=[1, 7], ended=[True, False]).round(4)
    array([-1.9017, -0.7155])
    """
    found = staying.in_periods(staying.stays(time, ended, 1.0, seen_from))
    return staying.log_chances(p, found, alive=_alive, ending=_ending)


def survival(p: BetaWeibull, t: Any) -> Floats:
    """Return the chance of making t renewals, shape of `t`."""
    return np.exp(log_survival(p, t))


def log_survival(p: BetaWeibull, t: Any) -> Floats:
    """Return its logarithm, shape of `t`; t may be large."""
    ts = np.asarray(t, float)
    return _alive(staying.logs(p), ts.ravel())[0].reshape(ts.shape)


def retention(p: BetaWeibull, t: Any) -> Floats:
    """Return the share of those at t - 1 renewals who make the t-th, shape of `t`; t counts from 1."""
    ts = np.asarray(t, float)
    return np.exp(log_survival(p, ts) - log_survival(p, ts - 1))


def residual(p: BetaWeibull, n: Any, *, rate: float, periods: int | None = None) -> Floats:
    """Return the discounted expected residual lifetime at the n-th renewal, in periods; see `stays.residual`."""
    return staying.residual(lambda t: log_survival(p, t), n, rate=rate, periods=periods)


def predict(p: BetaWeibull, age: Any, ahead: Any) -> Floats:
    """Return the chance of who has made `age` renewals to make `ahead` more, shape (ages, aheads).

    >>> predict(BetaWeibull(gamma=1.0, delta=1.0, c=2.0), [0, 1], [1, 2]).round(3)
    array([[0.5, 0.2],
           [0.4, 0.2]])
    """
    ages, more = (np.atleast_1d(np.asarray(v, float)) for v in (age, ahead))
    return np.exp(log_survival(p, ages[:, None] + more) - log_survival(p, ages)[:, None])


def fit(found: Stays) -> Fit[BetaWeibull]:
    """Fit by maximum likelihood to lengths of stay in whole periods.

    Raises:
        DataError: A length is no whole number of periods.
        FitError: Nobody left, or the search failed.
    """
    found = staying.in_periods(found)
    mean = float(np.clip(staying.rate_of(found), 1e-4, 0.98))
    starts = [BetaWeibull(gamma=n * mean, delta=n * (1 - mean), c=c) for n, c in ((0.5, 1.0), (4.0, 1.0), (0.7, 1.5))]
    starts += [BetaWeibull(gamma=60 * mean, delta=60 * (1 - mean), c=c) for c in (0.7, 1.0)]
    starts += [BetaWeibull(gamma=3.0, delta=3 * (1 - mean) / mean, c=1.0)]
    return staying.fitted(
        BetaWeibull, found, alive=_alive, ending=_ending, starts=starts, bounds=[SHAPE, SHAPE, POWER], doubt=_doubt
    )


def _alive(theta: Floats, t: Floats) -> tuple[Floats, Floats]:
    """Return ln S with its gradient by the logarithms of gamma, delta, c."""
    gamma, delta, c = np.exp(theta)
    known, places = np.unique(t, return_inverse=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        passed = known**c
        growth = np.where(known > 0, passed * np.log(known) * c, 0.0)
    total = staying.log_staying(gamma, delta, passed)
    here = psi(delta + passed) - psi(gamma + delta + passed)
    by_gamma = gamma * (psi(gamma + delta) - psi(gamma + delta + passed))
    by_delta = delta * (here - (psi(delta) - psi(gamma + delta)))
    slope = np.array([by_gamma, by_delta, np.where(growth != 0, here * growth, 0.0)])
    return total[places], slope[:, places]


def _ending(theta: Floats, t: Floats) -> tuple[Floats, Floats]:
    """Return ln[S(t-1) - S(t)] with its gradient."""
    before, by_before = _alive(theta, t - 1)
    after, by_after = _alive(theta, t)
    fall = np.minimum(after - before, -1e-300)
    odds = 1 / np.expm1(-fall)  # S(t) / (S(t-1) - S(t))
    total: Floats = before + np.log(-np.expm1(fall))
    return total, by_before + (by_before - by_after) * odds


def _doubt(p: BetaWeibull, unknown: frozenset[str]) -> str:
    if unknown == {"c"}:
        return "Whether a subscriber's chance to leave rises or falls with age cannot be known."
    mean = p.gamma / (p.gamma + p.delta)
    return (
        "How subscribers differ, and how the chance to leave changes with one's age, cannot be told apart: only the "
        f"mean chance at the first renewal, {100 * mean:.3g}%, and the course of the whole base are known."
    )
