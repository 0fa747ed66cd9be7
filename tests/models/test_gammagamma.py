"""The Gamma-Gamma of orders that all bring something."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import gamma as gamma_distribution

from keepwell.errors import FitError
from keepwell.models import gammagamma
from keepwell.models.gammagamma import GammaGamma
from keepwell.models.signedspend import SignedSpend

TRUE = GammaGamma(6.25, 3.74, 15.44)


def simulated(customers, *, seed=1):
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 9, customers).astype(float)
    nu = rng.gamma(TRUE.q, 1 / TRUE.gamma, customers)
    return n, rng.gamma(TRUE.p * n, 1 / nu) / n


@pytest.mark.parametrize(("n", "mean"), [(1.0, 5.0), (3.0, 41.0), (12.0, 22.0)])
def test_the_likelihood_is_the_integral_over_the_customers_rate(n, mean):
    def given_rate(nu):
        one = gamma_distribution.pdf(mean, TRUE.p * n, scale=1 / (nu * n))
        return one * gamma_distribution.pdf(nu, TRUE.q, scale=1 / TRUE.gamma)

    plain, _ = quad(given_rate, 0, 5, points=[0.05, 0.2, 0.5], limit=200)
    found = gammagamma.log_likelihood(TRUE, n=np.array([n]), mean=np.array([mean]))[0]
    assert found == pytest.approx(np.log(plain), abs=1e-7)  # as exact as the integral


def test_the_fit_finds_the_parameters_that_made_the_data():
    n, mean = simulated(40_000)
    fit = gammagamma.fit(n=n, mean=mean)
    for name in ("p", "q", "gamma"):
        assert abs(getattr(fit.params, name) - getattr(TRUE, name)) < 4 * fit.sd[name]
        assert fit.sd[name] < 0.05 * getattr(TRUE, name)


@settings(deadline=None, max_examples=15)  # a fit each
@given(c=st.floats(1e-3, 1e5))
def test_a_change_of_currency_changes_gamma_only(c):
    n, mean = simulated(300)
    here, there = gammagamma.fit(n=n, mean=mean), gammagamma.fit(n=n, mean=c * mean)
    assert [there.params.p, there.params.q] == pytest.approx([here.params.p, here.params.q], rel=1e-4)
    assert there.params.gamma == pytest.approx(c * here.params.gamma, rel=1e-4)
    assert there.log_likelihood == pytest.approx(here.log_likelihood - len(n) * np.log(c), rel=1e-9, abs=1e-6)


@settings(deadline=None)
@given(n=st.integers(1, 200), mean=st.floats(0.01, 1e6))
def test_what_is_expected_lies_between_the_population_and_the_customer(n, mean):
    spend = gammagamma.predict(TRUE, n=np.array([float(n)]), total=np.array([n * mean]))
    low, high = sorted((TRUE.mean, mean))
    assert low - 1e-9 <= spend.mean[0] <= high * (1 + 1e-12)
    assert spend.mean[0] == pytest.approx((1 - spend.weight[0]) * TRUE.mean + spend.weight[0] * mean)


def test_more_orders_of_ones_own_weigh_more():
    spend = gammagamma.predict(TRUE, n=np.arange(50.0), total=np.arange(50.0))
    assert spend.weight[0] == 0
    assert (np.diff(spend.weight) > 0).all()


def test_too_few_customers_are_refused():
    with pytest.raises(FitError, match="too few"):
        gammagamma.fit(n=np.ones(9), mean=np.arange(1.0, 10.0))


def test_customers_who_all_spend_the_same_are_refused():
    with pytest.raises(FitError, match="the same"):
        gammagamma.fit(n=np.ones(50), mean=np.full(50, 9.99))


def test_a_population_without_a_mean_is_refused():
    with pytest.raises(FitError, match="infinite"):
        gammagamma.predict(GammaGamma(2.0, 0.9, 10.0), n=np.zeros(1), total=np.zeros(1))


def test_the_fused_value_is_the_sum_and_its_gradient_is_its_slope():
    rng = np.random.default_rng(3)
    n = 1.0 + rng.poisson(2.0, 200)
    mean = rng.gamma(6.25 * n) / n / rng.gamma(3.74, 1 / 15.4, 200)
    fused, theta = gammagamma._fused(n, mean), np.log([5.0, 3.0, 12.0])

    def at(theta):
        return fused(GammaGamma(*np.exp(theta)))

    value, gradient = at(theta)
    params = GammaGamma(*np.exp(theta))
    np.testing.assert_allclose(value, gammagamma.log_likelihood(params, n=n, mean=mean).sum(), rtol=1e-12)
    slope = [(at(theta + h)[0] - at(theta - h)[0]) / 2e-5 for h in 1e-5 * np.eye(3)]
    np.testing.assert_allclose(gradient, slope, rtol=1e-6)  # error of central differences


def test_moments_are_those_of_the_population():
    population = SignedSpend(mean=30.0, between=150.0, within=400.0, freedom=9.0, scale=300.0)
    found = gammagamma.by_moments(n=np.ones(3), mean=np.full(3, 30.0), population=population).params
    rng = np.random.default_rng(5)
    nu = rng.gamma(found.q, 1 / found.gamma, 400_000)
    assert found.mean == pytest.approx(population.mean)
    assert (found.p / nu).var() == pytest.approx(population.between, rel=0.05)  # heavy tails: q is 8
    assert (found.p / nu**2).mean() == pytest.approx(population.within, rel=0.02)
    spend = gammagamma.predict(found, n=np.array([4.0]), total=np.array([100.0]))
    assert spend.weight[0] == pytest.approx(4 / (4 + population.orders_to_half))


def test_customers_who_do_not_differ_have_no_moments():
    alike = SignedSpend(mean=30.0, between=0.0, within=400.0, freedom=9.0, scale=300.0)
    assert gammagamma.by_moments(n=np.ones(3), mean=np.full(3, 30.0), population=alike) is None
