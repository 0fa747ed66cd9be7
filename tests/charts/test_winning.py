"""What winning customers costs and brings."""

from datetime import date
from decimal import Decimal

import pyarrow as pa

from keepwell.charts.winning import answer, by_channel, by_year, figure


def rows(*given):
    names = ("cohort", "channel", "customers", "spend", "contribution", "payback", "expected")
    told = [dict(zip(names, row, strict=True)) for row in given]
    return pa.Table.from_pylist(
        [{**r, "spend": Decimal(r["spend"]), "contribution": Decimal(r["contribution"])} for r in told]
    )


DATA = rows(
    (date(2023, 11, 1), "search", 50, 0, 999, 0, 999.0),  # before the file of spend begins
    (date(2023, 12, 1), "search", 10, 100, 150, 2, 50.0),
    (date(2024, 1, 1), "search", 5, 80, 30, None, 40.0),
    (date(2024, 1, 1), "radio", 4, 200, 60, None, 40.0),
    (date(2024, 2, 1), "radio", 0, 200, 0, None, None),
    (date(2024, 1, 1), "", 40, 0, 800, 0, 100.0),
)


def test_each_channel_is_told_over_the_months_it_was_paid_for():
    told = {row["channel"]: row for row in by_channel(DATA)}
    assert list(told) == ["radio", "search"]
    search = told["search"]
    assert (search["customers"], search["spend"], search["cost"], search["earned"], search["expected"]) == (
        15,
        180,
        12,
        12,
        6,
    )
    assert (search["ratio"], search["months"], search["back"], search["payback"]) == (1.5, 2, 1, 2)
    assert (told["radio"]["cost"], told["radio"]["ratio"], told["radio"]["back"]) == (100, 0.25, 0)


def test_each_year_is_told_over_the_same_months():
    years = {row["channel"]: (row["customers"], row["spend"]) for row in by_year(DATA)}
    assert years == {"2023": (10, 100), "2024": (9, 480)}


def test_the_answer_names_the_best_and_the_worst_channel():
    assert answer(DATA, currency="EUR") == (
        "Winning a customer costs €30.53 on average; ‘search’ brings 1.5 for each 1 spent, ‘radio’ 0.2"
    )
    assert [trace.name for trace in figure(DATA, currency="EUR").data] == [
        "cost of winning one", "brought so far", "expected from now on",
    ]  # fmt: skip


def test_without_spend_nothing_is_known():
    assert not figure(rows((date(2024, 1, 1), "", 40, 0, 800, 0, 100.0)), currency="EUR").data
