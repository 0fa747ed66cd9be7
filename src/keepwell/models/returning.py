"""What those spend who buy again: the mean order as a line in the logarithm of the orders so far.

Spend models hold that what an order is worth has nothing to do with how often a customer comes. Where it has, an order
to come is not worth what the average customer's is: it is placed by somebody who came back. Those who came back after
their n-th order are known, they are all customers with more than n, so what is expected before their own orders are
looked at is the mean of these customers' mean orders, M(n). Over n = 1, 2, ... a line is laid through it,

    M(n) = near + slope ln min(n, most),

each customer of N orders counting N - 1 times, once for each time that they came back. `most` is the 99% point of these
n: what is seldom seen is not extrapolated. As in Hachemeister's regression credibility, the customer's own mean is then
shrunk to the line instead of to one mean for all.

The line replaces the mean as far as orders and frequency are seen to go together: the slope b of customers' mean orders
over ln N, weighted by their credibility, with its standard error se (White's, which holds whatever the variances are),
moves the line by the share max(0, 1 - (2 se / b)^2), nothing within two standard errors. If only frequency were at work
both slopes would have one sign; where they have not (later orders are of another kind than first ones), nothing moves.

Sources: Hachemeister (1975), "Credibility for regression models with application to trend", in Credibility: Theory and
Applications, 129-163; White (1980), Econometrica 48:817-838 (the standard error); James & Stein (1961), Proceedings of
the Fourth Berkeley Symposium 1:361-379 (the share).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keepwell.models.shapes import Floats

DOUBT = 2.0  # standard errors that a slope must exceed
SEEN = 0.99  # share of returns beyond which the line is level


@dataclass(frozen=True, slots=True)
class Sums:
    """Customers by their number of orders; all of shape (groups,)."""

    n: Floats  # orders, rising, from 1
    customers: Floats
    own: Floats  # sum of customers' mean orders
    own_squares: Floats  # sum of the squares of customers' mean orders


@dataclass(frozen=True, slots=True)
class Line:
    """What is expected of the next order of somebody with n orders: mean + shift + slope ln min(n, most)."""

    shift: float  # money
    slope: float  # money for each unit of ln n
    most: float  # orders

    def of(self, n: Floats) -> Floats:
        """Return what is added to the mean at `n` orders; those without any count as one."""
        answer: Floats = self.shift + self.slope * np.log(np.clip(n, 1.0, self.most))
        return answer


LEVEL = Line(0.0, 0.0, 1.0)


def sums_of(*, n: Floats, total: Floats) -> Sums:
    """Add up customers with `n` orders, 1 at least, that came to `total`; shape (n,) each."""
    own = total / n
    orders, where = np.unique(n, return_inverse=True)
    parts = [np.bincount(where, weights=values).astype(np.float64) for values in (np.ones(len(n)), own, own * own)]
    return Sums(orders, *parts)


def correlation(sums: Sums, *, to_half: float) -> tuple[float, float]:
    """Return the slope of customers' mean orders over ln(orders) and its standard error, in money.

    `to_half` is the number of own orders that weigh as much as the population. Both are 0 where all ordered as often.
    """
    weight = sums.n / (sums.n + to_half) if np.isfinite(to_half) else sums.n
    x = np.log(sums.n)
    total = weight @ sums.customers
    if not total > 0:
        return 0.0, 0.0
    x = x - weight * sums.customers @ x / total
    level = float(weight @ sums.own / total)
    spread = float(weight * sums.customers @ x**2)
    if spread <= 1e-12 * total:
        return 0.0, 0.0
    slope = float(weight * x @ sums.own) / spread
    expected = level + slope * x
    around = np.maximum(sums.own_squares - 2 * expected * sums.own + sums.customers * expected**2, 0.0)
    return slope, float(np.sqrt((weight * x) ** 2 @ around)) / spread


def line(sums: Sums, *, mean: float, to_half: float) -> Line:
    """Return the line of those who came back, drawn to `mean` as far as nothing is seen to follow the frequency."""
    follows, se = correlation(sums, to_half=to_half)
    share = 1 - (DOUBT * se / follows) ** 2 if follows else 0.0
    if share <= 0:
        return LEVEL
    level, slope, most = _returned(sums)
    return Line(share * (level - mean), share * slope, most) if slope * follows >= 0 else LEVEL


def _returned(sums: Sums) -> tuple[float, float, float]:
    """Return the line of customers' mean orders at ln n = 0, its slope, and the n beyond which it is level."""
    n = np.arange(1.0, sums.n[-1])
    after = np.searchsorted(sums.n, n, side="right")
    customers, own = (np.cumsum(part[::-1])[::-1][after] for part in (sums.customers, sums.own))
    x, mean = np.log(n), own / customers
    centre = float(np.average(x, weights=customers))
    spread = customers @ (x - centre) ** 2
    slope = float(customers @ ((x - centre) * mean) / spread) if spread > 0 else 0.0
    reached = np.cumsum(customers)
    most = n[np.searchsorted(reached, SEEN * reached[-1])]
    return float(np.average(mean, weights=customers)) - slope * centre, slope, float(most)
