"""Amazon: items with taxes and discounts in several columns; a report of all that moved, fees negative in it."""

from decimal import Decimal


def test_columns_of_one_amount_are_added_up(of_file):
    mug, tea, cancelled = of_file("amazon orders")
    assert (mug["gross"], mug["shipping"], mug["tax"], mug["discount"]) == (20, 4, Decimal("1.92"), 3)
    assert (tea["money"], cancelled["status"], cancelled["money"]) == (Decimal("5.4"), "void", 0)


def test_the_report_balances_with_its_own_totals(alone):
    # Second source: the report's column `total`, which is what is left of the money after the fees.
    sold, back = alone["amazon date range"]["order_lines"]
    assert sold["money"] - sold["payment_fee"] == Decimal("62.25")
    assert back["money"] - back["payment_fee"] == Decimal("-31.38")
    assert (sold["discount"], sold["tax"], back["refund"]) == (4, 0, 36)


def test_a_fee_that_comes_back_is_negative(alone):
    assert [row["payment_fee"] for row in alone["amazon date range"]["order_lines"]] == [
        Decimal("14.75"),
        Decimal("-4.62"),
    ]


def test_moments_are_of_the_zone_that_the_report_names(alone):
    assert str(alone["amazon date range"]["order_lines"][0]["ordered_at"]) == "2024-09-04 08:05:07"  # 01:05:07 PDT


def test_transfers_and_service_fees_are_payouts(alone):
    tables = alone["amazon date range"]
    assert [(row["kind"], row["amount"], row["fee"]) for row in tables["payouts"]] == [
        ("service fee", -12, 0),
        ("transfer", Decimal("-18.87"), 0),
    ]


def test_beside_the_order_report_the_movements_are_payouts_with_their_fees(of_file):
    first = of_file("amazon date range", "payouts")[0]
    assert (first["kind"], first["amount"], first["fee"]) == ("order", 77, Decimal("14.75"))
