"""BG/NBD: how often customers come back, when they may leave after a purchase and never say so.

While here, a customer buys at a rate drawn from Gamma(r, rate alpha), and after each repeat purchase leaves with a
chance drawn from Beta(a, b). For x repeat purchases, the last at t_x, in a history of length T (any one time unit),
with G the gamma function and B the beta function:

    ln L = ln[G(r+x) / G(r)] + r ln alpha + ln[B(a, b+x) / B(a, b)]
         + ln[(alpha+T)^-(r+x) + 1{x>0} a/(b+x-1) (alpha+t_x)^-(r+x)]

Nobody leaves before a repeat purchase, so everyone without one is taken to be active: a trait of the model that few
shops share. Given that a customer is active, the past matters by x and T only: the buying rate is Gamma(r+x, alpha+T),
the chance to leave Beta(a, b+x), independent again. With S_k = B(a, b+x+k) / B(a, b+x) the chance of staying through k
more purchases and NB their number if nobody left:

    P(0) = NB(0),  P(k) = S_k NB(k) + (S_(k-1) - S_k) NB(k or more)

Source: Fader, Hardie & Lee (2005), Marketing Science 24(2):275-284.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from scipy.special import betaln, gammaln

from keepwell.models import counts
from keepwell.models.fitter import Objective
from keepwell.models.histories import Rows, checked, groups_of
from keepwell.models.purchases import as_arrays, buying_start, fitted, rising
from keepwell.models.quadrature import interpolated, panels
from keepwell.models.shapes import Cells, Fit, Floats, Forecast, Ints

CHUNK = 16_384  # groups whose quadrature nodes are in memory at once


@dataclass(frozen=True, slots=True)
class BGNBD:
    """Buying rate ~ Gamma(r, rate alpha), chance to leave after a purchase ~ Beta(a, b); alpha is a time."""

    r: float
    alpha: float
    a: float
    b: float


def log_likelihood(p: BGNBD, *, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return ln L of each customer, in any one time unit; every array has shape (n,).

    >>> x, t_x, T = np.array([[2.0], [30.43], [38.86]])
    >>> p = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)  # CDNOW, in weeks
    >>> log_likelihood(p, x=x, t_x=t_x, T=T).round(3)
    array([-9.459])
    """
    x, t_x, T = as_arrays(x, t_x, T)
    buying = gammaln(p.r + x) - gammaln(p.r) - x * np.log(p.alpha)
    staying = betaln(p.a, p.b + x) - betaln(p.a, p.b)
    here = -(p.r + x) * np.log1p(T / p.alpha)
    total: Floats = buying + staying + np.logaddexp(here, here + _log_odds_gone(p, x, t_x, T))
    return total


