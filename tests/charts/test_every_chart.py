"""What every chart promises: an answer in words, units on the axes, and a sentence where there is little to draw."""

import importlib
import json

import pyarrow as pa
import pytest

from keepwell.charts.frame import sentence, wrapped
from keepwell.engine import collected
from keepwell.settings import Settings
from keepwell.tables import checked, offences

NAMES = (
    *("whale", "waterfall", "worth", "activity", "cohorts", "forecast", "tenths", "calibration", "keep"),
    *("profiles", "staying", "losses", "divided", "bridge", "turning", "triangle", "returning", "winning", "goods"),
)
FEW = (1, 2, 3, 6)
WITH_MONEY_AXIS = ("whale", "waterfall", "worth", "keep", "losses", "bridge", "winning", "goods")


def extra(name):
    method = {"method": "bgnbd"}
    return {"calibration": method, "tenths": method, "keep": {"assumed": Settings().assumptions}}.get(name, {})


def drawn(name, engine, tables, currency="EUR"):
    """Return the data, the answer and the figure of a chart."""
    chart = importlib.import_module(f"keepwell.charts.{name}")
    data = collected(engine, getattr(chart, f"{name}_data")(tables))
    answer = chart.answer(data, currency=currency, **extra(name))
    return data, answer, chart.figure(data, currency=currency, **extra(name))


@pytest.fixture(scope="module")
def tables(duckdb, arrow, place):
    return place(duckdb, arrow)


@pytest.fixture(scope="module")
def empty(duckdb, made, place):
    return place(duckdb, made.empty())


@pytest.fixture(scope="module")
def few(duckdb, made, place):
    return {customers: place(duckdb, made.run(customers=customers)) for customers in FEW}


@pytest.fixture(scope="module")
def turned(duckdb, arrow, place):
    """The same tables with their rows from the last to the first."""
    turns = {n: t.take(pa.array(range(len(t) - 1, -1, -1), pa.int64())) for n, t in arrow.items()}
    return place(duckdb, turns)


def test_the_made_run_keeps_the_contracts(duckdb, tables):
    for name, table in tables.items():
        counts = collected(duckdb, offences(name, checked(name, table))).to_pylist()[0]
        counts.pop("rows")
        assert not any(counts.values()), (name, counts)


@pytest.mark.parametrize("name", NAMES)
def test_its_title_is_the_answer_with_a_number_in_it(name, duckdb, tables):
    _data, answer, figure = drawn(name, duckdb, tables)
    assert figure.layout.title.text == wrapped(answer)
    assert any(c.isdigit() for c in answer)


@pytest.mark.parametrize("name", NAMES)
def test_it_draws_something_and_is_plain_json(name, duckdb, tables):
    figure = drawn(name, duckdb, tables)[2]
    assert figure.data
    assert len(json.loads(figure.to_json())["data"]) == len(figure.data)


@pytest.mark.parametrize("name", WITH_MONEY_AXIS)
def test_its_money_axis_names_the_currency(name, duckdb, tables):
    figure = drawn(name, duckdb, tables, currency="CHF")[2]
    titles = [axis.title.text or "" for axis in (*figure.select_xaxes(), *figure.select_yaxes())]
    assert any("CHF" in title for title in titles)


@pytest.mark.parametrize("name", NAMES)
def test_each_axis_has_a_title_or_names_its_own_values(name, duckdb, tables):
    figure = drawn(name, duckdb, tables)[2]
    bare = [axis for axis in (*figure.select_xaxes(), *figure.select_yaxes()) if not axis.title.text]
    categories = {"waterfall": 1, "profiles": 1, "worth": 1}  # rows named in words; the upper panel of two
    categories |= dict.fromkeys(("losses", "divided", "bridge", "winning", "goods"), 1)
    assert len(bare) == categories.get(name, 0)


@pytest.mark.parametrize("name", NAMES)
def test_at_most_seven_things_stand_in_its_legend(name, duckdb, tables):
    figure = drawn(name, duckdb, tables)[2]
    assert sum(trace.showlegend is not False and bool(trace.name) for trace in figure.data) <= 7


@pytest.mark.parametrize("name", NAMES)
def test_without_any_rows_a_sentence_stands_in_its_place(name, duckdb, empty):
    _data, answer, figure = drawn(name, duckdb, empty)
    assert not figure.data
    assert len(answer) > 30


@pytest.mark.parametrize("customers", FEW)
@pytest.mark.parametrize("name", NAMES)
def test_a_handful_of_customers_is_no_error(name, customers, duckdb, few):
    _data, answer, figure = drawn(name, duckdb, few[customers])
    assert answer
    assert figure.layout.title.text == wrapped(answer)


@pytest.mark.parametrize("name", NAMES)
def test_its_sentence_does_not_change_with_the_order_of_rows(name, duckdb, tables, turned):
    assert drawn(name, duckdb, turned)[1] == drawn(name, duckdb, tables)[1]


@pytest.mark.spark
@pytest.mark.parametrize("name", NAMES)
def test_spark_says_the_same(name, spark, duckdb, spark_tables, tables):
    assert drawn(name, spark, spark_tables)[1] == drawn(name, duckdb, tables)[1]


@pytest.fixture(scope="module")
def spark_tables(spark, arrow, place):
    return place(spark, arrow)


def test_a_title_cannot_smuggle_markup_into_a_figure():
    assert "<script" not in sentence("<script>alert(1)</script>").layout.title.text
