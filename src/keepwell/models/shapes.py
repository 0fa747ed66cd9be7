"""What the purchase models read and give: plain arrays in frozen values.

Time is in days and histories are whole days; a model's own functions of arrays take any time unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
P = TypeVar("P")
HELD = "held"  # metadata of a field that is no fitted number


@dataclass(frozen=True, slots=True)
class Cells:
    """Distinct purchase histories and how many customers share each; every array has shape (n,)."""

    repeats: Ints  # purchase days after the first
    recency: Ints  # days from the first purchase to the last
    age: Ints  # days from the first purchase to the last day observed
    count: Floats  # customers
    log_intervals: float | None = None  # sum over all customers of ln(days between neighbouring purchases), if known


@dataclass(frozen=True, slots=True)
class Fit(Generic[P]):
    """A fitted model: plain values, so it compares, pickles and prints."""

    params: P  # time in days
    log_likelihood: float  # summed over customers, at `params`
    sd: Mapping[str, float]  # of each parameter, from the curvature; nan where it has none
    log_covariance: tuple[tuple[float, ...], ...]  # of the logarithms of the parameters, in their order
    converged: bool  # at a peak of the likelihood where every parameter is determined
    ending: str  # how the fit ended, in words
    customers: float
    cells: int
    evaluations: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """The purchases of each cell's customers over the next `days`.

    The count of purchases, given that the customer is active now, depends on fewer things than the cell, so its
    distribution is kept once per group: P(k | active) of group g is pmf[start[g] + k], for k below
    start[g + 1] - start[g]; the last entry holds all that lies above it (under 1e-9 of the whole).
    """

    days: int
    p_active: Floats  # shape (n,): chance of being active at the last day observed
    orders: Floats  # shape (n,): expected purchase days
    discounted: Floats  # shape (n,): the same, each discounted to now
    group: Ints  # shape (n,)
    start: Ints  # shape (groups + 1,)
    pmf: Floats  # shape (start[-1],)


@dataclass(frozen=True, slots=True)
class Spend:
    """What an order of each customer is expected to be worth; both arrays have shape (n,)."""

    mean: Floats  # money
    weight: Floats  # of the customer's own orders in it, 0..1; the rest is the population's


def parameters(params: Any) -> dict[str, float]:
    """Return the fitted numbers of a parameter dataclass as {name: value}, in its order; see `held` for the others."""
    return {name: float(getattr(params, name)) for name, field in _fields(params) if not field.metadata.get(HELD)}


def held(params: Any) -> dict[str, float]:
    """Return the numbers that a fit holds fixed, such as a whole number of phases, as {name: value}.

    `dataclasses.replace` changes the others and leaves these.
    """
    return {name: float(getattr(params, name)) for name, field in _fields(params) if field.metadata.get(HELD)}


def _fields(params: Any) -> list[tuple[str, Field[Any]]]:
    return list(params.__dataclass_fields__.items())
