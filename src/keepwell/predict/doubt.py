"""What is not known of a purchase model's parameters, carried into the forecast of each horizon.

A customer's distribution is one of orders given the parameters. Where these are known well it is as good as the whole
truth; where they are not, it has to be mixed over the posterior. What the doubt adds to the variance of a customer's
orders is known to first order from `horizon.with_doubt`:

    added share = variance of the expected orders over the posterior / variance of the orders themselves.

Where that share is at most 1% for every history (the distribution is then at most half a percent too narrow) the
distributions stay those of the fitted parameters. Elsewhere they are mixtures of the distributions at even draws from
the posterior, each weighted by the chance it gives to being active; all customers share the draws, and memory is that
of the groups, whatever the number of draws. Long distributions are mixed of fewer draws, never below 12; the draws are
spread along the direction in which the posterior is widest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from keepwell.models import posterior as posteriors
from keepwell.models.posterior import Posterior
from keepwell.models.shapes import Cells, Floats, Ints
from keepwell.predict import horizon
from keepwell.predict.fitted import Fitted
from keepwell.predict.horizon import Ahead

VISIBLE = 0.01  # share of variance that doubt may add before distributions are mixed
WORK = 4_000_000  # entries of distributions that the draws of one horizon may make together
FEWEST, MOST = 12, 64  # draws of a mixture


def posterior(one: Fitted, cells: Cells, *, seed: int) -> Posterior:
    """Return the posterior of a fitted model, at the histories it was fitted to."""
    base, seen = one.model, cells
    if hasattr(base, "on_clock"):  # a model that wears a calendar, which is held for known
        base, seen = base.base, base.on_clock(cells)[0]
    if hasattr(base, "objective") or hasattr(base, "objective_of"):
        return posteriors.of_purchases(base, one.fit, seen, seed=seed)
    return posteriors.of_covariance(one.fit, seed=seed)


def ahead(
    one: Fitted,
    cells: Cells,
    known: Posterior,
    *,
    spans: Mapping[str, int],
    rate: float,
    whole: Collection[str] = (),
) -> list[Ahead]:
    """Forecast all cells for each horizon of `spans` (name -> days), with what is not known of the parameters.

    Distributions of the horizons in `whole` are not mixed: how far what came strayed from them holds that doubt too.
    """
    plain = [horizon.ahead(one, cells, name=name, days=days, rate=rate) for name, days in spans.items()]
    covariance = np.cov(np.log(known.draws).T, aweights=known.weights).reshape(len(known.names), -1)
    doubted = horizon.with_doubt(one, cells, plain, rate=rate, covariance=covariance)
    return [
        each if each.name in whole or added(each) <= VISIBLE else mixed(one, cells, each, known, rate=rate)
        for each in doubted
    ]


def soon(one: Fitted, cells: Cells, known: Posterior, near: Ahead) -> Floats:
    """Return the chance of an order within each of `horizon.SOON` days, shape (3, cells).

    Mixed where the distributions of the shortest horizon, `near`, are.
    """
    if not near.draws:
        return horizon.soon(one, cells)
    plain = [horizon.ahead(one, cells, name="", days=days, rate=0.0) for days in horizon.SOON]
    return np.maximum.accumulate([1 - mixed(one, cells, each, known, rate=0.0).none for each in plain], axis=0)


def added(ahead: Ahead) -> float:
    """Return the largest share that doubt adds to the variance of a customer's discounted orders."""
    mean, square = moments(ahead)
    variance = (square - mean**2) * ahead.discount**2
    doubt = (ahead.moves**2).sum(axis=0)
    some = (variance > 0) & (doubt > 0)
    return float((doubt[some] / variance[some]).max(initial=0.0))


def moments(ahead: Ahead) -> tuple[Floats, Floats]:
    """Return the mean and the mean square of each cell's predictive count."""
    k = np.arange(len(ahead.pmf)) - np.repeat(ahead.start[:-1], np.diff(ahead.start))
    first = np.add.reduceat(ahead.pmf * k, ahead.start[:-1])[ahead.group]
    second = np.add.reduceat(ahead.pmf * k * k, ahead.start[:-1])[ahead.group]
    return ahead.p_active * first, ahead.p_active * second


@dataclass(slots=True)
class _Sums:
    """Running sums over draws; arrays of cells, groups and entries of distributions only."""

    p_active: Floats
    orders: Floats
    discounted: Floats
    none: Floats
    squares: Floats  # of `discounted`
    slopes: Floats  # shape (directions, cells): of `discounted` with each draw's place in the posterior
    active: Floats  # shape (groups,): customers active, summed over draws
    start: Ints
    pmf: Floats  # each draw's distribution times its `active`


