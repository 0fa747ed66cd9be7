"""Forecast and outcome by tenths of customers by forecast."""

from datetime import date

import pyarrow as pa
import pytest

from keepwell.charts.tenths import figure, pooled, tenths_data
from keepwell.engine import collected
from keepwell.tables import CONTRACTS


def marked(origin, horizon, customers, actual):
    key = {"origin": origin, "horizon": horizon, "method": "bgnbd", "group": "all"}
    values = {"customers": customers}
    values |= {f"decile_{d}_forecast": d / 10 for d in range(1, 11)} | {
        f"decile_{d}_actual": actual for d in range(1, 11)
    }
    return [{**key, "measure": name, "value": float(value)} for name, value in values.items()]


@pytest.fixture
def data(engine):
    rows = [
        *marked(date(2024, 1, 1), 91, 10, 9),
        *marked(date(2024, 1, 1), 182, 10, 1),
        *marked(date(2024, 4, 1), 91, 30, 2),
    ]
    schema = CONTRACTS["backtest"].schema.to_pyarrow()
    backtest = engine.table(pa.Table.from_pylist(rows, schema=schema).to_batches(), schema)
    return collected(engine, tenths_data({"backtest": backtest}))


def test_the_longest_test_of_each_origin_counts_by_its_customers(data):
    rows = pooled(data, "bgnbd")
    assert [row["tenth"] for row in rows] == list(range(1, 11))
    assert {row["actual"] for row in rows} == {(10 * 1 + 30 * 2) / 40}
    assert rows[9]["forecast"] == pytest.approx(1.0)
    assert rows[0]["tests"] == 2


def test_the_highest_tenth_stands_last_and_in_the_answer(data):
    drawn = figure(data, method="bgnbd")
    assert [bar.name for bar in drawn.data] == ["forecast", "what came"]
    assert list(drawn.data[1].x)[-1] == "10"
    assert "bought 1.75 each; 1.00 were forecast, over 2 tests" in drawn.layout.title.text.replace("<br>", " ")


def test_a_method_that_was_not_tested_is_a_sentence(data):
    assert not figure(data, method="stack").data
