"""Small tables of values written by hand."""

import pyarrow as pa
import pytest

from keepwell.tables import CONTRACTS, checked

SCHEMA = CONTRACTS["values"].schema.to_pyarrow()
DEFAULTS = {
    "horizon": "12m",
    "p_active": 0.5,
    "expected_orders": 1.0,
    **dict.fromkeys(("q05", "q10", "q25", "q50", "q75", "q90", "q95"), 0.0),
    "p_zero": 0.5,
    "sd_mean": 0.0,
    "next_order": None,
    **{f"p_order_{days}": 0.1 for days in (30, 60, 90)},
    "p_leave": None,
    "spend": 1.0,
    "spend_weight": 0.5,
    "basis": "by hand",
}


@pytest.fixture
def values():
    """Return a function that makes the table `values` from {customer: expected contribution}, or further columns."""

    def made(engine, given):
        rows = []
        for name, columns in given.items():
            wanted = columns if isinstance(columns, dict) else {"expected_contribution": columns}
            rows.append({**DEFAULTS, "customer_id": name, **wanted})
            rows += [{**DEFAULTS, "customer_id": name, **wanted, "horizon": h} for h in ("3m", "6m", "life")]
        return checked("values", engine.table([pa.RecordBatch.from_pylist(rows, schema=SCHEMA)], SCHEMA))

    return made
