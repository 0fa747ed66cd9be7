"""Values as Arrow: exact, whatever the database calls its types."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepwell.unify.reading.databases.values import INSTANT, Kinds, array, as_text, fits, same_text

EXACT = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6)


@given(st.lists(EXACT, min_size=1, max_size=8))
def test_numbers_of_no_declared_width_find_one_that_holds_them_all(values):
    kinds = Kinds()
    kinds.see(values)
    arrow = kinds.settled("decimal")
    texts = pa.array([as_text(value) for value in values])
    assert [Decimal(value) for value in texts.cast(arrow).to_pylist()] == values


@pytest.mark.parametrize(
    ("values", "advice", "arrow"),
    [
        ([1, 2, None], "", pa.int64()),
        ([1, 2.5], "decimal", pa.decimal128(2, 1)),
        ([1, 2.5], "float", pa.float64()),
        ([1, 2.5], "", pa.float64()),
        ([Decimal("1.50"), Decimal("1E+3")], "decimal", pa.decimal128(5, 1)),
        ([1, "two"], "decimal", pa.string()),
        ([Decimal("NaN"), Decimal(1)], "decimal", pa.string()),
        ([10**30], "", pa.decimal128(31, 0)),
        ([10**40], "", pa.string()),
        ([0, 0], "decimal", pa.int64()),
        ([None], "decimal", pa.string()),
    ],
)
def test_the_values_decide_where_no_type_does(values, advice, arrow):
    kinds = Kinds()
    kinds.see(values)
    assert kinds.settled(advice) == arrow


def test_a_moment_is_the_same_one_whatever_zone_it_came_in():
    told = datetime.fromisoformat("2024-06-01T12:00:00+02:00")
    column = array([told], INSTANT)
    assert column.to_pylist() == [datetime(2024, 6, 1, 10, tzinfo=UTC)]
    assert same_text(told, INSTANT) == same_text(column[0].as_py(), INSTANT)


def test_no_day_at_all_is_none_and_an_impossible_one_does_not_fit():
    assert array(["infinity", date(2024, 1, 1)], pa.date32()).to_pylist() == [None, date(2024, 1, 1)]
    assert array(["0000-00-00"], pa.date32()).to_pylist() == [None]
    assert not fits("20240-01-01", pa.date32())
    assert not fits(Decimal("NaN"), pa.decimal128(9, 2))
