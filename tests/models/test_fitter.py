"""The climber on hills whose tops are known."""

import numpy as np
import pytest

from keepwell.models.fitter import curvature, polished, searched

BOUNDS = [(-9.0, 12.0), (-9.0, 12.0)]


def gaussian(theta):
    """A hill with its top at (1, -2), steep one way and slanted."""
    bend, away = np.array([[50.0, 10.0], [10.0, 4.0]]), theta - np.array([1.0, -2.0])
    return -100 - away @ bend @ away / 2, -bend @ away


def banana(theta):
    """Rosenbrock's curved ridge, upside down, with its top at (1, 1)."""
    a, b = theta
    value = -((1 - a) ** 2) - 100 * (b - a * a) ** 2
    return value, np.array([2 * (1 - a) + 400 * a * (b - a * a), -200 * (b - a * a)])


def ridge(theta):
    """Only the difference of the two matters."""
    gap = theta[0] - theta[1] - 3
    return -50 * gap**2, np.array([-100 * gap, 100 * gap])


def slope_to_infinity(theta):
    """Ever better as the first grows, and ever less so."""
    return -np.exp(-theta[0]) - theta[1] ** 2, np.array([np.exp(-theta[0]), -2 * theta[1]])


def test_a_quadratic_hill_is_climbed_and_measured():
    top = polished(gaussian, np.array([8.0, 8.0]), BOUNDS)
    np.testing.assert_allclose(top.theta, [1, -2], atol=1e-7)
    np.testing.assert_allclose(np.linalg.inv(top.covariance), [[50, 10], [10, 4]], rtol=1e-6)
    assert top.settled
    assert top.unknown == ()


@pytest.mark.parametrize("start", [(-1.2, 1.0), (3.0, -3.0), (5.0, 5.0)])
def test_a_curved_ridge_is_climbed_to_its_top(start):
    near, _ = searched(banana, np.array(start), BOUNDS)
    top = polished(banana, near, BOUNDS)
    np.testing.assert_allclose(top.theta, [1, 1], atol=1e-5)
    assert top.settled


def test_newton_alone_finds_the_top_from_where_the_hill_curves_upwards():
    top = polished(banana, np.array([-0.5, 3.0]), BOUNDS)
    np.testing.assert_allclose(top.theta, [1, 1], atol=1e-5)


def test_a_flat_ridge_leaves_both_unknown_and_their_difference_known():
    top = polished(ridge, np.array([0.0, 0.0]), BOUNDS)
    assert top.settled
    assert top.unknown == (0, 1)
    across = np.array([1.0, -1.0])
    assert across @ top.covariance @ across == pytest.approx(1 / 100, rel=1e-6)
    assert top.theta[0] - top.theta[1] == pytest.approx(3, abs=1e-8)


def test_a_slope_without_end_is_followed_until_nothing_is_gained_and_told():
    top = polished(slope_to_infinity, np.array([0.0, 1.0]), BOUNDS)
    assert top.settled
    assert top.unknown == (0,)
    assert top.theta[0] > 10
    assert top.theta[1] == pytest.approx(0, abs=1e-6)


def test_a_top_outside_the_bounds_is_unknown():
    top = polished(gaussian, np.array([-1.0, -3.0]), [(-9.0, 0.5), (-9.0, 12.0)])
    assert top.theta[0] == 0.5
    assert 0 in top.unknown
    assert top.theta[1] == pytest.approx(-2 + 10 * 0.5 / 4)


def test_no_finite_value_anywhere_is_no_peak():
    top = polished(lambda theta: (np.nan, theta), np.zeros(2), BOUNDS)
    assert top.value == -np.inf


def test_the_curvature_is_that_of_the_hill():
    np.testing.assert_allclose(curvature(banana, np.array([1.0, 1.0])), [[802, -400], [-400, 200]], rtol=1e-6)


@pytest.mark.parametrize("guess", [np.diag([50.0, 4.0]), np.diag([1e-3, 1e-3]), np.diag([-5.0, 1e6])])
def test_a_wrong_guess_of_the_curvature_changes_the_way_and_not_the_end(guess):
    near, _ = searched(banana, np.array([-1.2, 1.0]), BOUNDS)
    plain, guided = polished(banana, near, BOUNDS), polished(banana, near, BOUNDS, guess)
    np.testing.assert_allclose(guided.theta, plain.theta, atol=1e-9)
    # The curvature is measured one small step before the end.
    np.testing.assert_allclose(guided.covariance, plain.covariance, rtol=1e-5)
    assert guided.settled


def test_the_end_does_not_show_where_the_way_began():
    ends = [polished(banana, np.array(start), BOUNDS).theta for start in ((0.9, 0.8), (1.1, 1.3), (2.0, 4.0))]
    np.testing.assert_allclose(ends, np.ones((3, 2)), atol=1e-9)


def rising_ridge(theta):
    """Steep across, and along it so flat that differences of the slope are mostly rounding; it ends at the bound."""
    gap, along = theta[0] - theta[1] + 5, theta[0] + theta[1]
    # A million adds the rounding that the sum over many customers has.
    value = -1e6 - 4e5 * gap**2 - 1e-3 * np.exp(-along / 10)
    rise = 1e-4 * np.exp(-along / 10)
    return value, np.array([-8e5 * gap + rise, 8e5 * gap + rise])


@pytest.mark.parametrize("start", [(0.0, 5.0), (3.0, 3.0), (-5.0, 8.0)])
def test_a_nearly_flat_ridge_is_settled_wherever_it_is_reached(start):
    top = polished(rising_ridge, np.array(start), BOUNDS)
    assert top.settled
    assert top.unknown
    assert top.theta[1] - top.theta[0] == pytest.approx(5, abs=1e-4)
