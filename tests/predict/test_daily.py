"""What all customers did, day by day."""

from datetime import date, timedelta

import numpy as np
import pytest

from keepwell.predict.daily import daily, known_customers
from keepwell.predict.history import customer_days

FIRST = date(2023, 1, 1)
LAST = FIRST + timedelta(days=100)
CUSTOMER, DAY = list("aaabbcd"), [0, 10, 50, 20, 60, 55, 30]


@pytest.fixture
def days(engine, orders_of):
    bought = [True] * 6 + [False]
    return engine.keep(customer_days(orders_of(engine, CUSTOMER, DAY, [1] * 7, purchase=bought), until=LAST))


def test_newcomers_repeats_and_gaps_are_counted_on_their_day(engine, days):
    found = daily(engine, days, first=FIRST, as_of=LAST)
    assert np.flatnonzero(found.newcomers).tolist() == [0, 20, 55]
    assert np.flatnonzero(found.repeats).tolist() == [10, 50, 60]
    assert found.log_gaps[[10, 50, 60]] == pytest.approx(np.log([10, 40, 40]))
    assert len(found.repeats) == 101


def test_an_origin_knows_the_gaps_that_had_ended(engine, days):
    found = daily(engine, days, first=FIRST, as_of=LAST)
    assert found.log_gaps_until(FIRST + timedelta(days=50)) == pytest.approx(np.log(10) + np.log(40))
    assert len(found.until(FIRST + timedelta(days=50)).newcomers) == 51


def test_days_are_counted_for_customers_known_by_the_origin(engine, days):
    found = known_customers(engine, days, origin=FIRST + timedelta(days=30), first=FIRST, as_of=LAST)
    assert np.flatnonzero(found).tolist() == [0, 10, 20, 50, 60]
    assert len(found) == 101
