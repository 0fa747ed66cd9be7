"""What a customer will bring: a random number of orders, each of random worth.

The number of orders N is 0 with a chance of its own, else drawn from the distribution of the customer's cell; what
N orders bring is drawn given the customer's own past. The draws are not random numbers but fixed points that fill
the unit cube evenly, the same for every customer, so that customers compare without noise and the same run gives
the same numbers. What all customers share (a doubt about the margin) is one factor a point.

Two worths of an order: `gamma_sums` goes with Gamma-Gamma, `signed_sums` with signed spend.
The quantiles are exact in the atom at zero and piecewise linear between the draws on either side of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numba import njit
from scipy.special import gammaincinv, ndtri

from keepwell.models.gammagamma import GammaGamma
from keepwell.models.shapes import Floats, Ints
from keepwell.models.signedspend import SignedSpend

LEVELS = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
ROWS = 256  # numbers of orders that have a row of exact quantiles; above it Wilson and Hilferty's are used
MOST_THREADS = 4
MOST_SKEW = 4.0  # of one order, in signed spend


@dataclass(frozen=True, slots=True)
class Points:
    """Fixed points in the unit cube, shape (draws,) each; `orders` rises."""

    orders: Floats  # for the number of orders
    amount: Floats  # for what the orders are worth, given the customer
    spread: Floats  # for the customer's own rate (or variance)
    level: Floats  # for the customer's own mean
    shared: Floats  # for what all customers share


@dataclass(frozen=True, slots=True)
class Counts:
    """How many orders each customer will make; arrays of shape (n,), and the groups' distributions."""

    none: Floats  # chance of no order
    group: Ints  # distribution given that the customer is active: pmf[start[group] : start[group + 1]]
    start: Ints
    pmf: Floats
    discount: Floats  # mean discount on an order


@dataclass(frozen=True, slots=True)
class Shared:
    """What all customers share, shape (draws,) each: worth is `factor` x worth + `per_order` x orders."""

    factor: Floats
    per_order: Floats


@dataclass(frozen=True, slots=True)
class GammaWorth:
    """What Gamma-Gamma says at the fixed points; rows of tables are for 0, 1, 2 ... orders, columns for points."""

    params: GammaGamma
    points: Points
    factor: Floats
    sums: Floats  # quantiles of Gamma(p N)
    rates: Floats  # quantiles of Gamma(q + p n)


@dataclass(frozen=True, slots=True)
class SignedWorth:
    """What signed spend says at the fixed points; see `GammaWorth`."""

    params: SignedSpend
    points: Points
    shared: Shared
    sums: Floats  # quantiles of N orders in standard units
    chi: Floats  # quantiles of Gamma((freedom + n - 1) / 2)


def points(draws: int, *, seed: int) -> Points:
    """Return `draws` points of a shifted Kronecker lattice, moved so that each direction alone is exactly even.

    Source: Roberts (2018), "The unreasonable effectiveness of quasirandom sequences" (the steps: powers of the
    inverse of the root above 1 of x^5 = x + 1).
    """
    root = 1.167303978261418684256
    steps = root ** -np.arange(1.0, 5.0)
    shift = np.random.default_rng(seed).random(4)
    lattice = (shift + np.outer(np.arange(1, draws + 1), steps)) % 1.0
    ranks = lattice.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    even = (np.arange(draws) + 0.5) / draws
    return Points(even, *np.ascontiguousarray(even[ranks].T))


def gamma_worth(params: GammaGamma, points: Points, factor: Floats) -> GammaWorth:
    """Tabulate Gamma-Gamma at fixed points; `factor` is what all customers share."""
    sums = _gamma_rows(params.p, 0.0, points.amount)
    return GammaWorth(params, points, factor, sums, _gamma_rows(params.p, params.q, points.spread))


def signed_worth(params: SignedSpend, points: Points, shared: Shared) -> SignedWorth:
    """Tabulate signed spend at fixed points."""
    skew = min(2 * np.sqrt(params.within) / params.mean, MOST_SKEW) if params.mean > 0 else 0.0
    chi = _gamma_rows(0.5, (params.freedom - 1) / 2, points.spread)
    return SignedWorth(params, points, shared, _skewed_rows(skew, points.amount), chi)


