"""What moved a customer's forecast: factors of averages, and what the trees saw."""

import json
import math

import numpy as np
import pytest

from keepwell.engine import collected
from keepwell.predict.boosted import Examples, grown
from keepwell.predict.challenger import coder
from keepwell.predict.features import COLUMNS, KINDS, features
from keepwell.predict.history import customer_days, occasions
from keepwell.shop.moved import SAME, WORDS, _features, moved, reasons

NAMES = (*COLUMNS, *KINDS, "ahead")


@pytest.fixture(scope="module")
def tables(duckdb, arrow, place):
    return place(duckdb, arrow)


@pytest.fixture(scope="module")
def everybody(duckdb, tables, made):
    """The features of all customers, as the forecast reads them."""
    days = customer_days(tables["order_contribution"], until=made.AS_OF)
    table = features(occasions(days), days, tables, until=made.AS_OF)
    return collected(duckdb, table.order_by("customer_id"))


@pytest.fixture(scope="module")
def boosted(duckdb, everybody, made, place):
    """The table `boosted` with trees that saw that a large first purchase goes with many orders."""
    code = coder(everybody)
    x = np.column_stack([code.matrix(everybody), np.full(everybody.num_rows, 0.5, np.float32)])
    first = np.nan_to_num(x[:, NAMES.index("first_amount")])
    came = np.where(first > np.median(first), 4.0, 1.0)
    one = np.ones(len(came))
    examples = Examples(x=x, expected=2.0 * one, came=came.astype(np.int64), weight=one)
    booster = grown(examples, names=NAMES, kinds=KINDS, rounds=30, seed=1)
    told = {"names": list(booster.names), "words": {name: list(words) for name, words in code.words.items()}}
    row = {"name": "12m", "origin": made.AS_OF, "features": json.dumps(told), "model": booster.model}
    return place(duckdb, {"boosted": made.arrow("boosted", [row])})


def test_the_features_of_one_customer_are_those_that_the_forecast_read(duckdb, tables, everybody, made):
    for row in everybody.to_pylist()[::60]:
        found = _features(row["customer_id"], made.AS_OF, tables, duckdb)
        for name, value in row.items():
            assert found[name] == (pytest.approx(value) if isinstance(value, float) else value), name


def test_the_trees_reasons_name_what_they_saw_the_strongest_first(duckdb, tables, boosted, everybody):
    rows = sorted(everybody.to_pylist(), key=lambda row: row["first_amount"])
    for row, side in ((rows[-1], 1), (rows[0], -1)):
        found = reasons(row["customer_id"], tables | boosted, duckdb)
        assert found[0].words == WORDS["first_amount"]
        assert side * math.log(found[0].factor) > 0
        sizes = [abs(math.log(one.factor)) for one in found]
        assert sizes == sorted(sizes, reverse=True)
        assert min(sizes) >= math.log(SAME)


def test_trees_of_another_horizon_are_no_reason(duckdb, tables, boosted, made, place):
    rows = collected(duckdb, boosted["boosted"]).to_pylist()
    near = place(duckdb, {"boosted": made.arrow("boosted", [{**row, "name": "3m"} for row in rows])})
    key = collected(duckdb, tables["history"]).to_pylist()[0]["customer_id"]
    assert reasons(key, tables | boosted, duckdb)
    assert reasons(key, tables | near, duckdb) == ()


def test_without_trees_there_are_no_reasons(duckdb, tables):
    assert reasons("c0001", tables, duckdb) == ()
    assert reasons("c0001", {}, duckdb) == ()


def test_every_feature_has_words():
    assert set(NAMES) <= set(WORDS)


def test_factors_lead_from_everybodys_mean_to_the_customer(duckdb, tables, arrow):
    past = {row["customer_id"]: row for row in arrow["history"].to_pylist()}
    values = [row for row in arrow["values"].to_pylist() if row["horizon"] == "12m" and row["p_leave"] is None]
    mine = max(values, key=lambda row: row["expected_orders"])
    found = moved(mine["customer_id"], past[mine["customer_id"]], [mine], tables, duckdb)
    x = past[mine["customer_id"]]["repeats"]
    alike = [v for v in values if 0.75 * x <= past[v["customer_id"]]["repeats"] <= 1.25 * x]
    assert found.alike == len(alike)
    assert found.everybody == pytest.approx(np.mean([v["expected_orders"] for v in values]))
    assert found.by_repeats * found.everybody == pytest.approx(np.mean([v["expected_orders"] for v in alike]))
    assert found.everybody * found.by_repeats * found.by_silence == pytest.approx(mine["expected_orders"])
    assert moved("nobody", None, [], tables, duckdb) is None


def test_a_subscribers_forecast_is_not_laid_to_their_purchases(duckdb, tables, arrow):
    past = {row["customer_id"]: row for row in arrow["history"].to_pylist()}
    row = next(row for row in arrow["values"].to_pylist() if row["horizon"] == "12m" and row["p_leave"] is not None)
    assert moved(row["customer_id"], past[row["customer_id"]], [row], tables, duckdb) is None
