"""Rows shared between threads: the blocks hang on the data, the sum on the blocks."""

import numpy as np
import pytest

from keepwell.models import threads
from keepwell.models.threads import team


def test_little_work_stays_with_the_caller():
    shared = team(np.ones(50))
    assert shared.ranges == ((0, 50),)
    assert shared.pool is None


def test_much_work_is_divided_evenly_and_every_row_is_in_one_range():
    work = np.random.default_rng(1).exponential(1000.0, 700)
    ranges = team(work).ranges
    assert len(ranges) == threads.BLOCKS
    assert [row for begin, end in ranges for row in range(begin, end)] == list(range(700))
    sizes = [work[begin:end].sum() for begin, end in ranges]
    assert max(sizes) - min(sizes) <= 2 * work.max()


def test_one_row_with_nearly_all_work_is_no_obstacle():
    work = np.r_[1.0, 1e6, 1.0]
    ranges = team(work).ranges
    assert [row for begin, end in ranges for row in range(begin, end)] == [0, 1, 2]


@pytest.mark.parametrize("cores", [1, 2, 3, 64])
def test_the_sum_does_not_depend_on_the_number_of_cores(cores, monkeypatch):
    values = np.random.default_rng(2).lognormal(0, 9, (5000, 3))
    monkeypatch.setattr(threads.os, "cpu_count", lambda: cores)
    shared = team(np.full(5000, 100.0))
    assert (shared.pool is None) == (cores == 1)
    total = shared.summed(lambda begin, end: values[begin:end].sum(axis=0))
    parts = [values[begin:end].sum(axis=0) for begin, end in shared.ranges]
    expected = parts[0]
    for part in parts[1:]:
        expected = expected + part
    assert (total == expected).all()


def test_no_rows_are_one_empty_range():
    assert team(np.zeros(0)).summed(lambda begin, end: np.array([float(end - begin)])).tolist() == [0.0]


def test_threads_end_when_the_last_holder_lets_go():
    shared = team(np.full(100, 1e4))
    if shared.pool is None:
        pytest.skip("one core only")
    shared.summed(lambda begin, end: np.array([float(end - begin)]))
    waiting = list(shared.pool._threads)
    del shared
    for one in waiting:
        one.join(timeout=10)
    assert not any(one.is_alive() for one in waiting)
