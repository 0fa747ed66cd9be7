"""What all customers together will earn us, with the doubts that do not cancel out between them.

A customer's interval is mostly chance, and chance averages out over many. What remains is what all share: how far
off such forecasts were in all (measured at the backtest's origins), what is not known of the parameters, and what is
believed of the assumed margin. The total is simulated at fixed points as

    expected x factor(margin) x exp(sd x t),

t from Student's t with half as many degrees of freedom as there are (effective) origins, because they overlap. `sd` is
the root mean square of ln(actual / forecast) over the origins, with one of them less in its denominator where the level
was measured on them too, or the sd that parameters and chance alone explain, where that is larger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from keepwell.models.compound import points
from keepwell.models.shapes import Floats
from keepwell.predict.backtest import Tested
from keepwell.predict.belief import MarginBelief
from keepwell.predict.horizon import Ahead
from keepwell.predict.level import Level, effective, recency
from keepwell.predict.past import Past
from keepwell.predict.spend import SpendFit, mean_sd, predicted, variances

DRAWS = 4096
FEWEST_ORIGINS = 3
ASSUMED_SD = 0.20  # of ln(actual / forecast), added where there are too few origins to measure it


@dataclass(frozen=True, slots=True)
class Shares:
    """Doubt of a total that all customers share, relative."""

    sd: float
    freedom: float
    origins: int
    words: str


@dataclass(frozen=True, slots=True)
class Equity:
    """One row of the table."""

    horizon: str
    expected: float
    lower: float
    upper: float
    origins: int
    basis: str


def measured(tests: Sequence[Tested], method: str, of: Level, *, horizon: int) -> Shares:
    """Return how far off the totals of contribution were at the origins whose horizon is near enough to `horizon`.

    Origins of more customers and of later days count more.
    """
    able = [
        test for test in tests if method in test.money and test.brought.sum() > 0 and _forecast(test, method, of) > 0
    ]
    long = [test for test in able if 2 * test.origin.horizon >= horizon]
    taken = long if len(long) >= FEWEST_ORIGINS else able
    errors = np.array([np.log(test.brought.sum() / _forecast(test, method, of)) for test in taken])
    weight = np.array([test.customers for test in taken]) * recency(taken) if taken else np.zeros(0)
    off = float(weight @ errors**2 / weight.sum()) if taken else 0.0
    if len(taken) < FEWEST_ORIGINS:
        words = f"{len(taken)} origins are too few to measure it: an error of {ASSUMED_SD:.0%} is assumed"
        return Shares(float(np.sqrt(off + ASSUMED_SD**2)), 4.0, len(taken), words)
    words = f"forecasts of the total were off by {np.sqrt(off):.1%} at {len(taken)} origins of the backtest"
    if taken is not long:
        near, far = (end(test.origin.horizon for test in taken) for end in (min, max))
        words += f", which looked {near} to {far} days ahead and not {horizon}"
    many = max(effective(weight), 2.0)
    # A level that was fitted to these errors has made them smaller than those of a forecast not yet tested.
    sd = float(np.sqrt(off if np.all(of.factor == 1) else off * many / (many - 1)))
    return Shares(sd, max(many / 2, 2.0), len(taken), words)


def _forecast(test: Tested, method: str, of: Level) -> float:
    return float(test.money[method] @ of.factor)


def equities(
    aheads: Sequence[Ahead], past: Past, spend: SpendFit, of: Level, shares: Shares, belief: MarginBelief, *, seed: int
) -> list[Equity]:
    """Return the total of each horizon.

    The first is the horizon that the backtest is measured against; for a longer one the shared doubt grows with the
    square root of what is expected, as if each further year went wrong on its own.
    """
    whole = [float(ahead.discounted @ past.cells.count) for ahead in aheads]
    growths = [float(np.sqrt(max(each / whole[0], 1.0))) if whole[0] > 0 else 1.0 for each in whole]
    return [
        equity(ahead, past, spend, of, shares, belief, growth=growth, seed=seed)
        for ahead, growth in zip(aheads, growths, strict=True)
    ]


def equity(
    ahead: Ahead,
    past: Past,
    spend: SpendFit,
    of: Level,
    shares: Shares,
    belief: MarginBelief,
    *,
    growth: float,
    seed: int,
) -> Equity:
    """Return the total of one horizon; `growth` multiplies the shared doubt where nothing so long was tested."""
    cells = past.cells
    total = _spend_sums(past, spend) * of.of(cells.repeats)
    expected = float(ahead.discounted @ total)
    known = np.sqrt(_parameter_variance(ahead, past, total, spend) + _chance_variance(ahead, past, spend))
    # Of the logarithm, where `known` is of the total itself: much the same where small, and finite where next to
    # nothing is left.
    own = float(np.sqrt(np.log1p((known / expected) ** 2))) if expected else 0.0
    sd = max(shares.sd * growth, own)
    at = points(DRAWS, seed=seed)
    shared = belief.shared(at.shared)
    orders = float(ahead.discounted @ cells.count)
    totals = expected * shared.factor * np.exp(sd * stdtrit(shares.freedom, at.level)) + orders * shared.per_order
    lower, upper = (float(v) for v in np.quantile(totals, [0.05, 0.95]))
    words = [shares.words]
    if growth > 1:
        words.append(f"widened {growth:.1f} times, because nothing so long could be tested")
    if belief.slope or belief.per_order:
        words.append(f"margin believed to be {belief.low:.0%} to {belief.high:.0%}")
    basis = "; ".join(words)
    return Equity(ahead.name, expected, min(lower, expected), max(upper, expected), shares.origins, basis)


def _spend_sums(past: Past, spend: SpendFit) -> Floats:
    """Return the sum over each cell's customers of what an order is expected to bring; it is linear in their totals."""
    each = predicted(spend.params, n=past.orders, total=past.total / past.cells.count)
    answer: Floats = each.mean * past.cells.count
    return answer


def _parameter_variance(ahead: Ahead, past: Past, total: Floats, spend: SpendFit) -> float:
    weight = predicted(spend.params, n=past.orders, total=np.zeros(len(total))).weight
    by_spend = mean_sd(spend) * float((ahead.discounted * (1 - weight)) @ past.cells.count)
    return float(((ahead.moves @ total) ** 2).sum()) + by_spend**2


def _chance_variance(ahead: Ahead, past: Past, spend: SpendFit) -> float:
    """Return the variance of the total if only single customers were uncertain."""
    cells = past.cells
    n = past.orders
    at_zero = predicted(spend.params, n=n, total=np.zeros(len(n)))
    slope = predicted(spend.params, n=n, total=np.ones(len(n))).mean - at_zero.mean
    squares = at_zero.mean**2 * cells.count + 2 * at_zero.mean * slope * past.total + slope**2 * past.total_squares
    one, unknown = variances(spend.params, n=n, mean_square=squares / cells.count)
    count, count_square = _count_moments(ahead)
    spread = (count_square - count**2) * squares / cells.count + count * one + count_square * unknown
    return float((spread * ahead.discount**2) @ cells.count)


def _count_moments(ahead: Ahead) -> tuple[Floats, Floats]:
    """Return the mean and the mean square of each cell's predictive count."""
    k = np.arange(len(ahead.pmf)) - np.repeat(ahead.start[:-1], np.diff(ahead.start))
    first = np.add.reduceat(ahead.pmf * k, ahead.start[:-1])[ahead.group]
    second = np.add.reduceat(ahead.pmf * k * k, ahead.start[:-1])[ahead.group]
    return ahead.p_active * first, ahead.p_active * second
