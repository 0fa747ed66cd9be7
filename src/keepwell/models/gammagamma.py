"""Gamma-Gamma: what an order is worth, where every order is worth something.

A customer's orders are worth Gamma(p, rate nu) each, and nu differs between customers as Gamma(q, rate gamma).
For n orders of mean m, with G the gamma function:

    ln L = ln[G(p n + q) / (G(p n) G(q))] + q ln gamma + (p n - 1) ln m + p n ln n - (p n + q) ln(gamma + n m)

What is expected of the next order is a weighted mean of the population's and the customer's own,

    E[order | n, m] = (1 - w) mu + w m,    mu = p gamma / (q - 1),    w = p n / (p n + q - 1),

so a customer with few orders is drawn to the population, by a weight that is the same in every currency. Where orders
go together with how often a customer comes, gamma of a customer with n orders is gamma (1 + shift + slope ln n), up to
`most` orders (see `returning`), so mu is that of those who came back as often.

Source: Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value"; Fader, Hardie & Lee (2005),
Journal of Marketing Research 42:415-430.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import gammaln, psi

from keepwell.errors import FitError
from keepwell.models.fitter import Maximum, Objective, polished
from keepwell.models.returning import Line, Sums, line
from keepwell.models.shapes import HELD, Fit, Floats, Spend, parameters
from keepwell.models.signedspend import SignedSpend

NAMES = ("p", "q", "gamma")
SHAPES = (-7.0, 9.0)  # bounds of the logarithms, with money in units of the median
LEAST = 0.05  # of gamma, however steep the line
FEWEST = 10  # customers, below which three parameters mean nothing


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """The population: p and q have no unit, gamma is in money; `shift` and `slope` are shares of it."""

    p: float
    q: float
    gamma: float
    shift: float = field(default=0.0, metadata={HELD: True})
    slope: float = field(default=0.0, metadata={HELD: True})
    most: float = field(default=1.0, metadata={HELD: True})

    @property
    def mean(self) -> float:
        """Expected worth of an order of somebody unknown; infinite for q up to 1."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else np.inf

    def gamma_of(self, n: Floats) -> Floats:
        """Return gamma of customers with `n` orders."""
        share = 1 + Line(self.shift, self.slope, self.most).of(n)
        answer: Floats = self.gamma * np.maximum(share, LEAST)
        return answer

    def mean_of(self, n: Floats) -> Floats:
        """Return what is expected of customers with `n` orders before their own are looked at."""
        answer: Floats = self.mean / self.gamma * self.gamma_of(n)
        return answer


def log_likelihood(params: GammaGamma, *, n: Floats, mean: Floats) -> Floats:
    """Return ln L of each customer from the number of orders and their mean, both above 0 and of shape (n,).

    >>> log_likelihood(GammaGamma(6.25, 3.74, 15.44), n=np.array([1.0]), mean=np.array([22.35])).round(3)
    array([-3.652])
    """
    p, q, gamma = params.p, params.q, params.gamma
    orders, where = np.unique(n, return_inverse=True)
    shape = p * orders
    by_orders = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(gamma) + shape * np.log(orders)
    total: Floats = by_orders[where] + (p * n - 1) * np.log(mean) - (p * n + q) * np.log(gamma + n * mean)
    return total


def _fused(n: Floats, mean: Floats) -> Callable[[GammaGamma], tuple[float, Floats]]:
    """Return a function that gives the summed ln L and its gradient in the logarithms of p, q, gamma.

    Gamma functions depend on the number of orders only, so they are asked once a number, not once a customer.
    """
    orders, counts = np.unique(n, return_counts=True)
    log_orders, customers, log_mean = np.log(orders), len(n), np.log(mean)
    weighted, alone = float(n @ log_mean), float(log_mean.sum())
    sums = n * mean

    def value(params: GammaGamma) -> tuple[float, Floats]:
        p, q, gamma = params.p, params.q, params.gamma
        shape = p * orders
        both, whole = psi(shape + q), gamma + sums
        log_whole = np.log(whole)
        weighted_whole, whole_alone = float(n @ log_whole), float(log_whole.sum())
        by_orders = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(gamma) + shape * log_orders
        total = counts @ by_orders + p * (weighted - weighted_whole) - alone - q * whole_alone
        by_p = counts @ (orders * (both - psi(shape) + log_orders)) + weighted - weighted_whole
        by_q = counts @ (both - psi(q) + np.log(gamma)) - whole_alone
        by_gamma = customers * q / gamma - float(((p * n + q) / whole).sum())
        return float(total), np.array([p * by_p, q * by_q, gamma * by_gamma])

    return value


