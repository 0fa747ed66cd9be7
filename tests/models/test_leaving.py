"""The chance of leaving from covariates: it finds what is there, says nothing of what is not, and is calibrated."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import binom

from keepwell.errors import DataError, FitError
from keepwell.models import leaving


def world(n, *, seed=1):
    """Draw subscribers: leaving falls with tenure, hangs on the contract, and on the price with one contract only."""
    rng = np.random.default_rng(seed)
    table = {
        "tenure": rng.integers(1, 60, n).astype(float),
        "price": rng.normal(50, 15, n),
        "noise": rng.normal(size=n),
        "contract": rng.choice(["month", "year"], n),
        "colour": rng.choice(["red", "green", "blue"], n),
    }
    monthly = table["contract"] == "month"
    log_odds = 0.5 - 0.6 * np.log(table["tenure"]) - 1.0 * ~monthly + monthly * (table["price"] - 50) / 15
    return table, expit(log_odds), rng.uniform(size=n) < expit(log_odds)


@pytest.fixture(scope="module")
def fitted():
    table, _, left = world(5_000)
    return leaving.fit(table, left, pairs=[("contract", "price"), ("contract", "noise")])


def test_chances_are_near_the_truth_and_calibrated_on_others(fitted):
    table, truth, left = world(5_000, seed=2)
    chance = leaving.predict(fitted, table)
    assert fitted.settled
    assert np.sqrt(((chance - truth) ** 2).mean()) < 0.03
    assert leaving.log_loss(chance, left) < leaving.log_loss(truth, left) + 0.006
    assert abs(leaving.spiegelhalter(chance, left)) < 2.58
    assert sum(tenth.within for tenth in leaving.tenths(chance, left)) >= 9


def test_what_says_nothing_shrinks_to_nothing(fitted):
    assert fitted.freedom["price"] + fitted.freedom["contract and price"] > 1
    for name in ("colour", "noise", "noise bends", "contract and noise"):
        assert fitted.freedom[name] < 1.5, name


def test_with_fixed_precisions_the_coefficients_are_the_penalised_optimum():
    """A slow plain version: the same penalised likelihood, by a general optimiser."""
    rng = np.random.default_rng(4)
    there = np.column_stack([np.ones(300), rng.normal(size=(300, 3))])
    gone = (rng.uniform(size=300) < expit(there @ [-1, 0.8, 0, -0.4])).astype(float)
    penalty = np.array([1e-8, 2.0, 2.0, 2.0])
    beta = np.zeros(4)
    for _ in range(30):
        beta, covariance, _ = leaving._newton(there, gone, beta, penalty)

    def loss(b):
        eta = there @ b
        return np.logaddexp(0, eta).sum() - gone @ eta + (penalty * b**2).sum() / 2

    slow = minimize(loss, np.zeros(4), tol=1e-12)
    np.testing.assert_allclose(beta, slow.x, atol=2e-5)  # the optimiser takes differences for the gradient
    steps = 1e-3 * np.eye(4)
    bend = [
        [loss(beta + a + b) - loss(beta + a - b) - loss(beta - a + b) + loss(beta - a - b) for a in steps]
        for b in steps
    ]
    np.testing.assert_allclose(np.linalg.inv(np.array(bend) / 4e-6), covariance, rtol=1e-4, atol=1e-6)


def test_right_chances_give_a_standard_normal_z():
    rng = np.random.default_rng(6)
    chance = rng.beta(2, 5, 400)
    z = [leaving.spiegelhalter(chance, rng.uniform(size=400) < chance) for _ in range(800)]
    assert np.mean(z) == pytest.approx(0, abs=0.12)
    assert np.std(z) == pytest.approx(1, abs=0.08)


def test_bands_of_tenths_are_binomial():
    chance = np.full(200, 0.3)
    tenth = leaving.tenths(chance, np.zeros(200))[0]
    assert (tenth.lower, tenth.upper) == (binom.ppf(0.005, 20, 0.3) / 20, binom.ppf(0.995, 20, 0.3) / 20)
    assert not tenth.within


def test_the_unit_of_a_column_does_not_matter():
    table, _, left = world(800)
    other = table | {"price": table["price"] * 100 - 7}
    chances = [leaving.predict(leaving.fit(t, left), t) for t in (table, other)]
    np.testing.assert_allclose(chances[0], chances[1], rtol=1e-6)


def test_a_kind_never_seen_is_no_error(fitted):
    table, _, _ = world(5, seed=3)
    chance = leaving.predict(fitted, table | {"contract": np.array(["week"] * 5)})
    assert ((chance > 0) & (chance < 1)).all()


def test_tables_that_do_not_fit_are_refused():
    table, _, left = world(50)
    with pytest.raises(FitError, match="0 of 50 left"):
        leaving.fit(table, np.zeros(50))
    with pytest.raises(DataError, match="'price' has a gap"):
        leaving.fit(table | {"price": np.where(np.arange(50) == 3, np.nan, 1.0)}, left)
    with pytest.raises(DataError, match="no column 'age'"):
        leaving.fit(table, left, pairs=[("age", "price")])
    with pytest.raises(DataError, match="shape"):
        leaving.fit(table | {"price": np.ones(3)}, left)
