"""The identities of the ledger on random shops, and on Online Retail."""

from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepwell import account
from keepwell.engine import collected
from keepwell.settings import Assumptions, Costs, Settings
from keepwell.tables import LEDGER_IN, LEDGER_OUT, offences

CENTS = st.integers(0, 10**7).map(lambda n: Decimal(n) / 10_000)
LINES = st.lists(
    st.fixed_dictionaries(
        {
            "order_id": st.sampled_from(["1", "2", "3", "4"]),
            "customer_id": st.sampled_from(["ann", "bob", "unknown"]),
            "day": st.sampled_from(["2024-01-31", "2024-02-01", "2024-05-05", "2024-07-01"]),
            "product_id": st.sampled_from(["111", "222", "POST", "D", "M", None]),
            "description": st.sampled_from(["TEAPOT", "Gift Card", None]),
            "quantity": st.sampled_from([-2, -1, 1, 2, None]),
            "discount": CENTS,
            "shipping": CENTS,
            "tax": CENTS,
            "other": CENTS.map(lambda x: x - 500),
            "product_cost": st.one_of(st.none(), CENTS),
            "payment_fee": st.one_of(st.none(), CENTS),
            "status": st.sampled_from(["ok", "ok", "ok", "void"]),
        }
    ),
    min_size=1,
    max_size=12,
)
AMOUNTS = st.lists(CENTS, min_size=12, max_size=12)
COSTS = Costs(fulfilment_per_order=Decimal("1.2345"), payment_fee_rate=0.029, payment_fee_fixed=Decimal("0.3"))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, amounts=AMOUNTS)
def test_money_in_is_money_in_the_ledger_and_contribution_is_its_parts(duckdb, order_lines, lines, amounts):
    rows = []
    for line, amount in zip(lines, amounts, strict=False):
        back = line["quantity"] is not None and line["quantity"] < 0
        rows.append({**line, "gross": 0 if back else amount, "refund": amount if back else 0})
    table = order_lines(duckdb, *rows)
    choices = Settings(as_of=date(2024, 6, 30), costs=COSTS, assumptions=Assumptions(margin=0.333))
    tables = account.run({"order_lines": table}, choices, duckdb)
    orders, ledger = (collected(duckdb, tables[n]).to_pylist() for n in ("order_contribution", "ledger"))
    used = table.filter(table.order_date <= date(2024, 6, 30))
    money_in = sum((row["money"] for row in collected(duckdb, used).to_pylist()), Decimal(0))
    for books in (orders, ledger):
        total = {name: sum((row[name] for row in books), Decimal(0)) for name in (*LEDGER_IN, *LEDGER_OUT)}
        signs = {"discounts": -1, "refunds": -1}
        assert sum(signs.get(name, 1) * total[name] for name in LEDGER_IN) == money_in
    for row in (*orders, *ledger):
        parts = row["gross"] - row["discounts"] + row["shipping_charged"] + row["other"] - row["refunds"]
        assert row["contribution"] == parts - sum(row[name] for name in LEDGER_OUT)
    for who in {row["customer_id"] for row in orders}:
        earned = [sum(r["contribution"] for r in books if r["customer_id"] == who) for books in (orders, ledger)]
        assert earned[0] == earned[1]
    assert len({row["order_id"] for row in orders}) == len(orders)
    assert sum(row["orders"] for row in ledger) == sum(row["purchase"] for row in orders)


def test_a_known_payment_fee_replaces_the_assumed_one_and_void_orders_pay_none(duckdb, order_lines):
    lines = order_lines(
        duckdb,
        {"order_id": "1", "gross": 100, "payment_fee": 3},
        {"order_id": "1", "gross": 50},
        {"order_id": "2", "gross": 100},
        {"order_id": "3", "gross": 100, "status": "void"},
        {"order_id": "4", "refund": 10, "quantity": -1, "product_id": "9"},
    )
    table = account.run({"order_lines": lines}, Settings(as_of=date(2024, 6, 30), costs=COSTS), duckdb)
    orders = {row["order_id"]: row for row in collected(duckdb, table["order_contribution"]).to_pylist()}
    assert [orders[o]["payment_fees"] for o in "1234"] == [3, Decimal("3.2"), 0, 0]
    assert [orders[o]["fulfilment"] for o in "1234"] == [Decimal("1.2345"), Decimal("1.2345"), 0, 0]


