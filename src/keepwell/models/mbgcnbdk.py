"""MBG/CNBD-k: how often customers come back who buy regularly, and may leave after any purchase, the first one too.

While here, a customer's time between purchases is Erlang-k: the sum of k phases, each at a rate drawn from Gamma(r,
rate alpha). With k = 1 purchases come at random (the MBG/NBD); the larger k, the more regularly. After each purchase,
the first included, the customer leaves with a chance drawn from Beta(a, b). For x repeat purchases, the last at t_x, in
a history of length T (any one time unit), D_i the times between them and n = r + kx:

    ln L = (k-1) sum of ln D_i - x ln (k-1)! + ln[G(n) / G(r)] + r ln alpha + ln[B(a, b+x+1) / B(a, b)]
         - n ln(alpha+t_x) + ln[H + a/(b+x)]

with G the gamma function, B the beta function, z = (T - t_x) / (alpha + T) and H = I(1-z; n, k), the regularized
incomplete beta function: the chance that fewer than k phases pass in the silence. Only the first two terms, which the
other parameters leave alone, need the D_i; their sum over all customers (`Cells.log_intervals`) tells which k is
likeliest. A customer who is active and bought regularly is due the sooner, the longer the silence; see `staying`.

Source: Platzer & Reutterer (2016), Ticking away the moments: timing regularity helps to better predict customer
activity, Marketing Science 35(5):779-799.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial
from math import lgamma

import numpy as np
from scipy.special import betaincinv, betaln, gammaln

from keepwell.errors import DataError
from keepwell.models import phases, staying
from keepwell.models.fitter import Objective
from keepwell.models.histories import Rows, checked
from keepwell.models.purchases import as_arrays, buying_start, fitted
from keepwell.models.shapes import HELD, Cells, Fit, Floats, Forecast, Ints
from keepwell.models.staying import Staying

MOST = 16  # the largest k that is tried: the time between purchases then varies by a quarter of itself


@dataclass(frozen=True, slots=True)
class MBGCNBDk:
    """Rate of phases ~ Gamma(r, rate alpha), chance to leave after a purchase ~ Beta(a, b); alpha is a time.

    `k`, the phases of a purchase, is a whole number; a fit tries it out and then holds it.
    """

    r: float
    alpha: float
    a: float
    b: float
    k: int = field(default=1, metadata={HELD: True})


def log_likelihood(
    p: MBGCNBDk, *, x: Floats, t_x: Floats, T: Floats, log_intervals: Floats | float | None = None
) -> Floats:
    """Return ln L of each customer, in any one time unit; every array has shape (n,).

    `log_intervals` is each customer's sum of ln(time between neighbouring purchases). Without it, what is returned
    lacks (k-1) times that sum, which does not matter to the parameters other than k.
    """
    x, t_x, T = as_arrays(x, t_x, T)
    n = p.r + p.k * x
    buying = gammaln(n) - gammaln(p.r) - p.k * x * np.log(p.alpha) - x * lgamma(p.k)
    stays = betaln(p.a, p.b + x + 1) - betaln(p.a, p.b)
    until = -n * np.log1p(t_x / p.alpha)
    total: Floats = buying + stays + until + np.logaddexp(_log_here(p, x, t_x, T), np.log(p.a) - np.log(p.b + x))
    return total if log_intervals is None or p.k == 1 else total + (p.k - 1) * np.asarray(log_intervals)


def active(p: MBGCNBDk, *, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the chance that each customer is still here at T, in any one time unit; every array has shape (n,).

    >>> p = MBGCNBDk(r=2.0, alpha=10.0, a=0.5, b=5.0, k=4)  # phases of about 5 days, purchases of about 20
    >>> active(p, x=np.array([6.0, 6.0]), t_x=np.array([120.0, 120.0]), T=np.array([130.0, 180.0])).round(3)
    array([0.949, 0.144])
    """
    x, t_x, T = as_arrays(x, t_x, T)
    share: Floats = np.exp(-np.logaddexp(0.0, np.log(p.a) - np.log(p.b + x) - _log_here(p, x, t_x, T)))
    return share


