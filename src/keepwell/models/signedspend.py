"""Signed spend: what an order is worth, where some orders lose money.

A customer's orders are worth m on average, with variance v; m differs between customers with variance `between`
around `mean`, and v as an inverse gamma with `freedom` degrees around `scale`. What is expected of the next order
is Buehlmann's credibility mean, the best linear one whatever the distributions are:

    E[order | n orders of mean y] = (1 - w) mean + w y,    w = n / (n + within / between),

with `within` the mean of v. Where orders go together with how often a customer comes, `mean` is moved by
shift + slope ln n, up to `most` orders (see `returning`). For a normal order, with SS the sum of squares around the
customer's own mean,

    ln L = -1/2 [n ln 2 pi + (n - 1) ln within + ln(within + n between) + SS / within
                 + n (y - mean)^2 / (within + n between)].

The variances are moments, of values drawn in to their 0.5% and 99.5% quantiles: a few giant orders would otherwise
decide for everybody how far to trust a customer's own mean. The mean is not drawn in.

Sources: Buehlmann & Straub (1970), Bulletin of the Swiss Association of Actuaries 70:111-133 (the weights);
Smyth (2004), Statistical Applications in Genetics and Molecular Biology 3(1), section 6 (`freedom`, `scale`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import polygamma, psi

from keepwell.errors import FitError
from keepwell.models.returning import Line, Sums, line
from keepwell.models.shapes import HELD, Fit, Floats, Spend

DRAWN_IN = (0.005, 0.995)
MOST_FREEDOM = 200.0  # above it all customers vary alike
LEAST_FREEDOM = 2.5  # at 2 the mean of the variances is infinite


@dataclass(frozen=True, slots=True)
class SignedSpend:
    """The population: money, and money squared for the variances; `most` is orders."""

    mean: float
    between: float
    within: float
    freedom: float
    scale: float
    shift: float = field(default=0.0, metadata={HELD: True})
    slope: float = field(default=0.0, metadata={HELD: True})
    most: float = field(default=1.0, metadata={HELD: True})

    @property
    def orders_to_half(self) -> float:
        """How many own orders weigh as much as the population; infinite where customers do not differ."""
        return self.within / self.between if self.between > 0 else np.inf

    def mean_of(self, n: Floats) -> Floats:
        """Return what is expected of customers with `n` orders before their own are looked at."""
        return self.mean + Line(self.shift, self.slope, self.most).of(n)


def log_likelihood(params: SignedSpend, *, n: Floats, total: Floats, squares: Floats) -> Floats:
    """Return ln L of each customer from the number of orders, their sum and sum of squares; shape (n,) each.

    >>> params = SignedSpend(mean=10.0, between=4.0, within=25.0, freedom=10.0, scale=20.0)
    >>> log_likelihood(params, n=np.array([1.0]), total=np.array([10.0]), squares=np.array([100.0])).round(4)
    array([-2.6026])
    """
    around = _around_own_mean(n, total, squares)
    whole = params.within + n * params.between
    distance = n * (total / n - params.mean) ** 2 / whole
    logs = n * np.log(2 * np.pi) + (n - 1) * np.log(params.within) + np.log(whole)
    answer: Floats = -0.5 * (logs + around / params.within + distance)
    return answer


def fit(*, n: Floats, total: Floats, squares: Floats) -> Fit[SignedSpend]:
    """Fit by moments to customers with `n` orders, their sum and sum of squares; shape (n,) each.

    Where nobody ordered twice, what lasts cannot be told from what varies: half of the variance is taken for each.

    Raises:
        FitError: There is no customer at all.
    """
    if not len(n):
        raise FitError("There is no order to learn from", "spend")
    own = total / n
    varied = _around_own_mean(n, total, squares) / np.maximum(n - 1, 1)
    again = n > 1
    if again.any():
        within = float(np.average(_drawn_in(varied[again]), weights=(n - 1)[again]))
        between = _between(n, _drawn_in(own), within)
        ending = "by moments"
    else:
        within = between = float(np.var(_drawn_in(own))) / 2
        ending = "nobody ordered twice: half of the variance is taken to last"
    if within <= 0:
        within = max(float(own.mean()) ** 2, 1e-8)
        ending += "; orders do not vary, so a spread as large as their mean is assumed"
    freedom, scale = _variety(varied[again & (varied > 0)], (n - 1)[again & (varied > 0)], within)
    weight = n * between / (n * between + within)
    level = float(np.average(own, weights=weight) if between > 0 else total.sum() / n.sum())
    params = SignedSpend(mean=level, between=between, within=within, freedom=freedom, scale=scale)
    sd_mean = float(np.sqrt(1 / np.sum(n / (within + n * between))))
    nan = float("nan")
    return Fit(
        params=params,
        log_likelihood=float(log_likelihood(params, n=n, total=total, squares=squares).sum()),
        sd={"mean": sd_mean, "between": nan, "within": nan, "freedom": nan, "scale": nan},
        log_covariance=((nan,) * 5,) * 5,
        converged=True,
        ending=ending,
        customers=float(len(n)),
        cells=len(n),
        evaluations=0,
    )


def predict(params: SignedSpend, *, n: Floats, total: Floats) -> Spend:
    """Return what is expected of an order of customers with `n` orders that came to `total`; shape (n,) each.

    >>> params = SignedSpend(mean=10.0, between=4.0, within=12.0, freedom=10.0, scale=10.0)
    >>> predict(params, n=np.array([1.0, 3.0]), total=np.array([-30.0, 90.0]))
    Spend(mean=array([ 0., 20.]), weight=array([0.25, 0.5 ]))
    """
    weight, mean = n * params.between / (n * params.between + params.within), params.mean_of(n)
    return Spend(mean=mean + weight * (total / np.maximum(n, 1) - mean), weight=weight)


def following(params: SignedSpend, sums: Sums) -> SignedSpend:
    """Return `params` with the line of those who came back, as far as orders follow the frequency."""
    found = line(sums, mean=params.mean, to_half=params.orders_to_half)
    return replace(params, shift=found.shift, slope=found.slope, most=found.most)


def credibility(
    *, n: Floats, customers: Floats, total: Floats, total_squares: Floats, squares: Floats
) -> tuple[float, float]:
    """Return `mean` and `orders_to_half` by plain moments, from sums over groups of customers with `n` orders each.

    All arrays have shape (groups,): `total` sums the customers' totals, `total_squares` their squares, `squares` the
    squares of single orders.
    """
    orders = float(n @ customers)
    own_squares = total_squares / n  # of n y^2
    spare = orders - customers.sum()
    within = max(float((squares - own_squares).sum()) / spare, 0.0) if spare > 0 else 0.0
    level = float(total.sum()) / orders
    beyond = float(own_squares.sum()) - orders * level**2 - (customers.sum() - 1) * within
    room = orders - float(n**2 @ customers) / orders
    between = max(beyond / room, 0.0) if room > 0 else 0.0
    to_half = within / between if spare > 0 and between > 0 else (np.inf if spare > 0 else 1.0)
    weight = n / (n + to_half) if np.isfinite(to_half) else n
    return float(weight / n @ total / (weight @ customers)), to_half


def _around_own_mean(n: Floats, total: Floats, squares: Floats) -> Floats:
    answer: Floats = np.maximum(squares - total * total / n, 0.0)
    answer[answer < 1e-9 * squares] = 0.0  # what is left of equal orders after rounding
    return answer


def _drawn_in(values: Floats) -> Floats:
    low, high = np.quantile(values, DRAWN_IN)
    answer: Floats = np.clip(values, low, high)
    return answer


def _between(n: Floats, own: Floats, within: float) -> float:
    """Return the variance between customers: what their means vary beyond what orders do."""
    orders = n.sum()
    level = np.average(own, weights=n)
    spare = orders - (n * n).sum() / orders
    return float(max(((n * (own - level) ** 2).sum() - (len(n) - 1) * within) / spare, 0.0)) if spare > 0 else 0.0


def _variety(varied: Floats, degrees: Floats, within: float) -> tuple[float, float]:
    """Return `freedom` and `scale` of the inverse gamma that customers' variances are drawn from."""
    if len(varied) < 3:
        return MOST_FREEDOM, within
    logs = np.log(varied) - psi(degrees / 2) + np.log(degrees / 2)
    beyond = float(np.var(logs, ddof=1) - polygamma(1, degrees / 2).mean())
    freedom = (
        MOST_FREEDOM if beyond <= 0 else float(np.clip(2 * _inverse_trigamma(beyond), LEAST_FREEDOM, MOST_FREEDOM))
    )
    return freedom, within * (freedom - 2) / freedom  # so that the mean of the variances is `within`


def _inverse_trigamma(value: float) -> float:
    """Solve trigamma(x) = value for x by Newton steps on 1 / trigamma, which is nearly straight."""
    x = 0.5 + 1 / value
    for _ in range(50):
        here = float(polygamma(1, x))
        step = here * (1 - here / value) / float(polygamma(2, x))
        x += step
        if -step / x < 1e-10:
            break
    return x
