"""The money of generic rows, by hand: each row's parts add up to what the rule says."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def lines(duckdb, raw_file, ran, text, **settings):
    return ran(duckdb, raw_file(text), **settings)["order_lines"]


def parts(row):
    return [row[name] for name in ("gross", "discount", "shipping", "tax", "other", "refund", "money")]


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("amount", "10", [10, 0, 0, 0, 0, 0, 10]),
        ("amount", "-4", [0, 0, 0, 0, 0, 4, -4]),
        ("amount", "0", [0, 0, 0, 0, 0, 0, 0]),
        # the amount is what was paid: what it holds besides products is taken out of it
        ("amount,discount,shipping,tax", "28,3,4,2", [25, 3, 4, 2, 0, 0, 28]),
        ("amount,shipping", "2,5", [0, 0, 5, 0, -3, 0, 2]),
        ("amount,refund", "10,4", [10, 0, 0, 0, 0, 4, 6]),
        ("quantity,unit_price", "3,2.5", [Decimal("7.5"), 0, 0, 0, 0, 0, Decimal("7.5")]),
        ("quantity,unit_price", "-3,2.5", [0, 0, 0, 0, 0, Decimal("7.5"), Decimal("-7.5")]),
        ("quantity,unit_price", "1,-2.5", [0, 0, 0, 0, 0, Decimal("2.5"), Decimal("-2.5")]),
        ("quantity,unit_price,discount,shipping,tax", "3,2.5,1,4,2", [Decimal("7.5"), 1, 4, 2, 0, 0, Decimal("12.5")]),
        ("quantity,unit_price,discount", "2,10,0.15", [20, 3, 0, 0, 0, 0, 17]),
        ("quantity,unit_price,discount", "2,10,15%", [20, 3, 0, 0, 0, 0, 17]),
        ("amount,discount", "17,0.15", [17, 0, 0, 0, 0, 0, 17]),
        ("quantity,unit_price,amount", "3,2.5,7", [7, 0, 0, 0, 0, 0, 7]),
        ("price", "9", [9, 0, 0, 0, 0, 0, 9]),
        ("quantity,unit_price", "4000,0.00125", [5, 0, 0, 0, 0, 0, 5]),
        (
            "quantity,unit_price",
            "900000000,999.9999",
            [Decimal("899999910000"), 0, 0, 0, 0, 0, Decimal("899999910000")],
        ),
        ("amount,status", "10,Cancelled", [10, 0, 0, 0, 0, 10, 0]),
        ("amount,status", "10,refunded", [10, 0, 0, 0, 0, 10, 0]),
        ("amount,status", "10,complete", [10, 0, 0, 0, 0, 0, 10]),
    ],
)
def test_the_parts_of_a_row(duckdb, raw_file, ran, header, row, expected):
    (line,) = lines(duckdb, raw_file, ran, f"customer,date,{header}\nann,2024-01-05,{row}\n")
    assert parts(line) == expected


@pytest.mark.parametrize(
    ("header", "row", "cost"),
    [
        ("quantity,unit_price,cost", "3,10,4", 12),  # beside a unit price a cost is of one unit
        ("quantity,amount,cost", "3,30,4", 4),  # beside an amount it is of the line
        ("quantity,amount,unit_cost", "3,30,4", 12),
        ("quantity,unit_price,total_cost", "3,10,4", 4),
        ("quantity,unit_price,cost", "-3,10,4", -12),
        ("amount,cost", "-30,4", -4),
    ],
)
def test_cost_is_of_the_unit_or_of_the_line_and_signed_like_the_quantity(duckdb, raw_file, ran, header, row, cost):
    (line,) = lines(duckdb, raw_file, ran, f"customer,date,{header}\nann,2024-01-05,{row}\n")
    assert line["product_cost"] == cost


def test_an_order_total_that_stands_on_every_line_counts_once(duckdb, raw_file, ran):
    text = (
        "order_id,customer,date,sku,order_total\n1,ann,2024-01-05,A,30\n1,ann,2024-01-05,B,30\n2,ann,2024-01-06,A,10\n"
    )
    assert [row["money"] for row in lines(duckdb, raw_file, ran, text)] == [30, 0, 10]


@pytest.mark.parametrize("rows", [("5,8", "5,8"), ("5,8", ","), (",", "5,8"), ("2,7", "3,1"), ("0,8", "5,0")])
def test_what_an_orders_rows_say_of_refund_and_tax_is_not_lost(duckdb, raw_file, ran, rows):
    text = "order_id,customer,date,product,quantity,unit_price,order_total,refund,tax\n"
    first, second = (f"1,ann,2024-01-01,{name},1,10,28,{told}\n" for name, told in zip("ab", rows, strict=True))
    found = lines(duckdb, raw_file, ran, text + first + second)
    sums = [sum(part) for part in zip(*map(parts, found), strict=True)]
    back = Decimal("1.4286")  # of the 8 of tax, with 5 of 28
    assert sums == [20, 0, 0, 8 - back, 0, 5 - back, 23]


def test_a_total_that_differs_within_an_order_is_each_rows_own(duckdb, raw_file, ran):
    text = "order_id,customer,date,order_total\n1,ann,2024-01-05,30\n1,ann,2024-01-05,20\n2,ann,2024-01-06,10\n"
    tables = ran(duckdb, raw_file(text))
    assert [row["money"] for row in tables["order_lines"]] == [30, 20, 10]
    assert "differs within orders" in tables["files"][0]["notes"]


def test_without_an_order_id_a_customers_day_is_one_order_and_nobodys_rows_are_their_own(duckdb, raw_file, ran):
    text = (
        "customer,date,amount\nann,2024-01-05,1\nann,2024-01-05,2\n,2024-01-05,3\n,2024-01-05,4\nguest,2024-01-05,5\n"
    )
    found = lines(duckdb, raw_file, ran, text)
    assert [row["order_id"] for row in found[:2]] == ["ann 2024-01-05"] * 2
    assert len({row["order_id"] for row in found[2:]}) == 3
    assert {row["customer_id"] for row in found[2:]} == {"unknown"}


def test_unreadable_rows_say_which_column_and_keep_the_money_that_could_be_read(duckdb, raw_file, ran):
    text = (
        "customer,date,amount,tax\nann,2024-01-05,ten,1\nann,soon,20,1\nann,,30,1\nann,2024-01-06,,1\n"
        "ann,2024-01-07,40,NaN\nann,2024-01-08,1e300,0\nann,2024-01-09,50,--\n"
    )
    tables = ran(duckdb, raw_file(text))
    assert [(r["line"], r["column"], r["value"], r["money"]) for r in tables["quarantine"]] == [
        (2, "amount", "ten", None), (3, "date", "soon", 20), (4, "date", None, 30), (5, "amount", None, None),
        (6, "tax", "NaN", None), (7, "amount", "1e300", None),
    ]  # fmt: skip
    assert [row["money"] for row in tables["order_lines"]] == [50]
    (file,) = tables["files"]
    assert (file["money_in"], file["money_quarantined"], file["unknown_money"]) == (100, 50, 4)


CENTS = st.decimals(-1000, 1000, places=2)
ROWS = st.lists(st.tuples(CENTS, st.decimals(0, 50, places=2), st.decimals(0, 50, places=2)), min_size=1, max_size=20)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_a_files_money_is_the_sum_of_its_amounts_whatever_they_hold(duckdb, raw_file, ran, rows):
    text = "customer,date,amount,discount,shipping\n" + "".join(f"a,2024-01-05,{a},{d},{s}\n" for a, d, s in rows)
    tables = ran(duckdb, raw_file(text))
    assert tables["files"][0]["money_in"] == sum(a for a, _d, _s in rows)
    for row in tables["order_lines"]:
        gross, discount, shipping, tax, other, refund, money = parts(row)
        assert money == gross - discount + shipping + tax + other - refund
        assert gross >= 0 <= refund