def expected(p: MBGCNBDk, *, x: Floats, t_x: Floats, T: Floats, t: float) -> Floats:
    """Return the purchases expected of each customer in the next `t`, in any one time unit; arrays of shape (n,)."""
    return discounted(p, x=x, t_x=t_x, T=T, delta=0.0, t=t)


def discounted(p: MBGCNBDk, *, x: Floats, t_x: Floats, T: Floats, delta: float, t: float) -> Floats:
    """Return the purchases expected in the next `t`, each discounted continuously at `delta` per time unit."""
    x, t_x, T = as_arrays(x, t_x, T)
    share = staying.passed(_staying(p), x, t_x, T)
    ahead = [staying.worth(_staying(p), x, T, np.full(len(x), j), t, delta) for j in range(p.k)]
    orders: Floats = active(p, x=x, t_x=t_x, T=T) * (share * np.column_stack(ahead)).sum(axis=1)
    return orders


def expected_new(p: MBGCNBDk, t: Floats | float) -> Floats:
    """Return the repeat purchases expected of a new customer until `t` after the first one; shape of `t`."""
    return p.b / (p.a + p.b) * staying.expected_new(_staying(p), t)


def pmf_new(p: MBGCNBDk, t: float, k: Ints) -> Floats:
    """Return the chance that a new customer makes k repeat purchases until `t`, for each k."""
    left = p.a / (p.a + p.b)
    return np.where(np.asarray(k) == 0, left, 0.0) + (1 - left) * staying.pmf_new(_staying(p), t, k)


def fit(cells: Cells, *, k: int | None = None, start: MBGCNBDk | None = None) -> Fit[MBGCNBDk]:
    """Fit the model to histories in whole days, with the likeliest k or the one given, from moments and `start`.

    k is tried at 1, 2, 4, 8 ... until the likelihood falls, then in between. Without `Cells.log_intervals` the data do
    not say how regularly customers buy: k is 1 unless it is given, and `ending` says so.

    Raises:
        DataError: A history is impossible, k is no whole number from 1, or `log_intervals` cannot be.
        FitError: Nobody came back, no time passed, there is one customer only, or the search failed.
    """
    checked(cells)
    if k is not None:
        return _fitted(cells, _whole(k), start)
    if cells.log_intervals is None:
        one = _fitted(cells, 1, start)
        words = "How regularly customers buy is not known without the days between purchases, so k = 1 is taken."
        return replace(one, ending=f"{one.ending} {words}")
    return _likeliest(_possible(cells, cells.log_intervals), start)


def objective_of(p: MBGCNBDk) -> Callable[[Rows], Objective]:
    """Return what gives the log-likelihood of rows with its gradient, over the logarithms of all parameters but k.

    Without what the other parameters leave alone; `fit` adds it.
    """
    return partial(phases.modified, every=p.k)


def predict(p: MBGCNBDk, cells: Cells, *, days: int, rate: float = 0.0, clock: bool = False) -> Forecast:
    """Return the purchases of the next `days` of each cell's customers.

    `rate` discounts continuously, per day. With `clock` the distributions are of the purchases during that shorter
    time whose expected number is `discounted`, given activity. With k above 1 the mean of a cell's distribution may
    lie a little away from its expectation, which is exact; see `staying`.
    """
    p_active = _active_cells(p, checked(cells))
    return staying.forecast(_staying(p), cells, p_active, days=days, rate=rate, clock=clock)


def next_order_days(p: MBGCNBDk, cells: Cells, q: float = 0.5) -> Floats:
    """Return the days until the next purchase is as likely as `q` to have come, shape (n,); inf where it never is.

    With a silence of s, fewer than k phases pass until s + t with chance H(s + t), so of those active that is the
    share H(s + t) / H(s) who have not bought.
    """
    p_active = _active_cells(p, checked(cells))
    days, some = np.full(len(p_active), np.inf), p_active > q
    x, t_x, T = (a[some].astype(float) for a in (cells.repeats, cells.recency, cells.age))
    here = np.exp(_log_here(p, x, t_x, T)) * (1 - q / p_active[some])
    until = betaincinv(p.r + p.k * x, float(p.k), here)
    days[some] = np.maximum((p.alpha + t_x) * (1 - until) / until - (T - t_x), 0.0)
    return days


