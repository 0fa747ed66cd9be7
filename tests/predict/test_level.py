"""What orders bring of late."""

from datetime import date, timedelta

import numpy as np
import pytest

from keepwell.predict import backtest
from keepwell.predict.contest import Scored
from keepwell.predict.level import level
from keepwell.predict.origins import Origin


def round_of(quarters_back, brought, *, money=1000.0, horizon=365):
    origin = Origin(date(2025, 1, 1) - timedelta(days=91 * quarters_back), horizon)
    four = np.full(4, 100.0)
    return backtest.Tested(
        origin,
        (),
        Scored((), 0.0, np.zeros(0), np.zeros((0, 0))),
        1000.0,
        orders={"bgnbd": four},
        came=four,
        money={"bgnbd": np.full(4, money)},
        brought=np.asarray(brought) * np.ones(4),
        models={},
        crowds={},
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
