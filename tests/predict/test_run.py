"""The stage as a whole: what it promises of any log, however small."""

from datetime import date, timedelta

import numpy as np
import pytest

from keepwell import predict as stage
from keepwell.engine import collected
from keepwell.errors import ConfigError
from keepwell.predict.methods import BASELINES
from keepwell.predict.run import MADE
from keepwell.settings import Settings, from_dict
from keepwell.tables import CONTRACTS, offences

START = date(2023, 1, 1)


LIGHT = {"models": ["bgnbd", "paretonbd"], "season": False, "covariates": [], "challenger": False}


def ran(engine, orders, *, last, predict=LIGHT):
    """Run the stage as of a day of the log."""
    settings = from_dict({"as_of": START + timedelta(days=last), "predict": predict})
    return stage.run({"order_contribution": orders}, settings, engine)


def whole(engine, tables, name):
    return collected(engine, tables[name])


def assert_same(engine, found, again, names):
    for name in names:
        order = [(k, "ascending") for k in CONTRACTS[name].key]
        one, other = (whole(engine, t, name).sort_by(order) for t in (found, again))
        for column in one.column_names:
            if CONTRACTS[name].schema[column].is_floating():
                a, b = (np.array(t[column].to_pylist(), float) for t in (one, other))
                np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True)
            else:
                assert one[column].to_pylist() == other[column].to_pylist(), (name, column)


def assert_contracts(engine, tables):
    assert set(tables) == set(MADE)
    for name in MADE:
        assert tables[name].schema().names == CONTRACTS[name].schema.names
        counts = collected(engine, offences(name, tables[name])).to_pylist()[0]
        rows = counts.pop("rows")
        assert not any(counts.values()), (name, counts)
        keys = tables[name].select(*CONTRACTS[name].key).distinct()
        assert collected(engine, keys).num_rows == rows


@pytest.fixture(scope="module")
def known(small_shop):
    """What is known of the small shop at its end, and the purchase days of the year after."""
    customer, day, worth = small_shop
    seen = day < 546
    later = np.unique(np.char.add(np.char.add(customer[~seen], " "), day[~seen].astype(str)))
    return (customer[seen], day[seen], worth[seen]), len(later)


@pytest.fixture(scope="module")
def tables(known, duckdb, orders_of):
    """The stage's answer on DuckDB."""
    return ran(duckdb, orders_of(duckdb, *known[0]), last=545)


def test_every_table_keeps_its_contract(tables, duckdb):
    assert_contracts(duckdb, tables)


def test_every_customer_with_a_purchase_has_a_value_for_each_horizon(tables, duckdb, known):
    values = whole(duckdb, tables, "values")
    customers = set(known[0][0])
    for horizon in ("3m", "6m", "12m", "life"):
        rows = [r for r in values.to_pylist() if r["horizon"] == horizon]
        assert {r["customer_id"] for r in rows} == customers


def test_equity_is_the_sum_of_the_customers(tables, duckdb):
    values, equity = whole(duckdb, tables, "values").to_pylist(), whole(duckdb, tables, "equity").to_pylist()
    for row in equity:
        total = sum(r["expected_contribution"] for r in values if r["horizon"] == row["horizon"])
        assert row["expected"] == pytest.approx(total, rel=1e-9)
        assert row["lower"] < row["expected"] < row["upper"]


def test_a_life_is_worth_more_than_a_year_and_a_better_customer_more_than_a_worse(tables, duckdb):
    rows = {(r["customer_id"], r["horizon"]): r for r in whole(duckdb, tables, "values").to_pylist()}
    for (customer, horizon), row in rows.items():
        if horizon == "12m":
            assert rows[customer, "life"]["expected_contribution"] >= row["expected_contribution"]
            assert rows[customer, "life"]["p_zero"] <= row["p_zero"] + 1e-9
            assert row["expected_contribution"] <= row["expected_orders"] * row["spend"] + 1e-9


def test_the_forecast_of_all_orders_is_near_what_came(tables, duckdb, known):
    values = whole(duckdb, tables, "values").to_pylist()
    expected = sum(r["expected_orders"] for r in values if r["horizon"] == "12m")
    assert expected == pytest.approx(known[1], rel=0.15)  # 1,500 customers; ten such shops are off by 5% (sd)


def test_the_path_ahead_adds_up_to_the_forecast(tables, duckdb):
    values, path = whole(duckdb, tables, "values").to_pylist(), whole(duckdb, tables, "forecast_path").to_pylist()
    ahead = [r for r in path if r["actual"] is None]
    behind = [r for r in path if r["actual"] is not None]
    expected = sum(r["expected_orders"] for r in values if r["horizon"] == "12m")
    assert sum(r["expected"] for r in ahead) == pytest.approx(expected, rel=1e-9)
    assert len(ahead) <= 60
    assert all(r["lower"] <= r["expected"] <= r["upper"] for r in path)
    inside = np.mean([r["lower"] <= r["actual"] <= r["upper"] for r in behind])
    assert inside >= 0.8  # of 39 weeks that share one error


