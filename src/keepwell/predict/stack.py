"""The stack: the purchase models' forecasts pooled, corrected customer by customer by boosted trees, and spread anew.

On one day, with everything taken from what was known by then:

1. Some earlier days are origins. At each the purchase models are fitted to what was known at that origin, and asked
   for the stretches of time from it to the day; what came in them is known.
2. The models are pooled: expected = sum of weight x model, the weights (>= 0, of sum 1) being those under which what
   came is most likely (Poisson, by expectation maximisation).
3. Trees learn by what factor each customer differs from the pool (`boosted`). In each stretch the pool is scaled to
   the total that came, and a forecast keeps the pool's total: who buys more than the models say is learned from
   thousands of customers, how much more all of them buy only from a few stretches that share their days.
4. Counts are spread as 0 with chance 1 - p and else negative binomial of mean m/p and size k, m being the forecast:

       logit p = a0 + a1 logit(chance of being active) + a2 ln m,
       ln k = b0 + b1 ln(1 + repeats) + b2 ln m,

   most likely for what came at the origins, with forecasts of trees that had not seen the customer.
5. Customers who bought once get one forecast for each quarter of a year of age, where at the origins customers are
   ranked better so and the scores (CRPS) are worse by half a percent at most: single purchases say so little that an
   order among them is mostly noise. The later half of the origins decides, whose customers are most like today's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, expit, gammaln, logit

from keepwell.models.shapes import Cells, Floats, Forecast, Ints
from keepwell.predict import boosted
from keepwell.predict.baselines import counted
from keepwell.predict.boosted import Booster, Examples, Matrix
from keepwell.predict.fitted import Fitted
from keepwell.predict.score import Outcomes, Ranking, judged

BAND = 91  # days of age that customers who bought once share
HALF_LIFE = 365.0  # days: what came a year earlier counts half
MEAN_STEP, SIZE_STEP = 20, 8  # distributions are kept for means and sizes a 20th and an 8th of a logarithm apart
FOLDS = 2
PRICE = 0.005  # share of CRPS that forecasts in bands may cost
SIZES = (-2.0, 12.0)  # bounds of ln k: smaller sizes have tails of thousands of purchases
LEAST = 1e-9  # purchases; what is expected of somebody who has surely left


@dataclass(frozen=True, slots=True)
class People:
    """Customers as they were on one day; shape (n,) unless said otherwise."""

    x: Matrix  # features but for how far is looked ahead, shape (n, features)
    repeats: Ints
    recency: Ints
    age: Ints  # days
    number: Ints  # the same for a customer on all days


@dataclass(frozen=True, slots=True)
class Origin:
    """An earlier day: who was known, which models were fitted, and what came."""

    day: int  # on any calendar of days
    people: People
    cells: Cells
    cell: Ints  # of each of the people
    models: tuple[Fitted, ...]
    came: dict[int, Ints]  # purchases within so many days after it
    known: tuple[int, ...]  # stretches to learn from


@dataclass(frozen=True, slots=True)
class Expected:
    """What the pooled models expect; shape (n,) each."""

    orders: Floats
    discounted: Floats
    active: Floats

    def of(self, cell: Ints) -> Expected:
        """Return it for customers by their cells."""
        return Expected(self.orders[cell], self.discounted[cell], self.active[cell])


@dataclass(frozen=True, slots=True)
class Spread:
    """How counts spread around their mean: the coefficients of step 4."""

    present: tuple[float, float, float]
    size: tuple[float, float, float]

    def shares(self, mean: Floats, active: Floats, repeats: Ints) -> tuple[Floats, Floats]:
        """Return p and k of each customer."""
        log_mean = np.log(mean)
        a, b = self.present, self.size
        p = expit(a[0] + a[1] * _logit(active) + a[2] * log_mean)
        k = np.exp(np.clip(b[0] + b[1] * np.log1p(repeats) + b[2] * log_mean, *SIZES))
        return p, k


@dataclass(frozen=True, slots=True)
class Stack:
    """The method made ready on a day: plain values, so that it can be sent to workers."""

    models: tuple[Fitted, ...]
    weights: Floats  # of the models
    booster: Booster
    spread: Spread
    banded: bool  # step 5
    words: str


@dataclass(frozen=True, slots=True)
class Reach:
    """The stack looking so many days ahead, for customers of certain cells."""

    stack: Stack
    days: int
    cells: Cells
    expected: Expected  # of each cell
    level: float  # by which corrected forecasts are scaled to keep the total
    once: Floats  # forecast of customers who bought once, by band of age; nan where nobody told

    def means(self, people: People, cell: Ints) -> Floats:
        """Return the purchases forecast of each customer."""
        plain = self.expected.orders[cell]
        mean = self.level * plain * self.stack.booster.factor(_looking(people, self.days))
        return _banded(mean, people, self.once) if self.stack.banded else mean

    def forecast(self, people: People, cell: Ints) -> Forecast:
        """Return one row per customer."""
        here = self.expected.of(cell)
        mean = np.maximum(self.means(people, cell), LEAST)
        p, k = self.stack.spread.shares(mean, here.active, people.repeats)
        share = np.divide(here.discounted, here.orders, out=np.ones_like(mean), where=here.orders > 0)
        return _forecast(self.days, mean, mean * share, p, k)


def ready(
    origins: Sequence[Origin], now: Origin, *, names: Sequence[str], kinds: Sequence[str], seed: int, trial: int | None
) -> Stack:
    """Learn from the origins what corrects the models fitted now.

    Args:
        origins: Earlier days, at least one.
        now: The day itself; nothing came yet.
        names: The features' names, without how far is looked ahead.
        kinds: Those that hold codes of categories.
        seed: Of the trees.
        trial: Which of `origins` the number of trees is tried on; None where the log is too short for it.

    Raises:
        FitError: LightGBM is not to be had. Where trees did not improve on the pool in the trial none are grown.
    """
    columns = (*names, AHEAD)
    weights = pooled_weights(origins)
    rounds = boosted.UNTESTED_ROUNDS
    if trial is not None:
        early, late = _in_time(origins, origins[trial], weights)
        rounds = boosted.rounds_in_time(early, late, names=columns, kinds=kinds, seed=seed)
    taken = [_window(origin, days, weights, now.day) for origin in origins for days in origin.known]
    whole = _joined(taken)
    booster = boosted.grown(whole, names=columns, kinds=kinds, rounds=rounds, seed=seed)
    fold = np.concatenate([origin.people.number for origin in origins for _ in origin.known]) % FOLDS
    factor = np.ones(len(whole.came))
    for k in range(FOLDS):
        other = boosted.grown(whole.part(fold != k), names=columns, kinds=kinds, rounds=rounds, seed=seed)
        factor[fold == k] = other.factor(whole.x[fold == k])
    spread, banded = _spread_of(origins, weights, whole, factor)
    return Stack(
        now.models, weights, booster, spread, banded, _words(now.models, weights, booster.rounds, len(whole.came))
    )


AHEAD = "ahead"  # days looked ahead / age


def reach(stack: Stack, cells: Cells, sample: People, *, days: int, rate: float = 0.0) -> Reach:
    """Look so many days ahead; `sample` are customers of the day by whom the total is kept, and bands are filled."""
    expected = pooled(stack.models, stack.weights, cells, days=days, rate=rate)
    cell = find(cells, sample)
    mean = expected.orders[cell] * stack.booster.factor(_looking(sample, days))
    level = float(expected.orders[cell].sum() / mean.sum()) if mean.sum() > 0 else 1.0
    return Reach(stack, days, cells, expected, level, by_band(level * mean, sample))


def find(cells: Cells, people: People) -> Ints:
    """Return the cell of each customer among cells that are sorted and hold every history."""
    width = int(cells.age.max(initial=0)) + 1
    keys = _keys(width, cells.repeats, cells.recency, cells.age)
    return np.searchsorted(keys, _keys(width, people.repeats, people.recency, people.age)).astype(np.int64)


def cells_of(repeats: Ints, recency: Ints, age: Ints) -> tuple[Cells, Ints]:
    """Count customers by history; return the cells, sorted, and the cell of each customer."""
    width = int(age.max(initial=0)) + 1
    keys = _keys(width, repeats, recency, age)
    _, first, cell, count = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    cells = Cells(repeats[first], recency[first], age[first], count.astype(np.float64))
    return cells, cell.ravel().astype(np.int64)


def pooled(models: Sequence[Fitted], weights: Floats, cells: Cells, *, days: int, rate: float = 0.0) -> Expected:
    """Return what the pool expects of each cell."""
    orders, discounted, active = (np.zeros(len(cells.count)) for _ in range(3))
    for one, weight in zip(models, weights, strict=True):
        if weight > 0:
            forecast = one.predict(cells, days=days, rate=rate)
            orders += weight * forecast.orders
            discounted += weight * forecast.discounted
            active += weight * forecast.p_active
    return Expected(np.maximum(orders, LEAST), np.maximum(discounted, LEAST), np.clip(active, 0.0, 1.0))


def pooled_weights(origins: Sequence[Origin], rounds: int = 200) -> Floats:
    """Return the models' weights under which what came at the origins is most likely; shape (models,)."""
    parts = [_expected_and_came(origin, days) for origin in origins for days in origin.known]
    each, came = (np.concatenate(columns, axis=-1) for columns in zip(*parts, strict=True))
    weights = np.full(len(each), 1 / len(each))
    for _ in range(rounds):
        taken = weights * (each @ (came / (weights @ each))) / each.sum(axis=1)
        weights = taken / taken.sum()
    answer: Floats = np.where(weights > 1e-3, weights, 0.0) / weights[weights > 1e-3].sum()
    return answer


