"""Segment and RudderStack: an order's event is a row a product, its total counting once; other events are events."""

import json
from decimal import Decimal


def test_an_order_is_a_line_a_product_and_its_total_counts_once(alone):
    rows = {row["line"]: row for row in alone["segment orders"]["order_lines"]}
    mug, tea = rows[2], rows[1_000_000_002]
    assert (mug["gross"], mug["discount"], mug["shipping"], mug["tax"]) == (20, 2, 4, Decimal("2.1"))
    assert (tea["gross"], tea["product_id"], mug["money"] + tea["money"]) == (5, "TEA", Decimal("29.1"))
    assert (rows[3]["refund"], str(rows[3]["order_date"])) == (10, "2024-03-05")


def test_an_order_of_nobody_known_is_the_unknown_customers(alone):
    last = next(row for row in alone["segment orders"]["order_lines"] if row["order_id"] == "A-2")
    assert (last["customer_id"], last["money"]) == ("unknown", Decimal("7.5"))


def test_what_is_no_order_is_an_event_with_its_properties(alone):
    (viewed,) = alone["segment orders"]["events"]
    assert (viewed["kind"], viewed["product_id"], viewed["value"]) == ("Product Viewed", "MUG", 10)
    assert json.loads(viewed["properties"])["tags"] == ["new", "blue"]