def test_the_actual_path_counts_the_purchases_of_customers_known_then(tables, duckdb, known):
    path = whole(duckdb, tables, "forecast_path").to_pylist()
    backtest = whole(duckdb, tables, "backtest").to_pylist()
    origin = min(r["origin"] for r in path)
    came = {
        r["horizon"]: r["value"]
        for r in backtest
        if (r["origin"], r["group"], r["measure"]) == (origin, "all", "actual")
    }
    assert sorted(came) == [91, 182, 273]
    assert sum(r["actual"] for r in path if r["origin"] == origin) == came[273] > came[182] > came[91]


def test_the_backtest_names_a_champion_of_each_horizon_that_beats_the_baselines(tables, duckdb):
    rows = whole(duckdb, tables, "backtest").to_pylist()
    told = {(r["horizon"], r["measure"]): r for r in rows if r["measure"] in {"champion", "won_by", "won_by_se"}}
    assert sorted({horizon for horizon, _ in told}) == [91, 182, 273]
    crps = {}
    for r in rows:
        if (r["measure"], r["group"]) == ("crps", "all"):
            crps.setdefault((r["horizon"], r["method"]), []).append(r["value"])
    for horizon in (91, 182):  # over 273 days, 364 count as well
        champion = told[horizon, "champion"]["method"]
        assert champion not in BASELINES
        best = min(np.mean(crps[horizon, m]) for m in BASELINES)
        assert np.mean(crps[horizon, champion]) < best
        share = 1 - np.mean(crps[horizon, champion]) / best
        assert told[horizon, "won_by"]["value"] == pytest.approx(share, abs=0.02)  # origins count by their customers
        assert told[horizon, "won_by"]["value"] > 2 * told[horizon, "won_by_se"]["value"] > 0


@pytest.fixture(scope="module")
def everything(duckdb, orders_of, draw_shop):
    """A small log, and the stage's answer with every method at work."""
    log = draw_shop(700, seed=6, ahead=0)
    return log, ran(duckdb, orders_of(duckdb, *log), last=545, predict={})


def test_with_every_method_at_work_all_tables_keep_their_contracts(everything, duckdb):
    _, found = everything
    assert_contracts(duckdb, found)
    methods = {r["method"] for r in whole(duckdb, found, "backtest").to_pylist()}
    assert methods >= {"bgnbd", "mbgnbd", "paretonbd", "mbgcnbdk", "stack", *BASELINES}


def test_with_every_method_at_work_the_order_of_rows_changes_nothing(everything, duckdb, orders_of):
    log, found = everything
    mixed = np.random.default_rng(1).permutation(len(log[0]))
    again = ran(duckdb, orders_of(duckdb, *(column[mixed] for column in log)), last=545, predict={})
    assert_same(duckdb, found, again, MADE)


def test_nothing_is_warned_of_where_the_model_is_true(tables, duckdb):
    assert {r["kind"] for r in whole(duckdb, tables, "warnings").to_pylist()} <= {"calibration"}


@pytest.mark.spark
def test_spark_gives_the_same_answers(tables, known, duckdb, spark, orders_of):
    there = ran(spark, orders_of(spark, *known[0]), last=545)
    for name in MADE:
        key = list(CONTRACTS[name].key)
        order = [(k, "ascending") for k in key]
        one, other = (whole(e, t, name).sort_by(order) for e, t in ((duckdb, tables), (spark, there)))
        assert one.num_rows == other.num_rows
        for column in one.column_names:
            a, b = one[column].to_pylist(), other[column].to_pylist()
            if CONTRACTS[name].schema[column].is_floating():
                missing = [v is None for v in a]
                assert missing == [v is None for v in b]
                a, b = ([v for v in c if v is not None] for c in (a, b))
                np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
            else:
                assert a == b, (name, column)


def test_the_same_run_twice_gives_the_same_numbers(tables, known, duckdb, orders_of):
    shuffled = np.random.default_rng(1).permutation(len(known[0][0]))
    again = ran(duckdb, orders_of(duckdb, *(column[shuffled] for column in known[0])), last=545)
    assert_same(duckdb, tables, again, ("fits", "backtest", "values", "equity"))


def test_without_a_last_day_the_mend_is_named(duckdb, orders_of):
    with pytest.raises(ConfigError, match="as_of"):
        stage.run({"order_contribution": orders_of(duckdb, ["a"], [0], [1])}, Settings(), duckdb)


