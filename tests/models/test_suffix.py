"""The grid of days and the sums over it."""

import mpmath
import numpy as np
import pytest

from keepwell.models import suffix
from keepwell.models.histories import by_repeats, sorted_rows
from keepwell.models.shapes import Cells


def rows_of(*histories):
    x, t_x, T = np.array(histories).T
    return sorted_rows(Cells(x, t_x, T, np.ones(len(x))))


def test_the_reach_is_the_most_repeats_seen_by_each_day():
    assert suffix.reach(rows_of((0, 0, 6), (2, 3, 5), (1, 4, 4))).tolist() == [0, 0, 0, 2, 2, 2, 2]


@pytest.mark.parametrize("params", [(0.7, 60.0, 0.6, 180.0), (0.4, 0.01, 0.3, 0.02), (30.0, 2.0, 9.0, 0.5)])
def test_the_nodes_of_a_day_integrate_it(params):
    r, alpha, s, beta = params
    grid = suffix.grid(params, np.array([0, 1, 2, 3, 3]))
    for day, x in enumerate([0, 1, 2, 3]):
        nodes = grid.nodes[grid.first[day] : grid.first[day + 1]]
        got = nodes[:, 2] @ np.exp(-(r + x) * nodes[:, 0])
        with mpmath.workdps(30):
            start = mpmath.mpf(alpha + day) ** -(r + x) * mpmath.mpf(beta + day) ** -s
            pieces = np.linspace(day, day + 1, 40).tolist()
            whole = mpmath.quad(lambda u, x=x: s * (beta + u) ** -(s + 1) * (alpha + u) ** -(r + x), pieces) / start
        # The sum of all days is at most 1.
        assert got == pytest.approx(float(whole), abs=1e-10)


def test_every_cell_gets_its_chance_of_being_active():
    rows, _ = by_repeats(Cells(np.array([2, 0, 2]), np.array([9, 0, 20]), np.array([30, 30, 20]), np.ones(3)))
    grid = suffix.grid((0.7, 6.0, 0.6, 18.0), suffix.reach(rows))
    here = np.full(3, np.nan)
    arrays = (rows.repeats, rows.start, rows.recency, rows.age, rows.count)
    suffix.sweep(np.array([0.7, 6.0, 0.6, 18.0]), *arrays, grid.days, grid.nodes, grid.first, here)
    assert here[2] == 1, "who bought on the last day is here"
    assert ((here > 0) & (here <= 1)).all()


def test_parameters_far_from_any_shop_give_no_warning_and_no_crash():
    rows = rows_of((3, 40, 90), (0, 0, 365))
    far = np.array([1e5, 1e-4, 1e5, 1e-4])
    grid = suffix.grid(tuple(far), suffix.reach(rows))
    arrays = (rows.repeats, rows.start, rows.recency, rows.age, rows.count)
    total = suffix.sweep(far, *arrays, grid.days, grid.nodes, grid.first, np.empty(2))
    assert total.shape == (5,)


def test_many_cells_in_blocks_and_threads_give_the_sum_of_the_cells_alone():
    rng = np.random.default_rng(5)
    x = rng.geometric(0.05, 30_000) - 1
    t_x = np.where(x > 0, rng.integers(1, 700, len(x)), 0)
    rows = sorted_rows(Cells(x, t_x, rng.integers(t_x, 701), rng.integers(1, 3, len(x)).astype(float)))
    params = (0.7, 0.05, 0.6, 18.0)  # falls of up to e^-1000 within a row, and products of many small likelihoods
    by = suffix.shared(rows)
    assert len(by.ranges) > 1
    here = np.full(len(rows.age), np.nan)
    total = suffix.swept(params, rows, suffix.reach(rows), here, by)
    each, alone = _one_by_one(params, rows)
    np.testing.assert_allclose(here, alone, rtol=1e-11)
    np.testing.assert_allclose(total, rows.count @ each, rtol=1e-11)
    assert (suffix.swept(params, rows, suffix.reach(rows), here, by) == total).all()


def _one_by_one(params, rows):
    """Sweep each cell as if it were the only one of its row, on the grid of all."""
    grid, given = suffix.grid(params, suffix.reach(rows)), np.array(params)
    x = np.repeat(rows.repeats, np.diff(rows.start))
    each, active, here, one = np.empty((len(x), 5)), np.empty(len(x)), np.empty(1), np.array([0, 1])
    for i in range(len(x)):
        cell = (x[i : i + 1], one, rows.recency[i : i + 1], rows.age[i : i + 1], np.ones(1))
        each[i] = suffix.sweep(given, *cell, grid.days, grid.nodes, grid.first, here)
        active[i] = here[0]
    return each, active
