"""What orders bring of late."""

from datetime import date, timedelta

import numpy as np
import pytest

from keepwell.predict import backtest
from keepwell.predict.contest import Scored
from keepwell.predict.equity import ASSUMED_SD, measured
from keepwell.predict.level import level
from keepwell.predict.origins import Origin


def round_of(quarters_back, brought, *, money=1000.0, horizon=365):
    origin = Origin(date(2025, 1, 1) - timedelta(days=91 * quarters_back), horizon)
    four = np.full(4, 100.0)
    return backtest.Tested(
        origin,
        (),
        {},
        (),
        Scored((), 0.0, np.zeros(0), np.zeros((0, 0))),
        1000.0,
        orders={"bgnbd": four},
        came=four,
        money={"bgnbd": np.full(4, money)},
        brought=np.asarray(brought) * np.ones(4),
    )


def test_what_is_the_same_at_every_origin_is_carried_over():
    found = level([round_of(k, [800, 800, 800, 1200]) for k in range(1, 6)], "bgnbd")
    assert found.factor == pytest.approx([0.8, 0.8, 0.8, 1.2])
    assert found.of(np.array([0, 1, 3, 7])) == pytest.approx([0.8, 0.8, 0.8, 1.2])
    assert "-20% to +20%" in found.words


def test_what_goes_both_ways_is_chance():
    found = level([round_of(k, b) for k, b in ((1, 1100), (2, 905), (3, 1090), (4, 900))], "bgnbd")
    assert found.factor == pytest.approx(np.ones(4))
    assert not found.words


def test_two_origins_change_nothing():
    assert (level([round_of(1, 500), round_of(2, 500)], "bgnbd").factor == 1).all()


def test_later_origins_count_more():
    old, new = [round_of(k, 1000) for k in (9, 10, 11)], [round_of(k, 800) for k in (1, 2, 3)]
    assert level([*old, *new], "bgnbd").factor[0] < 0.9


def test_the_shared_doubt_is_measured_after_the_level():
    tests = [round_of(k, 800) for k in range(1, 6)]
    assert measured(tests, "bgnbd", level(tests, "bgnbd"), horizon=365).sd == pytest.approx(0, abs=1e-9)
    assert measured(tests, "bgnbd", level([], "bgnbd"), horizon=365).sd == pytest.approx(np.log(1 / 0.8))


def test_errors_that_the_level_was_fitted_to_count_one_origin_less():
    tests = [round_of(1, b) for b in (700, 800, 900)]
    of = level(tests, "bgnbd")
    errors = np.log(np.array([700, 800, 900]) / 1000 / of.factor[0])
    assert (of.factor < 0.9).all()
    assert measured(tests, "bgnbd", of, horizon=365).sd == pytest.approx(np.sqrt((errors**2).sum() / 2))
    plain = measured(tests, "bgnbd", level([], "bgnbd"), horizon=365).sd
    assert plain == pytest.approx(np.sqrt((np.log([0.7, 0.8, 0.9]) ** 2).sum() / 3))


def test_a_horizon_that_was_never_tested_is_said():
    short = [round_of(k, 900, horizon=91 * k) for k in (1, 2, 3)]
    assert "looked 91 to 273 days ahead and not 730" in measured(short, "bgnbd", level([], ""), horizon=730).words
    assert "ahead" not in measured(short, "bgnbd", level([], ""), horizon=91).words


def test_short_horizons_are_left_out_where_enough_long_ones_are_left():
    tests = [*(round_of(k, 1000) for k in (4, 5, 6)), round_of(1, 300, horizon=91)]
    found = measured(tests, "bgnbd", level([], "bgnbd"), horizon=365)
    assert (found.sd, found.origins) == (0, 3)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_with_few_origins_a_stated_error_is_assumed(number):
    found = measured([round_of(k + 1, 1000) for k in range(number)], "bgnbd", level([], "bgnbd"), horizon=365)
    assert found.sd == pytest.approx(ASSUMED_SD)
    assert "too few" in found.words
    assert "assumed" in found.words
