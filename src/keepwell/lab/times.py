"""Time in any unit: the models are fitted on whole steps, so the steps in the caller's unit are found first.

Whole numbers are steps already. Weeks that came from days are multiples of 1/7, also where they were rounded to two
digits, and so on for months and years. Other times are counted in their own smallest difference. Where there is no
such step (times are truly continuous), the longest history is divided into `FINEST` steps: far finer than any
parameter can be known.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np

from keepwell.errors import DataError
from keepwell.models.shapes import Cells, Fit, Floats, Ints

P = TypeVar("P")
DIVIDED = (1.0, 7.0, 30.4375, 365.0, 365.25)  # days in the units people use
OFF = 0.04  # of a step; 30.43 weeks are 213.01 days
FINEST = 4000
LONGEST = 20_000  # steps; a grid of more is no grid of days any more


def steps_in_unit(*times: Floats) -> float:
    """Return how many whole steps one unit of time holds.

    >>> steps_in_unit(np.array([3.0, 30.0])), steps_in_unit(np.array([30.43, 38.86]))
    (1.0, 7.0)
    """
    seen = np.unique(np.concatenate(times))
    seen = seen[seen > 0]
    if not len(seen):
        return 1.0
    for steps in DIVIDED:
        if _whole(seen, steps):
            return steps
    gaps = np.diff(np.r_[0.0, seen])
    steps = 1 / float(gaps[gaps > 1e-9 * seen[-1]].min())
    if steps * seen[-1] <= LONGEST and _whole(seen, steps):
        return steps
    return FINEST / float(seen[-1])


def _whole(values: Floats, steps: float) -> bool:
    inside = values * steps
    return bool((np.abs(inside - np.rint(inside)) <= OFF).all() and (np.rint(inside) >= 1).all())


def in_steps(x: Floats, t_x: Floats, T: Floats, count: Floats, steps: float) -> tuple[Cells, Ints]:
    """Return the distinct histories in whole steps with their customers, and the cell of each row."""
    whole = [np.rint(x), np.rint(t_x * steps), np.rint(T * steps)]
    whole[1] = np.where((x > 0) & (whole[1] < 1), 1.0, whole[1])
    whole[2] = np.maximum(whole[1], whole[2])
    rows = np.column_stack(whole).astype(np.int64)
    cells, place = np.unique(rows, axis=0, return_inverse=True)
    place = place.reshape(-1)
    held: Floats = np.bincount(place, weights=count, minlength=len(cells)).astype(np.float64)
    return Cells(cells[:, 0].copy(), cells[:, 1].copy(), cells[:, 2].copy(), held), place.astype(np.int64)


def scaled(params: P, scales: frozenset[str], factor: float) -> P:
    """Return parameters with those that are times multiplied."""
    changed = {f.name: getattr(params, f.name) * factor for f in fields(params) if f.name in scales}  # type: ignore[arg-type]
    return replace(params, **changed)  # type: ignore[type-var]


def in_units(fit: Fit[Any], scales: frozenset[str], steps: float, *, repeats: float) -> Fit[Any]:
    """Return a fit made in steps as one in the caller's unit.

    A density a step is 1/`steps` of the density a unit, once for each of the `repeats` of all customers.
    """
    sd = {name: value / steps if name in scales else value for name, value in fit.sd.items()}
    return replace(
        fit,
        params=scaled(fit.params, scales, 1 / steps),
        sd=sd,
        log_likelihood=fit.log_likelihood + repeats * float(np.log(steps)),
    )


def checked(x: Floats, t_x: Floats, T: Floats) -> None:
    """Refuse an impossible history.

    Raises:
        DataError: Says which, and in which row (the first is row 0).
    """
    one = "Give recency and age in one time unit, both from the first purchase on."
    tests = (
        ((x < 0) | (x != np.rint(x)), "repeats {x:g} is no count", "Repeats count the purchases after the first."),
        (t_x < 0, "recency {t_x:g} is below 0", one),
        (t_x > T, "recency {t_x:g} is above age {T:g}", one),
        ((x > 0) & (t_x == 0), "{x:g} repeats at recency 0", "Count several purchases on one day as one."),
        (
            (x == 0) & (t_x > 0),
            "recency {t_x:g} without a repeat",
            "It is the time from the first purchase to the last.",
        ),
    )
    for wrong, words, mend in tests:
        if wrong.any():
            i = int(np.argmax(wrong))
            raise DataError(words.format(x=x[i], t_x=t_x[i], T=T[i]), f"row {i}", mend)
