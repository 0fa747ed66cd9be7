"""BG/BB: how often customers take a chance that comes at set times, when leaving is never announced.

Time is counted in chances, not days: a yearly appeal, a monthly box, a weekly market. Before each chance a customer
may leave, with a chance drawn from Beta(gamma, delta); one who is still here takes it, once at most, with a chance
drawn from Beta(alpha, beta), independent. In `Cells` and in the functions here `repeats` (x) is the chances taken after
the one by which the customer came, `recency` (t_x) the number of the last one taken (0 for none) and `age` (n) the
chances had, all whole numbers; `days` ahead are chances too. With B the beta function:

    L = B(alpha+x, beta+n-x)/B(alpha, beta) B(gamma, delta+n)/B(gamma, delta)
      + sum over u from t_x to n-1 of B(alpha+x, beta+u-x)/B(alpha, beta) B(gamma+1, delta+u)/B(gamma, delta)

Leaving comes before a chance, so being active is being here at the next one, n+1. Given that, the chance to take it is
Beta(alpha+x, beta+n-x) and to leave after it Beta(gamma, delta+n+1), independent again: over m chances a customer is
here for l of them, and takes a beta-binomial number of these.

Source: Fader, Hardie & Shang (2010), Customer-base analysis in a discrete-time noncontractual setting, Marketing
Science 29(6):1086-1108.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from keepwell.errors import DataError
from keepwell.models import counts
from keepwell.models.fitter import Objective
from keepwell.models.histories import Rows, checked, groups_of
from keepwell.models.purchases import fitted
from keepwell.models.shapes import Cells, Fit, Floats, Forecast, Ints

NEVER = 10_000  # chances; what takes so many is never
Numbers = Floats | Ints
ENTRIES = 4_000_000  # of beta-binomial distributions in memory at once


@dataclass(frozen=True, slots=True)
class BGBB:
    """Chance to buy ~ Beta(alpha, beta), chance to leave before each ~ Beta(gamma, delta); none is a time."""

    alpha: float
    beta: float
    gamma: float
    delta: float


def log_likelihood(p: BGBB, *, x: Numbers, t_x: Numbers, T: Numbers) -> Floats:
    """Return ln L of each customer, T being the chances had; whole numbers, every array of shape (n,).

    >>> p = BGBB(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783)  # gifts to a charity, six years
    >>> log_likelihood(p, x=np.array([2.0]), t_x=np.array([4.0]), T=np.array([6.0])).round(3)
    array([-5.196])
    """
    chances = _whole(x, t_x, T)
    took, last, _ = chances
    here, gone = _fates(p, *chances)
    buying = _rising(p.alpha, took) + _rising(p.beta, last - took) - _rising(p.alpha + p.beta, last)
    total: Floats = buying + _rising(p.delta, last) - _rising(p.gamma + p.delta, last) + np.log(here + gone)
    return total


def active(p: BGBB, *, x: Numbers, t_x: Numbers, T: Numbers) -> Floats:
    """Return the chance that each customer is here at the next chance; whole numbers, every array of shape (n,).

    >>> p = BGBB(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783)
    >>> active(p, x=np.array([0, 2, 6]), t_x=np.array([0, 4, 6]), T=np.array([6, 6, 6])).round(2)
    array([0.11, 0.59, 0.93])
    """
    chances = _whole(x, t_x, T)
    here, gone = _fates(p, *chances)
    share: Floats = here / (here + gone) * (p.delta + chances[2]) / (p.gamma + p.delta + chances[2])
    return share


def expected(p: BGBB, *, x: Numbers, t_x: Numbers, T: Numbers, t: float) -> Floats:
    """Return how many of the next `t` chances each customer is expected to take; arrays of shape (n,).

    >>> p = BGBB(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783)
    >>> expected(p, x=np.array([2.0]), t_x=np.array([4.0]), T=np.array([6.0]), t=5).round(3)
    array([1.057])
    """
    return discounted(p, x=x, t_x=t_x, T=T, delta=0.0, t=t)


def discounted(p: BGBB, *, x: Numbers, t_x: Numbers, T: Numbers, delta: float, t: float) -> Floats:
    """Return the same, the j-th chance ahead counted exp(-delta j); `t` may be infinite if `delta` is not 0."""
    chances = _whole(x, t_x, T)
    took, _, n = chances
    takes = (p.alpha + took) / (p.alpha + p.beta + n)
    orders: Floats = active(p, x=x, t_x=t_x, T=T) * takes * _stay(p, n, delta, t)
    return orders


def expected_new(p: BGBB, t: Floats | float) -> Floats:
    """Return how many of the `t` chances after the first one a new customer is expected to take; shape of `t`."""
    ts = np.atleast_1d(np.rint(t).astype(np.int64))
    new = np.zeros(1)
    each = [expected(p, x=new, t_x=new, T=new, t=float(one))[0] for one in ts]
    return np.array(each).reshape(np.shape(t))


def pmf_new(p: BGBB, t: float, k: Ints) -> Floats:
    """Return the chance that a new customer takes k of the next `t` chances, for each k."""
    here = p.delta / (p.gamma + p.delta)
    start, pmf = _distributions(p, np.zeros(1, np.int64), np.zeros(1, np.int64), int(t), rate=0.0, cut=0.0)
    ks = np.asarray(k, np.int64)
    taken = np.where(ks < start[1], pmf[np.minimum(ks, start[1] - 1)], 0.0)
    return np.where(ks == 0, 1 - here, 0.0) + here * taken


def fit(cells: Cells, *, start: BGBB | None = None) -> Fit[BGBB]:
    """Fit the model to histories in whole chances, from moments and, if given, from `start` too.

    Raises:
        DataError: A history is impossible.
        FitError: Nobody came back, no chance passed, there is one customer only, or the search failed.
    """
    return fitted(
        BGBB,
        _possible(cells),
        objective=objective,
        starts=_starts,
        scales=frozenset(),
        doubt=_doubt,
        start=start,
    )


def objective(rows: Rows) -> Objective:
    """Return the log-likelihood of rows with its gradient, over the logarithms of the parameters in their order."""
    x, most = np.repeat(rows.repeats, np.diff(rows.start)), int(rows.age.max(initial=0))
    arrays, v = (x, rows.recency, rows.age, rows.count), np.arange(most + 1.0)
    # Of each sum of logarithms the customers who have at least so many terms.
    terms = [_at_least(number, rows.count, most) for number in (x, rows.recency - x, rows.recency)]

    def value(theta: Floats) -> tuple[float, Floats]:
        alpha, beta, gamma, delta = params = np.exp(theta)
        total = _sweep(params, *arrays, *(1 / (c + v) for c in (beta, alpha + beta, delta, gamma + delta)))
        takes, by_a = _summed(alpha, terms[0])
        skips, by_b = _summed(beta, terms[1])
        chances, by_ab = _summed(alpha + beta, terms[2])
        stays, by_d = _summed(delta, terms[2])
        ends, by_gd = _summed(gamma + delta, terms[2])
        total += takes + skips - chances + stays - ends, by_a - by_ab, by_b - by_ab, -by_gd, by_d - by_gd
        return float(total[0]), total[1:] * params

    return value


def predict(p: BGBB, cells: Cells, *, days: int, rate: float = 0.0, clock: bool = False) -> Forecast:
    """Return the purchases of each cell's customers at the next `days` chances.

    `rate` discounts continuously, per chance. With `clock` the distributions are of the chances taken while the chances
    had, each counted at its discount, are rounded up or down at random, so that their mean is `discounted`.
    """
    cells = _possible(cells)
    x, age, group = groups_of(cells.repeats, cells.age)
    start, pmf = _distributions(p, x, age, days, rate=rate if clock else 0.0)
    p_active = active(p, x=cells.repeats, t_x=cells.recency, T=cells.age)
    orders = p_active * (p.alpha + cells.repeats) / (p.alpha + p.beta + cells.age)
    return Forecast(
        days=days,
        p_active=p_active,
        orders=orders * _stay(p, cells.age, 0.0, days),
        discounted=orders * _stay(p, cells.age, rate, days),
        group=group,
        start=start,
        pmf=pmf,
    )


def next_order_days(p: BGBB, cells: Cells, q: float = 0.5) -> Floats:
    """Return the first of the next chances by which a purchase is as likely as `q`, shape (n,); inf where none is."""
    cells = _possible(cells)
    p_active = active(p, x=cells.repeats, t_x=cells.recency, T=cells.age)
    chances, left = np.full(len(p_active), np.inf), np.flatnonzero(p_active > q)
    a, b, n = p.alpha + cells.repeats, p.beta + cells.age - cells.repeats, cells.age
    bought, never = np.zeros(len(p_active)), np.ones(len(p_active))  # never: here and not bought yet
    for j in range(NEVER):
        if not len(left):
            break
        here = never[left]
        bought[left] += here * a[left] / (a[left] + b[left] + j)
        never[left] = here * (b[left] + j) / (a[left] + b[left] + j) * (p.delta + n[left] + 1 + j)
        never[left] /= p.gamma + p.delta + n[left] + 1 + j
        done = p_active[left] * bought[left] >= q
        chances[left[done]] = j + 1
        left = left[~done & (p_active[left] * (bought[left] + never[left]) >= q)]
    return chances


def _summed(shape: float, terms: Floats) -> tuple[float, float]:
    """Return the sum of terms[v] ln(shape + v) over whole v, and its slope."""
    at = shape + np.arange(len(terms))
    return float(terms @ np.log(at)), float(terms @ (1 / at))


def _fates(p: BGBB, x: Ints, t_x: Ints, T: Ints) -> tuple[Floats, Floats]:
    """Return the likelihoods of being here at n and of having left since t_x, over what both have up to t_x."""
    a, b, c = p.alpha, p.beta, p.gamma + p.delta
    fall, gone = np.ones(len(x)), np.zeros(len(x))
    for i in range(int((T - t_x).max(initial=0))):
        u, going = t_x + i, t_x + i < T
        gone += np.where(going, fall, 0.0)
        fall = np.where(going, fall * ((b + u - x) / (a + b + u)) * ((p.delta + u) / (c + u + 1)), fall)
    return fall * (c + T) / (c + t_x), gone * p.gamma / (c + t_x)


@njit(cache=True, error_model="numpy")
def _sweep(
    params: Floats,
    x: Ints,
    recency: Ints,
    age: Ints,
    count: Floats,
    by_b: Floats,
    by_ab: Floats,
    by_d: Floats,
    by_c: Floats,
) -> Floats:
    """Return the sum of ln(here + gone), see `_fates`, and its slopes by alpha, beta, gamma and delta, shape (5,).

    The last four have 1/(beta+v), 1/(alpha+beta+v), 1/(delta+v) and 1/(gamma+delta+v) for whole v.
    """
    beta, gamma, delta = params[1], params[2], params[3]
    c = gamma + delta
    out = np.zeros(5)
    for i in range(len(x)):
        t, n = recency[i], age[i]
        fall, gone = 1.0, 0.0
        s_b = s_ab = s_d = s_c = 0.0  # sums of the reciprocals passed so far
        g_b = g_ab = g_d = g_c = 0.0  # the same, weighted by who left then
        for u in range(t, n):
            gone += fall
            g_b += fall * s_b
            g_ab += fall * s_ab
            g_d += fall * s_d
            g_c += fall * s_c
            fall *= (beta + u - x[i]) * by_ab[u] * (delta + u) * (1.0 / (c + u + 1.0))
            s_b += by_b[u - x[i]]
            s_ab += by_ab[u]
            s_d += by_d[u]
            s_c += by_c[u + 1]
        left, here = gamma * by_c[t], fall * (c + n) * by_c[t]
        whole = here + left * gone
        w = count[i]
        each = w / whole
        out[0] += w * np.log(whole)
        out[1] -= each * (here * s_ab + left * g_ab)
        out[2] += each * (here * (s_b - s_ab) + left * (g_b - g_ab))
        both = each * here * by_c[n] - w * by_c[t]
        out[3] += both + each * (by_c[t] * gone - here * s_c - left * g_c)
        out[4] += both + each * (here * (s_d - s_c) + left * (g_d - g_c))
    return out


def _stay(p: BGBB, n: Ints, delta: float, t: float) -> Floats:
    """Return the chances at which one who is here at the next is expected to be, the j-th counted exp(-delta j)."""
    ns, of = np.unique(n, return_inverse=True)
    stays, total = np.ones(len(ns)), np.zeros(len(ns))
    for j in range(int(min(t, 45.0 / delta) if delta > 0 else t)):
        total += stays * np.exp(-delta * (j + 1))
        stays = stays * (p.delta + ns + 1 + j) / (p.gamma + p.delta + ns + 1 + j)
    whole: Floats = total[of]
    return whole


def _distributions(p: BGBB, x: Ints, n: Ints, m: int, *, rate: float, cut: float = counts.CUT) -> tuple[Ints, Floats]:
    """Return start and distributions of the chances taken of the next m by those here at the next; (groups,) each."""
    had = _had(p, n, m, rate)
    starts, parts = [np.zeros(1, np.int64)], []
    size = had.shape[1]
    step = max(1, ENTRIES // size)
    for i in range(0, len(x), step):
        part = slice(i, i + step)
        whole = _beta_binomial(p.alpha + x[part].astype(float), p.beta + (n - x)[part].astype(float), had[part])
        above = np.cumsum(whole[:, ::-1], axis=1)[:, ::-1]
        kept = np.maximum((above >= max(cut, 1e-300)).sum(axis=1), 1)
        inside = np.arange(size) < kept[:, None]
        whole[np.arange(len(kept)), kept - 1] = above[np.arange(len(kept)), kept - 1]
        starts.append(kept)
        parts.append(whole[inside])
    return np.cumsum(np.concatenate(starts)), np.concatenate(parts) if parts else np.zeros(0)


def _had(p: BGBB, n: Ints, m: int, rate: float) -> Floats:
    """Return the chances that 0, 1, ... m of the next m are had by one here at the next, shape (groups, m + 1)."""
    j = np.arange(m)
    stay = p.delta + n[:, None] + 1 + j
    stays = np.cumprod(stay / (p.gamma + stay), axis=1)  # still here after j + 1 of them
    had = np.zeros((len(n), m + 1))
    had[:, 1:] = 1.0
    had[:, 2:] = stays[:, :-1]
    had[:, 1:-1] -= stays[:, :-1]
    if rate == 0:
        return had
    counted = np.r_[0.0, np.cumsum(np.exp(-rate * (j + 1)))]
    low = np.floor(counted).astype(np.int64)
    rest = counted - low
    clocked = np.zeros((len(n), m + 1))
    np.add.at(clocked.T, low, ((1 - rest) * had).T)
    np.add.at(clocked.T, np.minimum(low + 1, m), (rest * had).T)
    return clocked


def _beta_binomial(a: Floats, b: Floats, had: Floats) -> Floats:
    """Return the mixture of beta-binomials of l chances with the weights `had`, shape (groups, m + 1)."""
    m = had.shape[1] - 1
    row = np.zeros_like(had)  # of l chances; one more turns k into k or k + 1, by the chances taken so far
    row[:, 0] = 1.0
    total = had[:, :1] * row
    k = np.arange(m + 1)
    for had_so_far in range(m):
        takes = (a[:, None] + k) / (a + b + had_so_far)[:, None]
        moved = row * takes
        row = row - moved
        row[:, 1:] += moved[:, :-1]
        total = total + had[:, had_so_far + 1 : had_so_far + 2] * row
    return total


def _rising(shape: float, number: Ints) -> Floats:
    """Return ln[G(shape+k)/G(shape)] for each k of `number`; sums, for gamma functions lose digits at large shapes."""
    table: Floats = np.r_[0.0, np.cumsum(np.log(shape + np.arange(int(number.max(initial=0)))))]
    return table[number]


def _at_least(number: Ints, count: Floats, most: int) -> Floats:
    """Return how many customers have a number above v, for v from 0 to most - 1."""
    tally = np.bincount(number, weights=count, minlength=most + 1)
    above: Floats = (tally.sum() - np.cumsum(tally))[:most]
    return above


def _whole(x: Numbers, t_x: Numbers, n: Numbers) -> tuple[Ints, Ints, Ints]:
    """Return the numbers of chances as integers of one shape.

    Raises:
        DataError: One is no whole number.
    """
    given = np.broadcast_arrays(*(np.asarray(v, float) for v in (x, t_x, n)))
    whole = [np.rint(v) for v in given]
    if any((a != b).any() for a, b in zip(given, whole, strict=True)):
        raise DataError("a number of chances is not whole", "x, t_x or T", "Count in chances, not in days.")
    took, last, had = (v.astype(np.int64) for v in whole)
    return took, last, had


def _possible(cells: Cells) -> Cells:
    checked(cells)
    wrong = cells.repeats > cells.recency
    if wrong.any():
        i = int(np.argmax(wrong))
        problem = f"{cells.repeats[i]} purchases cannot have been made at {cells.recency[i]} chances"
        raise DataError(problem, f"cell {i}", "A chance is taken once at most; count recency and age in chances.")
    return cells


def _starts(rows: Rows) -> list[BGBB]:
    x = np.repeat(rows.repeats, np.diff(rows.start))
    # Those who came back took their chances until the last one at about the rate of those who are here.
    rate = float(np.clip((rows.count @ x) / (rows.count @ np.maximum(rows.recency, 1)), 0.02, 0.98))
    leaves = ((0.5, 2.0), (0.02, 0.2), (20.0, 80.0))
    starts = [BGBB(alpha=2 * rate, beta=2 * (1 - rate), gamma=gamma, delta=delta) for gamma, delta in leaves]
    return [*starts, BGBB(alpha=60 * rate, beta=60 * (1 - rate), gamma=0.5, delta=2.0)]


def _doubt(p: BGBB, unknown: frozenset[str], rows: Rows) -> str:
    sentences = []
    if unknown & {"alpha", "beta"}:
        sentences.append(
            "The customers are too alike (or too few) in how often they buy to tell how they differ: "
            f"only the average chance to buy, {100 * p.alpha / (p.alpha + p.beta):.3g}%, is known."
        )
    if unknown & {"gamma", "delta"}:
        leaving = p.gamma / (p.gamma + p.delta)
        if leaving * float(rows.age.max()) < 0.01:
            sentences.append("Hardly anyone leaves in these data, so when customers would leave cannot be known.")
        else:
            sentences.append(
                "How customers differ in their chance to leave cannot be known: at most its mean before a chance, "
                f"{100 * leaving:.2g}%, is."
            )
    return "The likelihood is flat at its peak. " + " ".join(sentences)
