"""Who comes back, by when they came."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from keepwell.charts.cohorts import answer, cohorts_data, figure, period
from keepwell.engine import collected
from keepwell.tables import LEDGER_LINES


def bought(made, pairs):
    """Return order_contribution of (customer, day, purchase) triples."""
    rows = [
        {
            "order_id": f"o{i}",
            "customer_id": customer,
            "order_date": day,
            "month": day.replace(day=1),
            "purchase": purchase,
            **dict.fromkeys(LEDGER_LINES, Decimal(0)),
            **dict.fromkeys(("contribution_1", "contribution_2", "contribution"), Decimal(0)),
            "assumed_sales": Decimal(0),
        }
        for i, (customer, day, purchase) in enumerate(pairs)
    ]
    return made.arrow("order_contribution", rows)


def counted(engine, table):
    return collected(engine, cohorts_data({"order_contribution": engine.table(table.to_batches(), table.schema)}))


def test_the_triangle_is_that_of_a_plain_count_by_quarter(engine, arrow):
    data = counted(engine, arrow["order_contribution"])
    seen = defaultdict(set)
    for row in arrow["order_contribution"].to_pylist():
        if row["purchase"] and row["customer_id"] != "unknown":
            seen[row["customer_id"]].add(row["order_date"].year * 4 + (row["order_date"].month - 1) // 3)
    plain = defaultdict(int)
    for quarters in seen.values():
        for quarter in quarters:
            plain[min(quarters), quarter - min(quarters)] += 1
    assert {(r["cohort"], r["later"]): r["customers"] for r in data.to_pylist()} == plain
    assert {r["months"] for r in data.to_pylist()} == {3}


@pytest.mark.parametrize(
    ("last", "months"), [(date(2021, 3, 1), 1), (date(2021, 4, 30), 3), (date(2024, 5, 1), 3), (date(2024, 6, 1), 12)]
)
def test_the_period_grows_with_the_history(duckdb, made, last, months):
    data = counted(duckdb, bought(made, [("a", date(2020, 1, 1), True), ("a", last, True)]))
    assert data["months"].to_pylist()[0] == months


def test_unknown_customers_and_undone_purchases_do_not_count(duckdb, made):
    rows = [("a", date(2020, 1, 1), True), ("unknown", date(2020, 2, 1), True), ("a", date(2020, 3, 1), False)]
    assert [r["customers"] for r in counted(duckdb, bought(made, rows)).to_pylist()] == [1]


def test_a_period_that_is_not_over_is_starred_and_left_out_of_the_answer(duckdb, made):
    rows = [("a", date(2020, 1, 5), True), ("b", date(2020, 1, 6), True), ("a", date(2020, 2, 7), True)]
    data = counted(duckdb, bought(made, [*rows, ("b", date(2020, 3, 15), True)]))
    assert answer(data).startswith("50% of new customers buy again in the next month")
    assert list(figure(data).data[0].text[0]) == ["50", "50*"]


def test_a_single_period_is_a_sentence(duckdb, made):
    data = counted(duckdb, bought(made, [("a", date(2020, 1, 5), True), ("b", date(2020, 1, 6), True)]))
    assert "too short" in answer(data)
    assert not figure(data).data


@pytest.mark.parametrize(
    ("index", "months", "name"), [(2020 * 12, 1, "Jan 2020"), (2020 * 4 + 3, 3, "Q4 2020"), (1997, 12, "1997")]
)
def test_periods_are_named_as_people_do(index, months, name):
    assert period(index, months) == name
