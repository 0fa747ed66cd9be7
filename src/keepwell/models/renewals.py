"""What renewals are worth: a whole contractual base, and the plain multiples that are often quoted.

A base is its subscribers by age. Each age has its own chances to stay, because those who leave easily have left the
older ones; so the base is valued age by age. The renewal that is due now is not discounted:

    value = payment x sum over ages a of N(a) x sum over j >= 1 of S(a+j) / S(a) / (1+rate)^(j-1).

One average rate of retention r for everybody would say N r (1+rate) / (1+rate-r) x payment, and be far too low.

Source: Fader & Hardie (2010), Marketing Science 29(1):85-93; Gupta & Lehmann (2003), Journal of Interactive Marketing
17(1):9-24 (margin multiple).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from keepwell.errors import DataError
from keepwell.models.shapes import Floats
from keepwell.models.stays import residual


def base_value(
    log_survival: Callable[[Floats], Floats],
    age: Any,
    count: Any,
    *,
    payment: float,
    rate: float,
    periods: int | None = None,
) -> float:
    """Return what the renewals of a base bring, discounted to now.

    Args:
        log_survival: Logarithm of the chance of making t renewals, e.g. `lambda t: sbg.log_survival(p, t)`.
        age: Renewals made so far, shape (ages,).
        count: Subscribers of each age, shape (ages,).
        payment: Contribution of one renewal, in money.
        rate: Discount a period; 0.1 is 10%.
        periods: Renewals counted; None: all.

    Raises:
        DataError: An age is below 0, or there is neither an end nor a rate above 0.

    >>> alike = lambda t: np.log(0.5) * t
    >>> round(base_value(alike, [0, 1], [100.0, 50.0], payment=10.0, rate=0.25), 2)
    1250.0
    """
    left = residual(log_survival, np.asarray(age, float) + 1, rate=rate, periods=periods)
    return payment * float(np.sum(np.asarray(count, float) * left))


def mixed(share: Any, retention: Any) -> Callable[[Floats], Floats]:
    """Return the log-survival of a base of segments, each of one rate of retention; both of shape (segments,).

    >>> mixed([0.5, 0.5], [0.9, 0.5])(np.array([0.0, 1.0])).round(4)
    array([ 0.    , -0.3567])
    """
    weight, kept = np.asarray(share, float), np.asarray(retention, float)

    def log_survival(t: Floats) -> Floats:
        parts = np.log(weight)[:, None] + np.log(kept)[:, None] * np.asarray(t, float)
        answer: Floats = np.logaddexp.reduce(parts, axis=0)
        return answer

    return log_survival


def average_retention(count: Any) -> float:
    """Return the one rate of retention that cohorts of equal size at the start show; `count` is by age from 0.

    >>> round(average_retention([10000, 6334, 4367, 3264, 2604]), 3)
    0.691
    """
    counts = np.asarray(count, float)
    return float(counts[1:].sum() / counts[:-1].sum())


def naive_value(count: Any, retention: float, *, payment: float, rate: float) -> float:
    """Return what a base would be worth if everybody stayed with one `retention`: for comparison, it is too low."""
    many = float(np.sum(np.asarray(count, float)))
    return many * payment * (1 + rate) * margin_multiple(retention, rate)


def margin_multiple(retention: float, rate: float) -> float:
    """Return by what a period's margin is multiplied: r / (1 + rate - r), the first renewal a period from now.

    Raises:
        DataError: The retention is no share, or nothing is discounted and nobody leaves.

    >>> round(margin_multiple(0.9, 0.12), 2)
    4.09
    """
    if not 0 <= retention <= 1:
        raise DataError(f"a retention of {retention:g} is no share", "retention", "Give a number from 0 to 1.")
    if retention >= 1 + rate:
        raise DataError("nobody leaves and nothing is discounted", "rate", "Give a rate above 0.")
    return retention / (1 + rate - retention)


def elasticity(retention: float, rate: float) -> float:
    """Return the percent by which value rises when retention rises by one percent: (1 + rate) / (1 + rate - r).

    >>> round(elasticity(0.9, 0.12), 2)
    5.09
    """
    return (1 + rate) * margin_multiple(retention, rate) / retention if retention else 1.0


def gain(retention: float, rate: float, *, points: float = 0.05) -> float:
    """Return the share by which a customer is worth more when `points` are added to the retention.

    It is arithmetic on a constant margin, and no measurement.

    >>> round(gain(0.9, 0.1), 3)
    0.407
    """
    return margin_multiple(retention + points, rate) / margin_multiple(retention, rate) - 1