TINY = {
    "one customer, one order": (["ann"], [0], [10], 200),
    "one customer, many orders": (["ann"] * 5, [0, 30, 61, 90, 120], [10, 11, 12, 9, 10], 200),
    "everybody on the last day": ([f"c{i}" for i in range(40)], [0] * 40, range(1, 41), 0),
    "nobody came back": (
        [f"c{i}" for i in range(300)],
        [i % 90 for i in range(300)],
        [20 + i % 7 for i in range(300)],
        300,
    ),
    "one came back": ([*(f"c{i}" for i in range(300)), "c0"], [0] * 300 + [50], [20] * 301, 300),
    "nineteen customers": ([f"c{i % 19}" for i in range(60)], range(60), [5] * 60, 100),
    "all on one day, then every day": (
        [f"c{i % 30}" for i in range(900)],
        [i // 30 for i in range(900)],
        [5] * 900,
        29,
    ),
    "only losses": (
        [f"c{i % 40}" for i in range(200)],
        [i % 90 for i in range(200)],
        [-3 - i % 5 for i in range(200)],
        200,
    ),
    "worth nothing": ([f"c{i % 40}" for i in range(200)], [i % 90 for i in range(200)], [0] * 200, 200),
    "three days": ([f"c{i % 50}" for i in range(120)], [i % 3 for i in range(120)], [8] * 120, 2),
}


@pytest.mark.parametrize("name", TINY)
def test_a_log_too_small_or_too_odd_gets_an_honest_answer(name, duckdb, orders_of):
    customer, day, worth, last = TINY[name]
    found = ran(duckdb, orders_of(duckdb, list(customer), list(day), list(worth)), last=last, predict={})
    assert_contracts(duckdb, found)
    values = whole(duckdb, found, "values").to_pylist()
    assert {r["customer_id"] for r in values} == set(customer)
    numbers = [
        r[c] for r in values for c in ("expected_contribution", "q05", "q50", "q95", "sd_mean", "spend", "p_zero")
    ]
    assert np.isfinite(numbers).all()
    for row in whole(duckdb, found, "equity").to_pylist():
        assert np.isfinite([row["expected"], row["lower"], row["upper"]]).all()


@pytest.mark.parametrize("name", ["one customer, one order", "nobody came back", "nineteen customers"])
def test_what_could_not_be_known_is_said(name, duckdb, orders_of):
    customer, day, worth, last = TINY[name]
    found = ran(duckdb, orders_of(duckdb, list(customer), list(day), list(worth)), last=last)
    assert "too few" in whole(duckdb, found, "values")["basis"][0].as_py()
    assert "no origin" in whole(duckdb, found, "equity")["basis"][0].as_py()
    warned = {r["kind"]: r for r in whole(duckdb, found, "warnings").to_pylist()}
    assert warned["too few"]["number"] == len(set(customer))
    assert "pooled rate" in warned["too few"]["words"]
    assert "too short" in warned


def test_nobody_at_all_has_no_value_and_no_error(engine, orders_of):
    found = ran(engine, orders_of(engine, ["unknown"], [0], [10]), last=30)
    assert_contracts(engine, found)
    assert whole(engine, found, "values").num_rows == 0
    assert whole(engine, found, "equity")["expected"].to_pylist() == [0.0] * 4


def test_losing_orders_are_valued_with_losses(duckdb, orders_of, draw_shop):
    customer, day, worth = draw_shop(800, seed=3)
    seen = day < 546
    rng = np.random.default_rng(1)
    worth = np.where(rng.random(len(worth)) < 0.2, -worth, worth)
    found = ran(duckdb, orders_of(duckdb, customer[seen], day[seen], worth[seen]), last=545)
    assert_contracts(duckdb, found)
    values = whole(duckdb, found, "values").to_pylist()
    assert "lost money" in values[0]["basis"]
    assert min(r["q05"] for r in values) < 0
    assert any(r["expected_contribution"] < 0 for r in values)


def test_a_doubtful_margin_widens_every_interval(duckdb, orders_of, draw_shop):
    customer, day, worth = draw_shop(600, seed=4)
    seen = day < 546
    customer, day, worth = customer[seen], day[seen], worth[seen]
    sure = ran(duckdb, orders_of(duckdb, customer, day, 0.3 * worth), last=545)
    orders = orders_of(duckdb, customer, day, 0.3 * worth, assumed=worth)
    unsure = ran(duckdb, orders, last=545)
    one, other = (whole(duckdb, t, "equity").to_pylist()[0] for t in (sure, unsure))
    assert other["expected"] == pytest.approx(one["expected"], rel=1e-9)
    assert other["lower"] < one["lower"] < one["upper"] < other["upper"]
    assert "margin" in other["basis"]
    high = [
        {r["customer_id"]: r["q95"] for r in whole(duckdb, t, "values").to_pylist() if r["horizon"] == "life"}
        for t in (sure, unsure)
    ]
    assert sum(high[1].values()) > 1.03 * sum(high[0].values())