def _expected_and_came(origin: Origin, days: int) -> tuple[Floats, Floats]:
    """Return by cell what each model expects of all its customers, and what came."""
    cells = origin.cells
    came: Floats = np.bincount(origin.cell, weights=origin.came[days], minlength=len(cells.count)).astype(np.float64)
    each = np.stack([np.maximum(one.predict(cells, days=days).orders, LEAST) * cells.count for one in origin.models])
    return each, came


def _window(origin: Origin, days: int, weights: Floats, now: int) -> Examples:
    """Return the examples of one stretch after an origin, the pool scaled to the total that came."""
    plain = pooled(origin.models, weights, origin.cells, days=days).orders[origin.cell]
    came = origin.came[days]
    level = max(float(came.sum()), 0.5) / float(plain.sum())
    weight = 0.5 ** ((now - origin.day) / HALF_LIFE) / max(len(origin.known), 1)
    return Examples(_looking(origin.people, days), plain * level, came, np.full(len(came), weight))


def _joined(parts: Sequence[Examples]) -> Examples:
    x, expected, came, weight = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("x", "expected", "came", "weight")
    )
    return Examples(x, expected, came, weight)


def _in_time(origins: Sequence[Origin], trial: Origin, weights: Floats) -> tuple[Examples, Examples]:
    """Return what was known by the trial's day, and what came after it."""
    before = [(origin, trial.day - origin.day) for origin in origins if trial.day - origin.day in origin.came]
    early = [_window(origin, days, weights, trial.day) for origin, days in before if days > 0]
    return _joined(early), _joined([_window(trial, days, weights, trial.day) for days in trial.known])


