"""The times of the next order, bent to the chances that another method gives."""

import numpy as np
import pytest

from keepwell.models import paretonbd
from keepwell.models.paretonbd import ParetoNBD
from keepwell.models.shapes import Cells
from keepwell.predict import agree

DAYS = np.array([30.0, 60, 90, 91, 182, 365])
CDNOW = ParetoNBD(r=0.5533, alpha=10.578 * 7, s=0.6061, beta=11.669 * 7)
CELLS = Cells(np.array([0, 1, 3, 8, 2]), np.array([0, 200, 230, 260, 30]), np.full(5, 270), np.ones(5))


def none(params, days):
    """Return the model's own chance of no order within each of `days`."""
    each = [paretonbd.predict(params, CELLS, days=int(d)) for d in days]
    return np.array([1 - f.p_active * (1 - f.pmf[f.start[:-1]][f.group]) for f in each])


def test_the_chances_keep_the_curve_and_meet_the_chance_of_the_horizon():
    base = none(CDNOW, (30, 60, 90, 91))
    mine = np.array([0.9, 0.3, 0.5, 0.01, 0.999])
    found = agree.soon(1 - base[:3], base[3], mine, days=91)
    np.testing.assert_allclose(1 - found, base[:3] ** (np.log(mine) / np.log(base[3])), rtol=1e-12)
    assert (np.diff(np.vstack([found, 1 - mine]), axis=0) >= 0).all()


@pytest.mark.parametrize("mine", [0.0, 1e-320, 0.4, 1.0])
@pytest.mark.parametrize("base", [0.0, 1e-17, 0.5, 1 - 1e-16, 1.0])
def test_chances_of_nothing_and_of_everything_are_chances(base, mine):
    soon = 1 - base ** (np.array([[30.0], [60.0], [90.0]]) / 91)
    found = agree.soon(soon, np.array([base]), np.array([mine]), days=91)
    assert ((found >= 0) & (found <= 1 - mine)).all()
    assert (np.diff(found, axis=0) >= 0).all()


def test_who_is_sure_to_stay_away_in_the_model_comes_evenly():
    found = agree.soon(np.zeros((3, 1)), np.ones(1), np.array([0.5]), days=91)
    np.testing.assert_allclose(found[:, 0], 1 - 0.5 ** (np.array([30, 60, 90]) / 91))


def test_the_models_own_chances_give_its_own_median():
    wait = paretonbd.next_order_days(CDNOW, CELLS)
    assert np.isfinite(wait).any()
    assert np.isinf(wait).any()
    found = agree.median(DAYS, none(CDNOW, DAYS), none(CDNOW, DAYS), wait)
    np.testing.assert_allclose(found, wait, rtol=1e-7)


def test_the_median_of_another_model_is_found_from_its_chances():
    """Bent to the chances of a quicker shop, the curve crosses a half near where that shop's own does."""
    quick = ParetoNBD(r=0.9, alpha=60.0, s=0.3, beta=120.0)
    truth = paretonbd.next_order_days(quick, CELLS)
    found = agree.median(DAYS, none(quick, DAYS), none(CDNOW, DAYS), paretonbd.next_order_days(CDNOW, CELLS))
    within = truth <= 365
    assert within.sum() >= 3
    np.testing.assert_allclose(found[within], truth[within], rtol=0.06)
    assert (found[~within] > 365).all()


def test_a_straight_hazard_is_read_exactly():
    rate = np.array([0.02, 0.004, 0.0021])
    mine = np.exp(-rate * DAYS[:, None])
    found = agree.median(DAYS, mine, np.exp(-0.001 * np.ones(3) * DAYS[:, None]), np.full(3, np.log(2) / 0.001))
    np.testing.assert_allclose(found, np.log(2) / rate)


def test_beyond_the_last_day_time_is_stretched():
    """Constant hazards: at a third of the model's rate the median comes three times as late."""
    base = np.exp(-0.003 * DAYS)[:, None]
    found = agree.median(DAYS, np.exp(-0.001 * DAYS)[:, None], base, np.array([np.log(2) / 0.003]))
    np.testing.assert_allclose(found, np.log(2) / 0.001, rtol=1e-6)


@pytest.mark.parametrize("mine", [0.6, 0.999, 1.0])
def test_who_comes_late_is_due_after_the_last_day_or_never(mine):
    chances = np.full((6, 2), mine)
    found = agree.median(DAYS, chances, np.full((6, 2), 0.55), np.array([500.0, np.inf]))
    assert found[0] > 365
    assert np.isinf(found[1])
