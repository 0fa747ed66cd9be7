"""Matching cancellations with sales: by hand, and against a plain stack on random shops."""

from collections import defaultdict

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from keepwell.account import cancellations as cancelling
from keepwell.account.matching import matched as all_ways
from keepwell.account.strangers import documents
from keepwell.engine import collected

SLOW = settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def matched(engine, lines):
    """Return {line of the cancellation: line of the sale or None} and {order: sale lines undone}."""
    lines = lines.mutate(product=lines.product_id != "POST")
    answer = all_ways(lines, engine)
    found = {row["line"]: row["of_line"] for row in collected(engine, answer.cancellations).to_pylist()}
    return found, {row["order_id"]: row["undone"] for row in collected(engine, answer.undone).to_pylist()}


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
        back(1, product_id="POST"),  # 17: postage as well, as long as it is the whole of it
        sale(1, order_id="8", product_id="444"),
        back(1, product_id="444", customer_id="bob"),  # 19: another customer
    )
    found, gone = matched(engine, lines)
    assert found == {4: 3, 5: 2, 6: None, 9: 8, 10: 8, 11: None, 13: None, 15: None, 17: 16, 19: None}
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
    acts = cancelling.events(cancelling.moves(table.mutate(product=table.product_id.notnull())))
    first = cancelling.whole(acts, cancelling.none(acts), within=cancelling.ITEM, how=cancelling.WHOLE)
    hits = {r["line"]: r["of_line"] for r in collected(duckdb, first).to_pylist()}
    found = {n: hits.get(n) for n, line in enumerate(given_lines, start=2) if line["quantity"] < 0}
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
def test_no_sale_gives_back_more_than_it_sold_and_none_that_could_is_left_over(duckdb, order_lines, moves):
    given_lines = [
        {**(sale if sells else back)(units), "customer_id": who, "product_id": what, "day": f"2024-01-0{day}"}
        for sells, units, who, what, day in moves
    ]
    lines = order_lines(duckdb, *given_lines)
    draws = collected(duckdb, all_ways(lines.mutate(product=lines.product_id.notnull()), duckdb).draws).to_pylist()
    given_back, sold = defaultdict(int), defaultdict(int)
    for draw in draws:
        cancelled, earlier = given_lines[draw["line"] - 2], given_lines[draw["of_line"] - 2]
        given_back[draw["line"]] += draw["units"]
        sold[draw["of_line"]] += draw["units"]
        assert (cancelled["customer_id"], cancelled["product_id"]) == (earlier["customer_id"], earlier["product_id"])
        assert earlier["day"] <= cancelled["day"]
    for number, line in enumerate(given_lines, start=2):
        assert (sold if line["quantity"] > 0 else given_back)[number] <= abs(line["quantity"])
        if line["quantity"] < 0 and given_back[number] < -line["quantity"]:
            for other, earlier in enumerate(given_lines, start=2):
                if (earlier["customer_id"], earlier["product_id"]) == (line["customer_id"], line["product_id"]):
                    in_time = earlier["quantity"] > 0 and earlier["day"] <= line["day"]
                    assert not in_time or sold[other] == earlier["quantity"]


def told(engine, lines):
    """Return {line: (how, units found, sales, the sale named)}."""
    rows = collected(engine, all_ways(lines.mutate(product=lines.product_id != "M"), engine).cancellations).to_pylist()
    return {r["line"]: (r["how"], int(r["units_found"]), r["sales"], r["of_line"]) for r in rows}


def test_what_one_sale_cannot_hold_is_taken_of_several_the_latest_first(engine, order_lines):
    lines = order_lines(
        engine,
        sale(4, order_id="1", day="2024-01-01"),  # 2
        sale(3, order_id="2", day="2024-01-02"),  # 3
        back(6, order_id="C1", day="2024-01-03"),  # 4: all of 3 and three of 2
        sale(2, order_id="3", day="2024-01-04"),  # 5
        back(5, order_id="C2", day="2024-01-05"),  # 6: 5, one of 2, and two that were never sold
    )
    assert told(engine, lines) == {4: ("several sales", 6, 2, 2), 6: ("several sales", 3, 2, 5)}
    gone = {r["order_id"] for r in collected(engine, all_ways(lines.mutate(product=True), engine).undone).to_pylist()}
    assert gone == {"1", "2", "3"}


