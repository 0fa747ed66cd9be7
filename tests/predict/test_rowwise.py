"""A method that forecasts customer by customer is judged and valued as one that forecasts cells."""

import itertools
from dataclasses import replace
from datetime import date
from importlib import import_module

import numpy as np
import pytest

from keepwell import predict
from keepwell.engine import collected
from keepwell.predict.methods import Answer, Method, by_cell, fitted, purchase_model
from keepwell.settings import from_dict
from keepwell.tables import CONTRACTS, HORIZONS

ASKED = {"season": False, "challenger": False, "covariates": [], "models": ["paretonbd"]}


def each_alone():
    """Return a method that tells each customer what the Pareto/NBD says of their cell."""
    plain = purchase_model("paretonbd")

    def at(scene):
        inside = plain.at(scene)
        cell = scene.customers().cell

        def forecast(days, *, rate=0.0):
            one = inside.forecast(days, rate=rate)
            rows = {n: getattr(one, n)[cell] for n in ("p_active", "orders", "discounted", "group")}
            return replace(one, **rows)

        return Answer(forecast, "customer", inside.one)

    return Method("alone", "each alone", at)


def each_apart():
    """Return a method that tells every third customer far more than their cell does, and every third far less."""
    plain = each_alone()

    def at(scene):
        inside = plain.at(scene)
        kind = np.arange(len(scene.customers().cell)) % 3

        def forecast(days, *, rate=0.0):
            one = inside.forecast(days, rate=rate)
            orders = np.array([1.0, 4.0, 0.1])[kind]
            chance = np.minimum(np.array([1.0, 3.0, 0.4])[kind] * one.p_active, 1.0)
            return replace(one, p_active=chance, orders=orders * one.orders, discounted=orders * one.discounted)

        return Answer(forecast, "customer", inside.one)

    return Method("apart", "each apart", at)


def life_of(name):
    """Return the stage's choice of methods, but for a life, which is asked of the named purchase model."""
    plain = import_module("keepwell.predict.choice").choices

    def choices(among, ready, failed, tests, cells):
        found = plain(among, ready, failed, tests, cells)
        return found | {"life": replace(found["life"], answer=by_cell(fitted(name, cells), cells))}

    return choices


def ran(engine, orders, method, life="paretonbd"):
    settings = from_dict({"as_of": "2024-06-29", "predict": ASKED})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("keepwell.predict.run"), "methods", lambda _: [method])
        patch.setattr(import_module("keepwell.predict.run"), "choices", life_of(life))
        # Distributions of cells alone are mended by the backtest, and mixed over what is not known of the parameters.
        patch.setattr(import_module("keepwell.predict.valuing"), "_mend", lambda *_: None)
        patch.setattr(import_module("keepwell.predict.doubt"), "VISIBLE", np.inf)
        found = predict.run({"order_contribution": orders}, settings, engine)
    return {name: collected(engine, table).to_pylist() for name, table in found.items()}


@pytest.fixture(scope="module")
def log(draw_shop):
    return draw_shop(250, seed=5, ahead=0)


@pytest.fixture(scope="module")
def both(duckdb, orders_of, log):
    return [ran(duckdb, orders_of(duckdb, *log), method) for method in (purchase_model("paretonbd"), each_alone())]


def assert_same(cells, alone):
    for name in ("values", "equity", "forecast_path"):
        key = CONTRACTS[name].key
        one, other = (sorted(found[name], key=lambda r: [r[k] for k in key]) for found in (cells, alone))
        assert len(one) == len(other) > 0
        for column, kind in CONTRACTS[name].schema.items():
            a, b = ([r[column] for r in rows] for rows in (one, other))
            if kind.is_floating():
                assert [v is None for v in a] == [v is None for v in b]
                a, b = (np.array([v for v in c if v is not None]) for c in (a, b))
                np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
            elif column != "basis":
                assert a == b


def test_customers_told_what_their_cell_says_get_the_same_answers(both):
    assert_same(*both)


def test_nothing_is_said_of_mixing_where_nothing_is_mixed(both):
    """Customers told one by one have the method's own distributions; a life stays the model's."""
    words = "parameters known well enough to be taken for known"
    for found, mixable in zip(both, ({"3m", "6m", "12m", "life"}, {"life"}), strict=True):
        assert {row["horizon"] for row in found["values"] if words in row["basis"]} == mixable


@pytest.mark.spark
def test_on_spark_they_are_joined_alike(both, spark, orders_of, log):
    assert_same(both[1], ran(spark, orders_of(spark, *log), each_alone()))


