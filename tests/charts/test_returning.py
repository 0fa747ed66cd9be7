"""How soon customers come back, beside counts by hand."""

import random
from datetime import date

import pyarrow as pa
import pytest

from keepwell.charts.returning import ALL, answer, curve, curves

LAST = date(2024, 3, 31)


def rows(cohorts, last=LAST):
    """Return rows of {cohort: (customers, [returned by age])}."""
    return [
        {"cohort": cohort, "age": age, "customers": n, "active": back, "returned": back, "orders": 0, "contribution": 0,
         "last": last}
        for cohort, (n, returned) in cohorts.items()
        for age, back in enumerate(returned)
    ]  # fmt: skip


def test_one_cohort_is_its_own_counts():
    line = curve(rows({date(2024, 1, 1): (10, [1, 4, 5])}))
    assert [round(r["returned"], 9) for r in line] == [0.1, 0.4, 0.5]


def test_young_cohorts_bend_nothing():
    """Of the old cohort 1 of 10, then 3 of 9 come back; of the young one 3 of 10 at once, and no more is known."""
    line = curve(rows({date(2024, 2, 1): (10, [1, 4]), date(2024, 3, 1): (10, [3])}))
    assert [round(r["returned"], 9) for r in line] == [0.2, round(1 - 0.8 * (1 - 3 / 9), 9)]
    assert [r["customers"] for r in line] == [20, 10]


def test_a_month_that_is_not_over_does_not_count():
    assert len(curve(rows({date(2024, 2, 1): (10, [1, 4])}, last=date(2024, 3, 30)))) == 1
    assert answer(pa.Table.from_pylist(rows({date(2024, 3, 1): (5, [1])}, last=date(2024, 3, 30)))).startswith(
        "No month"
    )


def test_a_known_rate_of_return_is_found_again():
    """Customers who come back with one chance in ten a month, and join over three years."""
    draw, chance, cohorts = random.Random(3), 0.1, {}  # noqa: S311 no secret
    for month in range(36):
        came = [0] * (36 - month)
        for _ in range(400):
            age = 0
            while draw.random() > chance and age < len(came):
                age += 1
            for later in range(age, len(came)):
                came[later] += 1
        cohorts[date(2021 + (month + 3) // 12, (month + 3) % 12 + 1, 1)] = (400, came)
    line = curve(rows(cohorts))
    assert line[12]["returned"] == pytest.approx(1 - 0.9**13, abs=0.01)
    years = curves(pa.Table.from_pylist(rows(cohorts)))
    assert list(years) == [ALL, "2021", "2022", "2023", "2024"]
