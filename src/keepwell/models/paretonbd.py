"""Pareto/NBD: how often customers come back, when they may leave at any time and never say so.

While here, a customer buys at a rate drawn from Gamma(r, rate alpha) and leaves at a rate drawn from Gamma(s, rate
beta), independently. For x repeat purchases, the last at t_x, in a history of length T (any one time unit), with G the
gamma function:

    L = [G(r+x)/G(r)] alpha^r beta^s { (alpha+T)^-(r+x) (beta+T)^-s
        + integral from t_x to T of s (beta+u)^-(s+1) (alpha+u)^-(r+x) du }

The first term is of those who are still here, so P(active) is its share. Given that a customer is active, the past
matters by x and T only: the buying rate is Gamma(r+x, alpha+T), the leaving rate Gamma(s, beta+T), independent again.

Sources: Schmittlein, Morrison & Colombo (1987), Management Science 33(1):1-24; Fader & Hardie (2005), A note on
deriving the Pareto/NBD model; Fader, Hardie & Lee (2005), Journal of Marketing Research 42:415-430 (discounted).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln

from keepwell.models import counts, suffix
from keepwell.models.fitter import Objective
from keepwell.models.histories import Rows, by_repeats, checked, groups_of
from keepwell.models.purchases import as_arrays, buying_start, fitted, returned, rising
from keepwell.models.quadrature import gauss, lasting, panels
from keepwell.models.shapes import Cells, Fit, Floats, Forecast, Ints

CHUNK = 16_384  # customers or groups whose quadrature nodes are in memory at once
ORDER = 16  # nodes a panel of the exposures
WIDTHS, SPREAD = 6.0, 4.0  # widths of a peak and stretch of z that one panel may cover: within 1e-10
STEPS = 32  # panels of the wait for the first purchase
NEVER = 365_250.0  # days; what takes a thousand years is never


@dataclass(frozen=True, slots=True)
class ParetoNBD:
    """Buying rate ~ Gamma(r, rate alpha), leaving rate ~ Gamma(s, rate beta); alpha and beta are times."""

    r: float
    alpha: float
    s: float
    beta: float


def log_likelihood(p: ParetoNBD, *, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return ln L of each customer, in any one time unit; every array has shape (n,).

    >>> p = ParetoNBD(r=0.5533, alpha=10.578, s=0.6062, beta=11.668)  # CDNOW, in weeks
    >>> x, t_x, T = np.array([[2.0], [30.43], [38.86]])
    >>> log_likelihood(p, x=x, t_x=t_x, T=T).round(3)
    array([-9.554])
    """
    x, t_x, T = as_arrays(x, t_x, T)
    buying = gammaln(p.r + x) - gammaln(p.r) - x * np.log(p.alpha)
    until = -(p.r + x) * np.log1p(t_x / p.alpha) - p.s * np.log1p(t_x / p.beta)
    alive, gone = _fates(p, x, t_x, T)
    total: Floats = buying + until + np.log(alive + gone)
    return total


