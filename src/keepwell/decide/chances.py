"""The two doubts about a contact programme, kept apart; arrays in, arrays out.

*Does it pay on this person?* What one person will spend is random, and most single futures are zero:

    pays back = P(share x Z > cost)        Z: the customer's contribution of the next 12 months

*Is the verdict right?* The verdict is about the mean, and what is not known is the effect and the mean:

    pays on average = P(S x M > cost)      S ~ triangular(lowest, assumed, highest), M ~ normal(expected, sd_mean)

Money is in the reporting currency; all costs are of one year, discounted.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float64]

LEVELS = {"q05": 0.05, "q10": 0.10, "q25": 0.25, "q50": 0.50, "q75": 0.75, "q90": 0.90, "q95": 0.95}
NODES = 200  # of the mean's distribution, each standing for one part in 200 of it
_TINY = 1e-9  # of money: nothing

_FIELDS: dict[str, pa.DataType] = {"customer_id": pa.string()}
_FIELDS |= dict.fromkeys(("expected", "pays_back", "pays_on_average", "cost"), pa.float64())
ANSWER = pa.schema(_FIELDS)


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of the share of expected contribution that contact causes, and what contact costs."""

    low: float
    mode: float
    high: float
    cost: float  # of a year's contacts


def chances(batch: pa.RecordBatch, belief: Belief) -> pa.RecordBatch:
    """Return both chances for a batch of `values`; the columns of `ANSWER`."""

    def column(name: str) -> Floats:
        values: Floats = batch.column(name).to_numpy(zero_copy_only=False).astype(np.float64)
        return values

    expected = column("expected_contribution")
    quantiles = np.stack([column(name) for name in LEVELS])
    answers: list[Floats] = [
        expected,
        pays_back(quantiles, column("p_zero"), expected, belief=belief),
        pays_on_average(expected, column("sd_mean"), belief=belief),
        np.full_like(expected, belief.cost),  # a column of floats; a literal would be a decimal to DuckDB
    ]
    names = batch.column("customer_id").cast(pa.string())
    return pa.RecordBatch.from_arrays([names, *(pa.array(a, pa.float64()) for a in answers)], schema=ANSWER)


def pays_back(quantiles: Floats, p_zero: Floats, expected: Floats, *, belief: Belief) -> Floats:
    """Return P(share x Z > cost) at the assumed share.

    Args:
        quantiles: Shape (7, n), the quantiles of Z at `LEVELS`.
        p_zero: Shape (n,), chance of no order.
        expected: Shape (n,), the mean of Z.
        belief: Its mode is the assumed share.
    """
    if belief.mode <= 0:
        return np.zeros_like(expected)
    return above(belief.cost / belief.mode, quantiles, p_zero, expected)


def above(threshold: float, quantiles: Floats, p_zero: Floats, expected: Floats) -> Floats:
    """Return P(Z > threshold) for a threshold of 0 or more.

    Between the known points of the distribution function (0 at height P(Z <= 0), then the quantiles above 0) a
    straight line; above the last quantile an exponential tail whose rate carries on from the last two. Where all
    quantiles are 0, the tail is the exponential with the mean that Z must have when it is not 0.
    """
    levels = np.array(list(LEVELS.values()))[:, None]
    # A quantile at or below 0 says that much of the chance lies there; those above 0 are points of the curve.
    ground = np.maximum(p_zero, np.max(np.where(quantiles <= 0, levels, 0.0), axis=0))
    x = np.vstack([np.zeros_like(p_zero), np.maximum(quantiles, 0.0)])
    p = np.vstack([ground, np.maximum(np.broadcast_to(levels, quantiles.shape), ground)])
    chance = 1 - p[0]
    for left, right in zip(range(len(x) - 1), range(1, len(x)), strict=True):
        inside = (threshold >= x[left]) & (threshold < x[right])
        along = np.clip(threshold - x[left], 0.0, None) / np.maximum(x[right] - x[left], _TINY)
        line = 1 - p[left] - (p[right] - p[left]) * np.minimum(along, 1.0)
        chance = np.where(inside, line, chance)
    last = x[-1]
    tail = (1 - p[-1]) * np.exp(-np.maximum(threshold - last, 0.0) / _tail_mean(x, p, expected))
    beyond: Floats = np.clip(np.where(threshold >= last, tail, chance), 0.0, 1.0)
    return beyond


def _tail_mean(x: Floats, p: Floats, expected: Floats) -> Floats:
    """Return the mean excess over the last quantile: what carries on from the last two, or the mean's own."""
    step, fall = x[-1] - x[-2], np.log(np.maximum(1 - p[-2], 1e-300) / np.maximum(1 - p[-1], 1e-300))
    bought = np.maximum(1 - p[0], 1e-12)
    own = np.maximum(expected, 0.0) / bought
    carried = np.where(fall > 0, step / np.where(fall > 0, fall, 1.0), 0.0)
    mean: Floats = np.maximum(np.where((x[-1] > 0) & (carried > 0), carried, own), 1e-12)
    return mean


def pays_on_average(expected: Floats, sd_mean: Floats, *, belief: Belief) -> Floats:
    """Return P(S x M > cost), the chance that contact pays on the mean of such a customer.

    The mean is taken at the middle of each of `NODES` equal parts of its distribution; at each of them the chance
    over the share is exact. Where the share is a single number, the normal distribution answers exactly.

    Args:
        expected: Shape (n,).
        sd_mean: Shape (n,), 0 where the mean is known.
        belief: The triangle of the share and the cost.
    """
    if belief.high <= belief.low:
        return _one_share(expected, sd_mean, share=belief.mode, cost=belief.cost)
    normal = NormalDist()
    total = np.zeros_like(expected)
    for node in range(NODES):
        mean = expected + sd_mean * normal.inv_cdf((node + 0.5) / NODES)
        # Where the mean is not above 0, no share pays: the quotient is put beyond any share.
        needed = np.where(mean > _TINY, belief.cost / np.maximum(mean, _TINY), np.inf)
        total += 1 - triangular(needed, belief)
    return total / NODES


def triangular(share: Floats, belief: Belief) -> Floats:
    """Return P(S <= share) of the triangular distribution; `high` is above `low`."""
    low, mode, high = belief.low, belief.mode, belief.high
    s = np.clip(share, low, high)
    rising = (s - low) ** 2 / ((high - low) * max(mode - low, 1e-300))
    falling = 1 - (high - s) ** 2 / ((high - low) * max(high - mode, 1e-300))
    inside: Floats = np.where(s <= mode, rising, falling) if mode > low else falling
    return inside


def _one_share(expected: Floats, sd_mean: Floats, *, share: float, cost: float) -> Floats:
    from scipy.special import ndtr

    gain = share * expected - cost
    sd = share * sd_mean
    chance: Any = np.where(sd > 0, ndtr(gain / np.where(sd > 0, sd, 1.0)), gain > 0)
    return np.asarray(chance, dtype=np.float64)
