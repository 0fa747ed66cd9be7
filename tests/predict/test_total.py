"""The error of a total: few origins widen it, many leave what was measured."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm, t

from keepwell.predict.total import FREEDOM, SCALE, error, interval

NONE = np.zeros(0)
LEVELS = np.array([0.05, 0.95])


def apart(errors, days=91.0):
    """Errors of origins that do not overlap."""
    errors = np.asarray(errors, float)
    return error(errors, day=days * np.arange(len(errors)), horizon=np.full(len(errors), days))


def chance_below(e, errors):
    """P(next error < e) by plain quadrature over the sd."""
    errors = np.asarray(errors, float)

    def density(sd):
        return 2 * t.pdf(sd / SCALE, FREEDOM) / SCALE * np.prod(norm.pdf(errors, scale=sd))

    pieces = [(1e-3, 0.05), (0.05, 0.2), (0.2, 1.0), (1.0, 10.0)]
    whole = sum(quad(density, a, b)[0] for a, b in pieces)
    return sum(quad(lambda sd: density(sd) * norm.cdf(e / sd), a, b)[0] for a, b in pieces) / whole


@pytest.mark.parametrize("errors", [[], [0.2], [0.05, -0.1, 0.02], [1.0, -0.5]])
def test_the_quantiles_are_those_of_plain_quadrature(errors):
    low, high = apart(errors).at(LEVELS)
    assert low == pytest.approx(-high, rel=1e-6)
    assert chance_below(high, errors) == pytest.approx(0.95, abs=2e-3)


def test_many_origins_leave_what_was_measured():
    errors = np.random.default_rng(1).normal(0, 0.07, 400)
    assert apart(errors).at(LEVELS)[1] == pytest.approx(1.645 * 0.07, rel=0.1)


def test_the_fewer_origins_the_wider():
    widths = [np.diff(apart([0.05] * n).at(LEVELS))[0] for n in (1, 2, 4, 8, 16)]
    assert (np.diff(widths) < 0).all()


def test_origins_that_overlap_count_less_than_as_many_apart():
    errors, horizon = np.full(8, 0.05), np.full(8, 364.0)
    near = error(errors, day=91.0 * np.arange(8), horizon=horizon)
    same = error(errors, day=np.zeros(8), horizon=horizon)
    assert same.independent == pytest.approx(1.0)
    assert 2 < near.independent < apart(errors).independent == 8


def test_windows_that_end_together_count_by_the_days_they_share():
    """A year and its last quarter: the errors correlate by a half, their squares by a quarter."""
    found = error(np.array([0.1, 0.1]), day=np.array([0.0, 273.0]), horizon=np.array([364.0, 91.0]))
    assert found.independent == pytest.approx(4 / (2 + 2 * 0.25))


def test_the_interval_holds_as_many_totals_as_it_says():
    """Shops whose sd is drawn from the belief: with three origins seen, nine in ten of the next lie inside."""
    rng = np.random.default_rng(3)
    inside = []
    for sd in SCALE * np.abs(rng.standard_t(FREEDOM, 400)):
        seen, after = sd * rng.normal(size=3), 1000 * np.exp(sd * rng.normal())
        low, high = interval(1000.0, apart(seen))
        inside.append(low <= after <= high)
    assert np.mean(inside) == pytest.approx(0.9, abs=0.045)  # three standard errors of 400


def test_chance_is_the_least_and_growth_widens():
    sure = apart(np.full(200, 0.01))
    assert sure.at(LEVELS, least=0.2)[1] == pytest.approx(1.645 * 0.2, rel=0.01)
    assert sure.at(LEVELS, growth=3.0)[1] == pytest.approx(3 * sure.at(LEVELS)[1], rel=0.02)
