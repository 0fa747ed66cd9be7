"""Loyverse: refunds carry plain amounts and are told by the receipt's type; the cost is in the file."""

from decimal import Decimal


def test_a_refund_takes_money_and_cost_back_whatever_its_sign(of_file):
    sold, _tea, back, void = of_file("loyverse items")
    assert (sold["gross"], sold["discount"], sold["tax"], sold["money"]) == (20, 2, Decimal("1.44"), Decimal("19.44"))
    assert (back["gross"], back["money"], back["product_cost"]) == (0, Decimal("-9.72"), -4)
    assert str(back["order_date"]) == "2024-06-13"
    assert (void["status"], void["money"]) == ("void", 0)


def test_customers_are_told_by_their_name(of_file, together):
    keys = {c["customer_id"]: c["name"] for c in together["customers"]}
    assert {keys.get(row["customer_id"]) for row in of_file("loyverse items")[:3]} == {"Ann Lee"}
