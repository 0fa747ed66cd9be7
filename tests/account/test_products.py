"""Profit and loss per product: it sums up to the ledger, and a discount on a whole order is borne by all of it."""

import json
from collections import defaultdict
from decimal import Decimal

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepwell.account.contribution import priced
from keepwell.account.lines import caught, pairs, ruled
from keepwell.account.products import by_line, moved, order_wide, pools, product_contribution
from keepwell.engine import collected
from keepwell.settings import Settings
from keepwell.tables import CONTRACTS

MARGIN = 0.3


def placed(engine, name, rows):
    schema = CONTRACTS[name].schema.to_pyarrow()
    return engine.table([pa.RecordBatch.from_pylist(rows, schema=schema)] if rows else [], schema)


def told(engine, lines, *, wide=True, products=()):
    """Return the rows by product and month, and the sums of the same lines as orders are booked."""
    mapping = {"order_discount": "Discount Amount"} if wide else {"discount": "Discount"}
    batch = pa.RecordBatch.from_pydict({"file": ["f"], "mapping": [json.dumps(mapping)]})
    files = engine.table([batch], batch.schema)
    marked = ruled(lines, engine.keep(caught(pairs(lines), Settings().lines.rules)))
    each = engine.keep(by_line(marked, margin=MARGIN))
    found = engine.keep(pools(each, order_wide(files), margin=MARGIN))
    table = product_contribution(each, moved(each, found), placed(engine, "products", list(products)))
    rows = {(r["product_id"], r["month"]): r for r in collected(engine, table).to_pylist()}
    return rows, collected(engine, priced(marked, margin=MARGIN)).to_pylist()


def test_a_discount_on_the_order_is_borne_by_all_of_its_products(engine, order_lines):
    lines = order_lines(
        engine,
        {"product_id": "A1", "gross": 10, "discount": 10},
        {"product_id": "B1", "gross": 60},
        {"product_id": "C1", "gross": 30},
    )
    rows, _ = told(engine, lines)
    sums = {key[0]: (r["discounts"], r["product_cost"], r["contribution_1"]) for key, r in rows.items()}
    # 10 off 100, and 30% left of what is paid, on each.
    assert sums == {
        "A1": (1, Decimal("6.3"), Decimal("2.7")),
        "B1": (6, Decimal("37.8"), Decimal("16.2")),
        "C1": (3, Decimal("18.9"), Decimal("8.1")),
    }


def test_a_discount_of_a_line_stays_where_it_is(duckdb, order_lines):
    given_lines = (
        {"product_id": "A1", "gross": 10, "discount": 5},
        {"product_id": "B1", "gross": 60, "discount": 6},
        {"order_id": "o2", "product_id": "A1", "gross": 10},
        {"order_id": "o2", "product_id": "B1", "gross": 30, "discount": 3},  # not on the first line: the line's own
    )
    rows, _ = told(duckdb, order_lines(duckdb, *given_lines))
    assert {key[0]: r["discounts"] for key, r in rows.items()} == {"A1": 5, "B1": 9}
    alone, _ = told(duckdb, order_lines(duckdb, {**given_lines[0]}, {"product_id": "B1", "gross": 60}), wide=False)
    assert {key[0]: r["discounts"] for key, r in alone.items()} == {"A1": 5, "B1": 0}


def test_a_line_that_is_a_discount_is_borne_by_the_products(duckdb, order_lines):
    lines = order_lines(
        duckdb,
        {"product_id": "A1", "gross": 25, "product_cost": 5},
        {"product_id": "B1", "gross": 75},
        {"product_id": "D", "description": "Discount", "refund": "0.01", "quantity": -1},
        {"order_id": "o2", "product_id": "D", "description": "Discount", "refund": 7, "quantity": -1},
        {"order_id": "o2", "product_id": "POST", "description": "POSTAGE", "gross": 4},
    )
    rows, _ = told(duckdb, lines)
    assert {key[0]: r["discounts"] for key, r in rows.items()} == {
        "A1": Decimal("0.0025"),
        "B1": Decimal("0.0075"),
        "": 7,
    }
    assert {key[0]: r["product_cost"] for key, r in rows.items()} == {"A1": 5, "B1": Decimal("52.5"), "": 0}


def test_a_name_is_that_of_the_products_list_else_what_most_lines_say(duckdb, order_lines):
    lines = order_lines(
        duckdb,
        {"product_id": "A1", "gross": 1, "description": "teapot?"},
        {"product_id": "A1", "gross": 1, "description": "TEAPOT"},
        {"product_id": "A1", "gross": 1, "description": "TEAPOT"},
        {"product_id": "B1", "gross": 1, "description": "CUP"},
        {"product_id": None, "gross": 1},
    )
    rows, _ = told(duckdb, lines, products=[{"product_id": "B1", "name": "Cup, blue", "category": "Tableware"}])
    named = {key[0]: (r["name"], r["category"], r["lines"]) for key, r in rows.items()}
    assert named == {"A1": ("TEAPOT", None, 3), "B1": ("Cup, blue", "Tableware", 1), "": (None, None, 1)}


MONEY = st.integers(0, 5000).map(lambda cents: str(Decimal(cents) / 100))
SALE = st.fixed_dictionaries({"gross": MONEY, "discount": MONEY})
BACK = st.fixed_dictionaries({"refund": MONEY, "quantity": st.just(-1)})
LINE = st.tuples(
    st.sampled_from(["A1", "B1", "C1", "D", "POST", None]),
    st.sampled_from(["o1", "o2", "o3"]),
    st.sampled_from(["2024-01-10", "2024-02-10"]),
    st.sampled_from([None, 2]),
    st.one_of(SALE, BACK),
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINE, min_size=1, max_size=25), wide=st.booleans())
def test_the_products_sum_up_to_the_ledger_of_every_month(duckdb, order_lines, lines, wide):
    given_lines = [
        {"product_id": what, "order_id": order, "day": day, "product_cost": cost, "customer_id": "ann"} | amounts
        for what, order, day, cost, amounts in lines
    ]
    rows, booked = told(duckdb, order_lines(duckdb, *given_lines), wide=wide)
    names = ("gross", "discounts", "refunds", "product_cost")
    ours, theirs = defaultdict(Decimal), defaultdict(Decimal)
    for (_, month), row in rows.items():
        for name in names:
            ours[month, name] += row[name]
        assert row["contribution_1"] == row["gross"] - row["discounts"] - row["refunds"] - row["product_cost"]
    for row in booked:
        for name in names:
            theirs[row["order_date"].replace(day=1), name] += row[name]
    assert {key: v for key, v in ours.items() if v} == {key: v for key, v in theirs.items() if v}


def test_online_retail_products_sum_up_to_its_ledger(duckdb, retail_books, shared_data):
    books = retail_books(shared_data)
    sums = {}
    for name in ("ledger", "product_contribution"):
        t = books[name]
        lines = t.aggregate(
            **{c: t[c].sum().cast("decimal(38,4)") for c in ("gross", "discounts", "refunds", "product_cost")}
        )
        sums[name] = collected(duckdb, lines).to_pylist()[0]
    assert sums["product_contribution"] == sums["ledger"]
    t = books["product_contribution"]
    best = t.group_by("product_id").aggregate(units=t.units.sum(), name=t.name.max())
    named = {r["product_id"]: r for r in collected(duckdb, best).to_pylist()}
    assert named["85123A"]["name"] == "WHITE HANGING HEART T-LIGHT HOLDER"