def test_an_order_of_postage_alone_is_no_purchase_and_a_named_customer_takes_the_whole_order(duckdb, order_lines):
    lines = order_lines(
        duckdb,
        {"order_id": "1", "gross": 4, "product_id": "POST"},
        {"order_id": "2", "gross": 4, "customer_id": "unknown"},
        {"order_id": "2", "gross": 5, "customer_id": "bob"},
        {"order_id": "3", "gross": 4, "discount": 4},
    )
    table = account.run({"order_lines": lines}, Settings(as_of=date(2024, 6, 30)), duckdb)
    orders = {row["order_id"]: row for row in collected(duckdb, table["order_contribution"]).to_pylist()}
    assert {o: row["purchase"] for o, row in orders.items()} == {"1": False, "2": True, "3": False}
    assert (orders["2"]["customer_id"], orders["2"]["gross"]) == ("bob", 9)


def test_order_numbers_used_anew_for_each_customer_are_one_order_each(duckdb, order_lines):
    lines = order_lines(
        duckdb,
        {"order_id": "1", "gross": 4, "customer_id": "ann"},
        {"order_id": "1", "gross": 5, "customer_id": "bob", "day": "2024-03-01"},
        {"order_id": "1", "gross": 6, "customer_id": "unknown"},
        {"order_id": "2", "gross": 7, "customer_id": "ann"},
    )
    table = account.run({"order_lines": lines}, Settings(as_of=date(2024, 6, 30)), duckdb)
    rows = collected(duckdb, table["order_contribution"].order_by("order_id")).to_pylist()
    assert [(row["order_id"], row["customer_id"], row["gross"]) for row in rows] == [
        ("1 ann", "ann", 4),
        ("1 bob", "bob", 5),
        ("1 unknown", "unknown", 6),
        ("2", "ann", 7),
    ]


def test_online_retail_is_booked_to_the_last_decimal(duckdb, shared_data, retail_file, retail_books):
    """The file's own total, 9,747,747.934, and the money of nobody, summed here by plain SQL over the file."""
    import duckdb as plain

    path = retail_file(shared_data)
    tables = retail_books(shared_data)
    rows = {row["known"]: row for row in collected(duckdb, account.totals(tables["ledger"])).to_pylist()}
    signs = {"discounts": -1, "refunds": -1}
    money = {known: sum(signs.get(n, 1) * row[n] for n in LEDGER_IN) for known, row in rows.items()}
    assert sum(money.values()) == Decimal("9747747.934")
    nobody = plain.sql(f"SELECT sum(money) FROM '{path}' WHERE customer_id = 'unknown'").fetchall()[0][0]
    assert money[False] == nobody
    assert rows[True]["customers"] == 4372
    for name in ("order_contribution", "ledger", "cancellations"):
        broken = collected(duckdb, offences(name, tables[name]).drop("rows")).to_pylist()[0]
        assert set(broken.values()) == {0}


def test_most_cancellations_of_online_retail_find_their_sale(duckdb, shared_data, retail_file, retail_books):
    """Counted beside it by plain SQL: the cancelled lines, and the known customers' with any earlier sale at all."""
    import duckdb as plain

    path = retail_file(shared_data)
    rows = collected(duckdb, retail_books(shared_data)["cancellations"]).to_pylist()
    lines, known = plain.sql(f"""
        WITH kept AS (SELECT *, upper(trim(product_id)) AS code FROM '{path}'), sold AS (
          SELECT customer_id, code, min(ordered_at) AS first FROM kept WHERE gross > 0 GROUP BY ALL)
        SELECT count(*), count(*) FILTER (c.customer_id <> 'unknown' AND s.first <= c.ordered_at)
        FROM kept c LEFT JOIN sold s USING (customer_id, code) WHERE c.order_id LIKE 'C%'""").fetchall()[0]
    assert len(rows) == lines == 9288
    found = [row for row in rows if row["of_line"] is not None]
    reasons = ("no earlier sale", "names nobody", "no units left", "names no product")
    assert sum(row["how"] in reasons for row in rows) == lines - len(found)
    of_known = sum(row["how"] != "whole document" for row in found)
    # The rest asked for units that other cancellations had taken, or that no sale of theirs ever had.
    assert known >= of_known >= 0.98 * known
