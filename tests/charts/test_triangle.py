"""What the customers of one season bring, beside the same sums by hand."""

from datetime import date
from decimal import Decimal

import pyarrow as pa

from keepwell.charts.triangle import EARNED, ORDERED, answer, figure, periods, span


def rows(cohorts, *, last):
    """Return rows of {cohort: (customers, [orders by age], [contribution by age])}."""
    return pa.Table.from_pylist(
        [
            {"cohort": cohort, "age": age, "customers": n, "active": o, "returned": 0, "orders": o,
             "contribution": Decimal(c), "last": last}
            for cohort, (n, orders, earned) in cohorts.items()
            for age, (o, c) in enumerate(zip(orders, earned, strict=True))
        ]
    )  # fmt: skip


YEAR = {
    date(2024, 1, 1): (4, [4, 2, 1], [40, 20, 10]),
    date(2024, 2, 1): (2, [3, 1], [10, -30]),
    date(2024, 3, 1): (1, [1], [5]),
}


def cells(measure, last=date(2024, 3, 31)):
    found = periods(rows(YEAR, last=last).to_pylist(), measure)
    return {(c["cohort"] - 2024 * 12, c["later"]): (c["value"], c["over"]) for c in found}


def test_contribution_adds_up_and_orders_stand_alone():
    assert cells(EARNED) == {
        (0, 0): (10, True), (0, 1): (15, True), (0, 2): (17.5, True),
        (1, 0): (5, True), (1, 1): (-10, True), (2, 0): (5, True),
    }  # fmt: skip
    assert {at: value for at, (value, _) in cells(ORDERED).items()} == {
        (0, 0): 1, (0, 1): 0.5, (0, 2): 0.25, (1, 0): 1.5, (1, 1): 0.5, (2, 0): 1,
    }  # fmt: skip


def test_a_month_that_is_not_over_is_starred_and_left_out_of_the_answer():
    data = rows(YEAR, last=date(2024, 3, 30))
    assert [over for _, over in cells(EARNED, last=date(2024, 3, 30)).values()] == [
        True,
        True,
        False,
        True,
        False,
        False,
    ]
    assert figure(data, currency="EUR").data[0].text[0] == ["10", "15", "18*"]
    # 50 of six customers; March is not over.
    assert answer(data, currency="EUR").startswith("A new customer brings €8.33 in the month they come")


def test_quarters_hold_the_cohorts_of_their_months():
    long = {date(2022 + q // 4, 1 + 3 * (q % 4), 1): (10, [1] * (24 - 3 * q), [1] * (24 - 3 * q)) for q in range(8)} | {
        date(2022, 2, 1): (5, [1] * 23, [2] * 23)
    }
    data = rows(long, last=date(2023, 12, 31))
    assert span(data.to_pylist()) == 3
    first = periods(data.to_pylist(), EARNED)[:2]
    # January's ten bring 1 in each of three months, February's five 2 in each of two, and three later.
    assert [(c["customers"], c["whole"]) for c in first] == [(15, 3 + 4), (15, 3 + 4 + 3 + 6)]
