"""Shopify: a total once per order, its lines explaining it, by hand."""

# ruff: noqa: E501  (exports have long lines)

from datetime import date
from decimal import Decimal

import pytest

HEAD = (
    "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing Country,Cancelled at,Refunded Amount,Source,Id\n"
)
ORDERS = HEAD + (
    # tax on top: 2 x 10 + 5 - 3 + 4 + 2 = 28
    "#1001,Ann@x.org,paid,EUR,22.00,4.00,2.00,28.00,3.00,2024-03-01 23:30:00 -0500,2,Mug,10.00,MUG,Ann Lee,FR,,0.00,web,1\n"
    "#1001,Ann@x.org,,,,,,,,,1,Tea,5.00,TEA,,,,,,\n"
    # tax inside the prices: 12 = 12
    "#1002,bob@x.org,paid,EUR,12.00,0.00,2.00,12.00,0.00,2024-03-02 10:00:00 +0100,1,Pot,12.00,POT,Bob Ray,DE,,0.00,web,2\n"
    # 25 less 10 given back
    "#1003,ann@x.org,partially_refunded,EUR,20.00,5.00,0.00,25.00,0.00,2024-04-01 10:00:00 +0100,1,Jug,20.00,JUG,Ann Lee,FR,,10.00,web,3\n"
    "#1004,cy@x.org,voided,EUR,30.00,0.00,0.00,30.00,0.00,2024-04-02 10:00:00 +0100,3,Mug,10.00,MUG,Cy,FR,,0.00,web,4\n"
    # 1.50 that nothing explains
    "#1005,cy@x.org,paid,EUR,10.00,0.00,0.00,11.50,0.00,2024-04-03 10:00:00 +0100,1,Mug,10.00,MUG,Cy,FR,,0.00,pos,5\n"
    "#1006,cy@x.org,refunded,EUR,5.00,0.00,0.00,5.00,0.00,2024-04-04 10:00:00 +0100,1,Tea,5.00,TEA,Cy,FR,,5.00,web,6\n"
    # paid and cancelled whole
    "#1007,cy@x.org,paid,EUR,5.00,1.00,0.00,6.00,0.00,2024-04-05 10:00:00 +0100,1,Tea,5.00,TEA,Cy,FR,2024-04-06 10:00:00 +0100,0.00,web,7\n"
)
GOODS = "Handle,Title,Type,Variant SKU,Variant Price,Cost per item\nmug,Mug,Cups,MUG,10.00,4.00\ntea,Tea,Food,TEA,5.00,1.25\n"


@pytest.fixture
def tables(duckdb, raw_file, ran):
    return ran(duckdb, raw_file(ORDERS), raw_file(GOODS, name="products.csv"))


@pytest.fixture
def orders(tables):
    """Each order's lines."""
    lines = {}
    for row in tables["order_lines"]:
        lines.setdefault(row["order_id"], []).append(row)
    return lines


def total(rows, part):
    return sum((row[part] or 0 for row in rows), Decimal(0))


def test_an_orders_total_counts_once_and_its_parts_explain_it(orders):
    first, second = orders["#1001"]
    assert (first["gross"], second["gross"]) == (Decimal("20"), Decimal("5"))
    assert (first["discount"], first["shipping"], first["tax"], first["other"]) == (3, 4, 2, 0)
    assert (second["discount"], second["shipping"], second["tax"], second["other"]) == (0, 0, 0, 0)
    assert total(orders["#1001"], "money") == Decimal("28")


def test_tax_inside_the_prices_is_taken_out_of_them(orders):
    (line,) = orders["#1002"]
    assert (line["gross"], line["tax"], line["other"], line["money"]) == (10, 2, 0, 12)


def test_a_refund_without_a_date_is_marked(orders):
    (line,) = orders["#1003"]
    assert (line["refund"], line["money"], line["refund_date_assumed"]) == (10, 15, True)


@pytest.mark.parametrize("name", ["#1004", "#1007"])
def test_a_void_or_cancelled_order_has_no_money_and_no_cost(orders, name):
    assert total(orders[name], "money") == 0
    assert total(orders[name], "product_cost") == 0
    assert {row["status"] for row in orders[name]} == {"void"}


def test_what_the_lines_do_not_explain_stands_in_other(orders):
    (line,) = orders["#1005"]
    assert (line["other"], line["money"]) == (Decimal("1.5"), Decimal("11.5"))


def test_all_money_is_the_totals_less_what_was_given_back(tables):
    assert total(tables["order_lines"], "money") == Decimal("66.50")  # 28 + 12 + 15 + 0 + 11.5 + 0 + 0
    (file,) = [f for f in tables["files"] if f["format"] == "shopify orders"]
    assert (file["rows"], file["facts"], file["money_in"]) == (8, 8, Decimal("66.50"))


def test_cost_comes_from_the_product_export_by_sku(orders):
    assert [row["product_cost"] for row in orders["#1001"]] == [Decimal("8"), Decimal("1.25")]
    assert orders["#1002"][0]["product_cost"] is None


def test_the_day_is_the_shops_and_the_customer_is_the_email(duckdb, raw_file, ran):
    lines = ran(duckdb, raw_file(ORDERS), shop={"timezone": "America/New_York"})["order_lines"]
    assert lines[0]["order_date"] == date(2024, 3, 1)
    assert str(lines[0]["ordered_at"]) == "2024-03-02 04:30:00"
    assert len({row["customer_id"] for row in lines if row["order_id"] in ("#1001", "#1003")}) == 1


def test_an_order_that_changed_between_two_exports_counts_as_the_last_has_it(duckdb, raw_file, ran):
    later = raw_file(ORDERS.replace("#1002,bob@x.org,paid", "#1002,bob@x.org,refunded").replace(
        "DE,,0.00", "DE,,12.00"), name="later.csv")  # fmt: skip
    tables = ran(duckdb, raw_file(ORDERS), later)
    assert total(tables["order_lines"], "money") == Decimal("54.50")
    files = {f["name"]: f for f in tables["files"]}
    assert (files["orders.csv"]["facts"], files["orders.csv"]["duplicates"]) == (7, 1)
    assert (files["later.csv"]["facts"], files["later.csv"]["duplicates"]) == (1, 7)


def test_an_unreadable_total_keeps_all_rows_of_its_order_out(duckdb, raw_file, ran):
    tables = ran(duckdb, raw_file(ORDERS.replace("2.00,28.00,", "2.00,oops,")))
    assert [(r["line"], r["column"], r["value"]) for r in tables["quarantine"]] == [
        (2, "Total", "oops"),
        (3, "Total", None),
    ]
    assert total(tables["order_lines"], "money") == Decimal("38.50")


def test_payouts_bring_fees_by_order(of_file):
    rows = of_file("shopify payouts", "payouts")
    assert [(row["order_id"], row["kind"], row["amount"], row["fee"]) for row in rows] == [
        ("#1001", "charge", 28, Decimal("1.11")),
        ("#1002", "charge", 25, Decimal("1.03")),
        ("#1002", "refund", -10, 0),
    ]
