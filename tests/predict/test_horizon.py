"""One horizon: life, discounting, and what is not known of the parameters."""

from dataclasses import replace

import numpy as np
import pytest

from keepwell.models import bgnbd, paretonbd
from keepwell.models.bgnbd import BGNBD
from keepwell.models.paretonbd import ParetoNBD
from keepwell.models.shapes import Cells, Fit
from keepwell.predict import horizon
from keepwell.predict.crowd import crowd
from keepwell.predict.fitted import Fitted

PARAMS = ParetoNBD(r=0.7, alpha=60.0, s=0.6, beta=180.0)
RATE = horizon.rate_a_day(0.10)


@pytest.fixture
def one():
    covariance = np.diag([0.02, 0.03, 0.05, 0.1]) ** 2
    rows = tuple(tuple(row) for row in covariance.tolist())
    return Fitted("paretonbd", paretonbd, Fit(PARAMS, 0.0, {}, rows, True, "", 100.0, 4, 1))


@pytest.fixture
def cells():
    x = np.array([0, 0, 1, 1, 4, 12, 12])
    recency = np.array([0, 0, 30, 300, 200, 390, 100])
    age = np.array([100, 400, 350, 310, 260, 400, 399])
    return Cells(x, recency, age, np.arange(1.0, 8.0))


def test_ten_percent_a_year_is_a_tenth_after_365_and_a_quarter_days():
    assert np.exp(-RATE * 365.25) == pytest.approx(1 / 1.1)


def test_a_life_ends_where_less_than_a_thousandth_is_left(one, cells):
    x, t_x, age = (a.astype(float) for a in (cells.repeats, cells.recency, cells.age))

    def until(days):
        return cells.count @ paretonbd.discounted(PARAMS, x=x, t_x=t_x, T=age, delta=RATE, t=float(days))

    people = crowd(cells, paretonbd.active(PARAMS, x=x, t_x=t_x, T=age))
    days = horizon.life_days(one, people, rate=RATE)
    whole = cells.count @ paretonbd.discounted(PARAMS, x=x, t_x=t_x, T=age, delta=RATE)
    assert until(days) >= 0.999 * until(36_500)
    assert until(days - 365) < 0.999 * whole


@pytest.mark.parametrize(("name", "days"), [("12m", 365), ("life", 18_250)])
def test_counts_keep_the_discounted_mean(one, cells, name, days):
    found = horizon.ahead(one, cells, name=name, days=days, rate=RATE)
    k = np.arange(len(found.pmf)) - np.repeat(found.start[:-1], np.diff(found.start))
    mean = found.p_active * np.add.reduceat(k * found.pmf, found.start[:-1])[found.group]
    assert mean * found.discount == pytest.approx(found.discounted, rel=1e-5)


def test_the_chance_of_no_order_in_a_life_is_not_that_of_the_clock(one, cells):
    days = 3_650
    found = horizon.ahead(one, cells, name="life", days=days, rate=RATE)
    plain = one.predict(cells, days=days)
    none = 1 - plain.p_active * (1 - plain.pmf[plain.start[:-1]][plain.group])
    assert found.none == pytest.approx(none, abs=2e-4)


@pytest.mark.parametrize("days", [365, 7_300])
def test_the_doubt_is_that_of_parameters_moved_one_by_one(one, cells, days):
    name = "12m" if days == 365 else "life"
    (found,) = horizon.with_doubt(one, cells, [horizon.ahead(one, cells, name=name, days=days, rate=RATE)], rate=RATE)
    x, t_x, age = (a.astype(float) for a in (cells.repeats, cells.recency, cells.age))

    def orders(params):
        return paretonbd.discounted(params, x=x, t_x=t_x, T=age, delta=RATE, t=float(days))

    plain = sum(
        (orders(replace(PARAMS, **{n: getattr(PARAMS, n) * np.exp(sd)})) - orders(PARAMS)) ** 2
        for n, sd in {"r": 0.02, "alpha": 0.03, "s": 0.05, "beta": 0.1}.items()
    )
    # The axes may be walked in the other direction, which differs by the curvature.
    assert np.sqrt((found.moves**2).sum(axis=0)) == pytest.approx(np.sqrt(plain), rel=0.1)


@pytest.mark.parametrize("model", ["bgnbd", "paretonbd"])
def test_who_is_surely_gone_has_no_doubt_and_spoils_no_sum(model):
    modules = {"bgnbd": (bgnbd, BGNBD(r=0.3, alpha=40.0, a=0.8, b=2.4)), "paretonbd": (paretonbd, PARAMS)}
    covariance = tuple(tuple(row) for row in (np.eye(4) * 1e-3).tolist())
    module, params = modules[model]
    one = Fitted(model, module, Fit(params, 0.0, {}, covariance, True, "", 3.0, 3, 1))
    cells = Cells(np.array([0, 3, 400]), np.array([0, 100, 420]), np.array([3_000, 3_000, 5_000]), np.ones(3))
    year = horizon.ahead(one, cells, name="12m", days=365, rate=RATE)
    (found,) = horizon.with_doubt(one, cells, [year], rate=RATE)
    assert year.p_active[2] == 0
    assert (found.moves[:, 2] == 0).all()
    assert (np.abs(found.moves[:, :2]).max(axis=0) > 0).all()


def test_a_life_is_no_shorter_than_a_year():
    assert horizon.spans(200) == {"3m": 91, "6m": 182, "12m": 365, "life": 365}


def test_the_chance_of_an_order_soon_rises_with_the_days_and_is_the_counts(one, cells):
    found = horizon.soon(one, cells)
    assert found.shape == (3, 7)
    assert (np.diff(found, axis=0) > 0).all()
    plain = one.predict(cells, days=60)
    assert found[1] == pytest.approx(plain.p_active * (1 - plain.pmf[plain.start[:-1]][plain.group]))
