"""eBay: orders and refunds are sales with their fees, labels and payouts are not; the report begins with a preamble."""

from decimal import Decimal


def test_gross_amounts_hold_the_tax_that_ebay_collects(of_file):
    # Second source: the report's column `Net amount` is the gross amount less the collected tax and the fees.
    sold, back = of_file("ebay")
    assert (sold["gross"], sold["shipping"], sold["tax"], sold["other"]) == (20, 5, Decimal("1.6"), 0)
    assert sold["money"] - sold["tax"] - sold["payment_fee"] == Decimal("21.46")
    assert (back["money"], back["payment_fee"]) == (Decimal("-10.8"), Decimal("-1.62"))


def test_labels_fees_and_payouts_are_payouts(of_file):
    assert [(row["kind"], row["amount"]) for row in of_file("ebay", "payouts")] == [
        ("shipping label", Decimal("-4.1")),
        ("other fee", Decimal("-1.5")),
        ("payout", Decimal("-7.48")),
    ]