def mixed(one: Fitted, cells: Cells, plain: Ahead, known: Posterior, *, rate: float) -> Ahead:
    """Return the horizon with distributions mixed over draws from the posterior."""
    draws = known.thinned(int(np.clip(WORK // max(len(plain.pmf), 1), FEWEST, MOST)))
    places = _places(draws)
    sums: _Sums | None = None
    for row, place in zip(draws.draws, places, strict=True):
        there = _at(one, dict(zip(draws.names, row.tolist(), strict=True)))
        each = regrouped(horizon.ahead(there, cells, name=plain.name, days=plain.days, rate=rate), plain)
        sums = _first(each, cells, place) if sums is None else _summed(sums, each, cells, place)
    if sums is None:
        raise ValueError("a posterior without draws")
    return _mean(sums, plain, len(places))


def regrouped(each: Ahead, plain: Ahead) -> Ahead:
    """Return a horizon with its distributions in the groups of another one of the same cells.

    Which cells share a distribution hangs on the parameters where purchases come regularly. A group takes the
    distribution of its first cell, which is as near to the others' as those of one group are.
    """
    if len(each.start) == len(plain.start) and (each.group == plain.group).all():
        return each
    picked = each.group[np.unique(plain.group, return_index=True)[1]]
    lengths = np.diff(each.start)[picked]
    start = np.r_[0, np.cumsum(lengths)].astype(np.int64)
    places = np.repeat(each.start[picked] - start[:-1], lengths) + np.arange(start[-1])
    return replace(each, group=plain.group, start=start, pmf=each.pmf[places])


def _at(one: Fitted, params: Mapping[str, float]) -> Fitted:
    fit: Any = replace(one.fit, params=replace(one.fit.params, **params))
    return replace(one, fit=fit)


def _places(draws: Posterior) -> Floats:
    """Return the draws' places in units of the posterior's own axes, shape (draws, directions)."""
    logs = np.log(draws.draws)
    away = logs - logs.mean(axis=0)
    sizes, ways = np.linalg.eigh(away.T @ away / len(away))
    some = sizes > 1e-14 * max(sizes[-1], 1e-300)
    answer: Floats = away @ (ways[:, some] / np.sqrt(sizes[some]))
    return answer


def _active(each: Ahead, cells: Cells) -> Floats:
    """Return the customers of each group that are active; at least a trace, so that every group has a mixture."""
    here = np.bincount(each.group, weights=cells.count * each.p_active, minlength=len(each.start) - 1)
    answer: Floats = np.maximum(here, 1e-300).astype(np.float64)
    return answer


def _first(each: Ahead, cells: Cells, place: Floats) -> _Sums:
    active = _active(each, cells)
    return _Sums(
        p_active=each.p_active.copy(),
        orders=each.orders.copy(),
        discounted=each.discounted.copy(),
        none=each.none.copy(),
        squares=each.discounted**2,
        slopes=place[:, None] * each.discounted,
        active=active,
        start=each.start,
        pmf=each.pmf * np.repeat(active, np.diff(each.start)),
    )


def _summed(sums: _Sums, each: Ahead, cells: Cells, place: Floats) -> _Sums:
    active = _active(each, cells)
    start, pmf = merged((sums.start, sums.pmf), (each.start, each.pmf * np.repeat(active, np.diff(each.start))))
    sums.p_active += each.p_active
    sums.orders += each.orders
    sums.discounted += each.discounted
    sums.none += each.none
    sums.squares += each.discounted**2
    for axis, along in enumerate(place):
        sums.slopes[axis] += along * each.discounted
    sums.active += active
    sums.start, sums.pmf = start, pmf
    return sums


def merged(one: tuple[Ints, Floats], other: tuple[Ints, Floats]) -> tuple[Ints, Floats]:
    """Return the sum of two sets of ragged rows, (start, values) each, a row being as long as the longer."""
    lengths = [np.diff(start) for start, _ in (one, other)]
    start = np.r_[0, np.cumsum(np.maximum(*lengths))].astype(np.int64)
    whole = np.zeros(start[-1])
    for length, (begin, values) in zip(lengths, (one, other), strict=True):
        whole[np.repeat(start[:-1] - begin[:-1], length) + np.arange(len(values))] += values
    return start, whole


def _mean(sums: _Sums, plain: Ahead, draws: int) -> Ahead:
    discounted = sums.discounted / draws
    slopes = sums.slopes / draws
    variance = np.maximum(sums.squares / draws - discounted**2, 0.0)
    beside = np.sqrt(np.maximum(variance - (slopes**2).sum(axis=0), 0.0))  # what bends, held in common by all
    mixture = replace(
        plain,
        p_active=sums.p_active / draws,
        orders=sums.orders / draws,
        discounted=discounted,
        none=sums.none / draws,
        start=sums.start,
        pmf=sums.pmf / np.repeat(sums.active, np.diff(sums.start)),
        moves=np.vstack([slopes, beside]),
        draws=draws,
    )
    counted = moments(mixture)[0]
    # The customers of a group share its mixture, and differ a little in what each draw says of them.
    share = np.divide(discounted, counted, out=np.ones_like(counted), where=counted > 0)
    return replace(mixture, discount=share)


def words(ahead: Ahead) -> str:
    """Say what the distributions of a horizon make of the parameters' doubt."""
    if not ahead.draws:
        return "parameters known well enough to be taken for known"
    return f"distributions mixed over {ahead.draws} draws of what the parameters may be"
