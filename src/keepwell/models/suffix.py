"""Pareto/NBD on whole days: the integral over the unseen leaving day as suffix sums, with its gradient.

For x repeat purchases, the last on day t of a history of T days, and n = r + x:

    L = [G(n)/G(r)] alpha^r beta^s { (alpha+T)^-n (beta+T)^-s
        + integral from t to T of s (beta+u)^-(s+1) (alpha+u)^-n du }

For each x the integral from t to T is a difference of integrals from a day to the end, and these are sums over days
from the last to the first. Each is kept divided by (alpha+d)^-n (beta+d)^-s, so nothing under- or overflows; where the
integrand has fallen below e^-45 of its start the sum begins. A row (one x) is used up before the next is begun, so
memory is of the order of the days only. The derivatives need four more integrals of the same kind.

Most cells share their row and their days with others, so what falls from one day to another is a quotient of two
entries of a table of the row, and logarithms of many likelihoods are taken of their product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from keepwell.models.histories import Rows
from keepwell.models.quadrature import gauss
from keepwell.models.shapes import Floats, Ints
from keepwell.models.threads import Team, team

ORDER = 4  # nodes a panel: within 1e-10 where the integrand falls by no more than e^1
FALLEN = 45.0  # e^-45 is below the rounding of the sum it would be added to
TINY = 1e-150  # a product of likelihoods below it is done; two factors above it still have a product


@dataclass(frozen=True, slots=True)
class Grid:
    """What depends on one day and the parameters only.

    `days` has shape (days + 1, 6): ln(1+d/alpha), ln(1+d/beta), the steps of both to the next day, 1/(alpha+d),
    1/(beta+d). `nodes` has shape (nodes, 5): ln((alpha+u)/(alpha+d)), the same of beta, the weight without the
    purchases, 1/(alpha+u), 1/(beta+u); those of day d are nodes first[d] to first[d + 1].
    """

    days: Floats
    nodes: Floats
    first: Ints


def reach(rows: Rows) -> Ints:
    """Return the most repeats of any history whose last purchase is on day d or before, shape (days + 1,)."""
    most = np.zeros(int(rows.age.max()) + 1, np.int64)
    np.maximum.at(most, rows.recency, np.repeat(rows.repeats, np.diff(rows.start)))
    return np.maximum.accumulate(most)


def grid(params: tuple[float, float, float, float], most: Ints) -> Grid:
    """Return the grid for r, alpha, s, beta; `most` is the `reach` of the histories."""
    r, alpha, s, beta = params
    d = np.arange(len(most), dtype=float)
    step_a, step_b = np.log1p(1 / (alpha + d)), np.log1p(1 / (beta + d))
    days = np.column_stack([np.log1p(d / alpha), np.log1p(d / beta), step_a, step_b, 1 / (alpha + d), 1 / (beta + d)])
    d, step_a, step_b = d[:-1], step_a[:-1], step_b[:-1]
    falls = (r + most[:-1] + 1) * step_a + (s + 1) * step_b
    parts = np.clip(np.ceil(falls), 1, 64).astype(np.int64)
    first = np.r_[0, np.cumsum(parts * ORDER)]
    nodes, weights = gauss(ORDER)
    day = np.repeat(np.arange(len(d)), parts)
    part = np.arange(len(day)) - np.repeat(np.cumsum(parts) - parts, parts)
    share = ((part[:, None] + nodes) / parts[day][:, None]).ravel()
    width = np.tile(weights, len(day)) / np.repeat(parts[day], ORDER)
    day = np.repeat(day, ORDER)
    # Within a day the nodes are even in ln(c+u), c the smaller scale, where the integrand is nearly exponential.
    c = min(alpha, beta) + d
    span = np.log1p(1 / c)[day] * share
    u = c[day] * np.expm1(span)
    to_a, to_b = np.log1p(u / (alpha + d[day])), np.log1p(u / (beta + d[day]))
    inverse_b = 1 / (beta + d[day] + u)
    weight = width * np.log1p(1 / c)[day] * c[day] * np.exp(span) * s * inverse_b * np.exp(-s * to_b)
    table = np.column_stack([to_a, to_b, weight, 1 / (alpha + d[day] + u), inverse_b])
    return Grid(days=days, nodes=table, first=first.astype(np.int64))


def shared(rows: Rows) -> Team:
    """Return who sweeps which rows: a row's work is its cells and its table of the days."""
    cells = np.diff(rows.start).astype(float)
    return team(cells + (int(rows.age.max()) + 1) / 2 if len(cells) else cells)


