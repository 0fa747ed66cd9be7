"""The counting kernels against scipy's negative binomial, where leaving plays no part, and at their ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from keepwell.models import counts

ONE = np.ones(1)
PLAIN = np.ones((1, 1))  # a purchase is one phase
AT_RANDOM = 1, np.zeros(1, np.int64)  # the same


@settings(max_examples=50, deadline=None)
@given(n=st.floats(0.05, 3000), scale=st.floats(50, 3000), u=st.floats(0.1, 300))
def test_a_single_exposure_is_a_negative_binomial(n, scale, u):
    start, pmf = counts.mixed(n * ONE, scale * ONE, np.array([0, 1]), u * ONE, ONE, 1e-12)
    k = np.arange(len(pmf) - 1)
    wanted = stats.nbinom.pmf(k, n, scale / (scale + u))
    # e^-40 of the mass may be left out below, and logarithms of gamma functions of thousands lose four digits.
    np.testing.assert_allclose(pmf[:-1], wanted, rtol=1e-8, atol=1e-15)
    assert pmf.sum() == pytest.approx(1, abs=1e-12)
    assert start.tolist() == [0, len(pmf)]


@settings(max_examples=50, deadline=None)
@given(n=st.floats(0.05, 3000), scale=st.floats(50, 3000), u=st.floats(0.1, 300))
def test_without_leaving_the_stopped_counts_are_the_same(n, scale, u):
    _, plain = counts.mixed(n * ONE, scale * ONE, np.array([0, 1]), u * ONE, ONE, 1e-9)
    _, stopped = counts.stopped(n * ONE, scale * ONE, 1e-14, ONE, u * ONE, PLAIN, 1e-9)
    size = min(len(plain), len(stopped)) - 1
    np.testing.assert_allclose(stopped[:size], plain[:size], rtol=1e-7, atol=1e-11)
    mean, growth = counts.stopped_moments(n * ONE, scale * ONE, 1e-14, ONE, u * PLAIN, *AT_RANDOM)
    assert mean[0, 0] == pytest.approx(n * u / scale, rel=1e-9)
    assert growth[0, 0] == pytest.approx(n / scale, rel=1e-9)


def test_who_always_leaves_after_a_purchase_makes_one_at_most():
    _, pmf = counts.stopped(2 * ONE, 10 * ONE, 1e12, 1e-6 * ONE, 5 * ONE, PLAIN, 1e-9)
    none = (10 / 15) ** 2
    np.testing.assert_allclose(pmf, [none, 1 - none], rtol=1e-9)


def test_the_growth_is_the_slope_of_the_mean():
    u = np.array([[1.0, 30.0, 900.0]])
    h = 1e-4
    ask = (0.8 * ONE, 40 * ONE, 0.5, 2 * ONE)
    slope = (
        counts.stopped_moments(*ask, u + h, *AT_RANDOM)[0] - counts.stopped_moments(*ask, u - h, *AT_RANDOM)[0]
    ) / (2 * h)
    np.testing.assert_allclose(counts.stopped_moments(*ask, u, *AT_RANDOM)[1], slope, rtol=1e-7)


def test_groups_do_not_touch_each_other():
    n, scale = np.array([0.5, 900.0, 3.0]), np.array([10.0, 800.0, 70.0])
    first, u, w = np.array([0, 2, 4, 6]), np.array([1.0, 50, 20, 400, 9, 30]), np.array([0.3, 0.7] * 3)
    start, pmf = counts.mixed(n, scale, first, u, w, 1e-9)
    for g in range(3):
        part = slice(2 * g, 2 * g + 2)
        _, alone = counts.mixed(n[g : g + 1], scale[g : g + 1], np.array([0, 2]), u[part], w[part], 1e-9)
        assert pmf[start[g] : start[g + 1]].tolist() == alone.tolist()


def test_the_last_entry_holds_less_than_the_cut():
    start, pmf = counts.mixed(ONE, 10 * ONE, np.array([0, 1]), 500 * ONE, ONE, 1e-3)
    whole = stats.nbinom.sf(len(pmf) - 2, 1, 10 / 510)
    assert pmf[-1] == pytest.approx(whole, rel=1e-9)
    assert stats.nbinom.sf(len(pmf) - 1, 1, 10 / 510) < 1e-3 <= whole
    assert start[1] == len(pmf)
