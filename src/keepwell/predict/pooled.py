"""What can be said of customers who are too few to fit a model to: one rate for all, and wide doubt around it.

Everybody's rate of coming back is exponential around one pooled mean, and each customer's own past is laid over it:
with x repeats in T days the rate is Gamma(1 + x, rate 1/m + T), and purchases are negative binomial. The pooled mean
is (repeats + 1/2) / (days watched + 365): as if one more customer had been watched for a year and half an order had
come. That is an assumption, it is what is left where nothing was observed, and it fades as days are watched.
Leaving cannot be seen in so few, so everybody counts as active and nobody is valued beyond what was watched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keepwell.models.shapes import Cells, Fit, Floats, Forecast
from keepwell.predict.baselines import counted

ASSUMED_ORDERS, ASSUMED_DAYS = 0.5, 365.0


@dataclass(frozen=True, slots=True)
class Pooled:
    """Mean purchases a day, over all customers."""

    rate: float


def fit(cells: Cells) -> Fit[Pooled]:
    """Pool the rates of all customers; never fails."""
    orders = float(cells.count @ cells.repeats) + ASSUMED_ORDERS
    rate = orders / (float(cells.count @ cells.age) + ASSUMED_DAYS)
    nan = float("nan")
    return Fit(
        params=Pooled(rate),
        log_likelihood=nan,
        sd={"rate": rate / np.sqrt(orders)},
        log_covariance=((1 / orders,),),
        converged=True,
        ending="pooled: too few customers or purchases to fit a model",
        customers=float(cells.count.sum()),
        cells=len(cells.count),
        evaluations=0,
    )


def active(p: Pooled, *, x: Floats, t_x: Floats, T: Floats) -> Floats:  # noqa: ARG001 - as the models
    """Return 1 for everybody."""
    return np.ones(len(x))


def expected(p: Pooled, *, x: Floats, t_x: Floats, T: Floats, t: float) -> Floats:  # noqa: ARG001 - as the models
    """Return the purchases expected in the next `t` days."""
    answer: Floats = (1 + x) / (1 / p.rate + T) * t
    return answer


def discounted(p: Pooled, *, x: Floats, t_x: Floats, T: Floats, delta: float, t: float = np.inf) -> Floats:
    """Return the same, discounted continuously at `delta` a day."""
    return expected(p, x=x, t_x=t_x, T=T, t=_clock(t, delta))


def predict(p: Pooled, cells: Cells, *, days: int, rate: float = 0.0, clock: bool = False) -> Forecast:
    """Return the purchases of the next `days`; the arguments are those of the purchase models."""
    n, scale = 1 + cells.repeats.astype(np.float64), 1 / p.rate + cells.age
    exposure = _clock(days, rate)
    start, pmf = counted(n / scale * (exposure if clock else days), n)
    return Forecast(
        days=days,
        p_active=np.ones(len(n)),
        orders=n / scale * days,
        discounted=n / scale * exposure,
        group=np.arange(len(n)),
        start=start,
        pmf=pmf,
    )


def next_order_days(p: Pooled, cells: Cells, q: float = 0.5) -> Floats:
    """Return the days until the next purchase has come with chance q."""
    n, scale = 1.0 + cells.repeats, 1 / p.rate + cells.age
    answer: Floats = scale * np.expm1(-np.log1p(-q) / n)
    return answer


def _clock(t: float, rate: float) -> float:
    return t if rate == 0 else float(-np.expm1(-rate * t) / rate)
