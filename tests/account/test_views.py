"""All that is said of the ledger sums up to the ledger."""

import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from keepwell import account
from keepwell.engine import collected
from keepwell.settings import from_dict
from keepwell.tables import CONTRACTS, offences

NAMES = ("ledger", "product_contribution", "loss_makers", "trends", "cohorts", "acquisition", "unassigned")
COSTS = {"fulfilment_per_order": "9", "return_per_order": "3"}


def sales(draw):
    """Return lines of some 60 customers over three years: few products, discounts, returns, rows of nobody."""
    lines = []
    for order in range(240):
        who = draw.choice([*(f"c{i}" for i in range(60)), "unknown"])
        day = date(2022, 1, 1) + timedelta(days=draw.randrange(1000))
        for _ in range(draw.randrange(1, 4)):
            amount = Decimal(draw.randrange(100, 6000)) / 100
            line = {"order_id": f"o{order}", "customer_id": who, "day": str(day), "product_id": f"P{draw.randrange(9)}"}
            back = draw.random() < 0.1
            money = {"refund": amount, "quantity": -1} if back else {"gross": amount, "discount": amount / 10}
            lines.append(line | money)
    return lines


def placed(engine, name, rows):
    schema = CONTRACTS[name].schema.to_pyarrow()
    return engine.table([pa.RecordBatch.from_pylist(rows, schema=schema)], schema)


@pytest.fixture(scope="module")
def told():
    """A function that books the shop in an engine and gives the tables' rows."""
    made = {}

    def booked(engine, order_lines):
        if engine.name not in made:
            draw = random.Random(11)  # noqa: S311 no secret
            spend = [
                {
                    "file": "s",
                    "line": i,
                    "date": date(2022, 1 + i % 12, 5),
                    "channel": channel,
                    "amount": Decimal(amount),
                }
                for i, (channel, amount) in enumerate([("Web ", "70.01"), ("radio", "5"), (None, "9")] * 12)
            ]
            people = [
                {
                    "customer_id": f"c{i}",
                    "customer_key": f"{i}",
                    "channel": ("web", "WEB", None)[i % 3],
                    "people": 1,
                    "records": 1,
                }
                for i in range(60)
            ]
            tables = {
                "order_lines": order_lines(engine, *sales(draw)),
                "spend": placed(engine, "spend", spend),
                "customers": placed(engine, "customers", people),
            }
            settings = from_dict({"as_of": date(2024, 9, 30), "costs": COSTS})
            out = account.run(tables, settings, engine)
            for name in NAMES:
                offended = collected(engine, offences(name, out[name])).to_pylist()[0]
                assert not any(count for rule, count in offended.items() if rule != "rows"), name
            made[engine.name] = {name: collected(engine, out[name]).to_pylist() for name in NAMES}
        return made[engine.name]

    return booked


def whole(rows, name):
    return sum((row[name] for row in rows), Decimal(0))


def test_products_are_the_ledger_but_for_delivery_and_fees(duckdb, told, order_lines):
    tables = told(duckdb, order_lines)
    ledger = tables["ledger"]
    for name in ("gross", "discounts", "refunds", "product_cost"):
        assert whole(tables["product_contribution"], name) == whole(ledger, name)
    rest = whole(ledger, "contribution_1") - whole(ledger, "shipping_charged") - whole(ledger, "other")
    assert whole(tables["product_contribution"], "contribution_1") == rest


def test_trends_are_two_years_of_the_ledger(duckdb, told, order_lines):
    tables = told(duckdb, order_lines)
    years = defaultdict(Decimal)
    for row in tables["ledger"]:
        if row["customer_id"] != "unknown":
            ago = (2024 - row["month"].year) * 12 + 9 - row["month"].month
            years[ago // 12] += row["contribution"] + row["acquisition"]
    assert (whole(tables["trends"], "recent"), whole(tables["trends"], "before")) == (years[0], years[1])


def test_cohorts_are_the_ledger_of_all_who_bought(duckdb, told, order_lines):
    tables = told(duckdb, order_lines)
    known = [row for row in tables["ledger"] if row["customer_id"] != "unknown"]
    ever = {row["customer_id"] for row in known if row["orders"]}
    earned = sum(row["contribution"] + row["acquisition"] for row in known if row["customer_id"] in ever)
    for channels in ({"all"}, {"WEB", ""}):  # one name for both spellings
        rows = [row for row in tables["cohorts"] if row["channel"] in channels]
        assert whole(rows, "contribution") == earned
        assert sum(row["customers"] for row in rows if row["age"] == 0) == len(ever)
        assert sum(row["orders"] for row in rows) == sum(row["orders"] for row in known)


def test_spend_is_what_the_ledger_charges_and_what_won_nobody(duckdb, told, order_lines):
    tables = told(duckdb, order_lines)
    lost = [
        row
        for row in tables["unassigned"]
        if row["ledger_line"] == "acquisition" and row["reason"] != "names no channel"
    ]
    assert whole(tables["acquisition"], "spend") == whole(tables["ledger"], "acquisition") + whole(lost, "amount")
    assert whole(tables["acquisition"], "spend") == 12 * Decimal("75.01")


def test_loss_makers_are_those_whose_ledger_is_below_zero(duckdb, told, order_lines):
    tables = told(duckdb, order_lines)
    left = defaultdict(Decimal)
    for row in tables["ledger"]:
        left[row["customer_id"]] += row["contribution"]
    losing = {who: amount for who, amount in left.items() if amount < 0 and who != "unknown"}
    assert {row["customer_id"]: row["contribution"] for row in tables["loss_makers"]} == losing
    assert losing
