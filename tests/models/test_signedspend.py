"""Signed spend: shrinkage where orders may lose money."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from keepwell.errors import FitError
from keepwell.models import signedspend
from keepwell.models.signedspend import SignedSpend

TRUE = SignedSpend(mean=12.0, between=36.0, within=100.0, freedom=8.0, scale=75.0)


def orders(customers, *, seed=1, most=9):
    """Draw orders from the population; return n, total, squares and the customers' true means."""
    rng = np.random.default_rng(seed)
    n = rng.integers(1, most, customers)
    owner = np.repeat(np.arange(customers), n)
    means = rng.normal(TRUE.mean, np.sqrt(TRUE.between), customers)
    variance = TRUE.freedom * TRUE.scale / rng.chisquare(TRUE.freedom, customers)
    worth = rng.normal(means[owner], np.sqrt(variance[owner]))
    total = np.bincount(owner, weights=worth)
    return n.astype(float), total, np.bincount(owner, weights=worth**2), means


def test_the_likelihood_is_that_of_correlated_normal_orders():
    worth = np.array([3.0, -20.0, 41.0])
    covariance = TRUE.within * np.eye(3) + TRUE.between
    plain = multivariate_normal.logpdf(worth, mean=np.full(3, TRUE.mean), cov=covariance)
    sums = {"n": np.array([3.0]), "total": np.array([worth.sum()]), "squares": np.array([(worth**2).sum()])}
    assert signedspend.log_likelihood(TRUE, **sums)[0] == pytest.approx(plain)


def test_the_fit_finds_the_population():
    n, total, squares, _ = orders(60_000)
    found = signedspend.fit(n=n, total=total, squares=squares).params
    # Drawing in the tails lowers both variances a little; the weights hang on their ratio.
    assert found.mean == pytest.approx(TRUE.mean, abs=0.15)
    assert found.orders_to_half == pytest.approx(TRUE.within / TRUE.between, rel=0.08)
    assert found.freedom == pytest.approx(TRUE.freedom, rel=0.15)


def test_shrunk_means_are_nearer_the_truth_than_own_means_and_than_the_population():
    n, total, squares, means = orders(5_000)
    fit = signedspend.fit(n=n, total=total, squares=squares)
    shrunk = signedspend.predict(fit.params, n=n, total=total).mean
    error = np.mean((shrunk - means) ** 2)
    assert error < 0.8 * np.mean((total / n - means) ** 2)
    assert error < 0.8 * np.mean((TRUE.mean - means) ** 2)


def test_losses_are_expected_of_those_who_only_lost():
    spend = signedspend.predict(TRUE, n=np.array([20.0]), total=np.array([-600.0]))
    assert spend.mean[0] < 0


@settings(deadline=None, max_examples=30)
@given(c=st.floats(1e-2, 1e4), add=st.floats(-50, 50))
def test_money_may_be_counted_in_another_unit_or_from_another_zero(c, add):
    n, total, squares, _ = orders(400)
    here = signedspend.predict(signedspend.fit(n=n, total=total, squares=squares).params, n=n, total=total)
    moved = c * (total + add * n)
    moved_squares = c**2 * (squares + 2 * add * total + n * add**2)
    fit = signedspend.fit(n=n, total=moved, squares=moved_squares)
    there = signedspend.predict(fit.params, n=n, total=moved)
    assert there.mean == pytest.approx(c * (here.mean + add), rel=1e-6, abs=1e-6 * c * 100)
    assert there.weight == pytest.approx(here.weight, rel=1e-6)


def test_one_giant_order_does_not_decide_for_everybody():
    n, total, squares, _ = orders(2_000)
    before = signedspend.fit(n=n, total=total, squares=squares).params.orders_to_half
    n, total, squares = np.append(n, 2), np.append(total, 1e6), np.append(squares, 1e12)
    after = signedspend.fit(n=n, total=total, squares=squares).params.orders_to_half
    assert after == pytest.approx(before, rel=0.3)


def test_credibility_from_sums_agrees_with_the_variances_that_made_the_data():
    n, total, squares, _ = orders(60_000)
    sizes = np.unique(n)
    sums = [np.array([values[n == size].sum() for size in sizes]) for values in (total, total**2, squares)]
    customers = np.array([(n == size).sum() for size in sizes], float)
    mean, to_half = signedspend.credibility(
        n=sizes, customers=customers, total=sums[0], total_squares=sums[1], squares=sums[2]
    )
    assert mean == pytest.approx(TRUE.mean, abs=0.15)
    assert to_half == pytest.approx(TRUE.within / TRUE.between, rel=0.08)


def test_where_nobody_ordered_twice_half_of_the_variance_is_taken_to_last():
    worth = np.random.default_rng(1).normal(10, 3, 1_000)
    fit = signedspend.fit(n=np.ones(1_000), total=worth, squares=worth**2)
    assert signedspend.predict(fit.params, n=np.ones(1), total=np.ones(1)).weight[0] == pytest.approx(0.5)
    assert "half" in fit.ending


def test_orders_that_never_vary_still_have_a_spread():
    fit = signedspend.fit(n=np.full(30, 2.0), total=np.full(30, 20.0), squares=np.full(30, 200.0))
    assert fit.params.within == pytest.approx(100)
    assert "assumed" in fit.ending


def test_no_customer_is_refused():
    with pytest.raises(FitError, match="no order"):
        signedspend.fit(n=np.zeros(0), total=np.zeros(0), squares=np.zeros(0))
