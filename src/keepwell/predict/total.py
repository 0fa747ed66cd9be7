"""How far off a total may be: what past forecasts of totals missed by, with few of them or many.

At each origin of a backtest a total was forecast and came, and e = ln(actual / forecast). The errors are taken as
normal around 0 with one standard deviation, which all customers share and which is itself not known. Before any
origin was seen it is believed to be a half-Student variable of 4 degrees of freedom and scale 0.15: half of the belief
lies below 11%, a tenth above 32%. Origins that overlap say less than as many apart: where windows of h_i and h_j days
have c of them in common, the errors correlate by c / sqrt(h_i h_j) if each day goes wrong on its own, and their squares
by its square, so that w-weighted origins weigh

    m = (sum w)^2 / sum over i, j of w_i w_j c_ij^2 / (h_i h_j)

independent ones. With v the weighted mean of e^2 the belief becomes prior(sd) sd^-m exp(-m v / (2 sd^2)), and the next
error is a mixture of normals over it. So few origins widen the interval and many leave what was measured.

Source of the prior's kind: Gelman (2006), Prior distributions for variance parameters in hierarchical models, Bayesian
Analysis 1:515-534.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from keepwell.models.shapes import Floats

SCALE, FREEDOM = 0.15, 4.0  # of the belief about the sd before anything was seen
SDS = np.exp(np.linspace(np.log(1e-3), np.log(10.0), 201))  # a step is 4.7%


@dataclass(frozen=True, slots=True)
class Error:
    """What is believed of the sd of a total's relative error."""

    sds: Floats  # possible values, shape (n,)
    weights: Floats  # their chances, shape (n,)
    seen: float  # root mean square of the errors seen; nan without any
    independent: float  # independent origins that would say as much

    def at(self, u: Floats, *, least: float = 0.0, growth: float = 1.0) -> Floats:
        """Return the quantiles at `u` of the next error, its sd `growth` times larger and nowhere below `least`."""
        sds = np.maximum(self.sds * growth, least)
        whole = 12.0 * sds[self.weights > 1e-12].max()
        grid = np.sinh(np.linspace(-9.0, 9.0, 2001)) / np.sinh(9.0) * whole
        reached = ndtr(grid[:, None] / sds) @ self.weights
        answer: Floats = np.interp(u, reached, grid)
        return answer


def error(errors: Floats, *, day: Floats, horizon: Floats, weight: Floats | None = None, lost: float = 0.0) -> Error:
    """Return what is believed after `errors`, ln(actual / forecast) at origins.

    Args:
        errors: Shape (origins,); may be empty.
        day: Day of each origin, on any calendar of days, shape (origins,).
        horizon: Days that each origin looked ahead, shape (origins,).
        weight: What each counts, shape (origins,); all the same where it is None.
        lost: Independent origins spent on what was fitted to these errors, such as their mean.
    """
    w = np.ones(len(errors)) if weight is None else np.asarray(weight, float)
    prior = -(FREEDOM + 1) / 2 * np.log1p((SDS / SCALE) ** 2 / FREEDOM) + np.log(SDS)  # the grid is even in ln sd
    if not len(errors):
        return Error(SDS, _chances(prior), float("nan"), 0.0)
    end = day + horizon
    common = np.maximum(np.minimum.outer(end, end) - np.maximum.outer(day, day), 0.0)
    many = float(w.sum() ** 2 / (w @ (common**2 / np.multiply.outer(horizon, horizon)) @ w))
    square = float(w @ np.asarray(errors) ** 2 / w.sum())
    left = max(many - lost, 0.0)
    logs = prior - left * np.log(SDS) - many * square / (2 * SDS**2)
    return Error(SDS, _chances(logs), float(np.sqrt(square)), left)


def interval(
    expected: float, of: Error, *, least: float = 0.0, growth: float = 1.0, levels: tuple[float, float] = (0.05, 0.95)
) -> tuple[float, float]:
    """Return the quantiles of a total of which `expected` is forecast.

    `least` is the relative sd that chance and parameters alone explain; `growth` multiplies the shared doubt where
    nothing so long was tested.

    >>> past = error(np.array([0.05, -0.1]), day=np.array([0.0, 91.0]), horizon=np.array([91.0, 91.0]))
    >>> [round(v) for v in interval(1000.0, past)]
    [809, 1236]
    """
    low, high = expected * np.exp(of.at(np.array(levels), least=least, growth=growth))
    return float(low), float(high)


def _chances(logs: Floats) -> Floats:
    weights = np.exp(logs - logs.max())
    answer: Floats = weights / weights.sum()
    return answer
