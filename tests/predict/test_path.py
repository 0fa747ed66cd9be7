"""The path of a forecast, period by period."""

from datetime import date, timedelta

import pytest

from keepwell.predict.origins import Origin, origins
from keepwell.predict.path import main_origin

FIRST = date(2023, 1, 1)
LAST = FIRST + timedelta(days=100)


@pytest.mark.parametrize(("length", "back"), [(545, 273), (729, 364), (1500, 364), (250, 91), (100, 50)])
def test_the_main_origin_looks_a_year_ahead_or_half_of_the_log(length, back):
    as_of = FIRST + timedelta(days=length)
    found = main_origin(origins(FIRST, as_of, horizon=365), first=FIRST, as_of=as_of, horizon=365)
    assert (as_of - found.day).days == back


def test_without_origins_there_is_no_main_one():
    assert main_origin([], first=FIRST, as_of=LAST, horizon=365) is None
    lone = Origin(FIRST, 10)
    assert main_origin([lone], first=FIRST, as_of=LAST, horizon=365) == lone
