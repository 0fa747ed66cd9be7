"""What an order is worth, customer by customer: which spend model fits, and what it says of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from keepwell.engine import Engine, collected
from keepwell.errors import FitError
from keepwell.models import gammagamma, signedspend
from keepwell.models.gammagamma import GammaGamma
from keepwell.models.shapes import Fit, Floats, Spend
from keepwell.models.signedspend import SignedSpend

if TYPE_CHECKING:
    import ibis.expr.types as ir

ZEROS = 0.01  # share of orders worth nothing that Gamma-Gamma may pass over
LEAST_Q = 1.05  # below it the mean of an order hangs on a handful of customers


@dataclass(frozen=True, slots=True)
class Money:
    """All purchases so far, in sums."""

    orders: int
    losing: int  # purchases that brought less than nothing
    nothing: int  # purchases that brought nothing
    contribution: float
    assumed_sales: float  # net sales whose cost is the assumed margin's


@dataclass(frozen=True, slots=True)
class SpendFit:
    """A fitted spend model and why it was taken."""

    name: str  # 'gammagamma' or 'signedspend'
    fit: Fit[Any]
    why: str

    @property
    def params(self) -> GammaGamma | SignedSpend:
        """The fitted parameters."""
        params: GammaGamma | SignedSpend = self.fit.params
        return params


def money_of(engine: Engine, occasions: ir.Table) -> Money:
    """Add up all purchases."""
    amount = occasions.amount
    sums = occasions.aggregate(
        orders=occasions.count(),
        losing=occasions.count(where=amount < 0),
        nothing=occasions.count(where=amount == 0),
        contribution=amount.sum().cast("float64").fill_null(0.0),
        assumed_sales=occasions.assumed.sum().cast("float64").fill_null(0.0),
    )
    return Money(**collected(engine, sums).to_pylist()[0])


def customers_money(engine: Engine, history: ir.Table) -> tuple[Floats, Floats, Floats]:
    """Return number of orders, their sum and sum of squares of each customer, sorted by these."""
    table = history.select(
        n=(history.repeats + 1).cast("float64"),
        total=history.first_contribution + history.repeat_sum,
        squares=history.first_contribution * history.first_contribution + history.repeat_sum_squares,
    )
    parts = [[batch.column(i).to_numpy(zero_copy_only=False) for i in range(3)] for batch in engine.rows(table)]
    n, total, squares = (np.concatenate([part[i] for part in parts]) if parts else np.zeros(0) for i in range(3))
    order = np.lexsort((squares, total, n))
    return n[order], total[order], squares[order]


def fitted(money: Money, *, n: Floats, total: Floats, squares: Floats) -> SpendFit:
    """Fit Gamma-Gamma where every order brings something, else (or where it has no mean) signed spend."""
    reason = ""
    if money.losing:
        reason = f"{money.losing:,} of {money.orders:,} purchases lost money"
    elif money.nothing > ZEROS * money.orders:
        reason = f"{money.nothing:,} of {money.orders:,} purchases brought nothing"
    else:
        some = total > 0
        try:
            fit = gammagamma.fit(n=n[some], mean=total[some] / n[some])
            if fit.params.q > LEAST_Q and fit.converged:
                return SpendFit("gammagamma", fit, "every purchase brought something")
            reason = "customers differ too much for Gamma-Gamma to have a mean"
        except FitError as error:
            reason = error.problem
    return SpendFit("signedspend", signedspend.fit(n=n, total=total, squares=squares), reason)


def predicted(params: GammaGamma | SignedSpend, *, n: Floats, total: Floats) -> Spend:
    """Return what is expected of each customer's next order."""
    if isinstance(params, GammaGamma):
        return gammagamma.predict(params, n=n, total=total)
    return signedspend.predict(params, n=n, total=total)


def variances(params: GammaGamma | SignedSpend, *, n: Floats, mean_square: Floats) -> tuple[Floats, Floats]:
    """Return the variance of one order around a customer's mean, and of what is not known of that mean; shape (n,).

    `mean_square` is the square of what is expected of an order.
    """
    if isinstance(params, GammaGamma):
        unknown = mean_square / np.maximum(params.q + params.p * n - 2, 0.5)
        return (mean_square + unknown) / params.p, unknown
    weight = n * params.between / (n * params.between + params.within)
    return np.full(len(n), params.within), params.between * (1 - weight)


def mean_sd(spend: SpendFit) -> float:
    """Return the standard deviation of the population's mean order, from what is not known of the parameters."""
    params = spend.params
    if isinstance(params, SignedSpend):
        return spend.fit.sd["mean"]
    slopes = np.array([1.0, -params.q / (params.q - 1), 1.0])  # of ln mean by the logarithms of p, q, gamma
    covariance = np.array(spend.fit.log_covariance)
    return float(params.mean * np.sqrt(slopes @ covariance @ slopes)) if np.isfinite(covariance).all() else 0.0
