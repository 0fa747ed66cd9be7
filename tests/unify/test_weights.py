"""Weights of order lines in kilograms, whatever unit a file tells and whatever its column is of."""

from decimal import Decimal

import pytest

HEAD = "order_id,customer,date,product,quantity,amount,"


def weights_of(duckdb, raw_file, ran, column, rows):
    """Return the weights of rows (order, quantity, amount, weight)."""
    text = "".join(f'{o},ann,2024-01-05,p{n},{q},{a},"{w}"\n' for n, (o, q, a, w) in enumerate(rows))
    tables = ran(duckdb, raw_file(f"{HEAD}{column}\n{text}"))
    assert not tables["quarantine"]
    return [row["weight"] for row in tables["order_lines"]]


def alone(duckdb, raw_file, ran, column, *told, amount="2.50"):
    rows = [(order, 1, amount, weight) for order, weight in enumerate(told)]
    return weights_of(duckdb, raw_file, ran, column, rows)


@pytest.mark.parametrize(
    ("column", "told", "kilograms"),
    [
        (
            "weight",
            ["300 g", "0.3 kg", "0.3", "2 lb", "16oz", "3 stone"],
            ["0.3", "0.3", "0.3", "0.9072", "0.4536", None],
        ),
        ("Weight (g)", ["300", "2 kg", "12.5", ""], ["0.3", "2", "0.0125", None]),
        ("Weight (lbs)", ["10", "1"], ["4.5359", "0.4536"]),
    ],
)
def test_the_unit_is_told_by_the_value_or_else_by_the_column(duckdb, raw_file, ran, column, told, kilograms):
    expected = [None if kg is None else Decimal(kg) for kg in kilograms]
    assert alone(duckdb, raw_file, ran, column, *told) == expected


def test_the_decimal_sign_is_that_of_the_file(duckdb, raw_file, ran):
    assert alone(duckdb, raw_file, ran, "weight", "1,500 g", "20 g") == [Decimal("1.5"), Decimal("0.02")]
    assert alone(duckdb, raw_file, ran, "weight", "1,500", "2,25", amount="2") == [Decimal("1.5"), Decimal("2.25")]


def test_an_item_weighs_so_much_each_and_a_line_altogether(duckdb, raw_file, ran):
    rows = [(1, 3, 30, "200 g"), (2, -2, -20, "200 g")]
    assert weights_of(duckdb, raw_file, ran, "item weight", rows) == [Decimal("0.6"), Decimal("0.4")]
    assert weights_of(duckdb, raw_file, ran, "line weight", rows) == [Decimal("0.2"), Decimal("0.2")]


def test_the_weight_of_an_order_counts_once_unless_its_lines_differ(duckdb, raw_file, ran):
    rows = [(1, 1, 5, "2.5"), (1, 1, 30, "2.5"), (1, 2, 20, "2.5"), (2, 1, 10, "4")]
    assert weights_of(duckdb, raw_file, ran, "total weight", rows) == [0, Decimal("2.5"), 0, 4]
    own = [*rows, (2, 1, 10, "1")]
    assert weights_of(duckdb, raw_file, ran, "total weight", own) == [Decimal("2.5")] * 3 + [4, 1]
