import numpy as np
import pytest
from scipy.optimize import minimize

from keepwell.models import bgnbd, paretonbd, pooling
from keepwell.models.pooling import Kinds
from keepwell.models.shapes import Cells, parameters

TRUE = {"r": 0.8, "alpha": 60.0, "s": 0.7, "beta": 200.0}


def drawn(customers, rng, *, buying=0.0, leaving=0.0, unit=1, days=730, arrivals=540):
    """Draw histories of a Pareto/NBD shop whose scales are multiplied by the exponentials of the effects."""
    rate = rng.gamma(TRUE["r"], np.exp(-buying) / TRUE["alpha"], customers)
    leave = rng.gamma(TRUE["s"], np.exp(-leaving) / TRUE["beta"], customers)
    age = days - rng.integers(0, arrivals, customers)
    here = np.minimum(rng.exponential(1, customers) / leave, age)
    number = rng.poisson(rate * here)
    owner = np.repeat(np.arange(customers), number)
    day = np.ceil(rng.random(number.sum()) * here[owner]).astype(int)
    pairs = np.unique(owner * 10_000 + day)
    repeats = np.bincount(pairs // 10_000, minlength=customers)
    recency = np.zeros(customers, int)
    np.maximum.at(recency, pairs // 10_000, pairs % 10_000)
    keys, count = np.unique(
        np.stack([repeats, recency * unit, np.maximum(age, recency) * unit], 1), axis=0, return_counts=True
    )
    return Cells(*(np.ascontiguousarray(keys[:, i]) for i in range(3)), count.astype(float))


def together(groups):
    return Cells(*(np.concatenate([getattr(g, f) for g in groups]) for f in ("repeats", "recency", "age", "count")))


def start_of(model, groups):
    return np.log(list(parameters(model.fit(together(groups)).params).values()))


def pooled(groups, model=paretonbd):
    return pooling.pooled(pooling.alone(groups), model.objective, start=start_of(model, groups))


@pytest.fixture(scope="module")
def four():
    """Two groups that differ, one like the mean, and 5 customers who truly buy much slower."""
    rng = np.random.default_rng(1)
    sizes = ((0.0, 4000), (0.6, 4000), (-0.6, 4000), (1.5, 5))
    return [drawn(n, rng, buying=buying) for buying, n in sizes]


@pytest.fixture(scope="module")
def of_four(four):
    return pooled(four)


def test_groups_of_different_rates_are_told_apart(of_four):
    gaps = of_four.buying[1:3] - of_four.buying[0]
    # Each group has some 5,000 purchases; the sd of a group's level is about 3%, that of a difference 5%.
    assert gaps == pytest.approx([0.6, -0.6], abs=0.2)
    assert np.abs(of_four.leaving).max() < 0.25


def test_a_group_of_five_is_drawn_to_the_rest(four, of_four):
    # By themselves the five would be put where their own likelihood has its peak.
    own = four[3]

    def cost(shift):
        p = paretonbd.ParetoNBD(*np.exp(of_four.theta + np.array([0, shift[0], 0, 0])))
        x, t_x, age = (a.astype(float) for a in (own.repeats, own.recency, own.age))
        return -own.count @ paretonbd.log_likelihood(p, x=x, t_x=t_x, T=age)

    lonely = minimize(cost, [0.0], method="Nelder-Mead", bounds=[(-5, 5)]).x[0]
    assert abs(of_four.buying[3]) < 0.8 * abs(lonely)
    assert of_four.buying[3] * lonely > 0
    assert of_four.buying_sd[3] > 2 * np.ptp(of_four.buying_sd[:3])


def test_groups_that_are_alike_are_wholly_pooled():
    rng = np.random.default_rng(2)
    found = pooled([drawn(1500, rng) for _ in range(5)])
    assert np.abs(found.buying).max() < 0.05
    assert np.abs(found.leaving).max() < 0.15


def test_huge_groups_are_as_if_fitted_alone():
    rng = np.random.default_rng(3)
    groups = [drawn(n, rng, buying=b, leaving=b) for n, b in ((20_000, 0.0), (20_000, 0.8))]
    found = pooled(groups)
    alone = [paretonbd.fit(g).params for g in groups]
    rates = [np.log(p.r / p.alpha) for p in alone]
    # The groups' own fits also differ in their shapes, by sampling.
    logs = pooling.logs_of(found, pooling.alone(groups).design)
    assert logs[:, 0] - logs[:, 1] == pytest.approx(rates, abs=0.05)


def test_pooled_effects_are_those_of_a_slow_plain_program():
    rng = np.random.default_rng(4)
    groups = [drawn(n, rng, buying=b, leaving=v) for n, b, v in ((150, 0.4, 0.0), (90, -0.3, 0.3), (20, 0.0, 0.0))]
    start, spreads = start_of(paretonbd, groups), np.array([[0.3], [0.2]])
    found = pooling.at_fixed(pooling.alone(groups), paretonbd.objective, start=start, spreads=spreads)

    def cost(place):
        value = ((place[:4] - start) ** 2).sum() / (2 * pooling.LOOSE**2)
        value += (place[4:7] ** 2).sum() / (2 * 0.3**2) + (place[7:] ** 2).sum() / (2 * 0.2**2)
        for i, g in enumerate(groups):
            p = paretonbd.ParetoNBD(*np.exp(place[:4] + np.array([0, place[4 + i], 0, place[7 + i]])))
            x, t_x, age = (a.astype(float) for a in (g.repeats, g.recency, g.age))
            value -= g.count @ paretonbd.log_likelihood(p, x=x, t_x=t_x, T=age)
        return value

    plain = minimize(cost, np.r_[start, np.zeros(6)], method="BFGS", options={"gtol": 1e-3})
    ours = np.r_[found.theta, found.buying, found.leaving]
    assert cost(ours) <= plain.fun + 1e-4
    np.testing.assert_allclose(np.r_[found.buying, found.leaving], plain.x[4:], atol=5e-3)


def test_effects_do_not_hang_on_the_unit_of_time():
    days = [drawn(800, np.random.default_rng(s), buying=b) for s, b in ((5, 0.5), (6, -0.5))]
    half = [drawn(800, np.random.default_rng(s), buying=b, unit=2) for s, b in ((5, 0.5), (6, -0.5))]
    one, two = pooled(days), pooled(half)
    np.testing.assert_allclose(two.buying, one.buying, atol=2e-3)
    np.testing.assert_allclose(two.theta[[1, 3]] - one.theta[[1, 3]], np.log(2), atol=5e-3)


def test_two_covariates_are_told_apart():
    rng = np.random.default_rng(7)
    levels = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    groups = tuple(drawn(4000, rng, buying=0.8 * a) for a, _ in levels)
    kinds = Kinds(groups, levels, (2, 2))
    found = pooling.pooled(kinds, paretonbd.objective, start=start_of(paretonbd, groups))
    assert found.buying[1] - found.buying[0] == pytest.approx(0.8, abs=0.15)
    assert abs(found.buying[3] - found.buying[2]) < 0.1
    assert found.tells[0] > 5 * found.tells[1]


def test_bgnbd_pools_too():
    rng = np.random.default_rng(8)
    groups = [drawn(3000, rng, buying=b) for b in (0.0, 0.7)]
    found = pooled(groups, bgnbd)
    assert found.buying[1] - found.buying[0] > 0.4


def test_customers_are_divided_among_groups():
    cells = Cells(np.array([0, 1]), np.array([0, 5]), np.array([9, 9]), np.array([3.0, 2.0]))
    groups = pooling.grouped(cells, np.array([0, 2, 0, 0, 2]), np.array([0, 0, 1, 0, 1]), 3)
    assert [g.count.tolist() for g in groups] == [[2.0, 1.0], [], [1.0, 1.0]]
    assert groups[2].repeats.tolist() == [0, 1]
