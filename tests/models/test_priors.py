"""Weak beliefs that hang on no unit."""

import numpy as np
import pytest
from scipy.stats import norm

from keepwell.errors import ConfigError
from keepwell.models import priors

PARETO = ("r", "alpha", "s", "beta")
THETA = np.log([0.5, 60.0, 0.7, 90.0])


def test_the_density_is_that_of_independent_normals():
    value, _ = priors.of_purchases(PARETO, span=400.0)(THETA)
    r, alpha, s, beta = np.exp(THETA)
    expected = (
        norm.logpdf(np.log(400 * r / alpha), 0, 2)
        + norm.logpdf(np.log(r), 0, 1)
        + norm.logpdf(np.log(beta / s / 400), 0, 1.5)
        + norm.logpdf(np.log(s), 0, 1)
    )
    assert value == pytest.approx(expected)


@pytest.mark.parametrize("names", [PARETO, ("r", "alpha", "a", "b")])
def test_the_gradient_is_that_of_differences(names):
    prior = priors.of_purchases(names, span=400.0)
    steps = 1e-5 * np.eye(4)
    found = [(prior(THETA + h)[0] - prior(THETA - h)[0]) / 2e-5 for h in steps]
    assert prior(THETA)[1] == pytest.approx(found, rel=1e-6)


def test_it_integrates_to_one():
    """Monte Carlo over a wide normal: 20,000 points tell the whole to a few hundredths."""
    prior = priors.of_spend(("p", "q", "gamma"), typical=20.0)
    rng, middle = np.random.default_rng(1), np.array([1.0, 1.0, 3.0])
    z = rng.normal(size=(20_000, 3))
    logs = np.array([prior(middle + 2.5 * row)[0] for row in z])
    weights = np.exp(logs - norm.logpdf(z).sum(axis=1) + 3 * np.log(2.5))
    assert weights.mean() == pytest.approx(1.0, abs=0.05)


def test_another_unit_of_time_changes_nothing():
    weeks = THETA - np.array([0, np.log(7), 0, np.log(7)])
    days, in_weeks = priors.of_purchases(PARETO, span=364.0), priors.of_purchases(PARETO, span=52.0)
    assert in_weeks(weeks)[0] == pytest.approx(days(THETA)[0])
    assert in_weeks(weeks)[1] == pytest.approx(days(THETA)[1])


def test_another_currency_changes_nothing():
    theta, rate = np.log([6.0, 4.0, 15.0]), 140.0
    names = ("p", "q", "gamma")
    here = priors.of_spend(names, typical=30.0)(theta)[0]
    there = priors.of_spend(names, typical=30.0 * rate)(theta + np.log([1, 1, rate]))[0]
    assert there == pytest.approx(here)


def test_a_parameter_without_a_prior_is_named():
    with pytest.raises(ConfigError, match="no prior is known for wiggle"):
        priors.of_purchases(("r", "wiggle"), span=100.0)


def test_independent_priors_are_log_normal():
    prior = priors.independent([0.0, 1.0], [0.5, 2.0])
    assert prior(np.array([0.3, -1.0]))[0] == pytest.approx(norm.logpdf(0.3, 0, 0.5) + norm.logpdf(-1.0, 1.0, 2.0))
