"""What active customers will buy when each purchase may be the last: BG/NBD, MBG/NBD and MBG/CNBD-k share it.

A purchase is made of `every` phases that come at a customer's own rate; with one phase purchases come at random, with
more they come regularly. Given that a customer with x repeat purchases at age T is active and j phases have passed
since the last purchase, the rate of phases is Gamma(r + every x + j, alpha + T) and the chance to leave after a
purchase Beta(a, b + x), independent. How many have passed depends on the silence T - t_x: with n = r + every x and
z = (T - t_x) / (alpha + T), the chance of j is in proportion to

    w_j = n (n+1) ... (n+j-1) z^j / j!,  j = 0 ... every - 1

Everything expected is a mixture over j, exact for each cell. Distributions of counts are exact at x = 0, where the age
tells the silence. Else, so that they are few, they are kept for mixtures whose mean j is one of `NODES` even steps; a
cell takes the nearest, whose mean is within 1/32 of a purchase and 1/32 of itself.

Source: the phases of an Erlang distribution are the events of a Poisson process, so j and the rate are known jointly by
Bayes' rule. Platzer & Reutterer (2016), Marketing Science 35(5):779-799, approximate the expectation instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from keepwell.models import counts
from keepwell.models.histories import groups_of
from keepwell.models.quadrature import interpolated, interpolated_twice, panels
from keepwell.models.shapes import Cells, Floats, Forecast, Ints

CHUNK = 16_384  # groups or cells whose quadrature nodes or phases are in memory at once
FEW = 500  # points that are asked as they are
OFTEN = 10  # repeats from which on what is expected is smooth in them
NODES = 16  # steps of the mean of the phases passed
OWN = NODES + 1  # stands for the phases passed in a silence as long as the age


@dataclass(frozen=True, slots=True)
class Staying:
    """What is known of active customers: see the module; alpha is a time."""

    r: float
    alpha: float
    a: float
    b: float
    every: int = 1


def passed(s: Staying, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the chances that 0, 1, ... phases have passed since the last purchase of those active, (n, every)."""
    return _truncated(s.r + s.every * x, np.log(np.maximum(T - t_x, 1e-300) / (s.alpha + T)), s.every)


def orders(s: Staying, x: Floats, T: Floats, j: Ints, t: Floats) -> Floats:
    """Return the purchases expected in the next `t` of those active with j phases passed; all of shape (n,)."""
    mean, _ = counts.stopped_moments(*_future(s, x, T, j), t[:, None], s.every, j)
    answer: Floats = mean[:, 0]
    return answer


def worth(s: Staying, x: Floats, T: Floats, j: Ints, t: float, delta: float) -> Floats:
    """Return the same, each purchase at u counted exp(-delta u).

    The integral is taken by parts, exp(-delta t) E(t) + delta times that of exp(-delta u) E(u), for the expectation
    is smoother than the rate, which beats where customers buy regularly.
    """
    answer, many = np.empty(len(x)), _smooth(s, x, T, t)
    if many.sum() <= FEW:
        return _worth(s, x, T, j, t, delta)
    answer[~many] = _worth(s, x[~many], T[~many], j[~many], t, delta)
    for passed_so_far in range(s.every):
        part = many & (j == passed_so_far)
        if part.any():

            def alike(place: Floats, scale: Floats, j: int = passed_so_far) -> Floats:
                repeats = place - s.r / s.every
                whole = _worth(s, repeats, scale - s.alpha, np.full(len(place), j), t, delta)
                return np.maximum(whole, 1e-300)[:, None]

            answer[part] = interpolated_twice(alike, x[part] + s.r / s.every, s.alpha + T[part])[:, 0]
    return answer


def _smooth(s: Staying, x: Floats, T: Floats, t: float) -> npt.NDArray[np.bool_]:
    """Return where what is expected is smooth in the repeats: they are many, and the first ones' beat is over by t."""
    beats = 1.6 * s.every * (s.alpha + T) / max(t, 1e-9) if s.every > 1 else 0.0
    answer: npt.NDArray[np.bool_] = x >= np.maximum(OFTEN, beats)
    return answer


def _worth(s: Staying, x: Floats, T: Floats, j: Ints, t: float, delta: float) -> Floats:
    if delta == 0:
        return orders(s, x, T, j, np.full(len(x), float(t)))
    answer, most = np.empty(len(x)), min(t, 45.0 / delta)
    for i in range(0, len(x), CHUNK):
        part = slice(i, i + CHUNK)
        n, scale, a, b = _future(s, x[part], T[part], j[part])
        pace = s.every * scale / np.maximum(n, 1.0)  # purchases thin out no faster than in this time
        end = np.log1p(most / pace)
        u, weight = _times(pace, end, beats=s.every > 1)
        mean, _ = counts.stopped_moments(n, scale, a, b, np.minimum(u, most), s.every, np.ascontiguousarray(j[part]))
        inner = (np.exp(-delta * u[:, :-1]) * mean[:, :-1] * weight).sum(axis=1)
        answer[part] = np.exp(-delta * most) * mean[:, -1] + delta * inner
    return answer


