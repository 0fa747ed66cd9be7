"""The map of who is still a customer."""

from collections import defaultdict

import pytest

from keepwell.charts.activity import REPEATS, SILENCE, activity_data, answer, figure
from keepwell.engine import collected


def test_the_map_is_the_plain_mean_of_each_bin(engine, arrow, place):
    data = collected(engine, activity_data(place(engine, {n: arrow[n] for n in ("history", "values")})))
    active = {r["customer_id"]: r["p_active"] for r in arrow["values"].to_pylist() if r["horizon"] == "12m"}
    cells = defaultdict(list)
    for row in arrow["history"].to_pylist():
        often = max(low for low, _words in REPEATS if low <= row["repeats"])
        quiet = max(low for low, _words in SILENCE if low <= row["age"] - row["recency"])
        cells[often, quiet].append(active[row["customer_id"]])
    got = {(r["repeats"], r["silence"]): (r["customers"], r["p_active"]) for r in data.to_pylist()}
    assert got.keys() == cells.keys()
    for key, chances in cells.items():
        assert got[key] == (len(chances), pytest.approx(sum(chances) / len(chances), rel=1e-9))


def test_rare_histories_do_not_make_the_headline(duckdb, made):
    import pyarrow as pa

    rows = [
        {"repeats": 0, "silence": 0, "customers": 500, "p_active": 0.9},
        {"repeats": 1, "silence": 31, "customers": 500, "p_active": 0.5},
        {"repeats": 2, "silence": 31, "customers": 1, "p_active": 0.01},
    ]
    said = answer(pa.Table.from_pylist(rows))
    assert "from 90%" in said
    assert "down to 50%" in said


def test_empty_cells_stay_empty(duckdb, arrow, place):
    data = collected(duckdb, activity_data(place(duckdb, {n: arrow[n] for n in ("history", "values")})))
    heat = figure(data).data[0]
    filled = sum(value is not None for line in heat.z for value in line)
    assert filled == data.num_rows
    assert sum(text != "" for line in heat.text for text in line) == data.num_rows
