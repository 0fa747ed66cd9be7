"""Square: a refund is a row with its own day; items are another view of the same payments; by hand."""

# ruff: noqa: E501  (exports have long lines)

from decimal import Decimal

PAYMENTS = """
Date,Time,Time Zone,Gross Sales,Discounts,Service Charges,Net Sales,Tax,Tip,Partial Refunds,Total Collected,Source,Fees,Transaction ID,Payment ID,Event Type,Location,Customer ID,Customer Name
2024-06-01,10:15:00,Eastern Time (US & Canada),$30.00,-$3.00,$0.00,$27.00,$2.16,$4.00,$0.00,$33.16,POS,-$1.05,T1,P1,Payment,Main,C1,Ann
2024-06-03,09:00:00,Eastern Time (US & Canada),-$10.00,$0.00,$0.00,-$10.00,-$0.80,$0.00,$0.00,-$10.80,POS,$0.00,T1,P2,Refund,Main,C1,Ann
2024-06-04,09:00:00,Eastern Time (US & Canada),$5.00,$0.00,$0.00,$5.00,$0.40,$0.00,$0.00,$5.40,POS,-$0.30,T2,P3,Payment,Main,,
"""
ITEMS = """
Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,Payment ID,Event Type,Location,Customer ID,Customer Name
2024-06-01,10:15:00,Eastern Time,Cups,Mug,2,Regular,MUG,,$20.00,-$3.00,$17.00,$1.36,T1,P1,Payment,Main,C1,Ann
2024-06-01,10:15:00,Eastern Time,Food,Tea,1,Regular,TEA,,$10.00,$0.00,$10.00,$0.80,T1,P1,Payment,Main,C1,Ann
2024-06-03,09:00:00,Eastern Time,Food,Tea,-1,Regular,TEA,,-$10.00,$0.00,-$10.00,-$0.80,T1,P2,Refund,Main,C1,Ann
"""


def test_tips_stand_in_other_and_refunds_on_their_own_day(duckdb, raw_file, ran):
    tables = ran(duckdb, raw_file(PAYMENTS))
    sold, back, _small = tables["order_lines"]
    assert (sold["gross"], sold["discount"], sold["tax"], sold["other"]) == (30, 3, Decimal("2.16"), 4)
    assert (sold["money"], sold["payment_fee"]) == (Decimal("33.16"), Decimal("1.05"))
    assert (back["gross"], back["refund"], back["tax"]) == (0, 10, Decimal("-0.8"))
    assert back["money"] == Decimal("-10.8")
    assert str(back["order_date"]) == "2024-06-03"
    assert not back["refund_date_assumed"]
    assert tables["files"][0]["money_in"] == Decimal("27.76")


def test_items_carry_their_net_sales_and_tax(duckdb, raw_file, ran):
    tables = ran(duckdb, raw_file(ITEMS))
    assert [row["money"] for row in tables["order_lines"]] == [Decimal("18.36"), Decimal("10.8"), Decimal("-10.8")]
    assert [row["quantity"] for row in tables["order_lines"]] == [2, 1, -1]


def test_the_items_of_payments_that_are_there_are_not_counted_again(duckdb, raw_file, ran):
    payments = raw_file(PAYMENTS)
    tables = ran(duckdb, raw_file(ITEMS, name="items.csv"), payments)
    files = {f["name"]: f for f in tables["files"]}
    assert files["items.csv"]["duplicates"] == 3
    assert {row["of_file"] for row in tables["duplicates"]} == {payments.digest}
    assert sum(row["money"] for row in tables["order_lines"]) == Decimal("27.76")


def test_a_refund_of_a_discounted_item_gives_back_what_was_paid(of_file):
    assert [row["money"] for row in of_file("square items")] == [Decimal("18.36"), Decimal("-9.18")]


def test_a_fee_that_comes_back_with_a_refund_is_negative(of_file):
    assert [row["payment_fee"] for row in of_file("square transactions")] == [
        Decimal("1.05"),
        Decimal("-0.25"),
        Decimal("0.15"),
    ]