def objective(n: Floats, mean: Floats) -> Objective:
    """Return the summed ln L with its gradient, over the logarithms of p, q, gamma."""
    fused = _fused(n, mean)

    def value(theta: Floats) -> tuple[float, Floats]:
        return fused(GammaGamma(*np.exp(theta).tolist()))

    return value


def fit(*, n: Floats, mean: Floats) -> Fit[GammaGamma]:
    """Fit by maximum likelihood to customers with `n` orders of mean `mean`, both above 0 and of shape (n,).

    Raises:
        FitError: There are fewer than ten customers, or all of them spend the same.
    """
    if len(n) < FEWEST:
        raise FitError(f"{len(n)} customers with an order of known worth are too few", "Gamma-Gamma")
    scale = float(np.median(mean))  # the fit is done in units of the median, so that it is the same in any currency
    mean = mean / scale
    if np.log(mean).std() < 1e-9:
        raise FitError("all customers spend the same an order", "Gamma-Gamma")
    bounds = [SHAPES, SHAPES, SHAPES]
    return _reported(polished(objective(n, mean), np.log([4.0, 4.0, 0.75]), bounds), len(n), scale)


def by_moments(*, n: Floats, mean: Floats, population: SignedSpend) -> Fit[GammaGamma] | None:
    """Return the Gamma-Gamma with the mean, `between` and `within` of signed spend; None where customers do not differ.

    Orders of real customers have heavier tails than a gamma distribution. The largest likelihood then goes by the many
    even customers and trusts everybody's own mean; the moments go by all.
    """
    if not population.between > 0:
        return None
    q = 2 + population.mean**2 / population.between
    p = (q - 1) * population.between / population.within
    params = GammaGamma(p, q, population.mean * (q - 1) / p)
    whole = population.within + n * population.between
    nan = float("nan")
    return Fit(
        params=params,
        log_likelihood=float(log_likelihood(params, n=n, mean=mean).sum()),
        sd={"p": nan, "q": nan, "gamma": nan, "mean": float(np.sqrt(1 / np.sum(n / whole)))},
        log_covariance=((nan,) * 3,) * 3,
        converged=True,
        ending="by moments",
        customers=float(len(n)),
        cells=len(n),
        evaluations=0,
    )


def _reported(top: Maximum, customers: int, scale: float) -> Fit[GammaGamma]:
    p, q, gamma = np.exp(top.theta).tolist()
    params = GammaGamma(p, q, gamma * scale)
    relative = np.sqrt(np.diag(top.covariance))
    sd = {name: float(v * r) for (name, v), r in zip(parameters(params).items(), relative, strict=True)}
    sd |= {NAMES[i]: float("nan") for i in top.unknown}
    ending = "The likelihood is at its peak: nothing better lies nearby, and each parameter is determined."
    if top.unknown:
        ending = f"The likelihood is flat at its peak: {', '.join(NAMES[i] for i in top.unknown)} cannot be known."
    if not top.settled:
        ending = "The search stopped before it reached a peak of the likelihood."
    return Fit(
        params=params,
        log_likelihood=float(top.value - customers * np.log(scale)),
        sd=sd,
        log_covariance=tuple(tuple(float(v) for v in row) for row in top.covariance),
        converged=top.settled and not top.unknown,
        ending=ending,
        customers=float(customers),
        cells=customers,
        evaluations=top.evaluations,
    )


def predict(params: GammaGamma, *, n: Floats, total: Floats) -> Spend:
    """Return what is expected of an order of customers with `n` orders that came to `total`; shape (n,) each.

    Raises:
        FitError: q is at most 1, where the mean of an order of somebody unknown is infinite.

    >>> spend = predict(GammaGamma(6.25, 3.74, 15.44), n=np.array([2.0, 0.0]), total=np.array([44.7, 0.0]))
    >>> spend.mean.round(2), spend.weight.round(3)
    (array([24.66, 35.22]), array([0.82, 0.  ]))
    """
    if params.q <= 1:
        raise FitError(f"q = {params.q:.3f}: the mean of an order is infinite", "Gamma-Gamma")
    shape = params.p * n + params.q - 1
    return Spend(mean=params.p * (params.gamma_of(n) + total) / shape, weight=params.p * n / shape)


def following(params: GammaGamma, sums: Sums) -> GammaGamma:
    """Return `params` with the line of those who came back, as far as orders follow the frequency."""
    found = line(sums, mean=params.mean, to_half=(params.q - 1) / params.p)
    return replace(params, shift=found.shift / params.mean, slope=found.slope / params.mean, most=found.most)
