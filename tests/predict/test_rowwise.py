"""A method that forecasts customer by customer is judged and valued as one that forecasts cells."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

from keepwell import predict
from keepwell.engine import collected
from keepwell.predict.methods import Answer, Method, purchase_model
from keepwell.settings import from_dict
from keepwell.tables import CONTRACTS

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


def ran(engine, orders, method):
    settings = from_dict({"as_of": "2024-06-29", "predict": ASKED})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("keepwell.predict.run"), "methods", lambda _: [method])
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
