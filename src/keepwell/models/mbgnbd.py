"""MBG/NBD: how often customers come back, when they may leave after any purchase, the first one too.

While here, a customer buys at a rate drawn from Gamma(r, rate alpha), and after each purchase, the first included,
leaves with a chance drawn from Beta(a, b). For x repeat purchases, the last at t_x, in a history of length T (any one
time unit), with G the gamma function and B the beta function:

    ln L = ln[G(r+x) / G(r)] + r ln alpha + ln[B(a, b+x+1) / B(a, b)]
         + ln[(alpha+T)^-(r+x) + a/(b+x) (alpha+t_x)^-(r+x)]

Unlike in the BG/NBD, one who never came back may be gone. Given that a customer is active, the past matters by x and T
only: the buying rate is Gamma(r+x, alpha+T), the chance to leave Beta(a, b+x+1), independent again; from there on it is
a BG/NBD.

Sources: Batislam, Denizel & Filiztekin (2007), International Journal of Research in Marketing 24(3):201-209; Hoppe &
Wagner (2007), Marketing - Journal of Research and Management 3(2):75-90.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import betaln, gammaln

from keepwell.models import phases, staying
from keepwell.models.fitter import Objective
from keepwell.models.histories import Rows, checked
from keepwell.models.purchases import as_arrays, buying_start, fitted
from keepwell.models.shapes import Cells, Fit, Floats, Forecast, Ints
from keepwell.models.staying import Staying


@dataclass(frozen=True, slots=True)
class MBGNBD:
    """Buying rate ~ Gamma(r, rate alpha), chance to leave after a purchase ~ Beta(a, b); alpha is a time."""

    r: float
    alpha: float
    a: float
    b: float


def log_likelihood(p: MBGNBD, *, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return ln L of each customer, in any one time unit; every array has shape (n,).

    >>> x, t_x, T = np.array([[0.0], [0.0], [40.0]])  # came once, 40 weeks ago
    >>> p = MBGNBD(r=0.525, alpha=6.183, a=0.891, b=1.614)  # CDNOW, in weeks
    >>> log_likelihood(p, x=x, t_x=t_x, T=T).round(3)
    array([-0.545])
    """
    x, t_x, T = as_arrays(x, t_x, T)
    buying = gammaln(p.r + x) - gammaln(p.r) - x * np.log(p.alpha)
    stays = betaln(p.a, p.b + x + 1) - betaln(p.a, p.b)
    here = -(p.r + x) * np.log1p(T / p.alpha)
    total: Floats = buying + stays + np.logaddexp(here, here + _log_odds_gone(p, x, t_x, T))
    return total


def active(p: MBGNBD, *, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the chance that each customer is still here at T, in any one time unit; every array has shape (n,)."""
    share: Floats = np.exp(-np.logaddexp(0.0, _log_odds_gone(p, *as_arrays(x, t_x, T))))
    return share


def expected(p: MBGNBD, *, x: Floats, t_x: Floats, T: Floats, t: float) -> Floats:
    """Return the purchases expected of each customer in the next `t`, in any one time unit; arrays of shape (n,)."""
    return discounted(p, x=x, t_x=t_x, T=T, delta=0.0, t=t)


def discounted(p: MBGNBD, *, x: Floats, t_x: Floats, T: Floats, delta: float, t: float) -> Floats:
    """Return the purchases expected in the next `t`, each discounted continuously at `delta` per time unit."""
    x, t_x, T = as_arrays(x, t_x, T)
    ahead = staying.worth(_staying(p), x, T, np.zeros(len(x), np.int64), t, delta)
    return active(p, x=x, t_x=t_x, T=T) * ahead


def expected_new(p: MBGNBD, t: Floats | float) -> Floats:
    """Return the repeat purchases expected of a new customer until `t` after the first one; shape of `t`."""
    return p.b / (p.a + p.b) * staying.expected_new(_staying(p), t)


def pmf_new(p: MBGNBD, t: float, k: Ints) -> Floats:
    """Return the chance that a new customer makes k repeat purchases until `t`, for each k."""
    left = p.a / (p.a + p.b)
    return np.where(np.asarray(k) == 0, left, 0.0) + (1 - left) * staying.pmf_new(_staying(p), t, k)


def fit(cells: Cells, *, start: MBGNBD | None = None) -> Fit[MBGNBD]:
    """Fit the model to histories in whole days, from moments and, if given, from `start` too.

    Raises:
        DataError: A history is impossible.
        FitError: Nobody came back, no time passed, there is one customer only, or the search failed.
    """
    return fitted(
        MBGNBD,
        checked(cells),
        objective=objective,
        starts=_starts,
        scales=frozenset({"alpha"}),
        doubt=_doubt,
        start=start,
    )


def predict(p: MBGNBD, cells: Cells, *, days: int, rate: float = 0.0, clock: bool = False) -> Forecast:
    """Return the purchases of the next `days` of each cell's customers.

    `rate` discounts continuously, per day. With `clock` the distributions are of the purchases during that shorter
    time whose expected number is `discounted`, given activity.
    """
    p_active = _active_cells(p, checked(cells))
    return staying.forecast(_staying(p), cells, p_active, days=days, rate=rate, clock=clock)


def next_order_days(p: MBGNBD, cells: Cells, q: float = 0.5) -> Floats:
    """Return the days until the next purchase is as likely as `q` to have come, shape (n,); inf where it never is."""
    p_active = _active_cells(p, checked(cells))
    days = np.full(len(p_active), np.inf)
    some = p_active > q
    wait = np.expm1(-np.log1p(-q / p_active[some]) / (p.r + cells.repeats[some]))
    days[some] = (p.alpha + cells.age[some]) * wait
    return days


def _staying(p: MBGNBD) -> Staying:
    return Staying(r=p.r, alpha=p.alpha, a=p.a, b=p.b + 1)


def _active_cells(p: MBGNBD, cells: Cells) -> Floats:
    return active(p, x=cells.repeats.astype(float), t_x=cells.recency.astype(float), T=cells.age.astype(float))


def _log_odds_gone(p: MBGNBD, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the logarithm of the odds of having left after the last purchase."""
    odds: Floats = np.log(p.a) - np.log(p.b + x) - phases.log_here(p.r, p.alpha, 1, x=x, t_x=t_x, T=T)
    return odds


def objective(rows: Rows) -> Objective:
    """Return the log-likelihood of rows with its gradient, over the logarithms of the parameters in their order."""
    return phases.modified(rows, every=1)


def _starts(rows: Rows) -> list[MBGNBD]:
    r, alpha = buying_start(rows)
    # Small data sets may have one peak where customers differ and another where they are alike.
    starts = [MBGNBD(r=r, alpha=alpha, a=a, b=b) for a, b in ((0.5, 2.0), (0.02, 0.1), (20.0, 80.0))]
    return [*starts, replace(starts[0], r=30 * r, alpha=30 * alpha)]


def _doubt(p: MBGNBD, unknown: frozenset[str], rows: Rows) -> str:
    return phases.doubt(p.r / p.alpha, p.a / (p.a + p.b), float(rows.repeats.max()) + 1, unknown)
