"""BigCommerce: the total less tax and shipping is the goods, and counts once however many rows repeat it."""

from decimal import Decimal


def test_the_parts_of_an_order_are_told_apart(of_file):
    first, part, declined = of_file("bigcommerce orders")
    assert (first["gross"], first["tax"], first["shipping"], first["other"]) == (48, 3, 5, 0)
    assert (part["refund"], part["money"]) == (Decimal("7.5"), Decimal("12.5"))
    assert (declined["status"], declined["money"]) == ("void", 0)


def test_an_order_on_two_rows_counts_once(raw_of, ran_together):
    def twice(text):
        head, first, *rest = text.splitlines()
        return "\n".join([head, first, first, *rest])

    (file,) = ran_together(raw_of("bigcommerce orders", twice))["files"]
    assert (file["rows"], file["money_in"]) == (4, Decimal("68.50"))
