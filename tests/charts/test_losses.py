"""Who costs more than they bring."""

from decimal import Decimal

import pyarrow as pa

from keepwell.charts.losses import answer, figure


def rows(*given):
    names = ("reason", "customers", "contribution", "excess", "known")
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in given])


def test_it_says_how_many_lose_how_much_and_why():
    data = rows(("returns", 30, Decimal(-900), Decimal(1000), 400), ("service", 10, Decimal(-100), Decimal(150), 400))
    assert answer(data, currency="EUR") == (
        "40 customers (10% of all) cost more than they bring, €1,000 together; the largest part is lost to returns"
    )
    bars = figure(data, currency="EUR").data[0]
    assert list(bars.x) == [900, 100]
    assert bars.y[1] == "tickets, calls, visits<br><b>€100</b>, 10 customers"


def test_one_loss_maker_is_told_in_the_singular():
    assert answer(rows(("returns", 1, Decimal(-5), Decimal(6), 50)), currency="EUR").startswith(
        "1 customer (2% of all) costs more than they bring, €5.00 together"
    )
