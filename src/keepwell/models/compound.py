"""What a customer will bring: a random number of orders, each of random worth.

The number of orders N is 0 with a chance of its own, else drawn from the distribution of the customer's cell; what
N orders bring is drawn given the customer's own past. The draws are not random numbers but fixed points that fill
the unit cube evenly, the same for every customer, so that customers compare without noise and the same run gives
the same numbers. What all customers share (a doubt about the margin) is one factor a point.

Two worths of an order: `gamma_sums` goes with Gamma-Gamma, `signed_sums` with signed spend.
The quantiles are exact in the atom at zero and piecewise linear between the draws on either side of it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from scipy.special import gammaincinv, ndtri

from keepwell.models.gammagamma import GammaGamma
from keepwell.models.shapes import Floats, Ints
from keepwell.models.signedspend import SignedSpend

LEVELS = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
ROWS = 256  # numbers of orders that have a row of exact quantiles; above it Wilson and Hilferty's are used
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


def points(draws: int, *, seed: int) -> Points:
    """Return `draws` points of a shifted Kronecker lattice, the first coordinate in equal steps.

    Source: Roberts (2018), "The unreasonable effectiveness of quasirandom sequences" (the steps: powers of the
    inverse of the root above 1 of x^5 = x + 1).
    """
    root = 1.167303978261418684256
    steps = root ** -np.arange(1.0, 5.0)
    shift = np.random.default_rng(seed).random(4)
    rest = (shift + np.outer(np.arange(1, draws + 1), steps)) % 1.0
    rest = np.clip(rest, 1e-9, 1 - 1e-9)
    first = (np.arange(draws) + 0.5) / draws
    return Points(first, *np.ascontiguousarray(rest.T))


def gamma_sums(
    params: GammaGamma, counts: Counts, *, n: Floats, total: Floats, points: Points, shared: Shared
) -> Floats:
    """Return the quantiles at `LEVELS`, shape (n, 7), of what customers with `n` orders worth `total` will bring.

    Given nu, N orders are worth Gamma(p N) / nu, and nu is Gamma(q + p n, rate gamma + total).
    """
    sums = _gamma_rows(params.p, 0.0, points.amount)
    rates = _gamma_rows(params.p, params.q, points.spread)
    normal = ndtri(points.amount), ndtri(points.spread)
    scale = (params.gamma + total) * counts.discount
    extra = shared.per_order
    fixed = (points.orders, sums, rates, *normal, params.p, params.q, shared.factor, extra)
    return _in_threads(_gamma_kernel, fixed, counts, (scale, n.astype(np.int64)))


def signed_sums(
    params: SignedSpend,
    counts: Counts,
    *,
    n: Floats,
    mean: Floats,
    weight: Floats,
    around: Floats,
    points: Points,
    shared: Shared,
) -> Floats:
    """Return the quantiles at `LEVELS`, shape (n, 7), of what customers will bring, some of it losses.

    `mean` and `weight` are the customer's expected order and its credibility, `around` the sum of squares of their
    `n` orders around their own mean. The customer's true mean is normal around `mean`; N orders vary around it with
    the customer's own variance, skewed as a gamma variable of the population's mean and variance is.
    """
    skew = min(2 * np.sqrt(params.within) / params.mean, MOST_SKEW) if params.mean > 0 else 0.0
    sums = _skewed_rows(skew, points.amount)
    chi = _gamma_rows(0.5, (params.freedom - 1) / 2, points.spread)
    varied = (params.freedom * params.scale + around) / 2
    doubt = np.sqrt(params.between * (1 - weight))
    normal = ndtri(points.spread), ndtri(points.level)
    fixed = (points.orders, sums, chi, *normal, params.freedom, shared.factor, shared.per_order)
    return _in_threads(_signed_kernel, fixed, counts, (mean, doubt, varied, n.astype(np.int64)))


def _in_threads(kernel: Callable[..., None], fixed: tuple[Any, ...], counts: Counts, own: tuple[Any, ...]) -> Floats:
    """Run a kernel over blocks of customers; the answer of each depends on nothing but the customer."""
    n = len(counts.none)
    answer = np.zeros((n, len(LEVELS)))
    common = (answer, np.array(LEVELS), counts.none, counts.group, counts.start, counts.pmf, counts.discount)
    edges = np.linspace(0, n, 9).astype(np.int64)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda ends: kernel(*ends, *common, *fixed, *own), zip(edges[:-1], edges[1:], strict=True)))
    return answer


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


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _gamma_quantile(rows: Floats, by_order: float, offset: float, k: int, j: int, normal: Floats) -> float:
    if k < rows.shape[0]:
        return rows[k, j]
    shape = by_order * k + offset  # Wilson & Hilferty (1931): within 1e-4 of the quantile at shapes this large
    part = 1.0 / (9.0 * shape)
    return shape * max(1.0 - part + normal[j] * np.sqrt(part), 1e-9) ** 3


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _fill(out: Floats, levels: Floats, none: float, worth: Floats) -> None:
    """Write the quantiles of what is 0 with chance `none` and else one of the draws `worth`."""
    worth.sort()
    draws = len(worth)
    below = 0
    while below < draws and worth[below] < 0.0:
        below += 1
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


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
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


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _gamma_kernel(
    begin, end, out, levels, none, group, start, pmf, discount,
    u, sums, rates, normal_sum, normal_rate, p, q, factor, per_order, scale, n,
):  # fmt: skip
    worth = np.empty(len(u))
    orders = np.empty(len(u), np.int64)
    gains = factor.min() >= 0.0 and per_order.min() >= 0.0
    for i in range(begin, end):
        first, last = start[group[i]], start[group[i] + 1]
        if last - first < 2 or (gains and none[i] >= levels[-1]):
            continue
        _orders_at(orders, u, pmf, first, last)
        for j in range(len(u)):
            brought = _gamma_quantile(sums, p, 0.0, orders[j], j, normal_sum)
            rate = _gamma_quantile(rates, p, q, n[i], j, normal_rate)
            worth[j] = scale[i] * brought / rate * factor[j] + per_order[j] * orders[j] * discount[i]
        _fill(out[i], levels, none[i], worth)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _signed_kernel(
    begin, end, out, levels, none, group, start, pmf, discount,
    u, sums, chi, normal_chi, normal_mean, freedom, factor, per_order, mean, doubt, varied, n,
):  # fmt: skip
    worth = np.empty(len(u))
    orders = np.empty(len(u), np.int64)
    top = sums.shape[0] - 1
    for i in range(begin, end):
        first, last = start[group[i]], start[group[i] + 1]
        if last - first < 2:
            continue
        _orders_at(orders, u, pmf, first, last)
        for j in range(len(u)):
            k = orders[j]
            variance = varied[i] / _gamma_quantile(chi, 0.5, (freedom - 1.0) / 2.0, n[i], j, normal_chi)
            brought = k * (mean[i] + doubt[i] * normal_mean[j]) + np.sqrt(k * variance) * sums[min(k, top), j]
            worth[j] = (brought * factor[j] + per_order[j] * k) * discount[i]
        _fill(out[i], levels, none[i], worth)