def active(p: BGNBD, *, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the chance that each customer is still here at T, in any one time unit; every array has shape (n,)."""
    odds = _log_odds_gone(p, *as_arrays(x, t_x, T))
    share: Floats = np.exp(-np.logaddexp(0.0, odds))
    return share


def expected(p: BGNBD, *, x: Floats, t_x: Floats, T: Floats, t: float) -> Floats:
    """Return the purchases expected of each customer in the next `t`, in any one time unit; arrays of shape (n,).

    >>> p = BGNBD(r=0.2426, alpha=4.4136, a=0.7929, b=2.4259)
    >>> expected(p, x=np.array([2.0]), t_x=np.array([30.43]), T=np.array([38.86]), t=39.0).round(3)
    array([1.226])
    """
    x, t_x, T = as_arrays(x, t_x, T)
    purchases: Floats = active(p, x=x, t_x=t_x, T=T) * _orders(p, x, T, np.full(len(x), float(t)))
    return purchases


def discounted(p: BGNBD, *, x: Floats, t_x: Floats, T: Floats, delta: float, t: float) -> Floats:
    """Return the purchases expected in the next `t`, each discounted continuously at `delta` per time unit."""
    x, t_x, T = as_arrays(x, t_x, T)
    return active(p, x=x, t_x=t_x, T=T) * _worth(p, x, T, t, delta)


def expected_new(p: BGNBD, t: Floats | float) -> Floats:
    """Return the repeat purchases expected of a new customer until `t` after the first one; shape of `t`."""
    ts = np.atleast_1d(np.asarray(t, float))
    new = np.zeros(len(ts))
    return _orders(p, new, new, ts).reshape(np.shape(t))


def pmf_new(p: BGNBD, t: float, k: Ints) -> Floats:
    """Return the chance that a new customer makes k repeat purchases until `t`, for each k."""
    one = np.ones(1)
    start, pmf = counts.stopped(p.r * one, p.alpha * one, p.a, p.b * one, t * one, 1e-13)
    ks = np.asarray(k, np.int64)
    return np.where(ks < start[1] - 1, pmf[np.minimum(ks, start[1] - 1)], 0.0)


def fit(cells: Cells, *, start: BGNBD | None = None) -> Fit[BGNBD]:
    """Fit the model to histories in whole days, from moments or from `start`.

    Raises:
        DataError: A history is impossible.
        FitError: Nobody came back, no time passed, there is one customer only, or the search failed.
    """
    return fitted(
        BGNBD,
        checked(cells),
        objective=_objective,
        starts=(lambda _: [start]) if start is not None else _starts,
        scales=frozenset({"alpha"}),
        doubt=_doubt,
    )


def predict(p: BGNBD, cells: Cells, *, days: int, rate: float = 0.0, clock: bool = False) -> Forecast:
    """Return the purchases of the next `days` of each cell's customers.

    `rate` discounts continuously, per day. With `clock` the distributions are of the purchases during that shorter
    time whose expected number is `discounted`, given activity.
    """
    checked(cells)
    p_active = _active_cells(p, cells)
    repeats, ages, group = groups_of(cells.repeats, cells.age)
    x, scale = repeats.astype(float), p.alpha + ages.astype(float)

    def expectations(x: Floats, scale: Floats) -> Floats:
        full, age = np.full(len(x), float(days)), scale - p.alpha
        plain, worth = _orders(p, x, age, full), _worth(p, x, age, days, rate)
        exposure = _exposure(p, x, age, worth, full) if clock and rate > 0 else full
        return np.column_stack([plain, worth, exposure])

    plain, worth, exposure = interpolated(expectations, x, scale).T if len(x) else np.zeros((3, 0))
    start, pmf = counts.stopped(p.r + x, scale, p.a, p.b + x, np.ascontiguousarray(exposure), counts.CUT)
    return Forecast(
        days=days,
        p_active=p_active,
        orders=p_active * plain[group],
        discounted=p_active * worth[group],
        group=group,
        start=start,
        pmf=pmf,
    )


def next_order_days(p: BGNBD, cells: Cells, q: float = 0.5) -> Floats:
    """Return the days until the next purchase is as likely as `q` to have come, shape (n,); inf where it never is."""
    p_active = _active_cells(p, cells)
    days = np.full(len(p_active), np.inf)
    some = p_active > q
    wait = np.expm1(-np.log1p(-q / p_active[some]) / (p.r + cells.repeats[some]))
    days[some] = (p.alpha + cells.age[some]) * wait
    return days


def _active_cells(p: BGNBD, cells: Cells) -> Floats:
    return active(p, x=cells.repeats.astype(float), t_x=cells.recency.astype(float), T=cells.age.astype(float))


def _log_odds_gone(p: BGNBD, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the logarithm of the odds of having left after the last purchase; -inf at x = 0."""
    # The maximum only keeps the logarithm of the untaken branch finite.
    leaving = np.log(p.a) - np.log(p.b + np.maximum(x, 1) - 1)
    return np.where(x > 0, leaving + (p.r + x) * np.log1p((T - t_x) / (p.alpha + t_x)), -np.inf)


def _objective(rows: Rows) -> Objective:
    per_row, oldest = rows.per_row, int(rows.age.max())

    def value(theta: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = params = np.exp(theta)
        d = np.arange(oldest + 1.0)
        days = np.column_stack([np.log1p(d / alpha), 1 / (alpha + d)])
        total = _sweep(params, rows.repeats, rows.start, rows.recency, rows.age, rows.count, days)
        buying, by_r = rising(r, alpha, rows.repeats)
        stays, by_b = rising(b, 1.0, rows.repeats)
        chances, by_ab = rising(a + b, 1.0, rows.repeats)
        total[0] += per_row @ (buying + stays - chances)
        total[1] += r * (per_row @ by_r)
        total[3] -= a * (per_row @ by_ab)
        total[4] += b * (per_row @ (by_b - by_ab))
        return float(total[0]), total[1:]

    return value


@njit(cache=True, error_model="numpy")
def _sweep(params: Floats, repeats: Ints, start: Ints, recency: Ints, age: Ints, count: Floats, days: Floats) -> Floats:
    """Return the log-likelihood and its gradient by the logarithms of r, alpha, a, b, shape (5,).

    Without what depends on the repeats alone. `days` has ln(1+d/alpha) and 1/(alpha+d), shape (days + 1, 2).
    """
    r, alpha, a, b = params[0], params[1], params[2], params[3]
    out = np.zeros(5)
    for row in range(len(repeats)):
        x = repeats[row]
        n = r + x
        odds = a / (b + x - 1.0) if x > 0 else 0.0
        total = by_r = by_alpha = left = people = 0.0
        for i in range(start[row], start[row + 1]):
            t, T, w = recency[i], age[i], count[i]
            people += w
            if x == 0:
                total -= w * n * days[T, 0]
                by_r -= w * days[T, 0]
                by_alpha += w * n * days[T, 1]
            else:
                span = days[T, 0] - days[t, 0]
                here = np.exp(-n * span)
                whole = here + odds
                each = w / whole
                total += w * (np.log(whole) - n * days[t, 0])
                by_r -= w * days[t, 0] + each * here * span
                by_alpha += each * n * (here * days[T, 1] + odds * days[t, 1])
                left += each * odds
        out[0] += total
        out[1] += r * by_r
        out[2] += people * r - alpha * by_alpha
        out[3] += left
        if x > 0:
            out[4] -= left * b / (b + x - 1.0)
    return out


def _starts(rows: Rows) -> list[BGNBD]:
    r, alpha = buying_start(rows)
    # Small data sets may have one peak where customers differ and another where they are alike.
    starts = [BGNBD(r=r, alpha=alpha, a=a, b=b) for a, b in ((0.5, 2.0), (0.02, 0.1), (20.0, 80.0))]
    return [*starts, replace(starts[0], r=30 * r, alpha=30 * alpha)]


def _doubt(p: BGNBD, unknown: frozenset[str], rows: Rows) -> str:
    sentences = []
    if unknown & {"r", "alpha"}:
        sentences.append(
            "The customers are too alike (or too few) in how often they buy to tell how they differ: "
            f"only the average rate, {p.r / p.alpha:.3g} purchases a day, is known."
        )
    if unknown & {"a", "b"}:
        leaving = p.a / (p.a + p.b)
        if leaving * float(rows.repeats.max()) < 0.01:
            sentences.append("Hardly anyone leaves in these data, so when customers would leave cannot be known.")
        else:
            sentences.append(
                "How customers differ in their chance to leave after a purchase cannot be known: only its mean, "
                f"{100 * leaving:.2g}%, is."
            )
    return "The likelihood is flat at its peak. " + " ".join(sentences)


def _orders(p: BGNBD, x: Floats, T: Floats, t: Floats) -> Floats:
    """Return the purchases expected in the next `t` of those active; all of shape (n,)."""
    mean, _ = counts.stopped_moments(p.r + x, p.alpha + T, p.a, p.b + x, t[:, None])
    orders: Floats = mean[:, 0]
    return orders


def _worth(p: BGNBD, x: Floats, T: Floats, t: float, delta: float) -> Floats:
    """Return the discounted purchases expected in the next `t` of those active: purchases at u times exp(-delta u)."""
    if delta == 0:
        return _orders(p, x, T, np.full(len(x), float(t)))
    worth = np.empty(len(x))
    for i in range(0, len(x), CHUNK):
        n, scale, b = p.r + x[i : i + CHUNK], p.alpha + T[i : i + CHUNK], p.b + x[i : i + CHUNK]
        pace = scale / np.maximum(n, 1.0)  # purchases thin out no faster than in this time
        end = np.log1p(min(t, 45.0 / delta) / pace)[:, None]
        nodes, weights = panels(int(np.ceil(end.max(initial=1.0))), 10)
        u = pace[:, None] * np.expm1(end * nodes)
        _, growth = counts.stopped_moments(n, scale, p.a, b, u)
        worth[i : i + CHUNK] = end[:, 0] * ((np.exp(-delta * u) * growth * (pace[:, None] + u)) @ weights)
    return worth


def _exposure(p: BGNBD, x: Floats, T: Floats, mean: Floats, most: Floats) -> Floats:
    """Return the time in which `mean` purchases are expected of those active; at most `most`."""
    n, scale, b = p.r + x, p.alpha + T, p.b + x
    u = mean * scale / n  # nobody leaving: not too long, so Newton comes from the left
    for _ in range(60):
        reached, growth = counts.stopped_moments(n, scale, p.a, b, u[:, None])
        step = (mean - reached[:, 0]) / growth[:, 0]
        u = np.minimum(u + step, most)
        if (np.abs(step) <= 1e-12 * u).all():
            break
    return u