def test_all_methods_are_judged_alike_by_customer_and_by_cell(both):
    cells, alone = (
        {(r["origin"], r["horizon"], r["method"], r["group"], r["measure"]): r["value"] for r in found["backtest"]}
        for found in both
    )
    for (origin, horizon, method, group, measure), value in cells.items():
        name = "alone" if method == "paretonbd" else method
        assert alone[origin, horizon, name, group, measure] == pytest.approx(value, rel=1e-9, abs=1e-12)


def test_the_fit_of_a_model_that_is_leaned_on_is_not_told_twice(both):
    assert {r["model"] for r in both[0]["fits"]} == {"paretonbd", "gammagamma"}
    assert {r["model"] for r in both[1]["fits"]} == {"gammagamma"}


@pytest.fixture(scope="module", params=["paretonbd", "bgnbd"])
def apart(request, duckdb, orders_of, log):
    """What is told of customers far from their cells, with a life of the model leaned on and of another one."""
    return ran(duckdb, orders_of(duckdb, *log), each_apart(), life=request.param)


def horizons(found):
    rows = {}
    for row in found["values"]:
        rows.setdefault(row["customer_id"], {})[row["horizon"]] = row
    return rows


def test_the_chance_of_being_a_customer_is_one_and_never_below_that_of_an_order(both, apart):
    plain = {row["customer_id"]: row["p_active"] for row in both[0]["values"]}
    year = {row["customer_id"]: 1 - row["p_zero"] for row in apart["values"] if row["horizon"] == "12m"}
    for row in apart["values"]:
        name = row["customer_id"]
        assert row["p_active"] == pytest.approx(max(plain[name], year[name]), rel=1e-12)


def test_more_time_never_means_less(apart):
    by_horizon = {name: {} for name in ("3m", "6m", "12m", "life")}
    for row in apart["values"]:
        by_horizon[row["horizon"]][row["customer_id"]] = row
    for shorter, longer in itertools.pairwise(by_horizon.values()):
        for name, row in shorter.items():
            assert longer[name]["expected_orders"] >= row["expected_orders"] - 1e-12
            assert 1 - longer[name]["p_zero"] >= 1 - row["p_zero"] - 1e-12


def test_the_times_of_an_order_agree_with_the_chances_of_none(both, apart):
    plain, as_of, moved = horizons(both[0]), date(2024, 6, 29), 0
    for name, rows in horizons(apart).items():
        near, base = rows["3m"], plain[name]["3m"]
        assert near["p_order_30"] <= near["p_order_60"] <= near["p_order_90"] <= 1 - near["p_zero"]
        power = np.log(near["p_zero"]) / np.log(base["p_zero"])
        for days in (30, 60, 90):
            expected = 1 - (1 - base[f"p_order_{days}"]) ** power
            assert near[f"p_order_{days}"] == pytest.approx(expected, rel=1e-6, abs=1e-12)
        due = (near["next_order"] - as_of).days if near["next_order"] else np.inf
        for horizon, days in HORIZONS.items():
            assert (due <= days) == (rows[horizon]["p_zero"] <= 0.5)
        moved += near["next_order"] != base["next_order"]
    assert moved > 50


def test_a_life_brings_no_less_than_its_first_year(apart):
    for rows in horizons(apart).values():
        year, life = rows["12m"], rows["life"]
        assert life["expected_orders"] >= year["expected_orders"]
        assert life["expected_contribution"] >= year["expected_contribution"]
        assert life["p_zero"] <= year["p_zero"]
        assert "in proportion to their 12 months" in life["basis"]


@pytest.mark.parametrize("apart", ["paretonbd"], indirect=True)
def test_a_life_goes_on_from_its_first_year_as_the_purchase_model_says(both, apart):
    plain = horizons(both[0])
    for name, rows in horizons(apart).items():
        growth = [found["life"]["expected_orders"] / found["12m"]["expected_orders"] for found in (rows, plain[name])]
        assert growth[0] == pytest.approx(growth[1], rel=1e-9)


def test_the_total_is_the_sum_of_the_customers(apart):
    for row in apart["equity"]:
        total = sum(r["expected_contribution"] for r in apart["values"] if r["horizon"] == row["horizon"])
        assert row["expected"] == pytest.approx(total, rel=1e-9)
        assert row["lower"] < row["expected"] < row["upper"]


@pytest.mark.spark
def test_on_spark_customers_far_from_their_cells_get_the_same(duckdb, spark, orders_of, log):
    assert_same(*(ran(engine, orders_of(engine, *log), each_apart()) for engine in (duckdb, spark)))
