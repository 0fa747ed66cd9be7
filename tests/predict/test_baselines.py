"""The baselines, and the counts they share."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom, poisson

from keepwell.models.shapes import Cells
from keepwell.predict import baselines


def cells(repeats, age):
    repeats, age = np.array(repeats), np.array(age)
    return Cells(repeats, np.minimum(repeats * 3, age), age, np.ones(len(age)))


def group(forecast, i):
    g = forecast.group[i]
    return forecast.pmf[forecast.start[g] : forecast.start[g + 1]]


def test_the_own_rate_goes_on():
    found = baselines.own_rate(cells([0, 2, 5], [100, 100, 50]), days=200)
    assert found.orders == pytest.approx([0, 4, 20])
    pmf = group(found, 2)
    assert pmf == pytest.approx(poisson.pmf(np.arange(len(pmf)), 20), abs=1e-12)
    assert group(found, 0)[0] == 1


def test_the_population_is_one_negative_binomial_for_everybody():
    rng = np.random.default_rng(1)
    age = rng.integers(100, 300, 50_000)
    repeats = rng.poisson(rng.gamma(1.5, 0.02 / 1.5, 50_000) * age)
    found = baselines.population(cells(repeats, age), days=100)
    assert set(found.group) == {0}
    pmf = group(found, 0)
    assert found.orders[0] == pytest.approx(2.0, rel=0.03)
    assert pmf == pytest.approx(nbinom.pmf(np.arange(len(pmf)), 1.5, 1.5 / 3.5), abs=0.01)


def test_customers_who_differ_less_than_chance_are_poisson():
    found = baselines.population(cells([2] * 50, [100] * 50), days=100)
    pmf = group(found, 0)
    assert pmf == pytest.approx(poisson.pmf(np.arange(len(pmf)), 2), abs=1e-12)


def test_nobody_watched_means_nothing_expected():
    for method in (baselines.own_rate, baselines.population):
        found = method(cells([0, 0], [0, 0]), days=100)
        assert found.orders.tolist() == [0, 0]


@settings(deadline=None, max_examples=50)
@given(mean=st.floats(0, 800), shape=st.one_of(st.floats(0.05, 50), st.just(np.inf)))
def test_counts_are_whole_and_have_their_mean(mean, shape):
    start, pmf = baselines.counted(np.array([mean]), shape)
    assert pmf.sum() == pytest.approx(1)
    assert (pmf >= 0).all()
    assert pmf @ np.arange(start[1]) == pytest.approx(mean, rel=1e-6, abs=1e-12)