def gamma_sums(worth: GammaWorth, counts: Counts, *, n: Ints, total: Floats) -> Floats:
    """Return the quantiles at `LEVELS`, shape (n, 7), of what customers with `n` orders worth `total` will bring.

    Given nu, N orders are worth Gamma(p N) / nu, and nu is Gamma(q + p n, rate gamma + total). So apart from the
    scale, gamma + total, customers of one group and n share their draws, which are made and sorted once for them.
    Gamma may follow n.
    """
    top = int(n.max(initial=0)) + 1
    pairs, pair = np.unique(counts.group * top + n, return_inverse=True)
    draws = np.empty((len(pairs), len(worth.points.orders)))
    p, q, points = worth.params.p, worth.params.q, worth.points
    normal = ndtri(points.amount), ndtri(points.spread)
    fixed = (draws, pairs // top, pairs % top, counts.start, counts.pmf, points.orders)
    _in_threads(_gamma_draws, len(pairs), (*fixed, worth.sums, worth.rates, *normal, p, q, worth.factor))
    answer = np.zeros((len(n), len(LEVELS)))
    scale = (worth.params.gamma_of(n.astype(float)) + total) * counts.discount
    _in_threads(_scaled, len(n), (answer, np.array(LEVELS), counts.none, draws, pair.astype(np.int64), scale))
    return answer


def signed_sums(worth: SignedWorth, counts: Counts, *, n: Ints, mean: Floats, weight: Floats, around: Floats) -> Floats:
    """Return the quantiles at `LEVELS`, shape (n, 7), of what customers will bring, some of it losses.

    `mean` and `weight` are the customer's expected order and its credibility, `around` the sum of squares of their
    `n` orders around their own mean. The customer's true mean is normal around `mean`; N orders vary around it with
    the customer's own variance, skewed as a gamma variable of the population's mean and variance is.
    """
    params, points = worth.params, worth.points
    varied = (params.freedom * params.scale + around) / 2
    doubt = np.sqrt(params.between * (1 - weight))
    answer = np.zeros((len(n), len(LEVELS)))
    cells = (answer, np.array(LEVELS), counts.none, counts.group, counts.start, counts.pmf, counts.discount)
    fixed = (points.orders, worth.sums, worth.chi, ndtri(points.spread), ndtri(points.level), params.freedom)
    shared = (worth.shared.factor, worth.shared.per_order)
    _in_threads(_signed_kernel, len(n), (*cells, *fixed, *shared, mean, doubt, varied, n))
    return answer


def _in_threads(kernel: Callable[..., None], size: int, arguments: tuple[Any, ...]) -> None:
    """Run a kernel over blocks of rows, each of which depends on nothing but itself."""
    edges = np.linspace(0, size, 9).astype(np.int64)
    with ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_THREADS)) as pool:
        list(pool.map(lambda ends: kernel(*ends, *arguments), pairwise(edges)))


def _gamma_rows(by_order: float, offset: float, u: Floats) -> Floats:
    """Return the quantiles at `u` of gamma variables of shape by_order k + offset, one row for each k from 0."""
    shapes = by_order * np.arange(ROWS + 1.0) + offset
    rows = np.zeros((ROWS + 1, len(u)))
    known = shapes > 0
    rows[known] = gammaincinv(shapes[known, None], u)
    return np.maximum(rows, 1e-300)


def _skewed_rows(skew: float, u: Floats) -> Floats:
    """Return quantiles at `u` of sums of k variables of one skew, in standard units, one row for each k from 0."""
    if skew < 1e-3:
        return np.tile(ndtri(u), (ROWS + 1, 1))
    shapes = 4 / skew**2 * np.maximum(np.arange(ROWS + 1.0), 1)[:, None]
    rows: Floats = (gammaincinv(shapes, u) - shapes) / np.sqrt(shapes)
    return rows


@njit(cache=True, nogil=True)
def _gamma_quantile(rows: Floats, by_order: float, offset: float, k: int, j: int, normal: Floats) -> float:
    if k < rows.shape[0]:
        return float(rows[k, j])
    shape = by_order * k + offset  # Wilson & Hilferty (1931): within 1e-4 of the quantile at shapes this large
    part = 1.0 / (9.0 * shape)
    return float(shape * max(1.0 - part + normal[j] * np.sqrt(part), 1e-9) ** 3)


