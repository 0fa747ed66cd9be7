"""Why customers cost more than they brought, beside the same sums done plainly for one customer after the other."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepwell.account.losses import EVERYBODY, REASONS, loss_makers
from keepwell.engine import collected
from keepwell.tables import CONTRACTS, LEDGER_OUT

SCHEMA = CONTRACTS["ledger"].schema.to_pyarrow()
LINES = ("gross", "discounts", "shipping_charged", "tax", "other", "refunds", *LEDGER_OUT)
PLUS = ("gross", "shipping_charged", "other")
GOOD = {"gross": 100, "product_cost": 50, "fulfilment": 5, "service": 1, "marketing": 2, "discounts": 3, "refunds": 2}


def contribution(line):
    less = ("discounts", "refunds", *LEDGER_OUT)
    return sum(line.get(name, 0) for name in PLUS) - sum(line.get(name, 0) for name in less)


def told(engine, customers):
    """Return the loss-makers of {customer: ledger lines and `orders`}, each booked over two months."""
    rows = []
    for who, line in customers.items():
        for month, part in ((1, 0.25), (2, 0.75)):
            amounts = {name: Decimal(str(line.get(name, 0) * part)) for name in LINES}
            left = Decimal(str(contribution(line) * part))
            steps = {"contribution_1": left, "contribution_2": left, "contribution": left, "assumed_sales": Decimal(0)}
            orders = line.get("orders", 2) if month == 1 else 0
            rows.append({**amounts, **steps, "customer_id": who, "month": date(2024, month, 1), "orders": orders})
    ledger = engine.table([pa.RecordBatch.from_pylist(rows, schema=SCHEMA)], SCHEMA)
    return {row["customer_id"]: row for row in collected(engine, loss_makers(ledger)).to_pylist()}


def plainly(customers):
    """Return each customer's ten costs beyond the average of their sales."""

    def whole(name):
        return sum(line.get(name, 0) for line in customers.values())

    kept = whole("gross") - whole("refunds")
    usual = whole("product_cost") / kept if kept > 0 else 0
    costs = {}
    for who, line in customers.items():
        get = {name: line.get(name, 0) for name in LINES}
        back = max(0, min(usual * get["refunds"], max(0, usual * get["gross"] - get["product_cost"])))
        costs[who] = {
            "returns": get["refunds"] + get["returns_handling"] - back,
            "discounts": get["discounts"],
            "orders": get["fulfilment"] + get["payment_fees"] - get["shipping_charged"],
            "adjustments": -get["other"],
            "service": get["service"],
            "marketing": get["marketing"],
            "acquisition": get["acquisition"],
            "product cost": get["product_cost"] + back,
        }
    orders = sum(line.get("orders", 2) for line in customers.values())
    of_order = sum(cost["orders"] for cost in costs.values()) / orders if orders else 0
    beyond = {}
    for who, line in customers.items():
        sales, all_sales = line.get("gross", 0), whole("gross")
        rate = {kind: sum(c[kind] for c in costs.values()) / all_sales if all_sales > 0 else 0 for kind in costs[who]}
        over = {kind: costs[who][kind] - rate[kind] * sales for kind in costs[who]}
        over["costly orders"] = costs[who]["orders"] - of_order * line.get("orders", 2)
        over["small orders"] = over.pop("orders") - over["costly orders"]
        beyond[who] = over
    return beyond


def test_each_reason_is_found(engine):
    customers = {f"good{i}": GOOD for i in range(20)} | {
        "gives back": GOOD | {"refunds": 90, "product_cost": 5, "returns_handling": 20},
        "keeps the goods": GOOD | {"refunds": 90},
        "haggles": GOOD | {"discounts": 60},
        "nibbles": {"gross": 20, "product_cost": 10, "fulfilment": 30, "orders": 12},
        "lives far": GOOD | {"fulfilment": 70},
        "is credited": GOOD | {"other": -70},
        "calls": GOOD | {"service": 80},
        "is mailed": {"marketing": 9, "orders": 0},
        "was dear": GOOD | {"acquisition": 60},
        "buys below cost": GOOD | {"product_cost": 110},
        "unknown": {"gross": 1, "fulfilment": 500},
    }
    rows = told(engine, customers)
    assert {who: row["reason"] for who, row in rows.items()} == {
        "gives back": "returns",
        "keeps the goods": "returns",
        "haggles": "discounts",
        "nibbles": "small orders",
        "lives far": "costly orders",
        "is credited": "adjustments",
        "calls": "service",
        "is mailed": "marketing",
        "was dear": "acquisition",
        "buys below cost": "product cost",
    }
    assert all(row["contribution"] == Decimal(str(contribution(customers[who]))) for who, row in rows.items())
    assert rows["is mailed"]["excess"] == 9
    assert rows["is mailed"]["words"] == "Contacts made (mailings, catalogues, calls) cost 9.00 without any sales."
    whole = sum(line.get("discounts", 0) for who, line in customers.items() if who != "unknown")
    sales = sum(line.get("gross", 0) for who, line in customers.items() if who != "unknown")
    average = f"{100 * whole / sales:.2f}"
    assert rows["haggles"]["words"] == f"Discounts cost 60.00 on sales of 100.00; such sales cost {average} on average."


def test_who_is_no_dearer_than_others_in_a_losing_shop_loses_as_everybody(duckdb):
    rows = told(duckdb, {f"c{i}": {"gross": 100, "product_cost": 120} for i in range(3)})
    assert {row["reason"] for row in rows.values()} == {EVERYBODY}
    assert rows["c0"]["words"].startswith("The shop as a whole loses on its sales")


def test_nobody_who_earns_is_a_loss_maker(duckdb):
    assert told(duckdb, {"good": GOOD, "even": {"gross": 10, "product_cost": 10}}) == {}


MONEY = st.integers(0, 400).map(lambda quarters: quarters / 4)
LINE = st.fixed_dictionaries(
    {"gross": MONEY, "orders": st.integers(0, 6)},
    optional={name: MONEY for name in LINES if name not in ("gross", "tax")},
)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINE, min_size=5, max_size=30))
def test_reasons_and_excesses_are_those_of_the_plain_sums(duckdb, lines):
    customers = {f"c{i}": line for i, line in enumerate(lines)}
    rows, beyond = told(duckdb, customers), plainly(customers)
    assert set(rows) == {who for who, line in customers.items() if contribution(line) < 0}
    sales, left = (sum(f(line) for line in lines) for f in (lambda line: line["gross"], contribution))
    for who, row in rows.items():
        over = beyond[who]
        # The differences add up to what the customer falls short of the average of their sales.
        rate = left / sales if sales > 0 else 0
        if sales > 0 and sum(line["orders"] for line in lines):
            assert sum(over.values()) == pytest.approx(
                rate * customers[who]["gross"] - contribution(customers[who]), abs=1e-6
            )
        most = max(over.values())
        assert float(row["excess"]) == pytest.approx(most, abs=1e-3)
        if row["reason"] != EVERYBODY:
            assert over[row["reason"]] == pytest.approx(most, abs=1e-3)
            assert row["reason"] in REASONS
        else:
            assert most < 1e-3
