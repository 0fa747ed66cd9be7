"""The likelihood of customers who may leave after any purchase: BG/NBD, MBG/NBD and MBG/CNBD-k share it.

A purchase is made of k phases, each at a customer's rate from Gamma(r, rate alpha). For x repeat purchases, the last
at t_x, in a history of length T, with n = r + kx, z = (T - t_x) / (alpha + T) and `odds` a number that depends on x and
the chance to leave only:

    ln L = c(x) - n ln(1 + t_x/alpha) + ln[H + odds]
    H = (1-z)^n [1 + n z + n (n+1) z^2 / 2! + ... + n (n+1) ... (n+k-2) z^(k-1) / (k-1)!]

H is the chance that fewer than k phases pass in the silence, so H / (H + odds) that of being active.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from keepwell.models.fitter import Objective
from keepwell.models.histories import Rows
from keepwell.models.purchases import rising
from keepwell.models.shapes import Floats, Ints
from keepwell.models.threads import Team, team


def log_here(r: float, alpha: float, every: int, *, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return ln H of each customer, in any one time unit; every array has shape (n,)."""
    n = r + every * x
    here: Floats = -n * np.log1p((T - t_x) / (alpha + t_x))
    if every == 1:
        return here
    log_z = np.log(np.maximum(T - t_x, 1e-300) / (alpha + T))
    term, total = np.zeros_like(here), np.zeros_like(here)
    for j in range(1, every):
        term = term + np.log((n + j - 1) / j) + log_z
        total = np.logaddexp(total, term)
    # A chance is at most 1, also where the sum is rounded.
    answer: Floats = np.minimum(here + total, 0.0)
    return answer


def by_day(alpha: float, rows: Rows) -> Floats:
    """Return ln(1+d/alpha) and 1/(alpha+d) of each day d, shape (days + 1, 2)."""
    d = np.arange(int(rows.age.max()) + 1.0)
    return np.column_stack([np.log1p(d / alpha), 1 / (alpha + d)])


def shared(rows: Rows) -> Team:
    """Return who sweeps which rows."""
    return team(np.diff(rows.start).astype(float))


def swept(r: float, alpha: float, every: int, rows: Rows, odds: Floats, by: Team) -> tuple[Floats, Floats]:
    """Return what of the log-likelihood depends on more than the repeats, with its slopes, and who left.

    `odds` has shape (rows,), one for each number of repeats. The first array is value, slope by ln r and slope by
    ln alpha, the last with that of -kx ln alpha; the second, shape (rows,), is the number of customers in each row who
    are expected to have left, which is the slope by ln odds.
    """
    left, days = np.empty(len(rows.repeats)), by_day(alpha, rows)

    def block(begin: int, end: int) -> Floats:
        some = (rows.repeats[begin:end], rows.start[begin : end + 1], rows.recency, rows.age, rows.count)
        total: Floats = _sweep(r, alpha, every, *some, odds[begin:end], days, left[begin:end])
        return total

    return by.summed(block), left


def modified(rows: Rows, *, every: int) -> Objective:
    """Return the log-likelihood of rows with its gradient, by the logarithms of r, alpha, a and b.

    Where customers may leave after the first purchase too, with chances from Beta(a, b). Without what depends on no
    parameter: the powers of the times between purchases and the factorial in an Erlang density.
    """
    per_row, times, by = rows.per_row, rows.repeats + 1, shared(rows)

    def value(theta: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = np.exp(theta).tolist()
        chance = 1 / (b + rows.repeats)
        (total, by_r, by_alpha), left = swept(r, alpha, every, rows, a * chance, by)
        buying, buying_r = rising(r, alpha, every * rows.repeats)
        stays, by_b = rising(b, 1.0, times)
        chances, by_ab = rising(a + b, 1.0, times)
        total += per_row @ (buying + stays - chances)
        by_r += r * (per_row @ buying_r)
        by_a = left.sum() - a * (per_row @ by_ab)
        return float(total), np.array([by_r, by_alpha, by_a, b * (per_row @ (by_b - by_ab) - left @ chance)])

    return value


@njit(cache=True, error_model="numpy", nogil=True)
def _sweep(
    r: float,
    alpha: float,
    every: int,
    repeats: Ints,
    start: Ints,
    recency: Ints,
    age: Ints,
    count: Floats,
    odds: Floats,
    days: Floats,
    left: Floats,
) -> Floats:
    out = np.zeros(3)
    ratio, by_ratio = np.zeros(every), np.zeros(every)
    for row in range(len(repeats)):
        n, o = r + every * repeats[row], odds[row]
        for j in range(1, every):
            ratio[j] = (n + j - 1.0) / j
            by_ratio[j] = by_ratio[j - 1] + 1.0 / (n + j - 1.0)
        total = by_n = by_alpha = gone = people = 0.0
        for i in range(start[row], start[row + 1]):
            t, T, w = recency[i], age[i], count[i]
            span = days[T, 0] - days[t, 0]
            z = (T - t) * days[T, 1]
            term, sums, slope = 1.0, 1.0, 0.0
            for j in range(1, every):
                term *= ratio[j] * z
                sums += term
                slope += term * by_ratio[j]
            fall = np.exp(-n * span)
            here = fall * sums
            whole = here + o
            each = w / whole
            people += w
            total += w * (np.log(whole) - n * days[t, 0])
            by_n += each * fall * (slope - span * sums) - w * days[t, 0]
            by_alpha += each * fall * term * (n + every - 1.0) * z * days[t, 1] - w * n * days[t, 1]
            gone += each * o
        out[0] += total
        out[1] += r * by_n
        out[2] += people * r + alpha * by_alpha
        left[row] = gone
    return out


def doubt(rate: float, leaving: float, occasions: float, unknown: frozenset[str]) -> str:
    """Say in a sentence what cannot be known.

    Args:
        rate: Purchases a day of the average customer.
        leaving: Mean chance to leave after a purchase.
        occasions: The most chances to leave that any customer had.
        unknown: The names of the parameters that are not determined.
    """
    sentences = []
    if unknown & {"r", "alpha"}:
        sentences.append(
            "The customers are too alike (or too few) in how often they buy to tell how they differ: "
            f"only the average rate, {rate:.3g} purchases a day, is known."
        )
    if unknown & {"a", "b"}:
        if leaving * occasions < 0.01:
            sentences.append("Hardly anyone leaves in these data, so when customers would leave cannot be known.")
        else:
            sentences.append(
                "How customers differ in their chance to leave after a purchase cannot be known: at most its mean, "
                f"{100 * leaving:.2g}%, is."
            )
    return "The likelihood is flat at its peak. " + " ".join(sentences)
