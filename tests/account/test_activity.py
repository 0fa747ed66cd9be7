"""Time-driven costing at its edges; its printed numbers stand in tests/published."""

from decimal import Decimal

import pytest

from keepwell.account.activity import Activity, costed, minute_rate
from keepwell.errors import DataError


def test_without_practical_minutes_there_is_no_rate():
    with pytest.raises(DataError, match="0 practical minutes at the capacity"):
        minute_rate(Decimal(10), Decimal(0))


def test_more_work_than_practical_leaves_less_than_nothing_unused():
    found = costed([Activity("call", 3, Decimal(5))], cost=Decimal(10), practical_minutes=Decimal(10))
    assert (found.assigned, found.unused) == (15, -5)


def test_no_work_leaves_all_unused():
    found = costed([], cost=Decimal(10), practical_minutes=Decimal(4))
    assert (found.rate, found.minutes, found.unused) == (Decimal("2.5"), 0, 10)