def _times(pace: Floats, end: Floats, *, beats: bool) -> tuple[Floats, Floats]:
    """Return times up to pace (exp(end) - 1), the last of them that, and weights of an integral for all but the last.

    Even in ln(1 + u/pace), with a panel for each unit; as far as a beat is to be followed, of the first two, four.
    """
    near = np.minimum(end, 2.0) if beats else np.zeros_like(end)
    far = end - near
    nodes, weights = panels(8 if beats else 1, 10)
    more, further = panels(max(1, int(np.ceil(far.max(initial=1.0)))), 8)
    at = np.hstack([near[:, None] * nodes, near[:, None] + far[:, None] * more, end[:, None]])
    share = np.hstack([near[:, None] * weights, far[:, None] * further])
    u = pace[:, None] * np.expm1(at)
    return u, share * (pace[:, None] + u[:, :-1])


def forecast(s: Staying, cells: Cells, p_active: Floats, *, days: int, rate: float, clock: bool) -> Forecast:
    """Return the purchases of the next `days` of each cell's customers.

    `rate` discounts continuously, per day. With `clock` the distributions are of the purchases during that shorter
    time whose expected number is `discounted`, given activity.
    """
    x, age, pair = groups_of(cells.repeats, cells.age)
    table = _tables(s, x, age, days, rate, clock=clock and rate > 0)
    plain, worthy, node = _mixed(s, cells, pair, table)
    pairs, nodes, group = groups_of(pair, node)
    repeats, ages = x[pairs].astype(float), age[pairs].astype(float)
    future = _future(s, repeats, ages, np.zeros(len(pairs), np.int64))
    exposure = table.exposure[pairs, nodes]
    start, pmf = counts.stopped(*future, exposure, _at_nodes(s, repeats, ages, nodes), counts.CUT)
    return Forecast(
        days=days,
        p_active=p_active,
        orders=p_active * plain,
        discounted=p_active * worthy,
        group=group,
        start=start,
        pmf=pmf,
    )


def expected_new(s: Staying, t: Floats | float) -> Floats:
    """Return the repeat purchases expected until `t` of a customer who stayed after the first one; shape of `t`."""
    ts = np.atleast_1d(np.asarray(t, float))
    new = np.zeros(len(ts))
    return orders(s, new, new, np.zeros(len(ts), np.int64), ts).reshape(np.shape(t))


def pmf_new(s: Staying, t: float, k: Ints) -> Floats:
    """Return the chance that such a customer makes k repeat purchases until `t`, for each k."""
    one = np.ones(1)
    share = np.eye(1, s.every)
    start, pmf = counts.stopped(s.r * one, s.alpha * one, s.a, s.b * one, t * one, share, 1e-13)
    ks = np.asarray(k, np.int64)
    return np.where(ks < start[1] - 1, pmf[np.minimum(ks, start[1] - 1)], 0.0)


def _future(s: Staying, x: Floats, T: Floats, j: Ints) -> tuple[Floats, Floats, float, Floats]:
    """Return n and scale of the rate of phases, a and b of the chance to leave."""
    return s.r + s.every * x + j, s.alpha + T, s.a, s.b + x


def _truncated(n: Floats, log_z: Floats, every: int) -> Floats:
    """Return w_j over their sum, shape (n, every); a negative binomial cut off at `every`."""
    if every == 1:
        return np.ones((len(n), 1))
    j = np.arange(1, every)
    logs = np.zeros((len(n), every))
    logs[:, 1:] = np.cumsum(np.log((n[:, None] + j - 1) / j) + log_z[:, None], axis=1)
    weight = np.exp(logs - logs.max(axis=1, keepdims=True))
    share: Floats = weight / weight.sum(axis=1, keepdims=True)
    return share


@dataclass(frozen=True, slots=True)
class _Tables:
    """Of each pair of x and age: by phases passed (pairs, every), the last by node (pairs, nodes)."""

    plain: Floats  # purchases expected
    worthy: Floats  # the same, discounted
    exposure: Floats  # time during which the purchases of the distribution are made


def _tables(s: Staying, x: Ints, age: Ints, days: int, rate: float, *, clock: bool) -> _Tables:
    k, nodes = s.every, _nodes(s)
    if not len(x):
        return _Tables(np.zeros((0, k)), np.zeros((0, k)), np.zeros((0, nodes)))
    every_j = np.arange(k)

    def columns(x: Floats, scale: Floats) -> Floats:
        each, T, j = np.repeat(x, k), np.repeat(scale - s.alpha, k), np.tile(every_j, len(x))
        plain = orders(s, each, T, j, np.full(len(each), float(days))).reshape(-1, k)
        worthy = _worth(s, each, T, j, days, rate).reshape(-1, k) if rate > 0 else plain
        parts = [plain, worthy, _exposures(s, x, scale - s.alpha, worthy, float(days))] if clock else [plain, worthy]
        return np.maximum(np.hstack(parts), 1e-300)

    repeats, scale = x.astype(float), s.alpha + age.astype(float)
    many = _smooth(s, repeats, age.astype(float), days)
    many &= many.sum() > FEW
    table = np.empty((len(x), 2 * k + nodes * clock))
    if not many.all():
        table[~many] = interpolated(columns, repeats[~many], scale[~many])
    if many.any():
        places = repeats[many] + s.r / k
        table[many] = interpolated_twice(lambda place, scale: columns(place - s.r / k, scale), places, scale[many])
    exposure = table[:, 2 * k :] if clock else np.full((len(x), nodes), float(days))
    return _Tables(table[:, :k], table[:, k : 2 * k], exposure)


