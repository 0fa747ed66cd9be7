"""Customers who have days without a purchase are treated apart, and nothing changes by it."""

from datetime import date

import pytest

from keepwell.engine import collected
from keepwell.predict.history import customer_days, history, occasions
from keepwell.predict.origins import Origin
from keepwell.predict.past import customers, divided, grouped, observed

UNTIL = date(2023, 4, 11)  # day 100
DAYS = [0, 5, 20, 20, 50, 60, 3, 40, 7, 90]
WORTH = [10, -4, 30, -2, 8, -5, 6, 7, -3, -1]
BOUGHT = [True, False, True, False, True, False, True, True, False, False]
WHO = ["ann"] * 6 + ["bob"] * 2 + ["cat", "ann"]


@pytest.fixture
def orders(engine, orders_of):
    return orders_of(engine, WHO, DAYS, WORTH, purchase=BOUGHT)


def test_dividing_the_days_leaves_the_occasions_as_they_are(engine, orders):
    days = engine.keep(customer_days(orders, until=UNTIL))
    order = [("customer_id", "ascending"), ("day", "ascending")]
    whole = collected(engine, engine.keep(occasions(days))).sort_by(order)
    apart = collected(engine, engine.keep(divided(engine, days).occasions())).sort_by(order)
    assert apart.to_pylist() == whole.to_pylist()
    assert [(r["customer_id"], str(r["amount"])) for r in whole.to_pylist()] == [
        ("ann", "6.0000"),
        ("ann", "28.0000"),
        ("ann", "2.0000"),
        ("bob", "6.0000"),
        ("bob", "7.0000"),
    ]


def test_an_origin_sees_what_a_history_of_that_day_sees(engine, orders):
    days = divided(engine, engine.keep(customer_days(orders, until=UNTIL)))
    origin = Origin(date(2023, 1, 31), 70)  # day 30
    seen = observed(engine, days, origin, [10, 70])
    plain = grouped(engine, history(orders, until=origin.day))
    assert seen.past.cells.repeats.tolist() == plain.cells.repeats.tolist() == [0, 1]
    assert seen.past.cells.recency.tolist() == plain.cells.recency.tolist() == [0, 20]
    assert seen.past.total.tolist() == pytest.approx(plain.total.tolist()) == [6, 34]
    assert seen.rows.outcomes(70).actual.tolist() == [1, 1]  # bob on day 40, ann on day 50
    assert seen.rows.outcomes(10).actual.tolist() == [1, 0]
    assert seen.rows.brought[70].tolist() == [7, 2]
    assert seen.rows.recent[10].tolist() == [0, 0]  # day 20 is not one of the last ten
    assert seen.rows.recent[70].tolist() == [1, 2]
    assert seen.rows.recent_brought[70].tolist() == [6, 34]


def test_silences_are_those_of_some_days_before_the_origin(engine, orders):
    days = divided(engine, engine.keep(customer_days(orders, until=UNTIL)))
    seen = observed(engine, days, Origin(date(2023, 1, 31), 70), [20])
    silent = seen.silences[20]  # on day 10 ann had been silent for 10 days, bob for 7; ann came on day 20
    assert silent.days.tolist() == [7, 10]
    assert silent.came.tolist() == [0, 1]
    assert silent.count.tolist() == [1, 1]


def test_customers_come_by_their_ids_and_add_up_to_the_rows(engine, orders):
    days = divided(engine, engine.keep(customer_days(orders, until=UNTIL)))
    seen = observed(engine, days, Origin(date(2023, 1, 31), 70), [10, 70])
    each = customers(engine, seen, [10, 70])
    assert each.ids.to_pylist() == ["ann", "bob"]
    assert each.cell.tolist() == [1, 0]
    assert seen.rows.recent[70][each.row].tolist() == each.recent[70].tolist() == [2, 1]
    assert seen.rows.actual[10][each.row].tolist() == each.actual[10].tolist()
    assert each.actual[10].tolist() == [0, 1]
    assert each.brought[70].tolist() == [2, 7]
