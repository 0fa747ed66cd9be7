"""The history that the models read."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepwell.engine import collected
from keepwell.predict.history import history
from keepwell.tables import offences

START = date(2023, 1, 1)
UNTIL = date(2023, 4, 11)  # day 100


def rows_of(engine, table):
    return {row.pop("customer_id"): row for row in collected(engine, table).to_pylist()}


def test_two_orders_on_one_day_are_one_occasion(engine, orders_of):
    orders = orders_of(engine, ["ann", "ann", "ann"], [10, 10, 40], [5, 6, 7])
    found = rows_of(engine, history(orders, until=UNTIL))["ann"]
    assert (found["repeats"], found["recency"], found["age"]) == (1, 30, 90)
    assert (found["first_contribution"], found["repeat_sum"], found["repeat_sum_squares"]) == (11, 7, 49)
    assert (found["first_date"], found["last_date"]) == (date(2023, 1, 11), date(2023, 2, 10))


def test_what_is_no_purchase_belongs_to_the_occasion_before_it(engine, orders_of):
    day = [0, 5, 20, 20, 50, 60, 99]
    worth = [10, -4, 30, -2, 8, -5, -1]
    purchase = [True, False, True, False, True, False, False]
    orders = orders_of(engine, ["ann"] * 7, day, worth, purchase=purchase)
    found = rows_of(engine, history(orders, until=UNTIL))["ann"]
    assert found["repeats"] == 2
    assert found["first_contribution"] == pytest.approx(10 - 4)
    assert found["repeat_sum"] == pytest.approx((30 - 2) + (8 - 5 - 1))
    assert found["repeat_sum_squares"] == pytest.approx(28**2 + 2**2)


def test_what_comes_before_the_first_purchase_belongs_to_it(engine, orders_of):
    orders = orders_of(engine, ["ann", "ann"], [3, 9], [-2, 10], purchase=[False, True])
    found = rows_of(engine, history(orders, until=UNTIL))["ann"]
    assert (found["first_date"], found["first_contribution"]) == (START + timedelta(days=9), 8)


def test_nobody_and_those_who_never_bought_have_no_row(engine, orders_of):
    customer = ["unknown", "ann", "bob"]
    orders = orders_of(engine, customer, [1, 2, 3], [5, 5, -5], purchase=[True, True, False])
    assert set(rows_of(engine, history(orders, until=UNTIL))) == {"ann"}


def test_later_orders_are_left_out(engine, orders_of):
    orders = orders_of(engine, ["ann", "ann", "bob"], [1, 100, 101], [5, 6, 7])
    found = rows_of(engine, history(orders, until=UNTIL))
    assert set(found) == {"ann"}
    assert found["ann"]["recency"] == 99


def plain_history(rows, until):
    """Walk through one customer's rows in order of day, the way one would by hand."""
    rows = sorted(row for row in rows if row[0] <= until)
    days = sorted({day for day, _, purchase in rows if purchase})
    if not days:
        return None
    worth = dict.fromkeys(days, 0)
    for day, cents, _ in rows:
        worth[max((d for d in days if d <= day), default=days[0])] += cents
    later = [worth[d] / 100 for d in days[1:]]
    return (
        len(days) - 1,
        days[-1] - days[0],
        until - days[0],
        worth[days[0]] / 100,
        sum(later),
        sum(w * w for w in later),
    )


ROWS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 30), st.integers(-9999, 9999), st.booleans()), max_size=30
)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, until=st.integers(0, 30))
def test_history_agrees_with_a_walk_through_each_customers_rows(duckdb, orders_of, rows, until):
    customer, day, cents, purchase = zip(*rows, strict=True) if rows else ((), (), (), ())
    orders = orders_of(duckdb, customer, day, [c / 100 for c in cents], purchase=purchase)
    table = history(orders, until=START + timedelta(days=until))
    found = rows_of(duckdb, table)
    wanted = {name: plain_history([row[1:] for row in rows if row[0] == name], until) for name in set(customer)}
    assert set(found) == {name for name, value in wanted.items() if value}
    names = ("repeats", "recency", "age", "first_contribution", "repeat_sum", "repeat_sum_squares")
    for name, row in found.items():
        assert [row[n] for n in names] == pytest.approx(list(wanted[name]), abs=1e-9)
    assert set(collected(duckdb, offences("history", table)).to_pylist()[0].values()) <= {0, len(found)}


def test_squares_of_small_repeats_survive_a_giant_first_order(engine, orders_of):
    orders = orders_of(engine, ["ann"] * 3 + ["bob"], [0, 10, 20, 0], [80_000_000, 0.03, -0.04, 99_999_999.9999])
    found = collected(engine, history(orders, until=date(2023, 4, 11))).sort_by("customer_id").to_pylist()
    assert found[0]["repeat_sum_squares"] == pytest.approx(0.0025, rel=1e-12)
    assert found[1]["repeat_sum_squares"] == 0