@njit(cache=True, nogil=True)
def _fill(out: Floats, levels: Floats, none: float, worth: Floats) -> None:
    """Write the quantiles of what is 0 with chance `none` and else one of the rising draws `worth`."""
    draws = len(worth)
    below = np.searchsorted(worth, 0.0)
    lost = (1.0 - none) * below / draws
    for a in range(len(levels)):
        level = levels[a]
        if lost <= level <= lost + none:
            out[a] = 0.0
            continue
        at = (level if level < lost else level - none) / (1.0 - none) * draws - 0.5
        at = min(max(at, 0.0), draws - 1.0)
        k = int(at)
        high = worth[min(k + 1, draws - 1)]
        value = worth[k] + (at - k) * (high - worth[k])
        out[a] = min(value, 0.0) if level < lost else max(value, 0.0)


@njit(cache=True, nogil=True)
def _orders_at(orders: Ints, u: Floats, pmf: Floats, first: int, last: int) -> None:
    """Write the number of orders at each rising `u`, given that there is one at least."""
    some = 1.0 - pmf[first]
    k = 1
    reached = pmf[first + 1]
    for j in range(len(u)):
        while reached < u[j] * some and first + k < last - 1:
            k += 1
            reached += pmf[first + k]
        orders[j] = k


@njit(cache=True, nogil=True)
def _gamma_draws(
    begin: int, end: int, draws: Floats, group: Ints, n: Ints, start: Ints, pmf: Floats, u: Floats, sums: Floats,
    rates: Floats, normal_sum: Floats, normal_rate: Floats, p: float, q: float, factor: Floats,
) -> None:  # fmt: skip
    """Write the sorted draws of each pair of group and n, in units of the customer's scale."""
    orders = np.empty(len(u), np.int64)
    for i in range(begin, end):
        first, last = start[group[i]], start[group[i] + 1]
        if last - first < 2:
            draws[i] = 0.0
            continue
        _orders_at(orders, u, pmf, first, last)
        for j in range(len(u)):
            brought = _gamma_quantile(sums, p, 0.0, orders[j], j, normal_sum)
            draws[i, j] = brought / _gamma_quantile(rates, p, q, n[i], j, normal_rate) * factor[j]
        draws[i].sort()


@njit(cache=True, nogil=True)
def _scaled(
    begin: int, end: int, out: Floats, levels: Floats, none: Floats, draws: Floats, pair: Ints, scale: Floats
) -> None:
    """Write each customer's quantiles from the draws of their pair."""
    for i in range(begin, end):
        if none[i] < 1.0:
            _fill(out[i], levels, none[i], draws[pair[i]])
            for a in range(len(levels)):
                out[i, a] *= scale[i]


@njit(cache=True, nogil=True)
def _signed_kernel(
    begin: int, end: int, out: Floats, levels: Floats, none: Floats, group: Ints, start: Ints, pmf: Floats,
    discount: Floats, u: Floats, sums: Floats, chi: Floats, normal_chi: Floats, normal_mean: Floats, freedom: float,
    factor: Floats, per_order: Floats, mean: Floats, doubt: Floats, varied: Floats, n: Ints,
) -> None:  # fmt: skip
    """Write each customer's quantiles from their own draws."""
    worth = np.empty(len(u))
    orders = np.empty(len(u), np.int64)
    top = sums.shape[0] - 1
    for i in range(begin, end):
        first, last = start[group[i]], start[group[i] + 1]
        if last - first < 2 or (1.0 - none[i] <= levels[0] and none[i] >= levels[-1]):
            continue  # whatever an order brings, these quantiles are all 0
        _orders_at(orders, u, pmf, first, last)
        for j in range(len(u)):
            k = orders[j]
            variance = varied[i] / _gamma_quantile(chi, 0.5, (freedom - 1.0) / 2.0, n[i], j, normal_chi)
            brought = k * (mean[i] + doubt[i] * normal_mean[j]) + np.sqrt(k * variance) * sums[min(k, top), j]
            worth[j] = (brought * factor[j] + per_order[j] * k) * discount[i]
        worth.sort()
        _fill(out[i], levels, none[i], worth)