def _staying(p: MBGCNBDk) -> Staying:
    return Staying(r=p.r, alpha=p.alpha, a=p.a, b=p.b + 1, every=p.k)


def _log_here(p: MBGCNBDk, x: Floats, t_x: Floats, T: Floats) -> Floats:
    return phases.log_here(p.r, p.alpha, p.k, x=x, t_x=t_x, T=T)


def _active_cells(p: MBGCNBDk, cells: Cells) -> Floats:
    return active(p, x=cells.repeats.astype(float), t_x=cells.recency.astype(float), T=cells.age.astype(float))


def _likeliest(cells: Cells, start: MBGCNBDk | None) -> Fit[MBGCNBDk]:
    """Return the fit of the likeliest k, taking for granted that the likelihood rises up to it and falls after it."""

    @cache
    def at(k: int) -> Fit[MBGCNBDk]:
        return _fitted(cells, k, start if k == 1 else at(1).params)

    best, most = 1, _finest(cells)
    while 2 * best <= most and at(2 * best).log_likelihood > at(best).log_likelihood:
        best *= 2
    low, high = best // 2, min(2 * best, most + 1)
    while max(best - low, high - best) > 1:
        k = (low + best) // 2 if best - low > high - best else (best + high + 1) // 2
        if at(k).log_likelihood > at(best).log_likelihood:
            low, high, best = (low, best, k) if k < best else (best, high, k)
        elif k < best:
            low = k
        else:
            high = k
    words = (
        f"k = {best} is the likeliest" if best < most else f"k = {best}, the largest that is tried, is the likeliest"
    )
    return replace(at(best), ending=f"{at(best).ending} Of the phases of a purchase, {words}.")


def _finest(cells: Cells) -> int:
    """Return the largest k that whole days can show: the time between purchases varies by a day or more."""
    gap = float(cells.count @ cells.recency) / float(cells.count @ cells.repeats)
    return int(np.clip(gap**2, 1, MOST))


def _fitted(cells: Cells, k: int, start: MBGCNBDk | None) -> Fit[MBGCNBDk]:
    # The mean time between purchases stays as it was at the start's own k.
    near = None if start is None else replace(start, alpha=start.alpha * start.k / k, k=k)
    one = fitted(
        partial(MBGCNBDk, k=k),
        cells,
        objective=partial(phases.modified, every=k),
        starts=partial(_starts, k=k),
        scales=frozenset({"alpha"}),
        doubt=_doubt,
        start=near,
    )
    apart = (k - 1) * (cells.log_intervals or 0.0) - float(cells.count @ cells.repeats) * lgamma(k)
    return replace(one, log_likelihood=float(one.log_likelihood + apart))


def _starts(rows: Rows, k: int) -> list[MBGCNBDk]:
    r, alpha = buying_start(rows)
    # Small data sets may have one peak where customers differ and another where they are alike.
    starts = [MBGCNBDk(r=r, alpha=alpha / k, a=a, b=b, k=k) for a, b in ((0.5, 2.0), (0.02, 0.1), (20.0, 80.0))]
    return [*starts, replace(starts[0], r=30 * r, alpha=30 * alpha / k)]


def _doubt(p: MBGCNBDk, unknown: frozenset[str], rows: Rows) -> str:
    return phases.doubt(p.r / p.alpha / p.k, p.a / (p.a + p.b), float(rows.repeats.max()) + 1, unknown)


def _whole(k: int) -> int:
    if k != int(k) or k < 1:
        raise DataError(f"a purchase cannot have {k} phases", "k", "Give a whole number from 1.")
    return int(k)


def _possible(cells: Cells, log_intervals: float) -> Cells:
    """Return the cells if their `log_intervals` can be in days: no more than if all gaps of a history were alike.

    Of histories in stretched days, as those of a season, gaps in plain days may be a little longer.
    """
    x, t_x = np.maximum(cells.repeats, 1), np.maximum(cells.recency, 1)
    most = float(cells.count @ (cells.repeats * np.log(2 * t_x / x)))
    if not 0 <= log_intervals <= most:
        problem = f"the logarithms of the days between purchases sum to {log_intervals:.6g}"
        raise DataError(
            problem, "log_intervals", f"For these histories the sum lies between 0 and {most:.6g}, in days."
        )
    return cells