def active(p: ParetoNBD, *, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return the chance that each customer is still here at T, in any one time unit; every array has shape (n,).

    >>> p = ParetoNBD(r=0.5533, alpha=10.578, s=0.6062, beta=11.668)
    >>> active(p, x=np.array([26.0, 2.0]), t_x=np.array([30.86, 30.43]), T=np.array([31.0, 38.86])).round(4)
    array([0.9979, 0.8691])
    """
    alive, gone = _fates(p, *as_arrays(x, t_x, T))
    share: Floats = alive / (alive + gone)
    return share


def expected(p: ParetoNBD, *, x: Floats, t_x: Floats, T: Floats, t: float) -> Floats:
    """Return the purchases expected of each customer in the next `t`, in any one time unit; arrays of shape (n,)."""
    x, t_x, T = as_arrays(x, t_x, T)
    return active(p, x=x, t_x=t_x, T=T) * (p.r + x) / (p.alpha + T) * _stay(p.s, p.beta + T, t)


def discounted(p: ParetoNBD, *, x: Floats, t_x: Floats, T: Floats, delta: float, t: float = np.inf) -> Floats:
    """Return the purchases expected in the next `t`, each discounted continuously at `delta` per time unit.

    With t infinite these are the discounted expected residual transactions of Fader, Hardie & Lee (2005).
    """
    x, t_x, T = as_arrays(x, t_x, T)
    staying = _discounted_stay(p.s, p.beta + T, t, delta)
    return active(p, x=x, t_x=t_x, T=T) * (p.r + x) / (p.alpha + T) * staying


def expected_new(p: ParetoNBD, t: Floats | float) -> Floats:
    """Return the repeat purchases expected of a new customer until `t` after the first one; shape of `t`."""
    ts: Floats = np.array(t, np.float64)
    return p.r / p.alpha * _stay(p.s, np.full(ts.shape, p.beta), ts)


def pmf_new(p: ParetoNBD, t: float, k: Ints) -> Floats:
    """Return the chance that a new customer makes k repeat purchases until `t`, for each k."""
    start, pmf = _distributions(p, np.zeros(1), np.zeros(1), t, rate=0.0, cut=1e-13)
    ks = np.asarray(k, np.int64)
    return np.where(ks < start[1] - 1, pmf[np.minimum(ks, start[1] - 1)], 0.0)


def fit(cells: Cells, *, start: ParetoNBD | None = None) -> Fit[ParetoNBD]:
    """Fit the model to histories in whole days, from moments and, if given, from `start` too.

    Raises:
        DataError: A history is impossible.
        FitError: Nobody came back, no time passed, there is one customer only, or the search failed.
    """
    return fitted(
        ParetoNBD,
        checked(cells),
        objective=objective,
        starts=_starts,
        scales=frozenset({"alpha", "beta"}),
        doubt=_doubt,
        start=start,
    )


def predict(p: ParetoNBD, cells: Cells, *, days: int, rate: float = 0.0, clock: bool = False) -> Forecast:
    """Return the purchases of the next `days` of each cell's customers.

    `rate` discounts continuously, per day. With `clock` the distributions are of purchases on the discounted clock
    (1 - exp(-rate u)) / rate, on which a day far off counts less; their mean is `discounted`, given activity.
    """
    p_active = _active_cells(p, checked(cells))
    x, age, group = groups_of(cells.repeats, cells.age)
    start, pmf = _distributions(p, x.astype(float), age.astype(float), days, rate=rate if clock else 0.0)
    ages, of = np.unique(age, return_inverse=True)
    buying = (p.r + x) / (p.alpha + age)
    plain = buying * _stay(p.s, p.beta + ages.astype(float), days)[of]
    worth = buying * _discounted_stay(p.s, p.beta + ages.astype(float), days, rate)[of]
    return Forecast(
        days=days,
        p_active=p_active,
        orders=p_active * plain[group],
        discounted=p_active * worth[group],
        group=group,
        start=start,
        pmf=pmf,
    )


def next_order_days(p: ParetoNBD, cells: Cells, q: float = 0.5) -> Floats:
    """Return the days until the next purchase is as likely as `q` to have come, shape (n,); inf where it never is."""
    p_active = _active_cells(p, checked(cells))
    x, age, group = groups_of(cells.repeats, cells.age)
    share = np.divide(q, p_active, out=np.full(len(p_active), np.inf), where=p_active > q)
    return _first_purchase(p, x.astype(float), age.astype(float), group, share)


def objective(rows: Rows) -> Objective:
    """Return the log-likelihood of rows with its gradient, over the logarithms of the parameters in their order."""
    most, per_row, here, by = suffix.reach(rows), rows.per_row, np.empty(len(rows.age)), suffix.shared(rows)

    def value(theta: Floats) -> tuple[float, Floats]:
        r, alpha, s, beta = np.exp(theta).tolist()
        total = suffix.swept((r, alpha, s, beta), rows, most, here, by)
        logs, slopes = rising(r, alpha, rows.repeats)
        total[0] += per_row @ logs
        total[1] += r * (per_row @ slopes)
        return float(total[0]), total[1:]

    return value


def _starts(rows: Rows) -> list[ParetoNBD]:
    r, alpha = buying_start(rows)
    half = float(rows.age.max()) / 2
    # Small data sets may have one peak where customers differ and another where they are alike.
    pairs = ((0.7, half), (0.05, 0.2), (20.0, 20 * half))
    starts = [ParetoNBD(r=r, alpha=alpha, s=s, beta=beta) for s, beta in pairs]
    # Where most never come back, they may be slow, or they may have left at once and the others be alike.
    rate, share = returned(rows)
    loyal = ParetoNBD(r=3.0, alpha=3.0 / rate, s=0.05 - np.log(share) / np.log(1e4), beta=1e-4 * half)
    return [*starts, replace(starts[0], r=30 * r, alpha=30 * alpha), loyal]


def _doubt(p: ParetoNBD, unknown: frozenset[str], rows: Rows) -> str:
    sentences = []
    if unknown & {"r", "alpha"}:
        sentences.append(
            "The customers are too alike (or too few) in how often they buy to tell how they differ: "
            f"only the average rate, {p.r / p.alpha:.3g} purchases a day, is known."
        )
    if unknown & {"s", "beta"}:
        leaving = 1 - (1 + float(rows.age.max()) / p.beta) ** -p.s
        if leaving < 0.01:
            sentences.append("Hardly anyone leaves in these data, so when customers would leave cannot be known.")
        else:
            sentences.append(
                "How customers differ in how soon they leave cannot be known: over the longest history seen "
                f"{leaving:.1%} of them leave."
            )
    return "The likelihood is flat at its peak. " + " ".join(sentences)


def _fates(p: ParetoNBD, x: Floats, t_x: Floats, T: Floats) -> tuple[Floats, Floats]:
    """Return the likelihoods of being here at T and of having left since t_x, over (alpha+t_x)^-(r+x) (beta+t_x)^-s.

    The integral is taken in tau = ln[(c+u)/(c+t_x)], c the smaller of alpha and beta, as far as it counts.
    """
    n, a, b = p.r + x, p.alpha + t_x, p.beta + t_x
    alive = np.exp(-n * np.log1p((T - t_x) / a) - p.s * np.log1p((T - t_x) / b))
    gone = np.empty_like(alive)
    for i in range(0, len(x), CHUNK):
        part = slice(i, i + CHUNK)
        gone[part] = _gone(n[part], a[part], p.s, b[part], (T - t_x)[part])
    return alive, gone


def _gone(n: Floats, a: Floats, s: float, b: Floats, span: Floats) -> Floats:
    c = np.minimum(a, b)

    def fallen(tau: Floats) -> tuple[Floats, Floats, Floats]:
        u = c[:, None] * np.expm1(tau)
        speed = (c[:, None] + u) / (b[:, None] + u)
        slope = n[:, None] * (c[:, None] + u) / (a[:, None] + u) + s * speed
        return n[:, None] * np.log1p(u / a[:, None]) + s * np.log1p(u / b[:, None]), slope, speed

    end = np.minimum(np.log1p(span / c), suffix.FALLEN / (n * c / a + s * c / b))[:, None]
    for _ in range(12):  # Newton from the right on a convex function comes down to its root and does not pass it
        fall, slope, _ = fallen(end)
        end = np.where(fall > suffix.FALLEN, end - (fall - suffix.FALLEN) / slope, end)
    nodes, weights = panels(16, 12)
    fall, _, speed = fallen(end * nodes)
    total: Floats = end[:, 0] * ((s * speed * np.exp(-fall)) @ weights)
    return total


def _stay(s: float, b: Floats, t: Floats | float) -> Floats:
    """Return the time that one who is active stays within the next `t`: the integral of (b/(b+u))^s from 0 to t."""
    span = np.log1p(np.asarray(t, float) / b)
    held: Floats = b * span * lasting((s - 1) * span)
    return held


def _discounted_stay(s: float, b: Floats, t: float, delta: float) -> Floats:
    """Return the integral of exp(-delta u) (b/(b+u))^s from 0 to t, for each b."""
    if delta == 0:
        return _stay(s, b, t)
    nodes, weights = panels(24, 12)
    total = np.empty_like(b)
    for i in range(0, len(b), CHUNK):
        part = b[i : i + CHUNK, None]
        # As far as exp(-delta u) and (b/(b+u))^s have not both fallen to nothing.
        end = np.minimum(np.log1p(min(t, 45.0 / delta) / part), 45.0 / s)
        tau = end * nodes
        total[i : i + CHUNK] = (end * part)[:, 0] * (np.exp(-delta * part * np.expm1(tau) - (s - 1) * tau) @ weights)
    return total


def _active_cells(p: ParetoNBD, cells: Cells) -> Floats:
    """Return P(active) of each cell by the suffix sums on the grid of days."""
    p_active = np.empty(len(cells.age))
    if not len(p_active):
        return p_active
    rows, order = by_repeats(cells)
    here = np.empty(len(order))
    suffix.swept((p.r, p.alpha, p.s, p.beta), rows, suffix.reach(rows), here, suffix.shared(rows))
    p_active[order] = here
    return p_active


def _distributions(
    p: ParetoNBD, x: Floats, age: Floats, t: float, *, rate: float, cut: float = counts.CUT
) -> tuple[Ints, Floats]:
    """Return start and distributions of the purchases in the next `t` of those active; x and age of shape (groups,)."""
    starts, parts, done = [np.zeros(1, np.int64)], [], 0
    for i in range(0, len(x), CHUNK):
        n, a, b = p.r + x[i : i + CHUNK], p.alpha + age[i : i + CHUNK], p.beta + age[i : i + CHUNK]
        first, exposure, weight = _exposures(n, a, p.s, b, t, rate)
        start, pmf = counts.mixed(n, a, first, exposure, weight, cut)
        starts.append(start[1:] + done)
        parts.append(pmf)
        done += int(start[-1])
    return np.concatenate(starts), np.concatenate(parts) if parts else np.zeros(0)


def _exposures(n: Floats, a: Floats, s: float, b: Floats, t: float, rate: float) -> tuple[Ints, Floats, Floats]:
    """Return for each group the times at which an active customer may stop to be exposed, and their chances.

    Left at u (Lomax), or still here at `t`. The nodes are even in z, with ln[(c+u)/c] = sqrt(4+z^2) - 2, c the smaller
    of a and b: the counts' peaks have about one width in z everywhere, 1/sqrt(n).
    """
    c = np.minimum(a, b)
    end = np.minimum(t, b * np.expm1(np.minimum(40.0 / s, 600.0)))
    tau = np.log1p(end / c)
    reach = np.sqrt(tau**2 + 4 * tau)
    parts = np.ceil(np.maximum(np.sqrt(n) * reach / WIDTHS, np.maximum(s * np.log1p(end / b) / 6, reach / SPREAD)))
    parts = np.clip(parts, 1, 4096).astype(np.int64)
    nodes, weights = gauss(ORDER)
    of = np.repeat(np.arange(len(n)), parts)
    part = np.arange(len(of)) - np.repeat(np.cumsum(parts) - parts, parts)
    z = (reach / parts)[of, None] * (part[:, None] + nodes)
    root = np.sqrt(4 + z**2)
    away = z**2 / (root + 2)  # sqrt(4+z^2) - 2
    u = c[of, None] * np.expm1(away)
    weight = (reach / parts)[of, None] * weights * z / root * (c[of, None] + u)
    weight = weight * s / (b[of, None] + u) * np.exp(-s * np.log1p(u / b[of, None]))
    last = np.cumsum(parts * ORDER)  # one more exposure a group, of those who stay
    stay = np.exp(-s * np.log1p(t / b))
    exposure = np.insert(u.ravel(), last, t)
    first = np.r_[0, last + np.arange(1, len(n) + 1)]
    return first, _on_clock(exposure, rate), np.insert(weight.ravel(), last, stay)


def _on_clock(u: Floats, rate: float) -> Floats:
    return u if rate == 0 else u * lasting(rate * u)


def _first_purchase(p: ParetoNBD, x: Floats, age: Floats, group: Ints, share: Floats) -> Floats:
    """Return the days until those active have bought with chance `share`, by group; inf where that is never.

    P(bought by t) is the integral of n exp(-n tau) (b/(b+u))^s over tau = ln[(a+u)/a], concave in tau.
    """
    order = np.argsort(group, kind="stable")
    days = np.full(len(group), np.inf)
    for i in range(0, len(x), CHUNK):
        who = order[slice(*np.searchsorted(group[order], [i, i + CHUNK]))]
        n, a, b = p.r + x[i : i + CHUNK], p.alpha + age[i : i + CHUNK], p.beta + age[i : i + CHUNK]
        days[who] = _waits(_Wait(n, a, b, p.s), group[who] - i, share[who])
    return days


@dataclass(frozen=True, slots=True)
class _Wait:
    """The wait for the first purchase of those active, by group; arrays have shape (groups,)."""

    n: Floats
    a: Floats
    b: Floats
    s: float

    def bought(self, which: Ints, tau: Floats, width: Floats) -> tuple[Floats, Floats]:
        """Return the chance of the first purchase between tau and tau + width, and its density at the end."""
        nodes, weights = gauss(8)
        at = tau[:, None] + width[:, None] * np.r_[nodes, 1.0]
        stay = -self.s * np.log1p((self.a / self.b)[which, None] * np.expm1(at))
        density = self.n[which, None] * np.exp(stay - self.n[which, None] * at)
        return width * (density[:, :-1] @ weights), density[:, -1]


def _waits(wait: _Wait, group: Ints, share: Floats) -> Floats:
    groups = len(wait.n)
    step = np.minimum(np.log1p(NEVER / wait.a), 40.0 / wait.n) / STEPS
    every = np.repeat(np.arange(groups), STEPS)
    low = np.tile(np.arange(STEPS, dtype=float), groups) * step[every]
    by_edge = np.cumsum(wait.bought(every, low, step[every])[0].reshape(-1, STEPS), axis=1)
    days = np.full(len(group), np.inf)
    for i in range(0, len(group), CHUNK):
        who = i + np.flatnonzero(share[i : i + CHUNK] < by_edge[group[i : i + CHUNK], -1])
        g = group[who]
        edge = (by_edge[g] <= share[who, None]).sum(axis=1)
        wanted = share[who] - np.where(edge > 0, by_edge[g, edge - 1], 0.0)
        low, on = edge * step[g], np.zeros(len(who))
        for _ in range(6):  # Newton from the left on a concave function never passes the root
            reached, density = wait.bought(g, low, on)
            on = np.minimum(on + (wanted - reached) / density, step[g])
        days[who] = wait.a[g] * np.expm1(low + on)
    return days
