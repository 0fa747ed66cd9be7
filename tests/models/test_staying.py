"""What active customers will buy: the phases passed by Bayes' rule, and the steps in which they are kept."""

import numpy as np
import pytest
from scipy.special import gammaln

from keepwell.models import staying
from keepwell.models.shapes import Cells
from keepwell.models.staying import Staying

REGULAR = Staying(r=0.9, alpha=9.0, a=0.6, b=4.0, every=3)


def cells_of(*rows):
    x, t_x, age = np.array(rows, np.int64).T
    return Cells(x, t_x, age, np.ones(len(x)))


def test_the_phases_passed_are_those_of_bayes_rule_over_a_grid_of_rates():
    x, t_x, T = 4.0, 80.0, 92.0
    rate = np.exp(np.linspace(-16, 5, 40_001))
    n = REGULAR.r + 3 * x
    weight = np.exp(n * np.log(rate) - rate * (REGULAR.alpha + T))  # with d ln(rate)
    events = [np.exp(j * np.log(rate * (T - t_x)) - gammaln(j + 1)) for j in range(3)]
    wanted = np.array([(weight * each).sum() for each in events])
    got = staying.passed(REGULAR, np.array([x]), np.array([t_x]), np.array([T]))
    np.testing.assert_allclose(got[0], wanted / wanted.sum(), rtol=1e-9)


def test_who_bought_today_has_passed_no_phase():
    got = staying.passed(REGULAR, np.array([4.0]), np.array([80.0]), np.array([80.0]))
    np.testing.assert_allclose(got, [[1, 0, 0]], atol=1e-12)


def test_regular_buyers_are_due_the_sooner_the_longer_they_are_silent():
    cells = cells_of((9, 180, 180), (9, 180, 187), (9, 180, 194))
    forecast = staying.forecast(REGULAR, cells, np.ones(3), days=10, rate=0.0, clock=False)
    # The same age would leave the silence alone to differ; here the rate falls a little, and yet they are due.
    assert (np.diff(forecast.orders) > 0).all()


@pytest.mark.parametrize("clock", [False, True])
def test_a_cells_distribution_does_not_depend_on_its_company(clock):
    rows = [(0, 0, 30), (0, 0, 300), (4, 80, 90), (4, 80, 200), (30, 250, 300)]
    ask = {"days": 200, "rate": 1e-3, "clock": clock}
    whole = staying.forecast(REGULAR, cells_of(*rows), np.full(5, 0.5), **ask)
    for i, row in enumerate(rows):
        alone = staying.forecast(REGULAR, cells_of(row), np.full(1, 0.5), **ask)
        g = whole.group[i]
        np.testing.assert_allclose(alone.pmf, whole.pmf[whole.start[g] : whole.start[g + 1]], rtol=1e-7, atol=1e-13)
        assert alone.discounted[0] == pytest.approx(whole.discounted[i], rel=1e-9)


def test_groups_are_few_however_many_the_silences():
    silences = np.arange(0, 300)
    cells = Cells(np.full(300, 5), 301 - silences, np.full(300, 301), np.ones(300))
    forecast = staying.forecast(REGULAR, cells, np.ones(300), days=60, rate=0.0, clock=False)
    assert len(forecast.start) - 1 <= staying.NODES + 1
    k = np.concatenate([np.arange(size) for size in np.diff(forecast.start)])
    mean = np.add.reduceat(k * forecast.pmf, forecast.start[:-1])[forecast.group]
    assert (np.abs(mean - forecast.orders) < (1 + forecast.orders) / 32).all()


def test_ages_are_interpolated_to_ten_digits():
    ages = np.arange(40, 700)
    many = Cells(np.full(660, 3), np.full(660, 30), ages, np.ones(660))
    whole = staying.forecast(REGULAR, many, np.ones(660), days=365, rate=3e-4, clock=False)
    for i in (0, 77, 400, 659):
        one = cells_of((3, 30, int(ages[i])))
        alone = staying.forecast(REGULAR, one, np.ones(1), days=365, rate=3e-4, clock=False)
        assert alone.orders[0] == pytest.approx(whole.orders[i], rel=1e-10)
        assert alone.discounted[0] == pytest.approx(whole.discounted[i], rel=1e-10)
