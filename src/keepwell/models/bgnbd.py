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
from scipy.special import betaln, gammaln

from keepwell.models import phases, staying
from keepwell.models.fitter import Objective
from keepwell.models.histories import Rows, checked
from keepwell.models.purchases import as_arrays, buying_start, fitted, rising
from keepwell.models.shapes import Cells, Fit, Floats, Forecast, Ints
from keepwell.models.staying import Staying


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
    stays = betaln(p.a, p.b + x) - betaln(p.a, p.b)
    here = -(p.r + x) * np.log1p(T / p.alpha)
    total: Floats = buying + stays + np.logaddexp(here, here + _log_odds_gone(p, x, t_x, T))
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
    return discounted(p, x=x, t_x=t_x, T=T, delta=0.0, t=t)


def discounted(p: BGNBD, *, x: Floats, t_x: Floats, T: Floats, delta: float, t: float) -> Floats:
    """Return the purchases expected in the next `t`, each discounted continuously at `delta` per time unit."""
    x, t_x, T = as_arrays(x, t_x, T)
    ahead = staying.worth(_staying(p), x, T, np.zeros(len(x), np.int64), t, delta)
    return active(p, x=x, t_x=t_x, T=T) * ahead


def expected_new(p: BGNBD, t: Floats | float) -> Floats:
    """Return the repeat purchases expected of a new customer until `t` after the first one; shape of `t`."""
    return staying.expected_new(_staying(p), t)


def pmf_new(p: BGNBD, t: float, k: Ints) -> Floats:
    """Return the chance that a new customer makes k repeat purchases until `t`, for each k."""
    return staying.pmf_new(_staying(p), t, k)


def fit(cells: Cells, *, start: BGNBD | None = None) -> Fit[BGNBD]:
    """Fit the model to histories in whole days, from moments and, if given, from `start` too.

    Raises:
        DataError: A history is impossible.
        FitError: Nobody came back, no time passed, there is one customer only, or the search failed.
    """
    return fitted(
        BGNBD,
        checked(cells),
        objective=objective,
        starts=_starts,
        scales=frozenset({"alpha"}),
        doubt=_doubt,
        start=start,
    )


def predict(p: BGNBD, cells: Cells, *, days: int, rate: float = 0.0, clock: bool = False) -> Forecast:
    """Return the purchases of the next `days` of each cell's customers.

    `rate` discounts continuously, per day. With `clock` the distributions are of the purchases during that shorter
    time whose expected number is `discounted`, given activity.
    """
    p_active = _active_cells(p, checked(cells))
    return staying.forecast(_staying(p), cells, p_active, days=days, rate=rate, clock=clock)


def next_order_days(p: BGNBD, cells: Cells, q: float = 0.5) -> Floats:
    """Return the days until the next purchase is as likely as `q` to have come, shape (n,); inf where it never is."""
    p_active = _active_cells(p, checked(cells))
    days = np.full(len(p_active), np.inf)
    some = p_active > q
    wait = np.expm1(-np.log1p(-q / p_active[some]) / (p.r + cells.repeats[some]))
    days[some] = (p.alpha + cells.age[some]) * wait
    return days


def _staying(p: BGNBD) -> Staying:
    return Staying(r=p.r, alpha=p.alpha, a=p.a, b=p.b)


def _active_cells(p: BGNBD, cells: Cells) -> Floats:
    return active(p, x=cells.repeats.astype(float), t_x=cells.recency.astype(float), T=cells.age.astype(float))


def _log_odds_gone(p: BGNBD, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the logarithm of the odds of having left after the last purchase; -inf at x = 0."""
    # The maximum only keeps the logarithm of the untaken branch finite.
    odds = np.log(p.a) - np.log(p.b + np.maximum(x, 1) - 1)
    answer: Floats = np.where(x > 0, odds - phases.log_here(p.r, p.alpha, 1, x=x, t_x=t_x, T=T), -np.inf)
    return answer


def objective(rows: Rows) -> Objective:
    """Return the log-likelihood of rows with its gradient, over the logarithms of the parameters in their order."""
    per_row, x, by = rows.per_row, rows.repeats, phases.shared(rows)

    def value(theta: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = np.exp(theta).tolist()
        chance = np.where(x > 0, 1 / (b + np.maximum(x, 1) - 1), 0.0)
        (total, by_r, by_alpha), left = phases.swept(r, alpha, 1, rows, a * chance, by)
        buying, buying_r = rising(r, alpha, x)
        stays, by_b = rising(b, 1.0, x)
        chances, by_ab = rising(a + b, 1.0, x)
        total += per_row @ (buying + stays - chances)
        by_r += r * (per_row @ buying_r)
        by_a = left.sum() - a * (per_row @ by_ab)
        return float(total), np.array([by_r, by_alpha, by_a, b * (per_row @ (by_b - by_ab) - left @ chance)])

    return value


def _starts(rows: Rows) -> list[BGNBD]:
    r, alpha = buying_start(rows)
    # Small data sets may have one peak where customers differ and another where they are alike.
    starts = [BGNBD(r=r, alpha=alpha, a=a, b=b) for a, b in ((0.5, 2.0), (0.02, 0.1), (20.0, 80.0))]
    return [*starts, replace(starts[0], r=30 * r, alpha=30 * alpha)]


def _doubt(p: BGNBD, unknown: frozenset[str], rows: Rows) -> str:
    return phases.doubt(p.r / p.alpha, p.a / (p.a + p.b), float(rows.repeats.max()), unknown)