def _spread_of(origins: Sequence[Origin], weights: Floats, whole: Examples, factor: Floats) -> tuple[Spread, bool]:
    """Fit the spread to what came, and say whether customers who bought once are forecast by band of age."""
    stretches = [(origin, days) for origin in origins for days in origin.known]
    active = [pooled(o.models, weights, o.cells, days=d).active[o.cell] for o, d in stretches]
    repeats = np.concatenate([origin.people.repeats for origin, _ in stretches])
    mean = np.maximum(whole.expected * factor, LEAST)
    spread = fit_spread(mean, np.concatenate(active), repeats, whole.came, whole.weight)
    marks, begin = [], 0
    for (origin, days), here in zip(stretches, active, strict=True):
        part = slice(begin, begin + len(here))
        begin += len(here)
        if days == max(origin.known):
            marks.append(_both_ways(origin.people, days, mean[part], here, spread, whole.came[part]))
    return spread, _worth_it(np.array(marks))


def _worth_it(marks: Floats) -> bool:
    """Decide by CRPS and rank correlation, apart and in bands, of shape (origins, 4)."""
    apart, ranked, banded, ranked_banded = np.nanmean(marks[len(marks) // 2 :], axis=0)
    return bool(ranked_banded > ranked and banded <= (1 + PRICE) * apart)


def _both_ways(people: People, days: int, mean: Floats, active: Floats, spread: Spread, came: Ints) -> list[float]:
    """Return CRPS and rank correlation of the forecasts as they are, and in bands."""
    answer = []
    for m in (mean, _banded(mean, people, by_band(mean, people))):
        p, k = spread.shares(m, active, people.repeats)
        ones = np.ones(len(came))
        score = judged(_forecast(days, m, m, p, k), Outcomes(np.arange(len(came)), came, ones)).crps.mean()
        order = np.argsort(m, kind="stable")
        answer += [float(score), Ranking.of(m[order], came[order], ones).measures()["spearman"]]
    return answer


def by_band(mean: Floats, people: People) -> Floats:
    """Return the mean forecast of customers who bought once, by band of age; nan where there are none."""
    once, band = people.repeats == 0, people.age // BAND
    number = np.bincount(band[once], minlength=int(band.max(initial=0)) + 1)
    total = np.bincount(band[once], weights=mean[once], minlength=len(number))
    answer: Floats = np.divide(total, number, out=np.full(len(number), np.nan), where=number > 0)
    return answer


def fit_spread(mean: Floats, active: Floats, repeats: Ints, came: Ints, weight: Floats) -> Spread:
    """Return the coefficients under which what came is most likely; every array has shape (rows,).

    Rows alike to a tenth are counted together.
    """
    from scipy.optimize import minimize

    columns = (np.rint(10 * np.log(mean)), np.rint(4 * _logit(active)), np.rint(8 * np.log1p(repeats)), came)
    key, place = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    share = np.bincount(place.ravel(), weights=weight) / weight.sum()
    m, here, x, y = np.exp(key[:, 0] / 10), key[:, 1] / 4, key[:, 2] / 8, key[:, 3]

    def loss(theta: Floats) -> tuple[float, Floats]:
        logs, slopes = _log_chance(theta, m, here, x, y)
        off = theta - START
        return float(1e-4 * off @ off - share @ logs), 2e-4 * off - slopes @ share

    found = minimize(loss, START, jac=True, method="L-BFGS-B", bounds=BOUNDS)
    a0, a1, a2, b0, b1, b2 = (float(value) for value in found.x)
    return Spread((a0, a1, a2), (b0, b1, b2))


START = np.array([1.5, 1.0, 0.2, -0.5, 0.6, 0.0])
BOUNDS = ((-8, 8), (0, 4), (-3, 3), (-5, 5), (-3, 3), (-3, 3))


def _log_chance(theta: Floats, m: Floats, here: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the logarithm of the chance of y, shape (rows,), and its slopes in theta, shape (6, rows).

    `here` is logit of the chance of being active, x ln(1 + repeats).
    """
    log_m, some = np.log(m), y > 0
    p, wide = expit(theta[0] + theta[1] * here + theta[2] * log_m), theta[3] + theta[4] * x + theta[5] * log_m
    k = np.exp(np.clip(wide, *SIZES))
    mu = m / p
    whole = k + mu
    none = -k * np.log1p(mu / k)  # ln of the chance that somebody active does not come
    zero = np.exp(none)
    nobody = 1 - p + p * zero
    logs = np.log(nobody)
    came, of = y[some], k[some]
    logs[some] = (
        (np.log(p) + none + y * np.log(mu / whole))[some] + gammaln(of + came) - gammaln(of) - gammaln(came + 1)
    )
    rise = np.zeros(len(y))
    rise[some] = digamma(of + came) - digamma(of)
    by_none = np.where(some, 1.0, p * zero / nobody)
    by_mu = -by_none * k / whole + y / mu - y / whole
    by_k = by_none * (none + mu * k / whole) - y * k / whole + k * rise
    by_p = np.where(some, 1 - p, -(1 - zero) * p * (1 - p) / nobody) - by_mu * mu * (1 - p)
    by_k = np.where((wide > SIZES[0]) & (wide < SIZES[1]), by_k, 0.0)
    slopes: Floats = np.stack([by_p, by_p * here, by_p * log_m, by_k, by_k * x, by_k * log_m])
    return logs, slopes


def _forecast(days: int, mean: Floats, discounted: Floats, p: Floats, k: Floats) -> Forecast:
    """Return counts of 0 with chance 1 - p, else negative binomial, their distributions on a grid; means are kept."""
    p = np.maximum(p, np.minimum(mean / max(days, 1), 1.0))  # nobody buys on more days than there are
    of_mean, of_size = np.ceil(MEAN_STEP * np.log(mean / p)), np.rint(SIZE_STEP * np.log(k))
    kinds, group = np.unique(1000 * of_mean + of_size, return_inverse=True)  # sizes lie within SIZES
    size = np.rint(kinds - 1000 * np.rint(kinds / 1000))
    each = np.exp((kinds - size) / 1000 / MEAN_STEP)
    start, pmf = counted(each, np.exp(size / SIZE_STEP))
    group = group.astype(np.int64)
    return Forecast(
        days=days,
        p_active=np.minimum(mean / each[group], 1.0),
        orders=mean,
        discounted=discounted,
        group=group,
        start=start,
        pmf=pmf,
    )


def _banded(mean: Floats, people: People, once: Floats) -> Floats:
    """Return the forecasts with one for each band of customers who bought once, where there is one."""
    band = np.minimum(people.age // BAND, len(once) - 1)
    return np.where((people.repeats == 0) & np.isfinite(once[band]), once[band], mean)


def _looking(people: People, days: int) -> Matrix:
    """Return the features with how far is looked ahead."""
    ahead = days / np.maximum(people.age, 1)
    return np.column_stack([people.x, ahead.astype(np.float32)])


def _logit(active: Floats) -> Floats:
    answer: Floats = logit(np.clip(active, 1e-4, 1 - 1e-4))
    return answer


def _keys(width: int, repeats: Ints, recency: Ints, age: Ints) -> Ints:
    answer: Ints = (repeats.astype(np.int64) * width + recency) * width + age
    return answer


def _words(models: Sequence[Fitted], weights: Floats, rounds: int, rows: int) -> str:
    parts = ", ".join(f"{one.name} {weight:.0%}" for one, weight in zip(models, weights, strict=True) if weight > 0)
    return f"pool of {parts}; {rounds} trees from {rows:,} examples"
