"""Matching cancellations with sales: by hand, and against a plain stack on random shops."""

from collections import defaultdict

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepwell.account.cancellations import cancellations, events, undone, whole
from keepwell.account.stage import all_parts
from keepwell.engine import collected

SLOW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def matched(engine, lines):
    """Return {line of the cancellation: line of the sale or None} and {order: sale lines undone}."""
    lines = lines.mutate(product=lines.product_id != "POST")
    moves = engine.keep(events(lines))
    first = engine.keep(whole(moves))
    table = engine.keep(cancellations(first, all_parts(first, engine)))
    found = {row["line"]: row["of_line"] for row in collected(engine, table).to_pylist()}
    return found, {row["order_id"]: row["undone"] for row in collected(engine, undone(moves, table)).to_pylist()}


def sale(units, price=1, **more):
    return {"quantity": units, "gross": units * price, **more}


def back(units, price=1, **more):
    return {"quantity": -units, "refund": units * price, **more}


def test_each_rule_by_hand(engine, order_lines):
    lines = order_lines(
        engine,
        sale(2, order_id="1", day="2024-01-01"),  # line 2
        sale(2, order_id="2", day="2024-01-05"),  # 3: the nearer one of the same quantity and price
        back(2, day="2024-01-06"),  # 4 takes 3
        back(2, day="2024-01-07"),  # 5 takes 2
        back(2, day="2024-01-08"),  # 6 finds none left
        sale(2, order_id="3", day="2024-01-09"),  # 7 comes later than 6
        sale(5, order_id="4", day="2024-01-10", product_id="222"),  # 8
        back(3, day="2024-01-11", product_id="222"),  # 9 takes a part of 8
        back(2, day="2024-01-12", product_id="222", price=0.5),  # 10 takes the rest, at another price
        back(1, day="2024-01-13", product_id="222"),  # 11: nothing is left
        sale(4, order_id="5", product_id="333", customer_id="unknown"),
        back(4, product_id="333", customer_id="unknown"),  # nobody's lines are not matched
        sale(4, order_id="6", product_id=None),
        back(4, product_id=None),  # nor lines that name no product
        sale(1, order_id="7", product_id="POST"),
        back(1, product_id="POST"),  # nor postage
        sale(1, order_id="8", product_id="444"),
        back(1, product_id="444", customer_id="bob"),  # 19: another customer
    )
    found, gone = matched(engine, lines)
    assert found == {4: 3, 5: 2, 6: None, 9: 8, 10: 8, 11: None, 19: None}
    assert gone == {"1": 1, "2": 1, "4": 1}


def test_an_earlier_and_larger_sale_is_found_behind_a_smaller_one(duckdb, order_lines):
    lines = order_lines(
        duckdb,
        sale(9, day="2024-01-01"),
        sale(2, day="2024-01-02"),
        back(4, day="2024-01-03"),
        back(1, day="2024-01-04"),
    )
    assert matched(duckdb, lines)[0] == {4: 2, 5: 3}


def test_two_that_want_one_sale_are_served_in_two_rounds(duckdb, order_lines):
    lines = order_lines(
        duckdb,
        sale(5, day="2024-01-01"),
        sale(4, day="2024-01-02"),
        back(3, day="2024-01-03"),
        back(3, day="2024-01-04"),
    )
    assert matched(duckdb, lines)[0] == {4: 3, 5: 2}


def test_as_many_rounds_are_walked_as_it_takes(duckdb, order_lines):
    sales = [sale(units, day=f"2024-01-0{units}") for units in (6, 5, 4)]
    lines = order_lines(duckdb, *sales, *(back(4, price=0.5, day=f"2024-01-1{i}") for i in range(3)))
    assert matched(duckdb, lines)[0] == {5: 2, 6: 3, 7: 4}


MOVES = st.lists(
    st.tuples(
        st.booleans(), st.integers(1, 2), st.sampled_from(["ann", "bob"]), st.sampled_from(["111", "222"]),
        st.integers(1, 6),
    ),
    min_size=1, max_size=14,
)  # fmt: skip


@SLOW
@given(moves=MOVES)
def test_whole_lines_are_matched_as_a_stack_matches_them(duckdb, order_lines, moves):
    given_lines = [
        {**(sale if sells else back)(units), "customer_id": who, "product_id": what, "day": f"2024-01-0{day}"}
        for sells, units, who, what, day in moves
    ]
    table = order_lines(duckdb, *given_lines)
    first = whole(events(table.mutate(product=table.product_id.notnull())))
    found = {r["line"]: r["of_line"] for r in collected(duckdb, first.filter(first.cancels == 1)).to_pylist()}
    stacks, plain = defaultdict(list), {}
    timed = sorted(enumerate(given_lines, start=2), key=lambda x: (x[1]["day"], x[1]["quantity"] < 0, x[0]))
    for number, line in timed:
        stack = stacks[line["customer_id"], line["product_id"], abs(line["quantity"])]
        if line["quantity"] > 0:
            stack.append(number)
        else:
            plain[number] = stack.pop() if stack else None
    assert found == plain


@SLOW
@given(moves=MOVES)
def test_no_sale_gives_back_more_than_it_sold(duckdb, order_lines, moves):
    given_lines = [
        {**(sale if sells else back)(units), "customer_id": who, "product_id": what, "day": f"2024-01-0{day}"}
        for sells, units, who, what, day in moves
    ]
    found, _ = matched(duckdb, order_lines(duckdb, *given_lines))
    drawn = defaultdict(int)
    for number, of in found.items():
        if of is None:
            continue
        cancelled, sold = given_lines[number - 2], given_lines[of - 2]
        drawn[of] -= cancelled["quantity"]
        assert (cancelled["customer_id"], cancelled["product_id"]) == (sold["customer_id"], sold["product_id"])
        assert sold["day"] <= cancelled["day"]
    assert all(units <= given_lines[of - 2]["quantity"] for of, units in drawn.items())
