import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import gamma

from keepwell.simulate.people import drawn, spent
from keepwell.simulate.worlds import world

MANY = 200_000


def crowd(name):
    return drawn(world(name), customers=MANY, rng=np.random.default_rng(5))


def test_rates_have_the_mean_and_spread_of_their_gamma():
    kind = world("pareto").temperaments[0]
    rate = crowd("pareto").rate
    assert rate.mean() == pytest.approx(kind.rate_shape / kind.rate_days, rel=0.01)
    assert rate.var() == pytest.approx(kind.rate_shape / kind.rate_days**2, rel=0.03)


def test_customers_stay_as_long_as_a_pareto_of_the_second_kind_says():
    kind = world("pareto").temperaments[0]
    people = crowd("pareto")
    for days in (30, 365, 2000):
        stays = (kind.leave_days / (kind.leave_days + days)) ** kind.leave_shape
        assert np.mean(people.leaves - people.first > days) == pytest.approx(stays, abs=4 * np.sqrt(0.25 / MANY))


def test_temperaments_come_in_their_shares():
    shares = np.bincount(crowd("mail-order").temperament) / MANY
    expected = [kind.share for kind in world("mail-order").temperaments]
    np.testing.assert_allclose(shares, expected, atol=4 * np.sqrt(0.25 / MANY))


def test_baskets_of_the_gamma_world_have_the_published_mean_of_gamma_gamma():
    people = crowd("pareto")
    amount = spent(world("pareto"), people, owner=np.arange(MANY), rng=np.random.default_rng(6))
    # p g / (q - 1) with p 6.25, q 3.74, g 15.4; the sd of one basket is about 35, so 4 standard errors are 0.9%.
    assert amount.mean() == pytest.approx(6.25 * 15.4 / 2.74, rel=0.009)


def test_one_customers_baskets_spread_less_than_all_customers():
    people = crowd("pareto")
    owner = np.repeat(np.arange(2000), 50)
    amount = spent(world("pareto"), people, owner=owner, rng=np.random.default_rng(6)).reshape(2000, 50)
    within = np.mean(amount.std(axis=1, ddof=1) / amount.mean(axis=1))
    # A gamma of shape 6.25 has the coefficient of variation 0.4; estimated from 50 baskets it is about 1% low.
    assert within == pytest.approx(0.4, rel=0.03)


def test_lognormal_baskets_have_the_mean_their_temperament_states():
    people = crowd("mail-order")
    amount = spent(world("mail-order"), people, owner=np.arange(MANY), rng=np.random.default_rng(6))
    for index, kind in enumerate(world("mail-order").temperaments):
        assert amount[people.temperament == index].mean() == pytest.approx(kind.spend.mean, rel=0.02)


def test_weibull_lifetimes_survive_as_their_integral_over_all_customers_says():
    kind = world("weibull").temperaments[0]
    people = crowd("weibull")
    leaving = gamma(kind.leave_shape, scale=1 / kind.leave_days)
    for days in (60, 365, 900):
        stays = quad(lambda a, t=days: leaving.pdf(a) * np.exp(-((a * t) ** kind.leave_power)), 0, 0.1, limit=200)[0]
        assert np.mean(people.leaves - people.first > days) == pytest.approx(stays, abs=4 * np.sqrt(0.25 / MANY))


def test_who_buys_often_spends_more_where_the_world_says_so():
    kind = world("weibull").temperaments[0]
    people = crowd("weibull")
    amount = spent(world("weibull"), people, owner=np.arange(MANY), rng=np.random.default_rng(6))
    # The logarithm of a basket grows with that of the rate by the power; its own sd is 0.57, that of the rate 1.4.
    slope = np.polyfit(np.log(people.rate), np.log(amount), 1)[0]
    assert slope == pytest.approx(kind.spend_follows, abs=4 * 0.57 / 1.4 / np.sqrt(MANY))
    assert amount.mean() == pytest.approx(kind.spend.mean, rel=0.01)


def test_spend_knows_nothing_of_the_rate_elsewhere():
    people = crowd("pareto")
    amount = spent(world("pareto"), people, owner=np.arange(MANY), rng=np.random.default_rng(6))
    assert np.corrcoef(np.log(people.rate), np.log(amount))[0, 1] == pytest.approx(0, abs=4 / np.sqrt(MANY))
