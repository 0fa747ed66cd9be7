"""The map of who is still a customer."""

from collections import defaultdict

import pyarrow as pa
import pytest

from keepwell.charts.activity import BUYS, REPEATS, SILENCE, activity_data, answer, figure, never_leave
from keepwell.engine import collected


def cells(*told):
    """Return a map of (repeats, customers, chance) cells; both chances are the same."""
    return pa.Table.from_pylist(
        [{"repeats": r, "silence": 31, "customers": n, "p_active": p, "p_buys": p} for r, n, p in told]
    )


def test_the_map_is_the_plain_mean_of_each_bin(engine, arrow, place):
    data = collected(engine, activity_data(place(engine, {n: arrow[n] for n in ("history", "values")})))
    year = {r["customer_id"]: r for r in arrow["values"].to_pylist() if r["horizon"] == "12m"}
    plain = defaultdict(list)
    for row in arrow["history"].to_pylist():
        often = max(low for low, _words in REPEATS if low <= row["repeats"])
        quiet = max(low for low, _words in SILENCE if low <= row["age"] - row["recency"])
        plain[often, quiet].append(year[row["customer_id"]])
    got = {(r["repeats"], r["silence"]): r for r in data.to_pylist()}
    assert got.keys() == plain.keys()
    for key, rows in plain.items():
        assert got[key]["customers"] == len(rows)
        assert got[key]["p_active"] == pytest.approx(sum(r["p_active"] for r in rows) / len(rows), rel=1e-9)
        assert got[key]["p_buys"] == pytest.approx(1 - sum(r["p_zero"] for r in rows) / len(rows), rel=1e-9)


def test_rare_histories_do_not_make_the_headline():
    said = answer(cells((0, 500, 0.9), (1, 500, 0.5), (2, 1, 0.01)))
    assert "from 90%" in said
    assert "down to 50%" in said


def test_a_model_that_cannot_tell_who_left_is_not_quoted_on_them():
    blind = cells((0, 900, 1.0), (1, 50, 0.5), (2, 50, 0.7))
    assert never_leave(blind)
    assert answer(blind).startswith("About 60% of customers who ever came back are still customers: from 70%")
    assert answer(blind, reading=BUYS).startswith("About 96% of all buyers will buy again within 12 months")


def test_a_model_that_finds_nobody_gone_gets_a_sentence_instead_of_a_map():
    everybody = cells((0, 5, 1.0), (1, 5, 0.99999))
    assert answer(everybody) == "Nobody seems to have left: the model finds no sign of it among 10 customers"
    assert not figure(everybody).data
    assert figure(everybody, reading=BUYS).data


def test_a_chance_of_next_to_nothing_fits_its_cell():
    assert "<b>0%</b>" in figure(cells((0, 5, 0.0001), (1, 5, 0.5))).data[0].text[0][1]


def test_empty_cells_stay_empty(duckdb, arrow, place):
    data = collected(duckdb, activity_data(place(duckdb, {n: arrow[n] for n in ("history", "values")})))
    heat = figure(data).data[0]
    filled = sum(value is not None for line in heat.z for value in line)
    assert filled == data.num_rows
    assert sum(text != "" for line in heat.text for text in line) == data.num_rows
