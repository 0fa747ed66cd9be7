"""Where contribution is heading, beside a slow plain version that walks every month of every customer."""

from datetime import date
from decimal import Decimal
from statistics import median

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepwell.account.trends import trends
from keepwell.engine import collected
from keepwell.tables import CONTRACTS, LEDGER_LINES

SCHEMA = CONTRACTS["ledger"].schema.to_pyarrow()
UNTIL = date(2024, 12, 15)
NOW = 2024 * 12 + 11
NOTHING = dict.fromkeys((*LEDGER_LINES, "contribution_1", "contribution_2", "assumed_sales"), Decimal(0))


def first_day(month):
    return date(month // 12, month % 12 + 1, 1)


def told(engine, earned, **more):
    """Return the trends by customer of {customer: {months before the last: contribution}}; all months had an order."""
    rows = [
        {
            **NOTHING,
            "customer_id": who,
            "month": first_day(NOW - ago),
            "contribution": Decimal(amount),
            "orders": 1,
            **more,
        }
        for who, months in earned.items()
        for ago, amount in months.items()
    ]
    ledger = engine.table([pa.RecordBatch.from_pylist(rows, schema=SCHEMA)], SCHEMA)
    return {row["customer_id"]: row for row in collected(engine, trends(ledger, until=UNTIL)).to_pylist()}


def plainly(months):
    """Return what `trends` should say of one customer, month by month."""
    earned = {NOW - ago: Decimal(amount) for ago, amount in months.items()}
    first = min(earned)

    def year(end):
        return sum((v for m, v in earned.items() if end - 12 < m <= end), Decimal(0))

    recent, before = year(NOW), year(NOW - 12)
    start = max(NOW - 12, first + 11)
    line = [year(m) for m in range(start, NOW + 1)]  # the rolling year, today last
    then, walked = line[0] if line else 0, range(1, len(line))
    steps = [m for m in walked if line[m] != line[m - 1]]
    turn, at = "steady", None
    if first > NOW - 12:
        turn = "new"
    elif recent < 0 <= then:
        turn, at = "newly unprofitable", max(m for m in walked if line[m] < 0 <= line[m - 1])
    elif max(earned) <= NOW - 12:
        turn, at = "gone", max(earned) - start
    elif then <= 0 < recent:
        turn, at = "recovered", max(m for m in walked if line[m - 1] <= 0 < line[m])
    elif abs(recent - then) > abs(then) / 4:
        turn = "growing" if recent > then else "fading"
        end = min(line) if turn == "growing" else max(line)
        at = min(m for m in steps if m > max(m for m in range(len(line)) if line[m] == end))
    full = (NOW + 1 - first) // 12
    pairs = [float(year(NOW - 12 * i) - year(NOW - 12 * j)) / (j - i) for j in range(full) for i in range(j)]
    return {
        "recent": recent,
        "before": before,
        "turn": turn,
        "turned": None if at is None else first_day(start + at),
        "slope": median(pairs) if pairs else None,
    }


def test_each_turn_has_its_month(engine):
    rows = told(
        engine,
        {
            "new": {3: 10},
            "gone": {30: 10, 14: 5},
            "growing": {30: 5, 15: 10, 6: 8, 2: 9},
            "fading": {20: 30, 15: 30, 5: 20},
            "steady": {18: 10, 6: 11},
            "fallen": {20: 30, 8: -5, 4: 2, 2: -1},
            "up": {20: -10, 11: -5, 4: 20},
            "unknown": {3: 4},
        },
    )
    assert {who: (row["turn"], row["turned"]) for who, row in rows.items()} == {
        "new": ("new", None),
        "gone": ("gone", date(2023, 10, 1)),
        # The year up to December 2023 earned 10; it was 18 in June, fell to 8 in September and rose again in October.
        "growing": ("growing", date(2024, 10, 1)),
        "fading": ("fading", date(2024, 4, 1)),
        "steady": ("steady", None),
        # 30 earned in April 2023 left the rolling year in April 2024, the same month in which 5 were lost.
        "fallen": ("newly unprofitable", date(2024, 4, 1)),
        "up": ("recovered", date(2024, 8, 1)),
    }


def test_winning_a_customer_is_no_loss_to_recover_from(duckdb):
    rows = told(duckdb, {"ann": {30: -20, 13: -20, 3: 30}}, acquisition=Decimal(50))
    assert (rows["ann"]["before"], rows["ann"]["recent"], rows["ann"]["turn"]) == (30, 80, "growing")


def test_who_came_within_the_year_before_is_held_against_their_own_first_year(duckdb):
    rows = told(duckdb, {"ann": {14: 10, 10: 10, 6: 10, 2: 10}, "bob": {14: 10, 1: 20}})
    assert [(r["before"], r["recent"], r["turn"]) for _, r in sorted(rows.items())] == [
        (10, 30, "steady"),  # 30 in their first 12 months
        (10, 20, "growing"),
    ]


def test_one_mad_year_does_not_bend_the_slope(duckdb):
    calm = {ago: 100 + 10 * (4 - ago // 12) for ago in range(0, 60, 12)}
    rows = told(duckdb, {"calm": calm, "mad": {**calm, 24: 5000}})
    assert rows["calm"]["slope"] == pytest.approx(10)
    assert abs(rows["mad"]["slope"] - 10) < 40
    assert told(duckdb, {"young": {23: 5, 1: 5}})["young"]["slope"] == 0
    assert told(duckdb, {"younger": {22: 5, 1: 5}})["younger"]["slope"] is None


MONTHS = st.dictionaries(st.integers(0, 60), st.integers(-30, 60).filter(bool), min_size=1, max_size=14)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(customers=st.lists(MONTHS, min_size=20, max_size=40))
def test_all_customers_are_told_as_if_walked_month_by_month(duckdb, customers):
    rows = told(duckdb, {f"c{i}": months for i, months in enumerate(customers)})
    assert len(rows) == len(customers)
    for i, months in enumerate(customers):
        wanted = plainly(months)
        slope = wanted.pop("slope")
        assert {name: rows[f"c{i}"][name] for name in wanted} == wanted, months
        assert rows[f"c{i}"]["slope"] == (None if slope is None else pytest.approx(slope, abs=1e-9))
