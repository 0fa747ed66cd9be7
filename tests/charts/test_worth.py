"""Customers by what is expected of them."""

import numpy as np
import pytest

from keepwell.charts.worth import answer, figure, worth_data
from keepwell.engine import collected


def binned(engine, made, worths, tiers=None):
    values = [
        {**made.values(np.random.default_rng(0), [past(made, i)])[2], "expected_contribution": float(w)}
        for i, w in enumerate(worths)
    ]
    named = [{"customer_id": f"c{i}", "scheme": "tier", "segment": t} for i, t in enumerate(tiers or [])]
    arrow = {"values": made.arrow("values", values), "segments": made.arrow("segments", named)}
    return collected(engine, worth_data({n: engine.table(t.to_batches(), t.schema) for n, t in arrow.items()}))


def past(made, i):
    row = {"customer_id": f"c{i}", "first_date": made.START, "last_date": made.START, "repeats": 0, "recency": 0}
    return {**row, "age": 100, "first_contribution": 1.0, "repeat_sum": 0.0, "repeat_sum_squares": 0.0}


def test_every_customer_falls_into_the_bin_that_holds_them(engine, made):
    worths = [0.0, 0.4, 1.5, 3.0, 7.5, 12.0, 30.0, 99.0, 150.0, 480.0, -0.3, -3.0, -45.0]
    rows = binned(engine, made, worths).to_pylist()
    held = {(r["low"], r["high"]): r["customers"] for r in rows}
    for worth in worths:
        inside = [ends for ends in held if ends[0] <= worth < ends[1] or (worth < 0 and ends[0] < worth <= ends[1])]
        assert len(inside) == 1, worth
        held[inside[0]] -= 1
    assert not any(held.values())


def test_bins_go_one_two_five_ten(duckdb, made):
    rows = binned(duckdb, made, np.geomspace(0.5, 900, 400)).to_pylist()
    ends = sorted({round(r["low"], 9) for r in rows} | {round(r["high"], 9) for r in rows})
    assert ends == [0, 10, 20, 50, 100, 200, 500, 1000]  # the mean is 120, a fifth of it 24


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_the_unit_fits_the_data(duckdb, made, scale):
    rows = binned(duckdb, made, [scale * w for w in (0.1, 1, 10, 100, 1000)]).to_pylist()
    assert 4 <= len(rows) <= 14


def test_sums_and_counts_are_those_of_the_values(engine, arrow, place):
    rows = collected(engine, worth_data(place(engine, {n: arrow[n] for n in ("values", "segments")}))).to_pylist()
    year = [r for r in arrow["values"].to_pylist() if r["horizon"] == "12m"]
    assert sum(r["customers"] for r in rows) == len(year)
    assert sum(r["expected"] for r in rows) == pytest.approx(sum(r["expected_contribution"] for r in year))


def test_the_answer_counts_customers_below_the_limit_it_names(duckdb, made):
    data = binned(duckdb, made, [1.5, 1.5, 1.5, 30.0], tiers=["low", "low", "low", "top"])
    said = answer(data, currency="EUR")
    assert said.startswith("75% of customers are expected to bring less than €2.00 each")
    assert "the tier ‘top’, 25% of them, holds 87%" in said


def test_tiers_stand_from_the_best_down_and_rest_is_gathered(duckdb, made):
    names = [f"t{i}" for i in range(9)]
    data = binned(duckdb, made, [10.0 * (9 - i) for i in range(9)], tiers=names)
    bars = [trace.name for trace in figure(data, currency="EUR").data if trace.type == "bar"]
    assert bars == ["t0", "t1", "t2", "t3", "t4", "all others"]


def test_customers_without_a_tier_are_still_counted(duckdb, made):
    data = binned(duckdb, made, [1.0, 2.0, 3.0])
    assert {r["tier"] for r in data.to_pylist()} == {"no tier"}
    assert figure(data, currency="EUR").data


def test_all_worth_nothing_is_no_error(duckdb, made):
    data = binned(duckdb, made, [0.0, 0.0, 0.0])
    assert answer(data, currency="EUR")
    assert figure(data, currency="EUR").data
