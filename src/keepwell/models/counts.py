"""Distributions of the number of future purchases, one a group, cut where hardly anything is left.

With a buying rate from Gamma(n, rate A), the purchases during an exposure u are negative binomial: NB(k; u) has the
success share q = u/(A+u). The models differ in how leaving ends the exposure.
"""

from __future__ import annotations

from math import exp, lgamma, log1p, sqrt

import numpy as np
from numba import njit

from keepwell.models.shapes import Floats, Ints

CUT = 1e-9  # share of a distribution that may be put into its last entry


@njit(cache=True)
def _begin(n: float, scale: float, u: float) -> int:
    """Return a count below which NB(.; u) has less than e^-40 of its mass."""
    mean = n * u / scale
    return max(0, int(mean - 9.5 * sqrt(mean * (1.0 + u / scale)) - 5.0))


@njit(cache=True)
def _nb(k: int, n: float, scale: float, u: float) -> float:
    """Return NB(k; u)."""
    none = -n * log1p(u / scale)
    if k == 0:
        return exp(none)
    return exp(lgamma(n + k) - lgamma(n) - lgamma(k + 1.0) - k * log1p(scale / u) + none)


@njit(cache=True)
def _room(values: Floats, size: int) -> Floats:
    """Return `values`, in a larger array if they are fewer than `size`."""
    if size <= len(values):
        return values
    larger = np.zeros(max(size, 2 * len(values)))
    for i in range(len(values)):  # a slice would take two seconds to compile
        larger[i] = values[i]
    return larger


@njit(cache=True)
def _ready(n: float, scale: float, u: Floats, q: Floats, begin: Ints) -> None:
    """Fill in the success share of each exposure and the count to begin at, which never falls as u rises."""
    for j in range(len(u) - 1, -1, -1):
        q[j] = u[j] / (scale + u[j])
        begin[j] = _begin(n, scale, u[j])
        if j + 1 < len(u):
            begin[j] = min(begin[j], begin[j + 1])


@njit(cache=True)
def mixed(n: Floats, scale: Floats, first: Ints, exposure: Floats, weight: Floats, cut: float) -> tuple[Ints, Floats]:
    """Return start (groups + 1,) and the ragged distributions of counts whose exposure is itself distributed.

    `n` and `scale` (A) have shape (groups,). Group g has the exposures first[g] to first[g + 1], rising, with weights
    that sum to 1.
    """
    groups = len(n)
    start = np.zeros(groups + 1, np.int64)
    pmf = np.zeros(64 * groups + 64)
    for g in range(groups):
        a, b = first[g], first[g + 1]
        size = b - a
        q, value, w = np.zeros(size), np.zeros(size), weight[a:b]
        begin = np.zeros(size, np.int64)
        _ready(n[g], scale[g], exposure[a:b], q, begin)
        at, k, low, high, seen = start[g], 0, 0, 0, 0.0
        while low < size:
            while high < size and begin[high] <= k:
                value[high] = _nb(k, n[g], scale[g], exposure[a + high])
                high += 1
            p, ratio = 0.0, (n[g] + k) / (k + 1.0)
            for j in range(low, high):
                p += w[j] * value[j]
                value[j] *= q[j] * ratio
            if at + k >= len(pmf):
                pmf = _room(pmf, at + k + 1)
            pmf[at + k] = p
            seen += p
            k += 1
            if 1.0 - seen < cut:
                break
            while low < high and value[low] < 1e-24 and k > n[g] * exposure[a + low] / scale[g]:
                low += 1
        pmf[at + k - 1] += max(0.0, 1.0 - seen)
        start[g + 1] = at + k
    return start, pmf[: start[groups]]


