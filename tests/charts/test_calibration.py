"""Are the intervals honest?"""

import pytest

from keepwell.charts.calibration import answer, calibration_data, figure, pooled
from keepwell.engine import collected
from keepwell.tables import MEASURES


def backtest(made, origins):
    """Return a backtest of method 'm' from [(day, horizon, customers, ten shares)]."""
    rows = []
    for origin, horizon, customers, shares in origins:
        measures = {"customers": customers} | {f"pit_{d}": s for d, s in enumerate(shares)}
        key = {"origin": origin, "horizon": horizon, "method": "m", "group": "all"}
        rows += [{**key, "measure": m, "value": float(v)} for m, v in measures.items()]
    return made.arrow("backtest", rows)


def read(engine, table):
    return collected(engine, calibration_data({"backtest": engine.table(table.to_batches(), table.schema)}))


def test_origins_weigh_by_their_customers_at_their_longest_horizon(engine, made):
    low, high = [0.05] * 5 + [0.15] * 5, [0.15] * 5 + [0.05] * 5
    table = backtest(made, [(made.START, 90, 1000, high), (made.START, 180, 100, low), (made.AS_OF, 180, 300, high)])
    rows = pooled(read(engine, table), "m")
    assert [r["share"] for r in rows] == pytest.approx([0.125] * 5 + [0.075] * 5)
    assert (rows[0]["low"], rows[0]["high"], rows[0]["origins"]) == (0.05, 0.15, 2)


def test_even_tenths_are_called_so_and_uneven_ones_not(duckdb, made):
    even = read(duckdb, backtest(made, [(made.START, 90, 10, [0.1] * 10)]))
    ends = read(duckdb, backtest(made, [(made.START, 90, 10, [0.3, *[0.05] * 8, 0.3])]))
    assert answer(even, method="m").startswith("Outcomes fell where the forecast said: 10% to 10%")
    assert answer(ends, method="m").startswith("Outcomes did not fall evenly: a tenth of the forecast held 5% to 30%")


def test_another_method_is_another_chart(duckdb, made):
    data = read(duckdb, backtest(made, [(made.START, 90, 10, [0.1] * 10)]))
    assert figure(data, method="m").data
    assert not figure(data, method="other").data


def test_all_ten_measures_are_in_the_contract():
    assert {f"pit_{d}" for d in range(10)} <= MEASURES.keys()
