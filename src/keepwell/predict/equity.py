"""What all customers together will earn us, with the doubts that do not cancel out between them.

A customer's interval is mostly chance, and chance averages out over many. What remains is what all share: how far
off such forecasts were in all (measured at the backtest's origins, see `total`), what is not known of the parameters,
and what is believed of the assumed margin. The total is simulated at fixed points as

    expected x factor(margin) x exp(e),

e the next error of the mixture that `total` holds for likely, its sd nowhere below what parameters and chance alone
explain. Where the level was measured on the same origins, they count as one less. Where an origin brought a loss, or
one was forecast, there is no logarithm: the error is then (actual - forecast) / size and the total is

    expected x factor(margin) + size x e,

the size being the sum over groups of repeats of what each is forecast to bring, signs left out.

Each origin counts with the longest window that it could look ahead, up to the horizon. Where even the longest of them
was shorter than the horizon, the doubt grows by the square root of what is expected within the horizon over what is
expected within that window, as of a level that walks on at random.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from keepwell.models.compound import points
from keepwell.models.shapes import Floats
from keepwell.predict import total as totals
from keepwell.predict.backtest import Tested, over
from keepwell.predict.belief import MarginBelief
from keepwell.predict.doubt import moments
from keepwell.predict.horizon import Ahead
from keepwell.predict.level import Level, recency
from keepwell.predict.past import Past
from keepwell.predict.score import group_of
from keepwell.predict.spend import SpendFit, mean_sd, predicted, variances

DRAWS = 4096
FEWEST_ORIGINS = 3
ASSUMED_SD = totals.SCALE  # of ln(actual / forecast), where no origin was seen
NEAR = 0.9  # share of a horizon that counts as the whole of it


@dataclass(frozen=True, slots=True)
class Shares:
    """Doubt of a total that all customers share, relative."""

    error: totals.Error
    origins: int
    days: float  # that the origins looked ahead at most
    additive: bool  # whether errors are shares of the size, not logarithms
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
    """Return how far off the totals of contribution were at the origins, looking up to `horizon` days ahead.

    Origins of more customers and of later days count more.
    """
    able = [test for test in tests if method in test.money and np.abs(test.money[method]).sum() > 0]
    taken = over(able, horizon)
    if not taken:
        nothing = np.zeros(0)
        return Shares(
            totals.error(nothing, day=nothing, horizon=nothing),
            0,
            horizon,
            additive=False,
            words=f"no origin to measure it on: an error of {ASSUMED_SD:.0%} or so is assumed",
        )
    return _shares(taken, method, of, horizon)


def _shares(taken: Sequence[Tested], method: str, of: Level, horizon: int) -> Shares:
    forecast = np.array([float(test.money[method] @ of.factor) for test in taken])
    came = np.array([float(test.brought.sum()) for test in taken])
    additive = bool(min(forecast.min(), came.min()) <= 0)
    if additive:
        size = np.array([float(np.abs(test.money[method]) @ of.factor) for test in taken])
        errors = (came - forecast) / size
    else:
        errors = np.log(came / forecast)
    days = np.array([float(test.origin.horizon) for test in taken])
    day = np.array([float(test.origin.day.toordinal()) for test in taken])
    weight = np.array([test.customers for test in taken]) * recency(taken)
    # A level that was fitted to these errors has made them smaller than those of a forecast not yet tested.
    lost = 0.0 if np.all(of.factor == 1) else 1.0
    error = totals.error(errors, day=day, horizon=days, weight=weight, lost=lost)
    words = f"forecasts of the total were off by {error.seen:.1%} at {_times(len(taken))} of the backtest"
    if days.min() < NEAR * horizon:
        near, far = (f"{end:.0f}" for end in (days.min(), days.max()))
        words += f", looking {near if near == far else f'{near} to {far}'} days ahead and not {horizon}"
    if error.independent < FEWEST_ORIGINS:
        words += f"; these are few or overlap, so an error of {ASSUMED_SD:.0%} or so is held for likely beside it"
    return Shares(error, len(taken), float(days.max()), additive, words)


def equities(
    aheads: Sequence[Ahead],
    past: Past,
    spend: SpendFit,
    of: Level,
    shares: Mapping[str, Shares],
    belief: MarginBelief,
    *,
    seed: int,
    expected: Mapping[str, float] | None = None,
) -> list[Equity]:
    """Return the total of each horizon.

    Args:
        aheads: The horizons, by cell.
        past: The cells with their money.
        spend: The spend model.
        of: The level of money.
        shares: The shared doubt, by horizon.
        belief: What is believed of the margin.
        seed: Of the fixed points.
        expected: Totals by horizon, where customers were forecast row by row; those of the cells where it has none.
    """
    whole = np.array([float(ahead.discounted @ past.cells.count) for ahead in aheads])
    days = np.array([float(ahead.days) for ahead in aheads])
    order = np.argsort(days, kind="stable")
    answer = []
    for ahead, orders in zip(aheads, whole, strict=True):
        share = shares[ahead.name]
        tested = float(np.interp(share.days, np.r_[0.0, days[order]], np.r_[0.0, whole[order]]))
        short = share.days < NEAR * ahead.days and tested > 0
        growth = float(np.sqrt(max(orders / tested, 1.0))) if short else 1.0
        row = equity(ahead, past, spend, of, share, belief, growth=growth, seed=seed)
        answer.append(_rescaled(row, (expected or {}).get(ahead.name)))
    return answer


def _rescaled(row: Equity, expected: float | None) -> Equity:
    """Return the row with its interval carried over to another expected total."""
    if expected is None or expected == row.expected:
        return row
    if row.expected * expected > 0:
        factor = expected / row.expected
        lower, upper = row.lower * factor, row.upper * factor
    else:
        lower, upper = row.lower - row.expected + expected, row.upper - row.expected + expected
    return replace(row, expected=expected, lower=min(lower, upper, expected), upper=max(lower, upper, expected))


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
    each = _spend_sums(past, spend) * of.of(cells.repeats)
    expected = float(ahead.discounted @ each)
    size = float(np.abs(np.bincount(group_of(cells.repeats), weights=ahead.discounted * each)).sum())
    known = np.sqrt(_parameter_variance(ahead, past, each, spend) + _chance_variance(ahead, past, spend))
    at = points(DRAWS, seed=seed)
    shared = belief.shared(at.shared)
    orders = float(ahead.discounted @ cells.count)
    # Of the logarithm, where `known` is of the total itself: much the same where small, and finite where next to
    # nothing is left.
    own = float(np.sqrt(np.log1p((known / size) ** 2))) if size else 0.0
    error = shares.error.at(at.level, least=own, growth=growth)
    additive = shares.additive or expected <= 0
    missed = size * error if additive else expected * shared.factor * np.expm1(error)
    simulated = expected * shared.factor + missed + orders * shared.per_order
    if spend.name == "gammagamma":
        simulated = np.maximum(simulated, 0.0)  # every order brings something
    lower, upper = (float(v) for v in np.quantile(simulated, [0.05, 0.95]))
    words = [shares.words]
    if growth > 1:
        words.append(f"widened {growth:.1f} times, because nothing so long could be tested")
    if belief.slope or belief.per_order:
        words.append(f"margin believed to be {belief.low:.0%} to {belief.high:.0%}")
    basis = "; ".join(words)
    return Equity(ahead.name, expected, min(lower, expected), max(upper, expected), shares.origins, basis)


def _times(n: int) -> str:
    return f"{n} origin" + ("" if n == 1 else "s")


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
    count, count_square = moments(ahead)
    spread = (count_square - count**2) * squares / cells.count + count * one + count_square * unknown
    return float((spread * ahead.discount**2) @ cells.count)
