"""Tax inside and on top of prices, and what a refund gives back of it; each switch both ways."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

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


CENTS = st.integers(0, 20000).map(lambda c: Decimal(c) / 100)


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(prices=st.tuples(CENTS, CENTS, CENTS, CENTS, CENTS), share=st.sampled_from([0, 1, 2]), rate=st.integers(0, 25))
def test_money_stays_and_an_orders_tax_is_the_one_it_told(duckdb, raw_file, ran, prices, share, rate):
    first, second, discount, shipping, back = prices
    lines = first + 2 * second
    discount = min(discount, lines)
    held = lines - discount + shipping
    tax = (held * rate / (100 + rate)).quantize(Decimal("0.01"))
    refund = min(back, held) if share else Decimal(0)
    text = order(first=first, second=second, discount=discount, shipping=shipping, tax=tax, total=held, refund=refund)
    found = sums(ran(duckdb, raw_file(text), facts={"tax": "inside"}))
    assert found["money"] == held - refund
    assert found["other"] == 0
    owed = tax * (held - refund) / held if held and tax < held else (tax if held else 0)
    assert abs(found["tax"] - owed) <= Decimal("0.0001")
