"""From which days in the past forecasts are judged."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepwell.predict.origins import origins

FIRST = date(1997, 1, 1)


def test_cdnow_is_cut_at_39_weeks_among_others():
    found = origins(FIRST, date(1998, 6, 30), horizon=365)
    assert [(o.day.isoformat(), o.horizon) for o in found] == [
        ("1997-07-01", 364),
        ("1997-09-30", 273),
        ("1997-12-30", 182),
        ("1998-03-31", 91),
    ]


@given(length=st.integers(0, 20_000), horizon=st.integers(30, 3660))
def test_each_origin_leaves_time_before_and_after(length, horizon):
    as_of = FIRST + timedelta(days=length)
    found = origins(FIRST, as_of, horizon=horizon)
    assert found == sorted(found, key=lambda o: o.day)
    for origin in found:
        assert (origin.day - FIRST).days >= min(91, length // 4)
        assert 0 < origin.horizon <= horizon
        assert origin.day + timedelta(days=origin.horizon) <= as_of


@pytest.mark.parametrize(
    ("length", "number"), [(0, 0), (20, 0), (100, 3), (181, 3), (182, 1), (730, 7), (1460, 15), (3650, 39)]
)
def test_the_longer_the_log_the_more_origins(length, number):
    assert len(origins(FIRST, FIRST + timedelta(days=length), horizon=365)) == number
