"""The whale curve on small shops."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepwell.account.whale import whale
from keepwell.engine import collected
from keepwell.tables import CONTRACTS, LEDGER_LINES

SCHEMA = CONTRACTS["ledger"].schema.to_pyarrow()


def curve(engine, profits, **options):
    """Return the rows of the curve for {customer: contribution}; each is earned over two months."""
    none = {
        **dict.fromkeys((*LEDGER_LINES, "contribution_1", "contribution_2", "assumed_sales"), Decimal(0)),
        "orders": 1,
    }
    rows = [
        {**none, "customer_id": name, "month": date(2024, month, 1), "contribution": part}
        for name, profit in profits.items()
        for month, part in ((1, Decimal(profit) + 1), (2, Decimal(-1)))
    ]
    ledger = engine.table([pa.RecordBatch.from_pylist(rows, schema=SCHEMA)], SCHEMA)
    return collected(engine, whale(ledger, **options).order_by("customers")).to_pylist()


def test_nobody_is_no_customer(duckdb):
    rows = curve(duckdb, {"ann": 3, "unknown": 100, "bob": 1})
    assert [(r["customers"], r["contribution"]) for r in rows] == [(1, 3), (2, 4)]


def test_many_customers_give_few_points_that_are_exact(engine):
    profits = {f"c{i:04}": 3000 - i for i in range(4000)}
    rows = curve(engine, profits, points=10)
    assert [r["customers"] for r in rows] == [400, 800, 1200, 1600, 2000, 2400, 2800, 3000, 3200, 3600, 4000]
    assert rows[0]["contribution"] == sum(range(2601, 3001))
    peak = max(rows, key=lambda r: r["contribution"])
    assert (peak["customers"], peak["contribution"]) == (3000, sum(range(1, 3001)))
    assert rows[-1]["contribution_share"] == pytest.approx(1)


def test_a_shop_that_loses_money_has_no_shares(duckdb):
    rows = curve(duckdb, {"ann": 2, "bob": -5})
    assert [r["contribution_share"] for r in rows] == [None, None]
    assert rows[-1]["customers_share"] == 1


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(profits=st.lists(st.integers(-50, 50), min_size=1, max_size=40), points=st.integers(1, 50))
def test_the_curve_is_the_running_sum_of_the_sorted_profits(duckdb, profits, points):
    rows = curve(duckdb, {f"c{i}": p for i, p in enumerate(profits)}, points=points)
    ordered = sorted(profits, reverse=True)
    assert [r["contribution"] for r in rows] == [sum(ordered[: r["customers"]]) for r in rows]
    assert rows[-1]["customers"] == len(profits)
    assert len(rows) <= points + 1
    best = max(sum(ordered[:k]) for k in range(1, len(profits) + 1))
    assert max(r["contribution"] for r in rows) == best
