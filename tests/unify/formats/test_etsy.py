"""Etsy: shipping and tax of the order stand on each of its items and count once."""

from decimal import Decimal


def test_what_belongs_to_the_order_counts_once(of_file):
    mug, print_, other = of_file("etsy sold items")
    assert (mug["gross"], mug["discount"], mug["shipping"], mug["tax"]) == (76, 6, 5, Decimal("5.6"))
    assert (print_["gross"], print_["shipping"], print_["tax"], print_["money"]) == (20, 0, 0, 20)
    assert (other["tax"], other["money"], other["other"]) == (Decimal("4.56"), Decimal("28.56"), 0)
