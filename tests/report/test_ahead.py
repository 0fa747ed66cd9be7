"""What lies ahead, as the report tells it."""

from datetime import date

import pyarrow as pa

from keepwell.report.ahead import contest


def test_a_method_is_held_against_a_rule_where_both_took_part():
    """The stack saw the easy origin only, where it was a tenth better; the rule saw a hard one too."""
    rows = [
        {"origin": date(2024, 1, 1), "method": "own past rate", "crps": 4.0},
        {"origin": date(2024, 4, 1), "method": "own past rate", "crps": 1.0},
        {"origin": date(2024, 4, 1), "method": "stack", "crps": 0.9},
    ]
    scores = pa.Table.from_pylist([{**row, "horizon": 91, "customers": 100.0} for row in rows])
    marks = {"best": "stack", "won_by": 0.1, "won_by_se": 0.01, "tests": 1, "error_low": 0.0, "error_high": 0.0}
    (table,) = contest({"scores": scores}, {"horizons": [{"horizon": "3m", "champion": "stack", **marks}]})
    told = dict(zip((column.head for column in table.columns), table.rows[0], strict=True))
    assert told["Error beside own past rate"] == "−10%"
    assert told["Error beside hiatus rule"] == "–"  # took no part
