"""Gumroad: the sale price holds tax and shipping; a whole refund is a word, a part of it an amount."""

from decimal import Decimal


def test_refunds_in_words_and_in_part(of_file):
    first, part, whole = of_file("gumroad")
    assert (first["gross"], first["payment_fee"], first["money"]) == (12, Decimal("1.85"), 12)
    assert (part["gross"], part["refund"] - part["tax"], part["money"]) == (12, 2, 10)  # 0.96 of tax, 2.96 given back
    assert (whole["refund"], whole["money"]) == (8, 0)


def test_the_row_of_totals_is_no_sale(raw_of, ran_together):
    totals = "\nTotals,,,,,,32.0,0.96,0.0,32.96,5.0,27.96,,2.96,,,,"
    tables = ran_together(raw_of("gumroad", lambda text: text + totals))
    assert [(row["line"], row["reason"]) for row in tables["quarantine"]] == [(5, "no date")]
    assert sum(row["money"] for row in tables["order_lines"]) == 22
