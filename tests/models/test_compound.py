"""What customers will bring: the compound of how often and how much, against plain simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from keepwell.models import compound
from keepwell.models.compound import LEVELS, Counts, Shared
from keepwell.models.gammagamma import GammaGamma
from keepwell.models.signedspend import SignedSpend

GAMMA = GammaGamma(6.25, 3.74, 15.44)
SIGNED = SignedSpend(mean=20.0, between=60.0, within=220.0, freedom=8.0, scale=165.0)
DRAWS = 200_000


def counts(p_active=0.7, *, mean=2.5, customers=1, discount=1.0):
    pmf = nbinom.pmf(np.arange(80), 1.5, 1.5 / (1.5 + mean))
    pmf[-1] += 1 - pmf.sum()
    active = np.full(customers, p_active)
    return Counts(
        none=1 - active * (1 - pmf[0]),
        group=np.zeros(customers, np.int64),
        start=np.array([0, 80]),
        pmf=pmf,
        discount=np.full(customers, discount),
    )


def drawn_counts(of, *, rng):
    return rng.choice(80, DRAWS, p=of.pmf) * (rng.random(DRAWS) < (1 - of.none[0]) / (1 - of.pmf[0]))


def shares_below(quantiles, sums):
    """Return the share of simulated sums below each quantile, and at or below it."""
    return np.array([[np.mean(sums < q - 1e-9), np.mean(sums <= q + 1e-9)] for q in quantiles])


def assert_quantiles(quantiles, sums, within):
    """A quantile at level a has at most a below it and at least a up to it."""
    below, upto = shares_below(quantiles, sums).T
    assert (below <= np.array(LEVELS) + within).all()
    assert (upto >= np.array(LEVELS) - within).all()


@pytest.mark.parametrize("p_active", [0.999, 0.7, 0.2])
@pytest.mark.parametrize(("n", "total"), [(1, 22.0), (6, 400.0)])
def test_gamma_sums_are_the_quantiles_of_a_plain_simulation(n, total, p_active):
    rng, of = np.random.default_rng(7), counts(p_active, discount=0.9)
    orders = drawn_counts(of, rng=rng)
    nu = rng.gamma(GAMMA.q + GAMMA.p * n, 1 / (GAMMA.gamma + total), DRAWS)
    sums = np.where(orders > 0, 0.9 * rng.gamma(np.maximum(GAMMA.p * orders, 1e-9)) / nu, 0.0)
    points = compound.points(2048, seed=3)
    worth = compound.gamma_worth(GAMMA, points, np.ones(2048))
    found = compound.gamma_sums(worth, of, n=np.array([n]), total=np.array([total]))[0]
    assert_quantiles(found, sums, 0.01)  # 2,048 even points in three directions


def test_256_points_are_near_enough():
    rng, of = np.random.default_rng(8), counts(0.8)
    orders = drawn_counts(of, rng=rng)
    nu = rng.gamma(GAMMA.q + GAMMA.p * 3, 1 / (GAMMA.gamma + 100), DRAWS)
    sums = np.where(orders > 0, rng.gamma(np.maximum(GAMMA.p * orders, 1e-9)) / nu, 0.0)
    worth = compound.gamma_worth(GAMMA, compound.points(256, seed=20240101), np.ones(256))
    found = compound.gamma_sums(worth, of, n=np.array([3]), total=np.array([100.0]))[0]
    assert_quantiles(found, sums, 0.02)


@pytest.mark.parametrize("p_active", [0.999, 0.6])
@pytest.mark.parametrize(("n", "total"), [(1, 5.0), (5, -60.0)])
def test_signed_sums_are_the_quantiles_of_a_plain_simulation(n, total, p_active):
    rng, of = np.random.default_rng(9), counts(p_active)
    orders = drawn_counts(of, rng=rng)
    weight = n * SIGNED.between / (n * SIGNED.between + SIGNED.within)
    mean = SIGNED.mean + weight * (total / n - SIGNED.mean)
    around = 150.0 * (n - 1)
    degrees = SIGNED.freedom + n - 1
    variance = (SIGNED.freedom * SIGNED.scale + around) / rng.chisquare(degrees, DRAWS)
    own = rng.normal(mean, np.sqrt(SIGNED.between * (1 - weight)), DRAWS)
    skew = 2 * np.sqrt(SIGNED.within) / SIGNED.mean
    shape = 4 / skew**2 * np.maximum(orders, 1)
    standard = (rng.gamma(shape) - shape) / np.sqrt(shape)
    sums = np.where(orders > 0, orders * own + np.sqrt(orders * variance) * standard, 0.0)
    points = compound.points(2048, seed=3)
    worth = compound.signed_worth(SIGNED, points, Shared(np.ones(2048), np.zeros(2048)))
    arrays = {"mean": np.array([mean]), "weight": np.array([weight]), "around": np.array([around])}
    found = compound.signed_sums(worth, of, n=np.array([n]), **arrays)[0]
    assert_quantiles(found, sums, 0.012)
    assert found[0] < 0 or p_active < 0.9 or total > 0


@settings(deadline=None, max_examples=50)
@given(none=st.floats(0, 1), total=st.floats(0, 1e5), n=st.integers(1, 2000), mean=st.floats(0.01, 20))
def test_quantiles_rise_and_the_atom_at_zero_is_exact(none, total, n, mean):
    of = counts(mean=mean)
    of = Counts(np.array([none]), of.group, of.start, of.pmf, of.discount)
    worth = compound.gamma_worth(GAMMA, compound.points(64, seed=1), np.ones(64))
    found = compound.gamma_sums(worth, of, n=np.array([n]), total=np.array([total]))[0]
    assert (np.diff(found) >= 0).all()
    assert [q == 0 for q in found] == [level <= none for level in LEVELS]


def test_the_answer_of_a_customer_does_not_hang_on_the_batch():
    worth = compound.gamma_worth(GAMMA, compound.points(128, seed=1), np.ones(128))
    n, total = np.arange(1, 41) % 7 + 1, np.linspace(0, 500, 40)
    whole = compound.gamma_sums(worth, counts(customers=40), n=n, total=total)
    one = compound.gamma_sums(worth, counts(), n=n[17:18], total=total[17:18])
    assert (whole[17] == one[0]).all()


def test_a_doubt_that_all_share_widens_the_interval_on_both_sides():
    u = compound.points(512, seed=1)
    sure = compound.gamma_worth(GAMMA, u, np.ones(512))
    unsure = compound.gamma_worth(GAMMA, u, 1 + (u.shared - 0.5))
    of = counts(0.999, mean=40)
    arrays = {"n": np.array([30]), "total": np.array([1000.0])}
    narrow, wide = (compound.gamma_sums(w, of, **arrays)[0] for w in (sure, unsure))
    assert wide[0] < narrow[0] < narrow[-1] < wide[-1]


def test_the_same_seed_gives_the_same_points_and_another_seed_others():
    one, same, other = (compound.points(100, seed=s) for s in (1, 1, 2))
    assert (one.amount == same.amount).all()
    assert (one.amount != other.amount).any()


@pytest.mark.parametrize("draws", [64, 256, 1000])
def test_points_are_even_in_each_direction_and_each_pair_of_directions(draws):
    p = compound.points(draws, seed=5)
    directions = (p.orders, p.amount, p.spread, p.level, p.shared)
    for values in directions:
        assert np.sort(values) == pytest.approx((np.arange(draws) + 0.5) / draws)
    for i, one in enumerate(directions):
        for other in directions[:i]:
            inside = np.mean((one < 0.5) & (other < 0.5))
            assert inside == pytest.approx(0.25, abs=0.04)