def _mixed(s: Staying, cells: Cells, pair: Ints, table: _Tables) -> tuple[Floats, Floats, Ints]:
    """Return expected and discounted purchases of each cell's active customers, and the node nearest to its phases."""
    if s.every == 1:
        return table.plain[pair, 0], table.worthy[pair, 0], np.zeros(len(pair), np.int64)
    plain, worthy, node = np.empty(len(pair)), np.empty(len(pair)), np.empty(len(pair), np.int64)
    for i in range(0, len(pair), CHUNK):
        part = slice(i, i + CHUNK)
        x, t_x, T = (a[part].astype(float) for a in (cells.repeats, cells.recency, cells.age))
        share = passed(s, x, t_x, T)
        plain[part] = (share * table.plain[pair[part]]).sum(axis=1)
        worthy[part] = (share * table.worthy[pair[part]]).sum(axis=1)
        nearest = np.rint(NODES / (s.every - 1) * (share @ np.arange(s.every)))
        node[part] = np.where(x > 0, nearest, OWN)
    return plain, worthy, node


def _nodes(s: Staying) -> int:
    return 1 if s.every == 1 else OWN + 1


def _at_nodes(s: Staying, x: Floats, T: Floats, node: Ints) -> Floats:
    """Return the chances of the phases passed where their mean is `node` of the `NODES` steps, (n, every)."""
    if s.every == 1:
        return np.ones((len(x), 1))
    share = passed(s, x, np.zeros(len(x)), T)
    stepped = node < OWN
    xs, nodes, of = groups_of(x[stepped].astype(np.int64), node[stepped])
    n, wanted = s.r + s.every * xs.astype(float), nodes * (s.every - 1) / NODES
    j = np.arange(s.every)
    # The mean rises with ln z: halving is sure, and these are few.
    low, high = np.full(len(xs), -120.0) - np.log(n + s.every), np.full(len(xs), 120.0) - np.log(n)
    for _ in range(64):
        middle = (low + high) / 2
        above = _truncated(n, middle, s.every) @ j > wanted
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    share[stepped] = _truncated(n, low, s.every)[of]
    return share


def _exposures(s: Staying, x: Floats, T: Floats, worthy: Floats, most: float) -> Floats:
    """Return the time in which as many purchases are expected as `worthy`, (n, every), says, for each node."""
    answer, near = np.empty((len(x), _nodes(s))), np.full(len(x), np.log(most))
    for node in range(_nodes(s)):
        share = _at_nodes(s, x, T, np.full(len(x), node))
        wanted = np.log(np.maximum((share * worthy).sum(axis=1), 1e-300))
        near = _log_time(s, x, T, share, wanted, near, np.log(most))
        answer[:, node] = np.minimum(np.exp(near), most)
    return answer


def _log_time(s: Staying, x: Floats, T: Floats, share: Floats, wanted: Floats, near: Floats, most: float) -> Floats:
    """Return the logarithm of the time in which exp(wanted) purchases are expected, sought from `near`."""
    low, high, at = np.full(len(x), -690.0), np.full(len(x), most), near.copy()
    left = np.arange(len(x))
    for _ in range(100):
        reached, slope = _log_orders(s, x[left], T[left], share[left], np.exp(at[left]))
        gap = wanted[left] - reached
        low[left] = np.where(gap > 0, at[left], low[left])
        high[left] = np.where(gap < 0, at[left], high[left])
        far = (np.abs(gap) > 1e-11) & (high[left] - low[left] > 1e-13)
        if not far.any():
            break
        left, gap, slope = left[far], gap[far], slope[far]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = at[left] + gap / slope
        inside = (step > low[left]) & (step < high[left])
        at[left] = np.where(inside, step, (low[left] + high[left]) / 2)
    return at


def _log_orders(s: Staying, x: Floats, T: Floats, share: Floats, t: Floats) -> tuple[Floats, Floats]:
    """Return the logarithm of the purchases expected in t, the phases passed being mixed, and its slope by ln t."""
    j = np.tile(np.arange(s.every), len(x))
    future = _future(s, np.repeat(x, s.every), np.repeat(T, s.every), j)
    mean, growth = counts.stopped_moments(*future, np.repeat(t, s.every)[:, None], s.every, j)
    total = (share * mean.reshape(share.shape)).sum(axis=1)
    speed = (share * growth.reshape(share.shape)).sum(axis=1)
    total = np.maximum(total, 1e-300)
    return np.log(total), t * speed / total
