"""What winning customers cost, on a shop small enough to count on fingers."""

from datetime import date
from decimal import Decimal

import pyarrow as pa

from keepwell.account.channels import acquisition
from keepwell.account.spending import monthly
from keepwell.engine import collected
from keepwell.tables import CONTRACTS

JAN, FEB = date(2024, 1, 1), date(2024, 2, 1)


def placed(engine, name, rows):
    schema = CONTRACTS[name].schema.to_pyarrow()
    return engine.table([pa.RecordBatch.from_pylist(rows, schema=schema)], schema)


def told(engine, cohorts, spend):
    """Return the rows of (cohort, channel, customers, [contribution by age]) and (day, channel, amount)."""
    rows = [
        {"cohort": cohort, "channel": channel, "age": age, "customers": customers, "contribution": Decimal(earned)}
        | dict.fromkeys(("active", "returned", "orders"), 0)
        for cohort, channel, customers, ages in cohorts
        for age, earned in enumerate(ages)
    ]
    paid = [
        {"file": "f", "line": i, "date": day, "channel": channel, "amount": Decimal(amount)}
        for i, (day, channel, amount) in enumerate(spend)
    ]
    table = acquisition(placed(engine, "cohorts", rows), monthly(placed(engine, "spend", paid), None))
    return {(r["cohort"], r["channel"]): r for r in collected(engine, table).to_pylist()}


def test_money_spent_is_held_against_those_it_won(engine):
    rows = told(
        engine,
        [
            (JAN, "Search", 4, [60, 30, 20]),
            (JAN, "", 2, [9, 0, 0]),
            (JAN, "all", 6, [69, 30, 20]),
            (FEB, "Search", 1, [5, 5]),
        ],
        [
            (date(2024, 1, 1), "search ", "70"),
            (date(2024, 1, 20), "SEARCH", "20.5"),
            (date(2024, 2, 3), "Search", "11"),
            (date(2024, 2, 3), "Radio", "100"),
            (date(2024, 1, 3), None, "1000"),
        ],
    )
    assert {
        key: (r["customers"], r["spend"], r["cost"], r["contribution"], r["payback"]) for key, r in rows.items()
    } == {
        (JAN, "Search"): (4, Decimal("90.5"), 22.625, 110, 2),  # 60, 90 and 110 after 0, 1 and 2 months
        (JAN, ""): (2, 0, 0, 9, 0),
        (FEB, "Search"): (1, 11, 11, 10, None),
        (FEB, "radio"): (0, 100, None, 0, None),
    }


def test_without_any_spend_nobody_cost_anything(duckdb):
    rows = told(duckdb, [(JAN, "web", 3, [-5, 10])], [])
    row = rows[JAN, "web"]
    assert (row["spend"], row["cost"], row["contribution"], row["payback"]) == (0, 0, 5, 1)
