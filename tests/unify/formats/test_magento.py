"""Magento 2: a grid of totals; what the subtotal and the shipping leave of them stands in `other`."""


def test_the_total_counts_and_what_it_holds_besides_is_not_product(of_file):
    first, closed, _open, cancelled = of_file("magento2 orders")
    assert (first["gross"], first["shipping"], first["other"], first["money"]) == (48, 5, 3, 56)
    assert (closed["money"], closed["refund"]) == (0, 20)
    assert (cancelled["status"], cancelled["money"]) == ("void", 0)


def test_a_cell_of_several_lines_is_one_row(of_file):
    assert [row["line"] for row in of_file("magento2 orders")] == [2, 5, 6, 7]
