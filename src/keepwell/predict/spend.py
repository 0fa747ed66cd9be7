"""What an order is worth, customer by customer: which spend model fits, and what it says of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from keepwell.engine import Engine, collected
from keepwell.errors import FitError
from keepwell.models import gammagamma, signedspend
from keepwell.models.gammagamma import GammaGamma
from keepwell.models.returning import sums_of
from keepwell.models.shapes import Fit, Floats, Spend
from keepwell.models.signedspend import SignedSpend

if TYPE_CHECKING:
    import ibis.expr.types as ir

ZEROS = 0.01  # share of orders worth nothing that Gamma-Gamma may pass over
SURE = 2.0  # standard errors by which one way of fitting must foretell better than another
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
    """Fit Gamma-Gamma where every order brings something, else (or where it has no mean) signed spend.

    What is expected of an order follows how often a customer comes as far as it is seen to; see `models.returning`.
    """
    plain = _plain(money, n=n, total=total, squares=squares)
    if not len(n):
        return plain
    module = gammagamma if isinstance(plain.params, GammaGamma) else signedspend
    params = module.following(plain.params, sums_of(n=n, total=total))
    return replace(plain, fit=replace(plain.fit, params=params), why=plain.why + _followed(params))


def _followed(params: GammaGamma | SignedSpend) -> str:
    if not params.slope:
        return ""
    return f"; who comes more often spends {'more' if params.slope > 0 else 'less'} an order"


def _plain(money: Money, *, n: Floats, total: Floats, squares: Floats) -> SpendFit:
    reason = ""
    if money.losing:
        reason = f"{money.losing:,} of {money.orders:,} purchases lost money"
    elif money.nothing > ZEROS * money.orders:
        reason = f"{money.nothing:,} of {money.orders:,} purchases brought nothing"
    else:
        some = total > 0
        try:
            return _gamma(n=n[some], total=total[some], squares=squares[some])
        except FitError as error:
            reason = error.problem
    return SpendFit("signedspend", signedspend.fit(n=n, total=total, squares=squares), reason)


def _gamma(*, n: Floats, total: Floats, squares: Floats) -> SpendFit:
    """Return the Gamma-Gamma of the largest likelihood, or by moments where that forecasts better.

    Raises:
        FitError: Neither has a mean, or there is too little to fit.
    """
    largest = gammagamma.fit(n=n, mean=total / n)
    alike = signedspend.fit(n=n, total=total, squares=squares).params
    moments = gammagamma.by_moments(n=n, mean=total / n, population=alike)
    reason = "every purchase brought something"
    able = largest.params.q > LEAST_Q and largest.converged
    if moments is not None and able:
        gain = left_out(largest.params, n=n, total=total, squares=squares)
        gain -= left_out(moments.params, n=n, total=total, squares=squares)
        if gain.sum() > SURE * np.sqrt(gain @ gain):
            return SpendFit("gammagamma", moments, f"{reason}; by moments, which foretell single orders better")
    if not able:
        raise FitError("customers differ too much for Gamma-Gamma to have a mean", "Gamma-Gamma")
    return SpendFit("gammagamma", largest, reason)


def left_out(params: GammaGamma | SignedSpend, *, n: Floats, total: Floats, squares: Floats) -> Floats:
    """Return each customer's sum of squared errors, every order foretold from the customer's others; shape (n,).

    What is expected of an order is linear in the sum of the others, so the sums are enough. 0 for a single order.
    """
    again = n > 1
    n, total, squares = n[again], total[again], squares[again]
    alone = predicted(params, n=n - 1, total=np.zeros(len(n)))
    each = alone.weight / (n - 1)
    # The error of an order y is y - alone - each (total - y).
    base = alone.mean + each * total
    errors = np.zeros(len(again))
    errors[again] = (1 + each) ** 2 * squares - 2 * (1 + each) * base * total + n * base**2
    return errors


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
    if isinstance(params, SignedSpend) or "mean" in spend.fit.sd:
        return spend.fit.sd["mean"]
    slopes = np.array([1.0, -params.q / (params.q - 1), 1.0])  # of ln mean by the logarithms of p, q, gamma
    covariance = np.array(spend.fit.log_covariance)
    return float(params.mean * np.sqrt(slopes @ covariance @ slopes)) if np.isfinite(covariance).all() else 0.0
