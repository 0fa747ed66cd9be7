"""Stripe: amount less what was refunded, the fee beside it, failed charges void; by hand."""

# ruff: noqa: E501  (exports have long lines)

from decimal import Decimal

import pytest

V1 = """
id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,Converted Amount Refunded,Fee,Converted Currency,Status,Customer ID,Customer Email
ch_1,Pro,Payment complete.,2024-01-05 10:00,100.00,0.00,usd,100.00,0.00,3.20,usd,Paid,cus_1,a@x.org
ch_2,Pro,Payment complete.,2024-01-06 23:30,50.00,20.00,usd,50.00,20.00,1.75,usd,Refunded,cus_2,b@x.org
ch_3,Pro,Declined.,2024-01-07 10:00,80.00,0.00,usd,80.00,0.00,0.00,usd,Failed,cus_1,a@x.org
ch_4,Pro,Payment complete.,2024-01-08 10:00,40.00,0.00,eur,44.00,0.00,1.50,usd,Paid,,c@x.org
"""
V2 = V1.replace("Created (UTC)", "Created date (UTC)").replace("Seller Message", "Is Link")


@pytest.mark.parametrize(("text", "name"), [(V1, "stripe payments v1"), (V2, "stripe payments v2")])
def test_money_is_what_was_paid_less_what_was_refunded(duckdb, raw_file, ran, text, name):
    tables = ran(duckdb, raw_file(text))
    lines = {row["order_id"]: row for row in tables["order_lines"]}
    assert tables["files"][0]["format"] == name
    assert [lines[f"ch_{i}"]["money"] for i in (1, 2, 3, 4)] == [100, 30, 0, 44]
    assert tables["files"][0]["money_in"] == Decimal(174)
    assert lines["ch_2"]["refund_date_assumed"]
    assert lines["ch_3"]["status"] == "void"
    assert [lines[f"ch_{i}"]["payment_fee"] for i in (1, 2)] == [Decimal("3.2"), Decimal("1.75")]
    assert {row["currency"] for row in lines.values()} == {"USD"}


def test_a_charge_in_two_exports_counts_as_the_last_has_it(duckdb, raw_file, ran):
    tables = ran(duckdb, raw_file(V1), raw_file(V1.replace("100.00,0.00,usd,100.00,0.00", "100.00,100.00,usd,100.00,100.00"),
                                                name="later.csv"))  # fmt: skip
    assert sum(row["money"] for row in tables["order_lines"]) == Decimal(74)
    assert [f["duplicates"] for f in tables["files"]] in ([1, 3], [3, 1])


def test_stamps_are_utc_and_days_the_shops(duckdb, raw_file, ran):
    lines = ran(duckdb, raw_file(V1), shop={"timezone": "Asia/Tokyo"})["order_lines"]
    assert str(lines[1]["ordered_at"]) == "2024-01-06 23:30:00"
    assert str(lines[1]["order_date"]) == "2024-01-07"


def test_the_balance_report_is_payouts_by_category(of_file):
    rows = of_file("stripe balance", "payouts")
    assert [(row["kind"], row["amount"], row["fee"]) for row in rows] == [
        ("charge", 150, Decimal("4.95")),
        ("refund", -20, 0),
    ]


def test_customers_are_those_of_the_payments(of_file, together):
    people = {p["number"]: p["customer_id"] for p in together["people"] if p["format"] == "stripe customers"}
    assert of_file("stripe payments v1")[0]["customer_id"] == people["cus_1"]
