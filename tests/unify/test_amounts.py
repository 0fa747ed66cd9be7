"""Amounts: the decimal sign from the whole column, decorated text, and what cannot be read."""

from decimal import ROUND_HALF_UP, Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepwell.engine import collected
from keepwell.unify import amounts
from keepwell.unify.columns import Shapes, shapes


def column(engine, texts):
    batch = pa.record_batch({"i": pa.array(range(len(texts)), pa.int64()), "text": pa.array(texts, pa.string())})
    return engine.table([batch], batch.schema)


def read(engine, texts, *, others=(), told=""):
    """Return the decision and each text's value, in order."""
    table = column(engine, texts)
    reading = amounts.decided(amounts.evidence(shapes(engine, table.text)), others, told=told)
    rows = collected(engine, table.select("i", v=amounts.read(table.text, reading)).order_by("i")).to_pylist()
    return reading, [row["v"] for row in rows]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", "12"), ("$1,234.56", "1234.56"), ("(50.00)", "-50"), ("-$3.00", "-3"), ("$-3.00", "-3"),
        ("3.00-", "-3"), ("1.234,56", "1234.56"), ("1.234.567,8", "1234567.8"), ("1,234,567.8", "1234567.8"),
        ("1 234,56", "1234.56"), ("1\u00a0234,56 €", "1234.56"), ("1'234.50", "1234.5"), ("CHF 12.50", "12.5"),
        ("12.50 USD", "12.5"), ("R$ 10,00", "10"), ("($1,000.00)", "-1000"), (".5", "0.5"), ("+7.", "7"),
        ("1e3", "1000"), ("−4.00", "-4"), ("kr 99,50", "99.5"),
    ],
)  # fmt: skip
def test_decorated_amounts_are_read(duckdb, text, value):
    assert read(duckdb, [text])[1] == [Decimal(value)]


@pytest.mark.parametrize(
    "text", ["abc", "nan", "NaN", "inf", "-Infinity", "1e300", "9" * 25, "12abc", "1.2.3", "12-05"]
)
def test_what_is_no_amount_is_null(duckdb, text):
    assert read(duckdb, [text, "1.00", "2.00"])[1] == [None, 1, 2]


@pytest.mark.parametrize("text", ["--", "-", "n/a", "NULL", None])
def test_words_for_nothing_are_no_value_and_no_fault(duckdb, text):
    table = column(duckdb, [text, "1.00"])
    claims = collected(duckdb, table.select("i", v=amounts.is_value(table.text)).order_by("i")).to_pylist()
    assert [row["v"] for row in claims] == [False, True]


def test_the_whole_column_decides_what_one_value_cannot(duckdb):
    assert read(duckdb, ["1,234", "1,50"])[1] == [Decimal("1.234"), Decimal("1.5")]
    assert read(duckdb, ["1,234", "1.50"])[1] == [Decimal(1234), Decimal("1.5")]
    assert read(duckdb, ["1.234", "1,50"])[1] == [Decimal(1234), Decimal("1.5")]


def test_values_of_the_other_sign_are_not_guessed(duckdb):
    assert read(duckdb, ["1,50", "2,50", "3.75"])[1] == [Decimal("1.5"), Decimal("2.5"), None]


def test_where_nothing_decides_other_columns_do_then_the_point_and_it_is_said(duckdb):
    comma = amounts.Evidence(comma=3)
    assert read(duckdb, ["1,234"], others=[comma])[1] == [Decimal("1.234")]
    reading, values = read(duckdb, ["1,234"])
    assert values == [Decimal(1234)]
    assert "--decimal ," in amounts.notes({"Total": reading})[0]
    assert read(duckdb, ["1,234"], told=",")[1] == [Decimal("1.234")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NaN", "not a number (NaN)"), ("-inf", "infinite"), ("1e300", "too large to be true"),
        ("9" * 25, "too large to be true"), ("seven", "text where an amount should be"),
    ],
)  # fmt: skip
def test_a_reason_says_what_is_wrong(duckdb, text, reason):
    table = column(duckdb, [text])
    said = collected(duckdb, table.select(v=amounts.reason(table.text, amounts.AmountReading()))).to_pylist()
    assert said == [{"v": reason}]


def test_only_numbers_with_more_than_four_decimals_are_said_to_be_rounded(duckdb):
    table = column(duckdb, ["ten", "1.2345", "1,234.5", "1.23456", "1e-5"])
    found = amounts.evidence(shapes(duckdb, table.text))
    assert found.long == 2
    assert amounts.rounded_notes({"Total": found})[0].startswith("'Total': 2 values have more than 4 decimals")


def test_a_column_of_too_many_shapes_is_rounded_no_more_than_it_must(duckdb):
    words = ["x" * n for n in range(1, 2_100)]
    batch = pa.record_batch([pa.array([*words, *words, "2.5"])], names=["text"])
    text = duckdb.table([batch], batch.schema).text
    found = shapes(duckdb, text)
    assert not found.whole
    assert "0.0" not in found.counts
    reading = amounts.decided(amounts.evidence(found), [])
    read = amounts.read(text, reading, dtype=reading.rate).name("value").as_table()
    assert sum(filter(None, collected(duckdb, read)["value"].to_pylist())) == Decimal("2.5")


def test_a_power_of_ten_has_no_decimals():
    assert amounts.evidence(Shapes({"0.0E+00": 3, "0e000": 1}, whole=True)).long == 0


VALUES = st.lists(st.decimals(-(10**9), 10**9, places=6), min_size=1, max_size=30)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=VALUES)
def test_more_than_four_decimals_are_rounded_half_away_from_zero(duckdb, values):
    reading, found = read(duckdb, [f"{v:f}" for v in values])
    assert found == [v.quantize(Decimal("0.0001"), ROUND_HALF_UP) for v in values]
    assert reading.decimals == 6


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=30))
def test_both_conventions_of_thousands_give_the_same_numbers(duckdb, values):
    english = [f"{v:,.2f}" for v in values]
    german = [t.translate(str.maketrans(",.", ".,")) for t in english]
    assert read(duckdb, english)[1] == read(duckdb, german)[1] == values
