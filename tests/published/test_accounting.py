"""Numbers printed by others about costs and profit."""

from datetime import date
from decimal import Decimal

import ibis
import pyarrow as pa
import pytest

from keepwell import account
from keepwell.account.activity import Activity, costed, unit_cost
from keepwell.account.whale import whale
from keepwell.engine import collected
from keepwell.settings import from_dict
from keepwell.tables import CONTRACTS, LEDGER_LINES, checked


def test_kaplan_and_anderson_2004_time_driven_costing():
    """Kaplan & Anderson (2004), Time-Driven Activity-Based Costing, Harvard Business Review 82(11)."""
    orders = Activity("customer orders", 49_000, Decimal(8))
    inquiries = Activity("inquiries", 1_400, Decimal(44))
    checks = Activity("credit checks", 2_500, Decimal(50))
    found = costed([orders, inquiries, checks], cost=Decimal(560_000), practical_minutes=Decimal(700_000))
    assert found.rate == Decimal("0.80")
    assert found.minutes == 578_600
    assert (found.assigned, found.unused) == (462_880, 97_120)
    units = [unit_cost(activity, found.rate) for activity in (orders, inquiries, checks)]
    assert units == [Decimal("6.40"), Decimal("35.20"), 40]


def test_kaplan_and_anderson_2004_from_a_file_of_orders_and_one_of_contacts(duckdb):
    """The same department: 49,000 orders by 2,500 new customers, 1,400 inquiries, a credit check for each customer."""
    day = ibis.date(2024, 1, 1)
    zero = dict.fromkeys(("discount", "shipping", "tax", "other", "refund"), 0)
    plain = {"file": "f", "source": "s", "status": "ok", "product_id": "1", "refund_date_assumed": False}
    sold = zero | plain | {"order_date": day, "ordered_at": day.cast("timestamp"), "gross": 100, "money": 100}
    asked = {"file": "g", "kind": "inquiry", "date": day, "at": day.cast("timestamp")}
    tables = {
        "order_lines": _facts(duckdb, 49_000, "order_lines", sold),
        "touches": _facts(duckdb, 1_400, "touches", asked),
    }
    activities = [("orders", "order", 8), ("inquiries", "touch inquiry", 44), ("credit checks", "first order", 50)]
    costs = {
        "resources": [{"name": "service", "cost": 560_000, "minutes": 700_000, "first": date(2024, 1, 1)}],
        "activities": [{"name": n, "per": per, "minutes": m, "resource": "service"} for n, per, m in activities],
    }
    booked = account.run(tables, from_dict({"costs": costs, "as_of": date(2024, 1, 31)}), duckdb)
    rows = {row["activity"]: row for row in collected(duckdb, booked["costs"]).to_pylist()}
    assert {name: rows[name]["times"] for name, _, _ in activities} == {
        "orders": 49_000, "inquiries": 1_400, "credit checks": 2_500,
    }  # fmt: skip
    assert rows[""]["rate"] == Decimal("0.80")
    assert sum(rows[name]["minutes"] for name, _, _ in activities) == 578_600
    assert (rows[""]["customers"], rows[""]["unused"]) == (462_880, 97_120)
    units = [rows[name]["cost"] / rows[name]["times"] for name, _, _ in activities]
    assert units == [Decimal("6.40"), Decimal("35.20"), 40]
    lost = collected(duckdb, booked["unassigned"]).to_pylist()
    assert [(row["reason"], row["amount"]) for row in lost] == [("unused capacity", 97_120)]
    spent = collected(duckdb, booked["ledger"].aggregate(booked["ledger"].fulfilment.sum())).column(0)[0].as_py()
    assert spent == 462_880


def _facts(engine, size, name, values):
    """Return so many rows of a table of the contract, of 2,500 customers in turn; what `values` lack is null."""
    numbers = pa.RecordBatch.from_pydict({"n": list(range(size))})
    t = engine.table([numbers], numbers.schema)
    keys = {"line": t.n, "customer_id": "c" + (t.n % 2_500).cast("string"), "order_id": t.n.cast("string")}
    keys |= {"order_id": ibis.null("string")} if name == "touches" else {}
    schema = CONTRACTS[name].schema
    nulls = {column: ibis.null(dtype.copy(nullable=True)) for column, dtype in schema.items()}
    columns = {k: v if isinstance(v, ibis.Value) else ibis.literal(v) for k, v in (nulls | values | keys).items()}
    return checked(name, t.select(**columns))


def test_the_whale_curve_of_ten_customers(engine):
    """Profits 100 60 40 10 0 -5 -15 -20 -30 -40 add up to 100 160 200 210 210 205 190 170 140 100% of the whole."""
    schema = CONTRACTS["ledger"].schema.to_pyarrow()
    zero = dict.fromkeys((*LEDGER_LINES, "contribution_1", "contribution_2", "assumed_sales"), Decimal(0))
    none = {**zero, "orders": 1, "month": date(2024, 1, 1)}
    profits = (100, 60, 40, 10, 0, -5, -15, -20, -30, -40)
    rows = [{**none, "customer_id": f"c{i}", "contribution": Decimal(p)} for i, p in enumerate(profits)]
    ledger = engine.table([pa.RecordBatch.from_pylist(rows, schema=schema)], schema)
    curve = collected(engine, whale(ledger).order_by("customers"))
    shares = [100 * share for share in curve.column("contribution_share").to_pylist()]
    assert shares == pytest.approx([100, 160, 200, 210, 210, 205, 190, 170, 140, 100])
    assert max(shares) == pytest.approx(210)
