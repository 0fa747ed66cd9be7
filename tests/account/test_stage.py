"""The whole stage on shops small enough to book by hand, on both engines."""

from datetime import date
from decimal import Decimal

import pytest

from keepwell import account
from keepwell.engine import collected
from keepwell.settings import Costs, Facts, Settings
from keepwell.tables import CONTRACTS, offences

JUNE = date(2024, 6, 30)


def booked(engine, lines, **settings):
    tables = account.run({"order_lines": lines}, Settings(as_of=JUNE, **settings), engine)
    return {name: collected(engine, table).to_pylist() for name, table in tables.items()}


def by(rows, *key):
    return {tuple(row[k] for k in key) if len(key) > 1 else row[key[0]]: row for row in rows}


def test_every_line_of_a_mixed_shop_is_booked_as_by_hand(engine, order_lines):
    lines = order_lines(
        engine,
        # Ann buys two things for 100, 10 off, with 5 delivery and 8 tax; cost known for one of them.
        {"order_id": "a1", "gross": 60, "discount": 10, "shipping": 5, "tax": 8, "product_cost": 20},
        {"order_id": "a1", "gross": 40, "product_id": "22222"},
        # Delivery sold as a line, and a discount line.
        {"order_id": "a1", "gross": 3, "product_id": "POST", "description": "POSTAGE"},
        {"order_id": "a1", "refund": 4, "product_id": "D", "description": "Discount", "quantity": -1},
        # In March she gets 10 back for part of it, without a quantity.
        {"order_id": "a1", "refund": 10, "product_id": "22222", "quantity": None, "day": "2024-03-02"},
        # Nobody buys for 7, and Bob after the last day.
        {"order_id": "n1", "gross": 7, "customer_id": "unknown"},
        {"order_id": "b1", "gross": 9, "customer_id": "bob", "day": "2024-07-01"},
    )
    costs = Costs(fulfilment_per_order=Decimal(2), payment_fee_rate=0.02, payment_fee_fixed=Decimal("0.25"))
    tables = booked(engine, lines, costs=costs)
    orders = by(tables["order_contribution"], "order_id")
    a1 = orders["a1"]
    assert a1["purchase"]
    assert (a1["order_date"], a1["month"]) == (date(2024, 1, 10), date(2024, 1, 1))
    assert (a1["gross"], a1["discounts"], a1["refunds"]) == (100, 14, 10)
    assert (a1["shipping_charged"], a1["tax"], a1["other"]) == (8, 8, 0)
    assert a1["assumed_sales"] == 30  # 40 less the 10 given back
    assert a1["product_cost"] == 20 + 21  # known, and 70% of the rest
    assert a1["fulfilment"] == 2
    assert a1["payment_fees"] == Decimal("2.09")  # 2% of 100 - 14 + 8 + 8 - 10 = 92, and 0.25
    assert a1["contribution"] == 100 - 14 + 8 - 10 - 41 - 2 - Decimal("2.09")
    assert set(orders) == {"a1", "n1"}
    months = by(tables["ledger"], "customer_id", "month")
    assert set(months) == {("ann", date(2024, 1, 1)), ("ann", date(2024, 3, 1)), ("unknown", date(2024, 1, 1))}
    march = months["ann", date(2024, 3, 1)]
    assert (march["orders"], march["refunds"], march["product_cost"], march["contribution"]) == (0, 10, -7, -3)
    assert months["ann", date(2024, 1, 1)]["orders"] == 1
    assert by(tables["line_rules"], "product_id")["POST"]["money"] == 3
    assert [row["customers"] for row in tables["whale"]] == [1]


def test_an_order_cancelled_whole_is_no_purchase_and_its_refund_stands_in_the_later_month(duckdb, order_lines):
    lines = order_lines(
        duckdb,
        {"order_id": "1", "gross": 20, "quantity": 2},
        {"order_id": "1", "gross": 3, "product_id": "POST"},
        {"order_id": "C2", "refund": 20, "quantity": -2, "day": "2024-02-01"},
        # Bob gives back something he never bought here: he stands in the ledger and has no purchase.
        {"order_id": "C3", "refund": 5, "quantity": -1, "customer_id": "bob", "day": "2024-02-01"},
        # Cleo gives back one line of two.
        {"order_id": "4", "gross": 8, "customer_id": "cleo"},
        {"order_id": "4", "gross": 6, "customer_id": "cleo", "product_id": "22222"},
        {"order_id": "C5", "refund": 8, "quantity": -1, "customer_id": "cleo"},
        # Dan's order was never paid.
        {"order_id": "6", "gross": 8, "refund": 8, "customer_id": "dan", "status": "void", "product_cost": 3},
    )
    tables = booked(duckdb, lines)
    purchases = {row["order_id"] for row in tables["order_contribution"] if row["purchase"]}
    assert purchases == {"4"}
    months = by(tables["ledger"], "customer_id", "month")
    assert months["ann", date(2024, 1, 1)]["gross"] == 20
    assert months["ann", date(2024, 2, 1)]["refunds"] == 20
    assert months["bob", date(2024, 2, 1)]["contribution"] == Decimal("-1.5")
    assert months["dan", date(2024, 1, 1)]["contribution"] == 0
    found = {row["order_id"]: row["of_line"] for row in tables["cancellations"]}
    assert found == {"C2": 2, "C3": None, "C5": 6}


