"""The line of those who come back, beside a plain walk over customers and a simulation with known truth."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepwell.models import compound, gammagamma, returning, signedspend
from keepwell.models.gammagamma import GammaGamma
from keepwell.models.returning import LEVEL, Line, Sums, correlation, line, sums_of
from keepwell.models.signedspend import SignedSpend


def shop(customers=20_000, *, power=0.5, seed=1):
    """Draw customers whose level is a power of their rate, who came at any time in three years and may have left.

    Returns their orders, sum and sum of squares, the orders of the next year, and their true mean order.
    """
    rng = np.random.default_rng(seed)
    rate = 2 * rng.gamma(1.2, 1.0, customers)
    level = 10 * (rate / 2) ** power * rng.lognormal(-0.08, 0.4, customers)
    age = rng.uniform(0.1, 3.0, customers)
    life = 1.5 * rng.exponential(1 / rng.gamma(1.5, 1 / 1.5, customers))
    n = 1 + rng.poisson(rate * np.minimum(age, life))
    later = rng.poisson(rate * np.clip(life - age, 0, 1))
    owner = np.repeat(np.arange(customers), n)
    worth = rng.gamma(4.0, level[owner] / 4.0)
    total, squares = (np.bincount(owner, weights=values) for values in (worth, worth**2))
    return n.astype(float), total, squares, later.astype(float), level


def plain_line(n, own):
    """Lay the line by a walk over every return of every customer."""
    x, y = np.array([(np.log(k), mean) for orders, mean in zip(n, own, strict=True) for k in range(1, int(orders))]).T
    slope, level = np.polyfit(x, y, 1)
    most = np.sort(np.exp(x))[int(np.ceil(returning.SEEN * len(x))) - 1]
    return level, slope, most


def test_the_line_is_that_of_every_return_of_every_customer():
    n, total, *_ = shop(400)
    level, slope, most = returning._returned(sums_of(n=n, total=total))
    assert (level, slope) == pytest.approx(plain_line(n, total / n)[:2])
    assert most == pytest.approx(plain_line(n, total / n)[2])


def test_the_slope_and_its_error_are_those_of_weighted_least_squares():
    n, total, *_ = shop(300)
    own, weight = total / n, n / (n + 2.0)
    design = np.column_stack([np.ones(len(n)), np.log(n)])
    inverse = np.linalg.inv(design.T @ (weight[:, None] * design))
    beta = inverse @ design.T @ (weight * own)
    scores = design * (weight * (own - design @ beta))[:, None]
    se = np.sqrt((inverse @ scores.T @ scores @ inverse)[1, 1])
    assert correlation(sums_of(n=n, total=total), to_half=2.0) == pytest.approx((beta[1], se))


def test_the_standard_error_is_that_of_repeated_samples():
    found = [
        correlation(sums_of(n=n, total=total), to_half=2.0) for n, total, *_ in (shop(500, seed=s) for s in range(60))
    ]
    slopes, errors = np.array(found).T
    assert errors.mean() == pytest.approx(slopes.std(), rel=0.3)  # 60 samples tell an sd to 9%


def test_what_does_not_follow_the_frequency_is_left_alone():
    moved = 0
    for seed in range(40):
        n, total, squares, *_ = shop(500, power=0.0, seed=seed)
        params = signedspend.fit(n=n, total=total, squares=squares).params
        moved += signedspend.following(params, sums_of(n=n, total=total)) != params
    assert moved <= 6, "one in twenty lies beyond two standard errors"


@pytest.mark.parametrize("power", [-0.6, 0.5])
def test_orders_to_come_are_foretold_better_where_spend_follows_the_frequency(power):
    n, total, squares, later, level = shop(60_000, power=power)
    sums = sums_of(n=n, total=total)
    plain = signedspend.fit(n=n, total=total, squares=squares).params
    gamma = gammagamma.fit(n=n, mean=total / n).params
    for module, params in ((signedspend, plain), (gammagamma, gamma)):
        followed = module.following(params, sums)
        assert np.sign(followed.slope) == np.sign(power)
        before, after = (module.predict(one, n=n, total=total).mean for one in (params, followed))
        assert later @ (after - level) ** 2 < 0.997 * (later @ (before - level) ** 2)
        assert abs(later @ (after - level)) < 0.75 * abs(later @ (before - level))
        assert abs(later @ (after - level)) < 0.04 * (later @ level)


def test_first_orders_of_another_kind_move_nothing():
    # Frequent customers spend more, but with every order they spend less: the two slopes point apart.
    sums = Sums(
        np.array([1.0, 2.0, 3.0]), np.array([500.0, 300.0, 200.0]), np.array([5e3, 9e3, 3e3]), np.array([6e4, 3e5, 6e4])
    )
    slope, se = correlation(sums, to_half=1.0)
    assert slope > 2 * se > 0
    assert returning._returned(sums)[1] < 0
    assert line(sums, mean=10.0, to_half=1.0) == LEVEL


def test_beyond_what_is_seen_the_line_is_level():
    found = Line(shift=-1.0, slope=2.0, most=10.0)
    assert found.of(np.array([1.0, 10.0, 5000.0])) == pytest.approx([-1, 2 * np.log(10) - 1, 2 * np.log(10) - 1])
    assert found.of(np.zeros(1)) == pytest.approx([-1.0]), "nobody's order counts as one"


@pytest.mark.parametrize("n", [[1.0, 1.0, 1.0], [4.0, 4.0], [1.0]])
def test_customers_who_all_ordered_as_often_have_no_line(n):
    total = np.arange(1.0, len(n) + 1)
    for to_half in (0.0, 1.0, np.inf):
        assert line(sums_of(n=np.array(n), total=total), mean=2.0, to_half=to_half) == LEVEL


@settings(deadline=None, max_examples=25)
@given(c=st.floats(1e-3, 1e4))
def test_a_change_of_currency_changes_the_line_alike(c):
    n, total, *_ = shop(800)
    here = line(sums_of(n=n, total=total), mean=12.0, to_half=1.5)
    there = line(sums_of(n=n, total=c * total), mean=c * 12.0, to_half=1.5)
    assert (there.shift, there.slope) == pytest.approx((c * here.shift, c * here.slope), rel=1e-9)
    assert there.most == here.most


def test_the_order_of_customers_does_not_matter():
    n, total, *_ = shop(800)
    there = np.random.default_rng(3).permutation(len(n))
    here, moved = (line(sums_of(n=n[k], total=total[k]), mean=12.0, to_half=1.5) for k in (slice(None), there))
    assert (moved.shift, moved.slope) == pytest.approx((here.shift, here.slope), rel=1e-9)


def test_gamma_never_falls_to_nothing():
    steep = replace(GammaGamma(6.0, 4.0, 15.0), shift=-0.5, slope=-0.4, most=1000.0)
    assert (steep.gamma_of(np.array([1.0, 1000.0])) > 0).all()
    assert steep.mean_of(np.ones(1)) == pytest.approx([steep.mean / 2])


def test_an_own_mean_is_drawn_to_those_who_came_as_often():
    params = SignedSpend(10.0, 4.0, 12.0, 10.0, 10.0, shift=1.0, slope=2.0, most=50.0)
    spend = signedspend.predict(params, n=np.array([3.0]), total=np.array([0.0]))
    assert spend.mean[0] == pytest.approx((1 - spend.weight[0]) * (11 + 2 * np.log(3)))


def test_what_customers_bring_is_drawn_around_the_same_mean():
    fixed = compound.points(256, seed=1)
    counts = compound.Counts(
        np.full(2, 0.3), np.zeros(2, np.int64), np.array([0, 3]), np.array([0.3, 0.5, 0.2]), np.ones(2)
    )
    n, total = np.array([1, 6]), np.array([20.0, 90.0])
    params = replace(GammaGamma(6.0, 4.0, 15.0), shift=0.2, slope=0.3, most=4.0)
    found = compound.gamma_sums(compound.gamma_worth(params, fixed, np.ones(256)), counts, n=n, total=total)
    for i, gamma in enumerate(params.gamma_of(n.astype(float))):
        plain = compound.gamma_worth(GammaGamma(6.0, 4.0, float(gamma)), fixed, np.ones(256))
        assert found[i] == pytest.approx(compound.gamma_sums(plain, counts, n=n, total=total)[i])
