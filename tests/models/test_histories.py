import numpy as np
import pytest

from keepwell.errors import DataError
from keepwell.models.histories import by_repeats, checked, groups_of, sorted_rows, thinned
from keepwell.models.shapes import Cells


def cells(rows):
    x, t_x, T, count = np.array(rows).T
    return Cells(x.astype(int), t_x.astype(int), T.astype(int), count.astype(float))


def test_equal_histories_are_merged_in_one_order_and_empty_ones_left_out():
    rows = sorted_rows(cells([(2, 9, 20, 1), (0, 0, 5, 3), (2, 9, 20, 4), (1, 3, 7, 0), (2, 8, 30, 2)]))
    assert rows.repeats.tolist() == [0, 2]
    assert rows.start.tolist() == [0, 1, 3]
    assert rows.recency.tolist() == [0, 8, 9]
    assert rows.age.tolist() == [5, 30, 20]
    assert rows.count.tolist() == [3, 2, 5]
    assert rows.per_row.tolist() == [3, 7]


def test_histories_too_long_for_one_key_are_sorted_all_the_same():
    big = 2_000_000_000
    rows = sorted_rows(cells([(2, 9, big, 1), (1, 5, 7, 1), (2, 9, big, 4), (2, 8, big, 2)]))
    assert rows.repeats.tolist() == [1, 2]
    assert rows.recency.tolist() == [5, 8, 9]
    assert rows.count.tolist() == [1, 2, 5]


def test_order_of_repeats_leads_back_to_the_rows():
    given = cells([(2, 9, 20, 1), (0, 0, 5, 3), (2, 7, 8, 4)])
    rows, order = by_repeats(given)
    assert given.age[order].tolist() == rows.age.tolist() == [5, 20, 8]


def test_the_thinned_rows_are_few_and_spread_over_all():
    x = np.arange(1, 10_001)
    rows = thinned(sorted_rows(Cells(x, x, x, np.ones(len(x)))), 100)
    assert 90 <= len(rows.age) <= 110
    assert rows.repeats.min() < 200
    assert rows.repeats.max() > 9800


def test_pairs_are_found_again():
    a, b, index = groups_of(np.array([3, 0, 3, 3]), np.array([7, 9, 7, 2]))
    assert list(zip(a[index].tolist(), b[index].tolist(), strict=True)) == [(3, 7), (0, 9), (3, 7), (3, 2)]
    assert len(a) == 3


def test_arrays_of_different_lengths_are_refused():
    with pytest.raises(DataError, match="shapes"):
        checked(Cells(np.zeros(2, int), np.zeros(2, int), np.zeros(3, int), np.ones(2)))
