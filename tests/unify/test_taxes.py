"""Tax inside and on top of prices, and what a refund gives back of it; each switch both ways."""

import random
from collections import defaultdict
from decimal import Decimal

import pytest

PARTS = ("gross", "discount", "shipping", "tax", "other", "refund")
ORDER = """
order_id,customer,date,product,quantity,unit_price,order_total,discount,shipping,tax,refund
1,ann,2024-01-01,A,1,{first},{total},{discount},{shipping},{tax},{refund}
1,ann,2024-01-01,B,2,{second},,,,,
"""


def sums(tables):
    lines = tables["order_lines"]
    assert all(row["gross"] >= 0 for row in lines)
    assert all(row["refund"] >= 0 for row in lines)
    return {name: sum(row[name] for row in lines) for name in (*PARTS, "money")}


def order(**given_parts):
    told = {"first": 60, "second": 30, "discount": 12, "shipping": 6, "tax": 19, "refund": 0} | given_parts
    return ORDER.format(**told)


def test_the_total_tells_whether_prices_hold_the_tax(duckdb, raw_file, ran):
    inside = sums(ran(duckdb, raw_file(order(total=114))))
    assert (inside["tax"], inside["money"], inside["other"]) == (19, 114, 0)
    # 114 holds 19, one sixth: 120 -> 100, 12 -> 10, 6 -> 5.
    assert (inside["gross"], inside["discount"], inside["shipping"]) == (100, 10, 5)
    on_top = sums(ran(duckdb, raw_file(order(total=133))))
    assert (on_top["gross"], on_top["discount"], on_top["shipping"], on_top["tax"]) == (120, 12, 6, 19)


def test_the_setting_decides_where_it_is_given(duckdb, raw_file, ran):
    """A total of 114 for lines of 114 means tax inside; told that it is on top, 19 is left unexplained."""
    told = sums(ran(duckdb, raw_file(order(total=114)), facts={"tax": "on top"}))
    assert (told["gross"], told["tax"], told["other"], told["money"]) == (120, 19, -19, 114)
    held = sums(ran(duckdb, raw_file(order(total=133)), facts={"tax": "inside"}))
    # The discount is not taken off in the reading that comes nearest: 120 + 6, and 7 are left.
    assert (held["tax"], held["other"], held["money"]) == (19, 7, 133)


def test_rows_with_a_price_or_an_amount_follow_the_setting_too(duckdb, raw_file, ran):
    priced = "order_id,customer,date,quantity,unit_price,tax\n1,ann,2024-01-01,2,60,20\n"
    assert sums(ran(duckdb, raw_file(priced)))["money"] == 140  # on top, as long as nothing says otherwise
    held = sums(ran(duckdb, raw_file(priced), facts={"tax": "inside"}))
    assert (held["gross"], held["tax"], held["money"]) == (100, 20, 120)
    paid = "customer,date,amount,tax\nann,2024-01-01,120,20\n"
    assert sums(ran(duckdb, raw_file(paid)))["gross"] == 100  # an amount is what was paid
    net = sums(ran(duckdb, raw_file(paid), facts={"tax": "on top"}))
    assert (net["gross"], net["tax"], net["money"]) == (120, 20, 140)


def test_a_rate_takes_tax_out_where_no_column_tells_it(duckdb, raw_file, ran):
    text = "customer,date,amount\nann,2024-01-01,119\nann,2024-02-01,-11.90\n"
    taxed = sums(ran(duckdb, raw_file(text), facts={"tax_rate": 0.19}))
    assert (taxed["gross"], taxed["refund"], taxed["tax"], taxed["money"]) == (
        100,
        10,
        Decimal("17.1"),
        Decimal("107.1"),
    )
    plain = sums(ran(duckdb, raw_file(text), facts={"tax_rate": 0.19, "tax": "on top"}))
    assert (plain["gross"], plain["tax"]) == (119, 0)


def test_a_refund_gives_its_share_of_the_tax_back(duckdb, raw_file, ran):
    half = sums(ran(duckdb, raw_file(order(total=133, refund=66.5))))
    assert (half["tax"], half["refund"], half["money"]) == (Decimal("9.5"), 57, Decimal("66.5"))
    whole = sums(ran(duckdb, raw_file(order(total=133, refund=133))))
    assert (whole["tax"], whole["refund"], whole["money"]) == (0, 114, 0)
    row = sums(ran(duckdb, raw_file("customer,date,amount,tax,refund\nann,2024-01-01,120,20,60\n")))
    assert (row["gross"], row["tax"], row["refund"], row["money"]) == (100, 10, 50, 60)


def test_a_void_order_owes_no_tax(duckdb, raw_file, ran):
    text = "order_id,customer,date,amount,tax,status\n1,ann,2024-01-01,120,20,cancelled\n"
    void = sums(ran(duckdb, raw_file(text)))
    assert (void["gross"], void["tax"], void["refund"], void["money"]) == (100, 0, 100, 0)


TESTS = """
order_id,customer,date,amount,test,status
1,ann,2024-01-01,10,,paid
2,ann,2024-01-02,20,true,paid
3,ann,2024-01-03,30,(for testing) Bogus Gateway,paid
4,ann,2024-01-04,40,no,pending
"""


@pytest.mark.parametrize(
    ("facts", "money"),
    [({}, 50), ({"test_orders": "keep"}, 100), ({"unpaid": "void"}, 10), ({"unpaid": "sales"}, 50)],
)
def test_test_orders_and_unpaid_ones_count_as_the_settings_say(duckdb, raw_file, ran, facts, money):
    tables = ran(duckdb, raw_file(TESTS), facts=facts)
    assert sums(tables)["money"] == money
    assert len(tables["order_lines"]) == 4


HEAD = ORDER.strip().splitlines()[0]


def test_money_stays_and_an_orders_tax_is_the_one_it_told(duckdb, raw_file, ran):
    draw, told, owed, left = random.Random(5), [HEAD], {}, {}  # noqa: S311 no secret
    for number in map(str, range(1000)):
        first, second, discount, shipping, back = (
            Decimal(draw.choice([draw.randrange(20000), draw.randrange(900), 0, 1])) / 100 for _ in range(5)
        )
        lines = first + 2 * second
        discount = min(discount, lines)
        held, rate = lines - discount + shipping, draw.randrange(26)
        tax = (held * rate / (100 + rate)).quantize(Decimal("0.01"))
        refund = min(back, held) if draw.random() < 0.5 else Decimal(0)
        text = order(
            first=first, second=second, discount=discount, shipping=shipping, tax=tax, total=held, refund=refund
        )
        told += [number + row[1:] for row in text.strip().splitlines()[1:]]
        left[number] = held - refund
        owed[number] = tax * (held - refund) / held if held and tax < held else (tax if held else 0)
    of_order = defaultdict(list)
    for row in ran(duckdb, raw_file("\n".join(told)), facts={"tax": "inside"})["order_lines"]:
        of_order[row["order_id"]].append(row)
    for number, rows in of_order.items():
        found = sums({"order_lines": rows})
        assert (found["money"], found["other"]) == (left[number], 0)
        assert abs(found["tax"] - owed[number]) <= Decimal("0.0001")
    assert len(of_order) == 1000
