"""Gamma-Gamma: what an order is worth, where every order is worth something.

A customer's orders are worth Gamma(p, rate nu) each, and nu differs between customers as Gamma(q, rate gamma).
For n orders of mean m, with G the gamma function:

    ln L = ln[G(p n + q) / (G(p n) G(q))] + q ln gamma + (p n - 1) ln m + p n ln n - (p n + q) ln(gamma + n m)

What is expected of the next order is a weighted mean of the population's and the customer's own,

    E[order | n, m] = (1 - w) mu + w m,    mu = p gamma / (q - 1),    w = p n / (p n + q - 1),

so a customer with few orders is drawn to the population, by a weight that is the same in every currency.

Source: Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value"; Fader, Hardie & Lee (2005),
Journal of Marketing Research 42:415-430.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, psi

from keepwell.errors import FitError
from keepwell.models.shapes import Fit, Floats, Spend

FEWEST = 10  # customers, below which three parameters mean nothing


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """The population: p and q have no unit, gamma is in money."""

    p: float
    q: float
    gamma: float

    @property
    def mean(self) -> float:
        """Expected worth of an order of somebody unknown; infinite for q up to 1."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else np.inf


def log_likelihood(params: GammaGamma, *, n: Floats, mean: Floats) -> Floats:
    """Return ln L of each customer from the number of orders and their mean, both above 0 and of shape (n,).

    >>> log_likelihood(GammaGamma(6.25, 3.74, 15.44), n=np.array([1.0]), mean=np.array([22.35])).round(3)
    array([-4.009])
    """
    p, q, gamma = params.p, params.q, params.gamma
    orders, where = np.unique(n, return_inverse=True)
    shape = p * orders
    by_orders = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(gamma) + shape * np.log(orders)
    total: Floats = by_orders[where] + (p * n - 1) * np.log(mean) - (p * n + q) * np.log(gamma + n * mean)
    return total


def _gradient(params: GammaGamma, n: Floats, mean: Floats, log_mean: Floats) -> Floats:
    """Return the gradient of the summed ln L in the logarithms of p, q, gamma."""
    p, q, gamma = params.p, params.q, params.gamma
    orders, where, counts = np.unique(n, return_inverse=True, return_counts=True)
    shape = p * orders
    both = psi(shape + q)
    whole = gamma + n * mean
    log_whole = np.log(whole)
    by_p = counts @ (orders * (both - psi(shape) + np.log(orders))) + n @ (log_mean - log_whole)
    by_q = counts @ (both - psi(q) + np.log(gamma)) - log_whole.sum()
    by_gamma = len(n) * q / gamma - ((p * n + q) / whole).sum()
    return np.array([p * by_p, q * by_q, gamma * by_gamma])


def fit(*, n: Floats, mean: Floats) -> Fit[GammaGamma]:
    """Fit by maximum likelihood to customers with `n` orders of mean `mean`, both above 0 and of shape (n,).

    Raises:
        FitError: There are fewer than ten customers, or all of them spend the same.
    """
    from scipy.optimize import minimize

    if len(n) < FEWEST:
        raise FitError(f"{len(n)} customers with an order of known worth are too few", "Gamma-Gamma")
    scale = float(np.median(mean))  # the fit is done in units of the median, so that it is the same in any currency
    mean = mean / scale
    log_mean = np.log(mean)
    if log_mean.std() < 1e-9:
        raise FitError("All customers spend the same an order", "Gamma-Gamma")
    known = np.sum(log_mean)

    def loss(theta: Floats) -> tuple[float, Floats]:
        params = GammaGamma(*np.exp(theta))
        value = -log_likelihood(params, n=n, mean=mean).sum() / len(n)
        return float(value), -_gradient(params, n, mean, log_mean) / len(n)

    start = np.log([4.0, 4.0, 3.0 * np.exp(known / len(n)) / 4.0])
    bounds = [(-7.0, 9.0)] * 3
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-14, "gtol": 1e-9})
    covariance = _covariance(found.x, n, mean, log_mean)
    p, q, gamma = (float(v) for v in np.exp(found.x))
    params = GammaGamma(p, q, gamma * scale)
    spread = np.sqrt(np.diag(covariance))
    return Fit(
        params=params,
        log_likelihood=float(-found.fun * len(n) - len(n) * np.log(scale)),
        sd={"p": p * spread[0], "q": q * spread[1], "gamma": gamma * scale * spread[2]},
        log_covariance=tuple(tuple(float(v) for v in row) for row in covariance),
        converged=bool(found.success),
        ending=str(found.message),
        customers=float(len(n)),
        cells=len(n),
        evaluations=int(found.nfev),
    )


def _covariance(theta: Floats, n: Floats, mean: Floats, log_mean: Floats) -> Floats:
    """Invert the curvature of ln L in the logarithms, taken as central differences of the gradient."""
    step = 1e-4
    rows = []
    for i in range(3):
        ends = []
        for sign in (1, -1):
            moved = theta.copy()
            moved[i] += sign * step
            ends.append(_gradient(GammaGamma(*np.exp(moved)), n, mean, log_mean))
        rows.append((ends[0] - ends[1]) / (2 * step))
    curvature = -(np.array(rows) + np.array(rows).T) / 2
    if np.linalg.eigvalsh(curvature)[0] <= 0:
        return np.full((3, 3), np.nan)
    inverse: Floats = np.linalg.inv(curvature)
    return inverse


def predict(params: GammaGamma, *, n: Floats, total: Floats) -> Spend:
    """Return what is expected of an order of customers with `n` orders that came to `total`; shape (n,) each.

    Raises:
        FitError: q is at most 1, where the mean of an order of somebody unknown is infinite.

    >>> spend = predict(GammaGamma(6.25, 3.74, 15.44), n=np.array([2.0, 0.0]), total=np.array([44.7, 0.0]))
    >>> spend.mean.round(2), spend.weight.round(3)
    (array([24.65, 35.22]), array([0.82, 0.  ]))
    """
    if params.q <= 1:
        raise FitError(f"q = {params.q:.3f}: the mean of an order is infinite", "Gamma-Gamma")
    shape = params.p * n + params.q - 1
    return Spend(mean=params.p * (params.gamma + total) / shape, weight=params.p * n / shape)
