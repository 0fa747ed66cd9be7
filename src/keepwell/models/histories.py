"""Purchase histories checked and sorted, so that what is summed over them depends on no row order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keepwell.errors import DataError, FitError
from keepwell.models.shapes import Cells, Floats, Ints


@dataclass(frozen=True, slots=True)
class Rows:
    """Cells sorted by repeats, recency and age; those with the same repeats form one row.

    `repeats` has shape (rows,), `start` (rows + 1,): row i is cells start[i] to start[i + 1]. `recency`, `age` and
    `count` have shape (cells,).
    """

    repeats: Ints
    start: Ints
    recency: Ints
    age: Ints
    count: Floats

    @property
    def customers(self) -> float:
        """Return the number of customers."""
        return float(self.count.sum())

    @property
    def per_row(self) -> Floats:
        """Return the customers of each row, shape (rows,)."""
        return np.add.reduceat(self.count, self.start[:-1])


def checked(cells: Cells) -> Cells:
    """Return `cells` if every history in them is possible.

    Raises:
        DataError: A history is impossible, or the arrays differ in length; names the first.
    """
    shapes = {np.shape(a) for a in (cells.repeats, cells.recency, cells.age, cells.count)}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        raise DataError(f"the arrays of the cells have shapes {sorted(shapes)}", "", "Give arrays of one length.")
    wrong = (cells.repeats < 0) | (cells.recency < 0) | (cells.recency > cells.age)
    wrong |= (cells.repeats > 0) != (cells.recency > 0)
    wrong |= ~np.isfinite(cells.count) | (cells.count < 0)
    if wrong.any():
        i = int(np.argmax(wrong))
        history = f"repeats {cells.repeats[i]}, recency {cells.recency[i]}, age {cells.age[i]}, count {cells.count[i]}"
        mend = "Recency is 0 without repeats, else above 0 and at most the age, all in days."
        raise DataError(f"a purchase history is impossible: {history}", f"cell {i}", mend)
    return cells


def sorted_rows(cells: Cells) -> Rows:
    """Return the cells sorted, equal ones merged and those of no customer left out."""
    some = cells.count > 0
    x, t_x, age, count = cells.repeats[some], cells.recency[some], cells.age[some], cells.count[some]
    key, order = _keys(x, t_x, age)
    key, count = key[order], count[order]
    first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else np.zeros(0, np.int64)
    kept = order[first]
    x = np.ascontiguousarray(x[kept], np.int64)
    begin = np.flatnonzero(np.r_[True, x[1:] != x[:-1]]) if len(x) else np.zeros(0, np.int64)
    return Rows(
        repeats=x[begin],
        start=np.r_[begin, len(x)].astype(np.int64),
        recency=np.ascontiguousarray(t_x[kept], np.int64),
        age=np.ascontiguousarray(age[kept], np.int64),
        count=np.add.reduceat(count, first).astype(float) if len(key) else np.zeros(0),
    )


def by_repeats(cells: Cells) -> tuple[Rows, Ints]:
    """Return the cells in order of repeats, none merged, and the order: sorted = cells[order]."""
    order = np.argsort(cells.repeats, kind="stable")
    x = cells.repeats[order]
    repeats, begin = np.unique(x, return_index=True)
    rows = Rows(
        repeats=repeats.astype(np.int64),
        start=np.r_[begin, len(x)].astype(np.int64),
        recency=np.ascontiguousarray(cells.recency[order], np.int64),
        age=np.ascontiguousarray(cells.age[order], np.int64),
        count=np.ascontiguousarray(cells.count[order], float),
    )
    return rows, order


def thinned(rows: Rows, most: int) -> Rows:
    """Return every k-th cell, so that at most about `most` are left: a place to start from, not a sample to report."""
    step = -(-len(rows.age) // most)
    if step <= 1:
        return rows
    pick = np.arange(step // 2, len(rows.age), step)
    x = np.repeat(rows.repeats, np.diff(rows.start))[pick]
    cells = Cells(repeats=x, recency=rows.recency[pick], age=rows.age[pick], count=rows.count[pick])
    return sorted_rows(cells)


def enough(rows: Rows) -> Rows:
    """Return `rows` if a model of coming back can be fitted to them at all.

    Raises:
        FitError: Nobody came back, no time passed, or there is one customer only.
    """
    mend = "Give a longer log, or judge these customers by the average of all."
    if rows.customers <= 1:
        raise FitError("one customer cannot show how customers differ", "", mend)
    if rows.age.max() == 0:
        raise FitError("every purchase fell on the last day observed, so no time has passed to come back", "", mend)
    if rows.repeats.max() == 0:
        raise FitError("nobody ever came back, so how often they would cannot be known", "", mend)
    return rows


def groups_of(first: Ints, second: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the distinct pairs (two arrays, in order) and the index of each row's pair."""
    width = int(second.max(initial=0)) + 1
    keys, index = np.unique(first * width + second, return_inverse=True)
    return keys // width, keys % width, index.astype(np.int64)


def _keys(x: Ints, t_x: Ints, age: Ints) -> tuple[Ints, Ints]:
    width = int(age.max(initial=0)) + 1
    if (int(x.max(initial=0)) + 1) * width * width < 2**62:
        key = (x.astype(np.int64) * width + t_x) * width + age
        order = np.argsort(key)
        alike = (np.diff(key[order]) == 0).any()
        # A stable sort takes five times as long, and matters to equal keys only.
        return key, np.argsort(key, kind="stable") if alike else order
    order = np.lexsort((age, t_x, x))
    change = np.zeros(len(x), np.int64)
    same = (np.diff(x[order]) == 0) & (np.diff(t_x[order]) == 0) & (np.diff(age[order]) == 0)
    change[order[1:]] = np.cumsum(~same)
    return change, order
