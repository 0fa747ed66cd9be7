"""Both chances against exact answers, fine integration and a plain simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from keepwell.decide.chances import LEVELS, Belief, above, pays_back, pays_on_average, triangular

P = np.array(list(LEVELS.values()))


def exponential(p_zero, mean):
    """Return the quantiles of 0 with chance p_zero, else exponential with this mean; shape (7, 1)."""
    inside = np.maximum((P - p_zero) / (1 - p_zero), 0)
    return (-mean * np.log1p(-inside))[:, None]


def chance_above(threshold, p_zero, mean):
    quantiles = exponential(p_zero, mean)
    return above(threshold, quantiles, np.array([p_zero]), np.array([(1 - p_zero) * mean]))[0]


@pytest.mark.parametrize("p_zero", [0.0, 0.3, 0.7, 0.88, 0.97])
@pytest.mark.parametrize("threshold", [0.0, 1.0, 5.0, 20.0, 60.0])
def test_the_chance_of_paying_back_is_near_the_exact_one(p_zero, threshold):
    exact = (1 - p_zero) * np.exp(-threshold / 10)
    # Straight lines between known points of a curve that sags below them: at most 2 points too high.
    assert chance_above(threshold, p_zero, 10.0) == pytest.approx(exact, abs=0.02)


def test_it_is_exact_at_the_known_quantiles_and_in_the_exponential_tail():
    quantiles = exponential(0.4, 10.0)
    for level, quantile in zip(P, quantiles[:, 0], strict=True):
        if quantile > 0:
            assert chance_above(quantile, 0.4, 10.0) == pytest.approx(1 - level)
    beyond = quantiles[-1, 0] + 10 * np.log(2)
    assert chance_above(beyond, 0.4, 10.0) == pytest.approx(0.025)


def test_where_all_quantiles_are_zero_the_mean_tells_the_tail():
    assert chance_above(10.0, 0.97, 10.0) == pytest.approx(0.03 * np.exp(-1))


def test_losses_count_as_not_paying():
    quantiles = np.array([-9.0, -5.0, -1.0, 2.0, 4.0, 8.0, 12.0])[:, None]
    at_zero, at_two = (above(t, quantiles, np.array([0.1]), np.array([2.0]))[0] for t in (0.0, 2.0))
    assert at_zero == pytest.approx(0.75)  # a quarter or more lies at or below -1
    assert at_two == pytest.approx(0.5)


def test_nothing_pays_back_where_contact_causes_nothing():
    belief = Belief(low=0, mode=0, high=0.4, cost=1)
    assert pays_back(exponential(0, 10), np.array([0.0]), np.array([10.0]), belief=belief) == 0


@given(
    values=st.lists(st.floats(-100, 100), min_size=7, max_size=7),
    p_zero=st.floats(0, 1),
    expected=st.floats(-50, 50),
    cost=st.floats(0, 50),
)
def test_a_dearer_contact_never_pays_back_more_often(values, p_zero, expected, cost):
    quantiles = np.sort(values)[:, None]
    chances = [above(c, quantiles, np.array([p_zero]), np.array([expected]))[0] for c in (cost, cost + 1)]
    assert 0 <= chances[1] <= chances[0] + 1e-12 <= 1 + 1e-12


@pytest.mark.parametrize("mode", [0.05, 0.2, 0.4])
def test_the_triangle_is_scipys(mode):
    belief = Belief(low=0.05, mode=mode, high=0.4, cost=0)
    shares = np.linspace(-0.1, 0.6, 50)
    theirs = stats.triang.cdf(shares, min(1.0, (mode - 0.05) / 0.35), loc=0.05, scale=0.35)
    np.testing.assert_allclose(triangular(shares, belief), theirs, atol=1e-12)


@pytest.mark.parametrize(("expected", "sd"), [(20, 0), (20, 4), (20, 40), (100, 5), (-3, 10), (1000, 1), (5, 0.1)])
def test_the_chance_of_being_right_is_that_of_fine_integration(expected, sd):
    belief = Belief(low=0.05, mode=0.2, high=0.4, cost=4.0)
    triangle = stats.triang(0.15 / 0.35, loc=0.05, scale=0.35)
    if sd:
        chance, _ = integrate.quad(
            lambda s: triangle.pdf(s) * stats.norm.sf(belief.cost / s, expected, sd), 0.05, 0.4, limit=400, points=[0.2]
        )
    else:
        chance = triangle.sf(belief.cost / expected)
    ours = pays_on_average(np.array([float(expected)]), np.array([float(sd)]), belief=belief)[0]
    # 200 equal parts of the normal: at most half a part beside it.
    assert ours == pytest.approx(chance, abs=0.0025)


def test_a_single_share_is_answered_by_the_normal_distribution():
    belief = Belief(low=0.2, mode=0.2, high=0.2, cost=4.0)
    found = pays_on_average(np.array([20.0, 30.0, 30.0, 10.0]), np.array([5.0, 5.0, 0.0, 0.0]), belief=belief)
    assert found == pytest.approx([0.5, stats.norm.cdf(2), 1, 0])


def test_the_answer_is_that_of_a_plain_simulation():
    rng = np.random.default_rng(7)
    belief = Belief(low=0.05, mode=0.2, high=0.4, cost=4.0)
    share = rng.triangular(0.05, 0.2, 0.4, 400_000)
    drawn = np.mean(share * rng.normal(25, 10, 400_000) > 4.0)
    # Three standard errors of the simulation.
    assert pays_on_average(np.array([25.0]), np.array([10.0]), belief=belief)[0] == pytest.approx(drawn, abs=0.0024)
