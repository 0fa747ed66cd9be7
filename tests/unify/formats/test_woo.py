"""WooCommerce in its three shapes, by hand."""

# ruff: noqa: E501  (exports have long lines)

from decimal import Decimal

REST = """
order_id,order_date,order_status,customer_id,billing_email,billing_country,order_total,order_currency,discount_total,shipping_total,total_tax
11,2024-05-01 10:00:00,wc-completed,7,a@x.org,FR,30.00,EUR,5.00,4.00,2.00
12,2024-05-02 10:00:00,wc-cancelled,8,b@x.org,FR,10.00,EUR,0.00,0.00,0.00
13,2024-05-03 10:00:00,wc-refunded,7,a@x.org,FR,12.00,EUR,0.00,0.00,0.00
"""
ADVANCED = """
Order Number,Order Status,Order Date,Billing First Name,Billing Last Name,Billing Email,Cart Discount Amount,Order Shipping Amount,Order Refund Amount,Order Total Amount,SKU,Item Name,Quantity,Item Cost
21,Completed,2024-05-01 10:00,Ann,Lee,a@x.org,2.00,3.00,0,16.00,MUG,Mug,1,10.00
21,Completed,2024-05-01 10:00,Ann,Lee,a@x.org,2.00,3.00,0,16.00,TEA,Tea,1,5.00
22,Completed,2024-05-02 10:00,Bob,Ray,b@x.org,0,0,4.00,10.00,MUG,Mug,1,10.00
"""
ANALYTICS = """
Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),Attribution
2024-05-01 10:00:00,31,"$1,024.50",completed,Ann Lee,new,1x Mug,1,,Direct
2024-05-02 10:00:00,32,$10.00,failed,Bob Ray,new,1x Tea,1,,Direct
"""


def lines(tables):
    return {(row["order_id"], row["product_id"]): row for row in tables["order_lines"]}


def test_a_total_alone_is_taken_apart(duckdb, raw_file, ran):
    tables = ran(duckdb, raw_file(REST))
    found = lines(tables)
    sold = found["11", None]
    assert (sold["gross"], sold["discount"], sold["shipping"], sold["tax"], sold["money"]) == (29, 5, 4, 2, 30)
    assert (found["12", None]["status"], found["12", None]["money"]) == ("void", 0)
    assert (found["13", None]["refund"], found["13", None]["money"]) == (12, 0)
    assert tables["files"][0]["money_in"] == Decimal(30)


def test_order_columns_repeated_on_each_line_count_once(duckdb, raw_file, ran):
    tables = ran(duckdb, raw_file(ADVANCED))
    found = lines(tables)
    assert tables["files"][0]["format"] == "woocommerce advanced"
    assert sum(row["money"] for row in tables["order_lines"]) == Decimal("22")  # 16 + 10 - 4
    assert (found["21", "MUG"]["discount"], found["21", "MUG"]["shipping"]) == (2, 3)
    assert (found["21", "TEA"]["discount"], found["21", "TEA"]["shipping"], found["21", "TEA"]["money"]) == (0, 0, 5)
    assert found["22", "MUG"]["refund"] == 4


def test_the_analytics_download_is_read_by_its_revenue(duckdb, raw_file, ran):
    tables = ran(duckdb, raw_file(ANALYTICS))
    assert tables["files"][0]["money_in"] == Decimal("1024.5")
    assert {c["customer_key"] for c in tables["customers"]} == {"Ann Lee", "Bob Ray"}


def test_guests_have_number_0_and_are_told_apart_by_email(duckdb, raw_file, ran):
    guests = REST.replace(",7,a@x.org", ",0,a@x.org").replace(",8,b@x.org", ",0,b@x.org")
    tables = ran(duckdb, raw_file(guests))
    assert {c["customer_key"] for c in tables["customers"]} == {"a@x.org", "b@x.org"}


def test_a_guest_without_email_is_nobody(duckdb, raw_file, ran):
    tables = ran(duckdb, raw_file(REST.replace(",7,a@x.org", ",0,")))
    assert {c["customer_key"] for c in tables["customers"]} == {"unknown", "8"}


def test_rows_of_the_database_tell_goods_tax_and_shipping_apart(of_file):
    first, second, failed = of_file("woocommerce database")
    assert (first["gross"], first["tax"], first["shipping"], first["money"]) == (25, 3, 5, 33)
    assert (second["gross"], second["discount"], second["other"]) == (19, 2, 0)
    assert (failed["status"], failed["money"]) == ("void", 0)
