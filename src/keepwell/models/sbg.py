"""Shifted beta-geometric: how long subscriptions last, when each has its own constant chance to end at a renewal.

A subscriber does not renew with a chance that is the same at every renewal and differs between subscribers as
Beta(alpha, beta). With B the beta function, the chance of making t renewals, of ending at the t-th, and the share of
those at t - 1 who make it are

    S(t) = B(alpha, beta+t) / B(alpha, beta),    P(T=t) = S(t-1) alpha / (alpha+beta+t-1),
    r(t) = S(t) / S(t-1) = (beta+t-1) / (alpha+beta+t-1).

Retention rises with age although nobody changes: those who leave easily have left. So the value of a base is more than
its average rate of retention says.

Source: Fader & Hardie (2007), Journal of Interactive Marketing 21(1):76-90; (2010), Marketing Science 29(1):85-93.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from keepwell.models import stays as staying
from keepwell.models.shapes import Fit, Floats
from keepwell.models.stays import Stays

SHAPE = (-16.0, 16.0)  # bounds of the logarithm of a shape


@dataclass(frozen=True, slots=True)
class SBG:
    """Chance to end at a renewal ~ Beta(alpha, beta); its mean is alpha / (alpha + beta)."""

    alpha: float
    beta: float


def log_likelihood(p: SBG, *, time: Any, ended: Any, seen_from: Any = 0.0) -> Floats:
    """Return ln L of each subscription, shape (n,): lengths in whole periods, whether it ended, seen from which age.

    >>> p = SBG(alpha=0.668, beta=3.806)
    >>> log_likelihood(p, time=[1, 7], ended=[True, False]).round(4)
    array([-1.9017, -0.7155])
    """
    found = staying.in_periods(staying.stays(time, ended, 1.0, seen_from))
    return staying.log_chances(p, found, alive=_alive, ending=_ending)


def survival(p: SBG, t: Any) -> Floats:
    """Return the chance of making t renewals, shape of `t`.

    >>> survival(SBG(alpha=0.668, beta=3.806), 12.0).round(3)
    np.float64(0.378)
    """
    return np.exp(log_survival(p, t))


def log_survival(p: SBG, t: Any) -> Floats:
    """Return its logarithm, shape of `t`; t may be large."""
    return staying.log_staying(p.alpha, p.beta, t)


def retention(p: SBG, t: Any) -> Floats:
    """Return the share of those at t - 1 renewals who make the t-th, shape of `t`; t counts from 1."""
    ts = np.asarray(t, float)
    share: Floats = (p.beta + ts - 1) / (p.alpha + p.beta + ts - 1)
    return share


def residual(p: SBG, n: Any, *, rate: float, periods: int | None = None) -> Floats:
    """Return the discounted expected residual lifetime at the n-th renewal, in periods; see `stays.residual`.

    >>> residual(SBG(alpha=0.668, beta=3.806), [1, 2], rate=0.1).round(3)
    array([5.415, 5.902])
    """
    return staying.residual(lambda t: log_survival(p, t), n, rate=rate, periods=periods)


def predict(p: SBG, age: Any, ahead: Any) -> Floats:
    """Return the chance of who has made `age` renewals to make `ahead` more, shape (ages, aheads).

    >>> predict(SBG(alpha=1.0, beta=1.0), [0, 1], [1, 2]).round(3)
    array([[0.5  , 0.333],
           [0.667, 0.5  ]])
    """
    ages, more = (np.atleast_1d(np.asarray(v, float)) for v in (age, ahead))
    return np.exp(log_survival(p, ages[:, None] + more) - log_survival(p, ages)[:, None])


def fit(found: Stays) -> Fit[SBG]:
    """Fit by maximum likelihood to lengths of stay in whole periods.

    Raises:
        DataError: A length is no whole number of periods.
        FitError: Nobody left, or the search failed.
    """
    found = staying.in_periods(found)
    mean = float(np.clip(staying.rate_of(found), 1e-4, 0.98))
    starts = [SBG(alpha=size * mean, beta=size * (1 - mean)) for size in (0.5, 4.0, 60.0, 3 / mean)]
    return staying.fitted(SBG, found, alive=_alive, ending=_ending, starts=starts, bounds=[SHAPE, SHAPE], doubt=_doubt)


def _alive(theta: Floats, t: Floats) -> tuple[Floats, Floats]:
    """Return ln S with its gradient, as sums over renewals: differences of gamma functions would lose digits."""
    alpha, beta = np.exp(theta)
    k = np.arange(float(t.max(initial=0.0)))
    by_sum = 1 / (alpha + beta + k)
    places = t.astype(np.int64)
    total = np.r_[0.0, np.cumsum(np.log1p(-alpha * by_sum))][places]
    by_alpha = -alpha * np.r_[0.0, np.cumsum(by_sum)][places]
    by_beta = alpha * np.r_[0.0, np.cumsum(by_sum * beta / (beta + k))][places]
    return total, np.array([by_alpha, by_beta])


def _ending(theta: Floats, t: Floats) -> tuple[Floats, Floats]:
    alpha, beta = np.exp(theta)
    total, slope = _alive(theta, t - 1)
    whole = alpha + beta + t - 1
    return total + np.log(alpha / whole), slope + np.array([1 - alpha / whole, -beta / whole])


def _doubt(p: SBG, unknown: frozenset[str]) -> str:  # noqa: ARG001  the pair describes one distribution
    mean = p.alpha / (p.alpha + p.beta)
    return (
        "How subscribers differ in their chance to leave cannot be known: only its mean at the first renewal, "
        f"{100 * mean:.3g}%, is."
    )