def test_the_own_order_goes_before_the_latest_and_the_own_price_before_another(duckdb, order_lines):
    lines = order_lines(
        duckdb,
        sale(2, order_id="1", day="2024-01-01"),  # 2
        sale(2, order_id="2", day="2024-01-02"),  # 3
        back(2, order_id="1", day="2024-01-03"),  # 4 names its order
        sale(9, order_id="5", day="2024-01-01", product_id="222", price=3),  # 5
        sale(9, order_id="6", day="2024-01-02", product_id="222", price=2),  # 6
        back(4, order_id="C", day="2024-01-03", product_id="222", price=3),  # 7 at the price of 5
        sale(1, order_id="7", day="2024-01-01", product_id="85123a"),  # 8
        back(1, order_id="C", day="2024-01-03", product_id="85123A"),  # 9: the same code
    )
    assert told(duckdb, lines) == {4: ("own order", 2, 1, 2), 7: ("part", 4, 1, 5), 9: ("whole line", 1, 1, 8)}


def test_each_line_that_finds_nothing_says_why(duckdb, order_lines):
    lines = order_lines(
        duckdb,
        back(1, order_id="C1"),  # 2
        sale(1, order_id="2", day="2024-02-01"),
        back(1, order_id="C3", product_id="222", customer_id="unknown"),  # 4
        back(1, order_id="C4", product_id=None),  # 5
        sale(1, order_id="5", product_id="333"),
        back(1, order_id="C6", product_id="333"),  # 7 takes it
        back(1, order_id="C7", product_id="333"),  # 8
        sale(1, order_id="8", product_id="444", refund=1, status="void"),
        back(1, order_id="C9", product_id="444"),  # 10: what is void was no sale
    )
    nothing = {
        4: "names nobody",
        5: "names no product",
        8: "no units left",
        2: "no earlier sale",
        10: "no earlier sale",
    }
    assert {n: how for n, (how, units, _, _) in told(duckdb, lines).items() if not units} == nothing


def long_document(order_id, codes, make, **more):
    return [make(2, order_id=order_id, product_id=code, customer_id="unknown", **more) for code in codes]


def test_a_long_document_of_nobody_undoes_the_one_document_that_equals_it(engine, order_lines):
    seven, other = [f"1000{i}" for i in range(7)], [f"2000{i}" for i in range(7)]
    lines = order_lines(
        engine,
        *long_document("1", seven, sale),  # 2 to 8
        *long_document("2", seven[:5], sale),  # 9 to 13: another customer bought nearly the same
        *long_document("C1", seven[1:], back, day="2024-02-01"),  # 14 to 19
        *long_document("3", other, sale),
        *long_document("4", other, sale),
        *long_document("C2", other, back, day="2024-02-01"),  # two documents equal it: no telling
        *long_document("C3", seven[:3], back, day="2024-02-01"),  # three lines prove nothing
    )
    found = {n: of for n, (how, _, _, of) in told(engine, lines).items() if how == "whole document"}
    assert found == {14 + i: 3 + i for i in range(6)}


def test_documents_of_nobody_are_not_found_where_none_can_be(duckdb, shared_data, retail_file):
    """Online Retail with time turned round: sales come after what they are said to be taken back by."""
    lines = duckdb.read(retail_file(shared_data)).mutate(product=True)
    there = cancelling.moves(lines)
    turned = there.mutate(ordered_at=(-there.ordered_at.epoch_seconds()).as_timestamp("s"))
    forward, backward = (duckdb.keep(documents(duckdb.keep(table))) for table in (there, turned))
    assert len(collected(duckdb, forward)) > 80
    assert len(collected(duckdb, backward)) == 0
