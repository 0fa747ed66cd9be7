"""What the purchase models share: the way to fit them, and sums that stand for gamma functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from keepwell.errors import FitError
from keepwell.models.fitter import Counted, Maximum, Objective, polished, rough_curvature, searched
from keepwell.models.histories import Rows, enough, sorted_rows, thinned
from keepwell.models.shapes import Cells, Fit, Floats, Ints, parameters

P = TypeVar("P")
ENOUGH_TO_CHOOSE = 2000  # cells of the thinned set on which the starts compete
CLOSE = 1e-4  # gain that is left when the starts are compared
ENOUGH_TO_START = 20_000  # cells of the thinned set on which the winner is refined
SHAPES = (-9.0, 12.0)  # bounds of the logarithm of a shape parameter
SCALES = (-9.0, 20.0)  # bounds of the logarithm of a scale in days


def rising(shape: float, scale: float, counts: Ints) -> tuple[Floats, Floats]:
    """Return ln[G(shape+x)/G(shape)] - x ln scale and its derivative by shape, for each x of `counts`.

    Sums over x instead of differences of gamma functions, which lose digits where the shape is large.
    """
    steps = np.arange(int(counts.max(initial=0)), dtype=float)
    logs = np.r_[0.0, np.cumsum(np.log((shape + steps) / scale))]
    slopes = np.r_[0.0, np.cumsum(1 / (shape + steps))]
    return logs[counts], slopes[counts]


def buying_start(rows: Rows) -> tuple[float, float]:
    """Return r and alpha of a model of buying without leaving, by the method of moments."""
    x = np.repeat(rows.repeats, np.diff(rows.start)).astype(float)
    w, age = rows.count, rows.age.astype(float)
    rate = (w * x).sum() / (w * age).sum()
    excess = (w * (x - rate * age) ** 2).sum() - (w * rate * age).sum()
    r = rate**2 * (w * age**2).sum() / excess if excess > 0 else 5.0
    r = float(np.clip(r, 0.1, 5.0))
    return r, r / rate


def returned(rows: Rows) -> tuple[float, float]:
    """Return the repeat purchases a day, over their whole age, of the customers who came back, and their share."""
    x = np.repeat(rows.repeats, np.diff(rows.start)).astype(float)
    back = rows.count * (x > 0)
    return float((rows.count @ x) / (back @ rows.age)), float(back.sum() / rows.customers)


def fitted(
    build: Callable[..., P],
    cells: Cells,
    *,
    objective: Callable[[Rows], Objective],
    starts: Callable[[Rows], Sequence[P]],
    scales: frozenset[str],
    doubt: Callable[[P, frozenset[str], Rows], str],
    start: P | None = None,
) -> Fit[P]:
    """Fit a purchase model to `cells`.

    Args:
        build: The parameter dataclass.
        cells: The histories, in whole days.
        objective: Gives the log-likelihood of rows with its gradient, over the logarithms of the parameters.
        starts: Gives parameters to start from; the best end on a thinned set wins.
        scales: Names of the parameters that are times.
        doubt: Says in a sentence what cannot be known, given parameters, the names that are not determined, and rows.
        start: One more place to start from. A likelihood may have several peaks, so none is started from alone.

    Raises:
        FitError: The histories cannot determine any such model, or the search failed.
    """
    rows = enough(sorted_rows(cells))
    first = [parameters(p) for p in ([] if start is None else [start]) + list(starts(rows))]
    names = list(first[0])
    bounds = [SCALES if name in scales else SHAPES for name in names]
    near, bend = _near(rows, [np.log(list(p.values())) for p in first], bounds, objective)
    top = polished(objective(rows), near, bounds, bend)
    if not np.isfinite(top.value):
        raise FitError("the likelihood of these histories has no finite value", "", "Check the ages and counts.")
    if not top.settled:
        raise FitError("the search stopped before it reached a peak of the likelihood", "", "Please report it.")
    return _reported(build, rows, top, names, doubt)


def _near(
    rows: Rows, starts: list[Floats], bounds: list[tuple[float, float]], objective: Callable[[Rows], Objective]
) -> tuple[Floats, Floats]:
    """Return where the thinned likelihood is highest, and about how the whole one curves there."""
    best = starts[0]
    if len(starts) > 1:
        few = objective(thinned(rows, ENOUGH_TO_CHOOSE))
        ends = (searched(few, start, bounds, little=CLOSE) for start in starts)
        best = max(ends, key=lambda end: end[1])[0]
    more = thinned(rows, ENOUGH_TO_START)
    scouting = Counted(objective(more))
    place = searched(scouting, best, bounds)[0]
    return place, rough_curvature(scouting, place, scouting(place)[1]) * (rows.customers / more.customers)


def _reported(
    build: Callable[..., P],
    rows: Rows,
    top: Maximum,
    names: list[str],
    doubt: Callable[[P, frozenset[str], Rows], str],
) -> Fit[P]:
    params = build(**dict(zip(names, np.exp(top.theta).tolist(), strict=True)))
    # Parameters come in pairs that describe one distribution; if one of a pair is not determined, neither is.
    unknown = frozenset(names[j] for i in top.unknown for j in (i - i % 2, i - i % 2 + 1))
    spread = np.sqrt(np.diag(top.covariance)) * np.exp(top.theta)
    if unknown:
        ending = doubt(params, unknown, rows)
    else:
        ending = "The likelihood is at its peak: nothing better lies nearby, and each parameter is determined."
    return Fit(
        params=params,
        log_likelihood=float(top.value),
        sd={name: float("nan") if name in unknown else float(sd) for name, sd in zip(names, spread, strict=True)},
        log_covariance=tuple(tuple(float(v) for v in row) for row in top.covariance),
        converged=not unknown,
        ending=ending,
        customers=rows.customers,
        cells=len(rows.age),
        evaluations=top.evaluations,
    )


def as_arrays(*values: Any) -> list[Floats]:
    """Return the values as float arrays of one common shape."""
    return [np.ascontiguousarray(a, float) for a in np.broadcast_arrays(*(np.asarray(v, float) for v in values))]
