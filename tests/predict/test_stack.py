"""The stack on arrays: pooling, spreading, bands; against scipy, simulations with known truth, and plain loops."""

import numpy as np
import pytest
from scipy import stats

from keepwell.models import bgnbd, paretonbd
from keepwell.models.bgnbd import BGNBD
from keepwell.models.paretonbd import ParetoNBD
from keepwell.models.shapes import Cells
from keepwell.predict import stack
from keepwell.predict.fitted import Fitted
from keepwell.predict.stack import Origin, People, Spread

PARETO = ParetoNBD(r=0.7, alpha=50.0, s=0.6, beta=150.0)
BG = BGNBD(r=0.4, alpha=30.0, a=0.5, b=3.0)


class Given:
    """What `Fitted` reads of a fit."""

    def __init__(self, params) -> None:
        self.params = params


def models():
    return (Fitted("bgnbd", bgnbd, Given(BG)), Fitted("paretonbd", paretonbd, Given(PARETO)))


def people(seed, size, *, feature=None):
    """Draw histories, with one feature."""
    rng = np.random.default_rng(seed)
    age = rng.integers(60, 300, size)
    repeats = np.minimum(rng.negative_binomial(0.5, 0.25, size), age)
    recency = np.where(repeats > 0, np.maximum((age * rng.uniform(0.1, 1, size)).astype(int), repeats), 0)
    x = rng.integers(0, 2, size) if feature is None else feature
    return People(np.asarray(x, np.float32).reshape(-1, 1), repeats, recency, age, np.arange(size))


def origin(day, who, mean_of, seed):
    """Let what comes be Poisson around a mean."""
    cells, cell = stack.cells_of(who.repeats, who.recency, who.age)
    plain = {n: stack.pooled(models(), np.array([0.0, 1.0]), cells, days=n).orders[cell] for n in (91, 182)}
    rng = np.random.default_rng(seed)
    first = rng.poisson(mean_of(plain[91], who))
    second = first + rng.poisson(mean_of(plain[182] - plain[91], who))
    return Origin(day, who, cells, cell, models(), {91: first, 182: second}, (91, 182))


def shop(mean_of):
    before = [origin(1000 - back, people(back, 4000), mean_of, back) for back in (300, 240, 182)]
    return before, origin(1000, people(9, 4000), mean_of, 9)


def ready(mean_of):
    before, now = shop(mean_of)
    made = stack.ready(before, now, names=("likes",), kinds=(), seed=1, trial=None)
    return made, now


def test_counts_are_zero_inflated_negative_binomials():
    mean, p, k = np.array([0.03, 0.8, 7.0]), np.array([0.4, 0.9, 1.0]), np.array([0.3, 2.0, 11.0])
    made = stack._forecast(91, mean, mean, p, k)
    for i in range(3):
        g = made.group[i]
        pmf = made.pmf[made.start[g] : made.start[g + 1]]
        y = np.arange(len(pmf))
        size = k[i] * np.exp(np.rint(8 * np.log(k[i])) / 8 - np.log(k[i]))  # as the grid has it
        middle = mean[i] / made.p_active[i]
        expected = stats.nbinom.pmf(y, size, size / (size + middle))
        np.testing.assert_allclose(pmf, expected, atol=2e-9)
        assert made.p_active[i] * (pmf @ y) == pytest.approx(mean[i], rel=1e-7)
        assert p[i] / 1.06 < made.p_active[i] <= p[i] + 1e-12


def test_the_spread_that_made_the_counts_is_found():
    rng = np.random.default_rng(1)
    size = 60_000
    mean, active, repeats = rng.gamma(1.0, 1.0, size), rng.uniform(0.2, 0.95, size), rng.poisson(2, size)
    truth = Spread((1.0, 1.2, 0.3), (0.2, 0.5, 0.1))
    p, k = truth.shares(mean, active, repeats)
    came = rng.binomial(1, p) * rng.negative_binomial(k, k / (k + mean / p))
    found = stack.fit_spread(mean, active, repeats, came, np.ones(size))
    q, m = found.shares(mean, active, repeats)
    assert np.abs(q - p).mean() < 0.02
    assert np.abs(np.log(m / k)).mean() < 0.2  # rows are rounded to a tenth of a logarithm


def test_the_pool_finds_the_model_that_is_true():
    before, _ = shop(lambda plain, _: plain)
    weights = stack.pooled_weights(before)
    assert weights.sum() == pytest.approx(1)
    assert weights[1] > 0.8


def test_trees_find_what_the_models_do_not_see_and_keep_the_total():
    likes = np.log([0.6, 1.6])
    made, now = ready(lambda plain, who: plain * np.exp(likes[who.x[:, 0].astype(int)]))
    ahead = stack.reach(made, now.cells, now.people, days=91)
    mean = ahead.means(now.people, now.cell)
    plain = ahead.expected.orders[now.cell]
    assert mean.sum() == pytest.approx(plain.sum(), rel=0.02)  # bands of equal age keep it in the mean
    back, fans = now.people.repeats > 0, now.people.x[:, 0] == 1
    found = [mean[back & who].sum() / plain[back & who].sum() for who in (fans, ~fans)]
    assert found[0] / found[1] == pytest.approx(1.6 / 0.6, rel=0.15)


def test_customers_who_bought_once_share_a_forecast_by_band():
    who = people(3, 500)
    mean = np.random.default_rng(1).uniform(0.1, 1, 500)
    banded = stack._banded(mean, who, stack.by_band(mean, who))
    for band in range(4):
        chosen = (who.repeats == 0) & (who.age // stack.BAND == band)
        if chosen.any():
            np.testing.assert_allclose(banded[chosen], mean[chosen].mean())
    np.testing.assert_array_equal(banded[who.repeats > 0], mean[who.repeats > 0])


def test_cells_are_sorted_and_found_again():
    who = people(5, 300)
    cells, cell = stack.cells_of(who.repeats, who.recency, who.age)
    np.testing.assert_array_equal(stack.find(cells, who), cell)
    np.testing.assert_array_equal(cells.repeats[cell], who.repeats)
    assert cells.count.sum() == 300
    assert isinstance(cells, Cells)


def test_the_same_origins_give_the_same_forecast():
    def likes(plain, who):
        return plain * (1 + who.x[:, 0])

    (one, now), (two, _) = ready(likes), ready(likes)
    a, b = (stack.reach(made, now.cells, now.people, days=91).means(now.people, now.cell) for made in (one, two))
    np.testing.assert_array_equal(a, b)


def test_the_slopes_of_the_chance_are_those_of_its_differences() -> None:
    rng = np.random.default_rng(4)
    m, here, x = np.exp(rng.normal(-1, 1, 300)), rng.normal(0, 2, 300), np.log1p(rng.poisson(2, 300))
    y = rng.poisson(m).astype(float)
    for theta in (stack.START, np.array([0.5, 0.7, -0.3, 0.2, 0.4, 0.1])):
        _, slopes = stack._log_chance(theta, m, here, x, y)
        for i, step in enumerate(1e-6 * np.eye(6)):
            above, below = (stack._log_chance(theta + s, m, here, x, y)[0] for s in (step, -step))
            np.testing.assert_allclose(slopes[i], (above - below) / 2e-6, atol=1e-7)