@njit(cache=True)
def stopped_moments(
    n: Floats, scale: Floats, a: float, b: Floats, u: Floats, every: int, passed: Ints
) -> tuple[Floats, Floats]:
    """Return the mean count and its growth at exposures u, when each purchase is the last with a Beta(a, b) chance.

    A purchase is made of `every` phases, of which `passed` have passed; phases come at a rate from Gamma(n, rate A).
    `u` has shape (groups, m), each row rising; n, scale (A), b and passed (groups,). With NB of phases and S_m the
    chance of staying through m purchases, the mean is the sum over k of NB(k; u) (S_0 + ... + S_(m-1)) with
    m = (k + passed) // every, and its derivative by u that of S_m (n+k)/(A+u) NB(k; u) over the k that end a purchase.
    """
    groups, size = u.shape
    mean, growth = np.zeros((groups, size)), np.zeros((groups, size))
    q, value, begin = np.zeros(size), np.zeros(size), np.zeros(size, np.int64)
    for g in range(groups):
        _ready(n[g], scale[g], u[g], q, begin)
        stay, stays, k, m, low, high, left = 1.0, 0.0, 0, 0, 0, 0, every - passed[g]
        while low < size:
            while high < size and begin[high] <= k:
                value[high] = _nb(k, n[g], scale[g], u[g, high])
                high += 1
            left -= 1
            ratio, rate = (n[g] + k) / (k + 1.0), (stay * (n[g] + k) if left == 0 else 0.0)
            for j in range(low, high):
                mean[g, j] += value[j] * stays
                growth[g, j] += value[j] * rate
                value[j] *= q[j] * ratio
            if left == 0:
                stays += stay
                stay *= (b[g] + m) / (a + b[g] + m)
                m, left = m + 1, every
            k += 1
            # What is left of the sum is below rounding; before the first purchase there is nothing to compare with.
            while low < high and m > 0 and value[low] * k <= 1e-18 * mean[g, low] and k > n[g] * u[g, low] / scale[g]:
                growth[g, low] /= scale[g] + u[g, low]
                low += 1
    return mean, growth


@njit(cache=True)
def stopped(n: Floats, scale: Floats, a: float, b: Floats, u: Floats, share: Floats, cut: float) -> tuple[Ints, Floats]:
    """Return start (groups + 1,) and the ragged distributions when each purchase is the last with a Beta(a, b) chance.

    A purchase is made of as many phases as `share`, shape (groups, phases), has columns: the chances that 0, 1, ...
    of them have passed; phases come at a rate from Gamma(n + passed, rate scale). The others but `a` have shape
    (groups,). With M the number of purchases if nobody left, P(0) = P(M = 0) and
    P(m) = S_m P(M = m) + (S_(m-1) - S_m) P(M >= m).
    """
    groups, every = share.shape
    start = np.zeros(groups + 1, np.int64)
    pmf = np.zeros(64 * groups + 64)
    value, done, begin = np.zeros(every), np.zeros(every, np.int64), np.zeros(every, np.int64)
    for g in range(groups):
        q = u[g] / (scale[g] + u[g])
        for j in range(every):
            done[j], begin[j] = 0, _begin(n[g] + j, scale[g], u[g])
            value[j] = _nb(begin[j], n[g] + j, scale[g], u[g]) if share[g, j] > 0.0 else 0.0
        at, m, stay, left, above = start[g], 0, 1.0, 0.0, 1.0  # above is P(M >= m)
        while True:
            equal = 0.0  # P(M = m)
            for j in range(every):
                p, end = 0.0, (m + 1) * every - j
                for k in range(max(done[j], begin[j]), end):
                    p += value[j]
                    value[j] *= q * (n[g] + j + k) / (k + 1.0)
                done[j] = end
                equal += share[g, j] * p
            if at + m >= len(pmf):
                pmf = _room(pmf, at + m + 1)
            higher = max(0.0, above - equal)
            pmf[at + m] = stay * equal + left * above
            rest = stay * higher  # P(m + 1 or more)
            # Far above the mean what is left is rounding of the sum, and that is above the cut where counts are large.
            if rest < cut or (equal < 1e-6 * cut and m * every > (n[g] + every) * u[g] / scale[g]):
                pmf[at + m] += rest
                break
            left = stay * a / (a + b[g] + m)
            stay *= (b[g] + m) / (a + b[g] + m)
            above = higher
            m += 1
        start[g + 1] = at + m + 1
    return start, pmf[: start[groups]]
