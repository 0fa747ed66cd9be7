"""Numbers in words."""

import doctest
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepwell.charts import words


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(words).failed == 0


@pytest.mark.parametrize("nothing", [None, float("nan"), float("inf")])
def test_what_is_no_number_is_a_dash(nothing):
    written = {f(nothing) for f in (words.exact, words.share, words.count)} | {words.money(nothing, "EUR")}
    assert written == {words.NOTHING}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "€0.00"),
        (-0.001, "€0.00"),
        (99.5, "€99.50"),
        (999.6, "€1,000"),
        (9_999, "€9,999"),
        (12_345, "€12,300"),
        (999_499, "€999,000"),
        (999_999, "€1.00 million"),
        (9_996_000, "€10.0 million"),
        (123_456_789, "€123 million"),
        (1_234_567_890, "€1.23 billion"),
        (-12_345, "−€12,300"),
    ],
)
def test_money_keeps_three_digits_at_every_size(value, text):
    assert words.money(value, "EUR") == text


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4))
def test_exact_money_reads_back_as_the_same_number(value):
    text = words.exact(value).replace(",", "").replace(words.MINUS, "-")
    assert Decimal(text) == value


@given(st.floats(min_value=0.01, max_value=1e12))
def test_money_for_the_eye_is_within_half_a_percent_or_half_a_cent(value):
    text = words.money(value, "").replace(",", "")
    number, _, name = text.partition(" ")
    shown = float(number) * {"": 1.0, "million": 1e6, "billion": 1e9}[name]
    assert abs(shown - value) <= max(0.005 * value, 0.0051)


def test_a_day_is_written_without_a_leading_zero():
    assert words.day(date(2024, 2, 9)) == "9 February 2024"


def test_a_currency_without_a_sign_is_named():
    assert words.money(12, "CHF") == "CHF 12.00"
    assert words.money(12, "") == "12.00"
