"""Files of subscriptions: Stripe's export and any other, every row in one place; by hand."""

# ruff: noqa: E501  (exports have long lines)

from datetime import date
from decimal import Decimal

import pytest

from keepwell.errors import DataError

SALES = "order_id,customer_id,email,date,amount\n1,cus_1,a@x.org,2024-01-05,10.00\n2,,b@x.org,2024-02-06,20.00\n"
STRIPE = """
id,Customer ID,Customer Name,Customer Email,Status,Cancellation Reason,Created (UTC),Start (UTC),Start Date (UTC),Current Period Start (UTC),Current Period End (UTC),Canceled At (UTC),Ended At (UTC),Amount,Currency,Interval
sub_1,cus_1,Ann,a@x.org,active,,2024-01-05 10:00,2024-03-05 10:00,2024-01-05 10:00,2024-05-05 10:00,2024-06-05 10:00,,,9.99,eur,month
sub_2,cus_2,Bob,b@x.org,canceled,too_expensive,2024-01-31 23:30,2024-01-31 23:30,2024-01-31 23:30,2024-03-31 10:00,2024-04-30 10:00,2024-04-10 08:00,2024-04-30 23:30,99.00,eur,year
sub_3,cus_3,Cy,c@x.org,incomplete_expired,,2024-02-01 10:00,2024-02-01 10:00,2024-02-01 10:00,2024-02-01 10:00,2024-03-01 10:00,,,9.99,eur,month
sub_4,cus_4,Di,d@x.org,canceled,,2024-02-01 10:00,2024-02-01 10:00,2024-02-01 10:00,2024-02-01 10:00,2024-03-01 10:00,,,9.99,eur,month
sub_5,,,,active,,2024-02-01 10:00,2024-02-01 10:00,2024-02-01 10:00,2024-02-01 10:00,2024-03-01 10:00,,,9.99,eur,month
"""
GENERIC = """
client_id,start_date,end_date,monthly fee,plan
7,03/02/2024,,"5,00",basic
7,03/02/2024,,"5,00",basic
8,15/02/2024,20/05/2024,"7,50",plus
9,15/02/2024,01/01/2024,"7,50",plus
10,15/02/2024,soon,"7,50",plus
"""


def of(tables, customer):
    return [row for row in tables["subscriptions"] if row["subscription_id"].startswith(customer)]


def test_stripes_subscriptions_are_read_and_every_row_ends_in_one_place(engine, raw_file, ran):
    tables = ran(engine, raw_file(SALES), raw_file(STRIPE, name="subscriptions.csv"))
    file = next(f for f in tables["files"] if f["name"] == "subscriptions.csv")
    assert file["format"] == "stripe subscriptions"
    assert (file["rows"], file["facts"], file["quarantined"], file["duplicates"]) == (5, 2, 3, 0)
    assert (file["money_in"], file["unknown_money"]) == (0, 0)
    one, two = tables["subscriptions"]
    assert (one["started"], one["ended"], one["period"], one["price"]) == (
        date(2024, 1, 5),
        None,
        "month",
        Decimal("9.99"),
    )
    assert (two["started"], two["ended"], two["period"]) == (date(2024, 1, 31), date(2024, 4, 30), "year")
    assert two["reason"] == "too_expensive"
    assert [(q["line"], q["reason"]) for q in tables["quarantine"]] == [
        (4, "never began"),
        (5, "has ended, but no day says when"),
        (6, "no customer"),
    ]


def test_subscribers_are_the_customers_of_the_sales_by_number_or_by_e_mail(engine, raw_file, ran):
    tables = ran(engine, raw_file(SALES), raw_file(STRIPE, name="subscriptions.csv"), identity={"match": True})
    known = {row["email"]: row["customer_id"] for row in tables["customers"]}
    assert [row["customer_id"] for row in tables["subscriptions"]] == [known["a@x.org"], known["b@x.org"]]
    assert len(tables["customers"]) == 2
    assert {row["name"] for row in tables["customers"]} == {"Ann", "Bob"}


def test_days_are_the_shops(duckdb, raw_file, ran):
    tables = ran(duckdb, raw_file(SALES), raw_file(STRIPE, name="s.csv"), shop={"timezone": "Asia/Tokyo"})
    assert (tables["subscriptions"][1]["started"], tables["subscriptions"][1]["ended"]) == (
        date(2024, 2, 1),
        date(2024, 5, 1),
    )