def test_the_answers_keep_their_contracts(engine, order_lines):
    lines = order_lines(
        engine, {"gross": 5}, {"gross": 2, "product_id": None, "description": None}, {"refund": 1, "quantity": -1}
    )
    tables = account.run({"order_lines": lines}, Settings(as_of=JUNE), engine)
    views = {"whale", "product_contribution", "loss_makers", "trends", "cohorts", "acquisition"}
    books = {"line_rules", "cancellations", "order_contribution", "ledger", "costs", "unassigned"}
    assert set(tables) == books | views
    for name, table in tables.items():
        wanted = {c: t.copy(nullable=True) for c, t in CONTRACTS[name].schema.items()}
        assert dict(engine.keep(table).schema()) == wanted, name  # as written, not only as Ibis believes
        broken = collected(engine, offences(name, table)).to_pylist()[0]
        rows = broken.pop("rows")
        assert all(count == 0 for count in broken.values() if count is not None), name
        assert rows > 0 or name in {"line_rules", "costs", "unassigned", "acquisition", "loss_makers"}
    totals = collected(engine, account.totals(tables["ledger"])).to_pylist()
    assert [(row["known"], row["gross"], row["refunds"]) for row in totals] == [(True, 7, 1)]


def test_a_run_without_a_line_gives_empty_tables(duckdb, order_lines):
    tables = booked(duckdb, order_lines(duckdb, {"gross": 5, "day": "2025-01-01"}))
    assert all(not rows for rows in tables.values())


def test_totals_part_what_is_known_from_what_is_nobodys(duckdb, order_lines):
    lines = order_lines(duckdb, {"gross": 10}, {"gross": 4, "customer_id": "unknown", "order_id": "o2"})
    ledger = account.run({"order_lines": lines}, Settings(as_of=JUNE), duckdb)["ledger"]
    rows = by(collected(duckdb, account.totals(ledger)).to_pylist(), "known")
    assert (rows[True]["gross"], rows[False]["gross"]) == (10, 4)
    assert (rows[True]["contribution"], rows[True]["orders"], rows[True]["customers"]) == (3, 1, 1)


def refunded(engine, order_lines):
    return order_lines(
        engine,
        {"order_id": "1", "gross": 20, "quantity": 2, "day": "2024-01-10"},  # 2
        {"order_id": "C1", "refund": 20, "quantity": -2, "day": "2024-03-01"},  # 3, matched with 2
        {"order_id": "2", "gross": 9, "product_id": "22222", "day": "2024-02-10"},  # 4
        {"order_id": "2", "refund": 4, "product_id": None, "day": "2024-04-01"},  # 5, names its order
        {"order_id": "C2", "refund": 3, "quantity": -1, "product_id": "33333", "day": "2024-04-02"},  # 6: no sale known
    )


@pytest.mark.parametrize(
    ("when", "months"),
    [("refund", {(1, 0), (2, 0), (3, 20), (4, 7)}), ("sale", {(1, 20), (2, 4), (4, 3)})],
)
def test_a_refund_stands_in_the_month_that_the_setting_names(engine, order_lines, when, months):
    settings = Settings(as_of=JUNE, facts=Facts(refund_month=when))
    tables = account.run({"order_lines": refunded(engine, order_lines)}, settings, engine)
    rows = collected(engine, tables["ledger"]).to_pylist()
    assert {(row["month"].month, int(row["refunds"])) for row in rows} == months
    assert sum(row["gross"] - row["refunds"] for row in rows) == 2


@pytest.mark.parametrize(("counts", "gross", "other", "earned"), [("other", 10, 50, 3), ("sale", 60, 0, 18)])
def test_a_gift_card_is_money_owed_or_a_sale(duckdb, order_lines, counts, gross, other, earned):
    lines = order_lines(
        duckdb,
        {"order_id": "1", "gross": 50, "product_id": "GIFT CARD", "description": "Gift card"},
        {"order_id": "2", "gross": 10},
    )
    tables = account.run({"order_lines": lines}, Settings(as_of=JUNE, facts=Facts(gift_cards=counts)), duckdb)
    rows = collected(duckdb, tables["ledger"]).to_pylist()
    sums = tuple(sum(row[name] for row in rows) for name in ("gross", "other", "contribution"))
    assert sums == (gross, other, earned)  # at a margin of 30%; a card that is owed earns nothing


def test_an_exchange_is_a_purchase_only_where_money_came_in(duckdb, order_lines):
    lines = order_lines(
        duckdb,
        {"order_id": "1", "gross": 20, "day": "2024-01-01"},
        {"order_id": "2", "refund": 20, "quantity": -1, "day": "2024-01-05"},
        {"order_id": "2", "gross": 20, "product_id": "22222", "day": "2024-01-05"},
        {"order_id": "3", "refund": 20, "quantity": -1, "product_id": "22222", "day": "2024-01-09"},
        {"order_id": "3", "gross": 35, "product_id": "33333", "day": "2024-01-09"},
    )
    tables = booked(duckdb, lines)
    orders = by(tables["order_contribution"], "order_id")
    assert {key: row["purchase"] for key, row in orders.items()} == {"1": True, "2": False, "3": True}
