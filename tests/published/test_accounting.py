"""Numbers printed by others about costs and profit."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from keepwell.account.activity import Activity, costed, unit_cost
from keepwell.account.whale import whale
from keepwell.engine import collected
from keepwell.tables import CONTRACTS, LEDGER_LINES


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