def swept(params: tuple[float, float, float, float], rows: Rows, most: Ints, here: Floats, by: Team) -> Floats:
    """Return `sweep` over all rows, block by block; `most` is their `reach`."""
    by_day, given = grid(params, most), np.array(params)

    def block(begin: int, end: int) -> Floats:
        some = (rows.repeats[begin:end], rows.start[begin : end + 1], rows.recency, rows.age, rows.count)
        total: Floats = sweep(given, *some, by_day.days, by_day.nodes, by_day.first, here)
        return total

    return by.summed(block)


@njit(cache=True, error_model="numpy", nogil=True)
def _filled(
    table: Floats, n: float, s: float, low: int, high: int, last: int, days: Floats, nodes: Floats, first: Ints
) -> int:
    """Write the integrals from each day to the end and their derivatives; return the day where the sum begins."""
    top = high
    while top < last:
        fallen = n * (days[top, 0] - days[high, 0]) + s * (days[top, 1] - days[high, 1])
        if fallen > FALLEN:
            break
        top += 1
    i0 = i1 = i2 = i3 = i4 = 0.0
    for k in range(5):
        table[top, k] = 0.0
    for d in range(top - 1, low - 1, -1):
        step_a, step_b = days[d, 2], days[d, 3]
        fall = np.exp(-n * step_a - s * step_b)
        i1 = fall * (i1 + step_a * i0)
        i2 = fall * (i2 + step_b * i0)
        i0, i3, i4 = fall * i0, fall * i3, fall * i4
        for j in range(first[d], first[d + 1]):
            f = nodes[j, 2] * np.exp(-n * nodes[j, 0])
            i0 += f
            i1 += f * nodes[j, 0]
            i2 += f * nodes[j, 1]
            i3 += f * nodes[j, 3]
            i4 += f * nodes[j, 4]
        table[d, 0], table[d, 1], table[d, 2], table[d, 3], table[d, 4] = i0, i1, i2, i3, i4
    return top


@njit(cache=True, error_model="numpy", nogil=True)
def sweep(
    params: Floats,
    repeats: Ints,
    start: Ints,
    recency: Ints,
    age: Ints,
    count: Floats,
    days: Floats,
    nodes: Floats,
    first: Ints,
    here: Floats,
) -> Floats:
    """Return the log-likelihood and its gradient by the logarithms of r, alpha, s, beta, shape (5,).

    Without what depends on the repeats alone: ln[G(r+x)/G(r)] - x ln alpha and its derivatives. `here`, shape
    (cells,), is filled with each cell's chance of being active.
    """
    r, alpha, s, beta = params[0], params[1], params[2], params[3]
    out = np.zeros(5)
    table = np.zeros((len(days), 5))
    falls = np.zeros(len(days))
    for row in range(len(repeats)):
        n = r + repeats[row]
        begin, end = start[row], start[row + 1]
        low, high, last = recency[begin], recency[begin], 0
        for i in range(begin, end):
            low, high, last = min(low, recency[i]), max(high, recency[i]), max(last, age[i])
        top = _filled(table, n, s, low, high, last, days, nodes, first)
        many = end - begin > last - low
        if many:
            for d in range(low, last + 1):
                falls[d] = np.exp(-n * (days[d, 0] - days[low, 0]) - s * (days[d, 1] - days[low, 1]))
        g0 = g1 = g2 = g3 = g4 = 0.0
        product = 1.0
        for i in range(begin, end):
            t, T, w = recency[i], age[i], count[i]
            span_a, span_b = days[T, 0] - days[t, 0], days[T, 1] - days[t, 1]
            alive = falls[T] / falls[t] if many and falls[T] > TINY else np.exp(-n * span_a - s * span_b)
            gone, gone_a, gone_b = table[t, 0], table[t, 1], table[t, 2]
            per_a, per_b = table[t, 3], table[t, 4]
            if top >= T:
                beyond = table[T, 0]
                gone -= alive * beyond
                gone_a -= alive * (table[T, 1] + span_a * beyond)
                gone_b -= alive * (table[T, 2] + span_b * beyond)
                per_a -= alive * table[T, 3]
                per_b -= alive * table[T, 4]
            whole = alive + gone
            each = w / whole
            here[i] = alive / whole
            if w == 1.0 and whole > TINY:
                product *= whole
                if product < TINY:
                    g0 += np.log(product)
                    product = 1.0
            else:
                g0 += w * np.log(whole)
            g0 -= w * (n * days[t, 0] + s * days[t, 1])
            g1 -= w * days[t, 0] + each * (span_a * alive + gone_a)
            g2 += w * r - each * n * alpha * (alive * days[T, 4] + per_a)
            g3 += each * (gone - s * (span_b * alive + gone_b)) - w * s * days[t, 1]
            g4 += w * s - each * beta * (s * alive * days[T, 5] + (s + 1) * per_b)
        out[0] += g0 + np.log(product)
        out[1] += r * g1
        out[2] += g2
        out[3] += g3
        out[4] += g4
    return out