def test_any_table_with_a_first_and_a_last_day_is_one_of_subscriptions(engine, raw_file, ran):
    tables = ran(engine, raw_file(SALES), raw_file(GENERIC, name="contracts.csv"))
    file = next(f for f in tables["files"] if f["name"] == "contracts.csv")
    assert file["format"] == "generic subscriptions"
    assert (file["rows"], file["facts"], file["quarantined"], file["duplicates"]) == (5, 3, 2, 0)
    assert "once a month is assumed" in file["notes"]
    assert sorted(row["subscription_id"] for row in of(tables, "7 ")) == [
        "7 2024-02-03 basic",
        "7 2024-02-03 basic no. 2",
    ]
    assert of(tables, "8 ")[0]["ended"] == date(2024, 5, 20)
    assert of(tables, "8 ")[0]["price"] == Decimal("7.5")
    assert tables["quarantine"][0]["reason"] == "ended before it started"
    assert tables["quarantine"][1]["value"] == "soon"


def test_a_later_file_says_how_a_subscription_stands_and_the_earlier_rows_are_duplicates(engine, raw_file, ran):
    later = STRIPE.replace("sub_1,cus_1,Ann,a@x.org,active,,", "sub_1,cus_1,Ann,a@x.org,canceled,moved,").replace(
        "2024-06-05 10:00,,,9.99", "2024-06-05 10:00,2024-06-01 10:00,2024-06-05 10:00,9.99"
    )
    tables = ran(engine, raw_file(SALES), raw_file(STRIPE, name="may.csv"), raw_file(later, name="june.csv"))
    one = of(tables, "sub_1")
    assert [(row["ended"], row["reason"]) for row in one] == [(date(2024, 6, 5), "moved")]
    files = {f["name"]: f for f in tables["files"]}
    assert (files["may.csv"]["facts"], files["may.csv"]["duplicates"]) == (0, 2)
    assert (files["june.csv"]["facts"], files["june.csv"]["duplicates"]) == (2, 0)
    assert {d["of_file"] for d in tables["duplicates"]} == {files["june.csv"]["file"]}


@pytest.mark.parametrize(
    ("word", "period"),
    [("Monthly", "month"), ("per year", "year"), ("P1W", "week"), ("every 2 weeks", None), ("P3M", None)],
)
def test_how_often_is_paid_is_read_from_words(duckdb, raw_file, ran, word, period):
    text = f"customer_id,started,ended,price,billing period\n1,2024-01-01,,5,{word}\n"
    tables = ran(duckdb, raw_file(SALES), raw_file(text, name="s.csv"))
    if period is None:
        assert "day, week, month or year" in tables["quarantine"][0]["reason"]
    else:
        assert tables["subscriptions"][0]["period"] == period


def test_who_pays_by_the_year_pays_twelve_prices_of_a_month(engine, raw_file, ran):
    head, rows = (
        "customer_id,started,ended,{},billing period",
        "\n1,2024-01-01,,5.25,yearly\n2,2024-01-01,,5.25,monthly\n",
    )
    for column, prices in (("Monthly Charges", ["63.0", "5.25"]), ("price", ["5.25", "5.25"])):
        tables = ran(engine, raw_file(SALES), raw_file(head.format(column) + rows, name="s.csv"))
        assert [row["price"] for row in tables["subscriptions"]] == [Decimal(price) for price in prices]
        file = next(f for f in tables["files"] if f["name"] == "s.csv")
        assert ("price of a month" in file["notes"]) == (column != "price")


def test_subscriptions_of_another_currency_are_refused(duckdb, raw_file, ran):
    sales = SALES.replace("amount", "amount,currency").replace("10.00", "10.00,USD").replace("20.00", "20.00,USD")
    with pytest.raises(DataError, match="several currencies"):
        ran(duckdb, raw_file(sales), raw_file(STRIPE, name="s.csv"))


def test_sales_that_also_have_a_first_and_a_last_day_stay_sales(duckdb, raw_file, ran):
    text = "order_id,customer_id,order date,start date,end date,amount\n1,7,2024-01-05,2024-02-01,2024-02-05,10.00\n"
    tables = ran(duckdb, raw_file(text))
    assert tables["files"][0]["format"] == "generic"
    assert tables["subscriptions"] == []


def test_mapped_columns_make_subscriptions(duckdb, raw_file, ran):
    text = "Mitglied,Eintritt,Austritt\n1,2024-01-01,2024-03-05\n"
    columns = {"Mitglied": "customer_id", "Eintritt": "date", "Austritt": "ended"}
    sales = "customer_id,date,amount\n1,2024-01-01,5\n"
    tables = ran(duckdb, raw_file(sales), raw_file(text, name="s.csv"), reading={"columns": columns})
    assert tables["subscriptions"][0]["ended"] == date(2024, 3, 5)
