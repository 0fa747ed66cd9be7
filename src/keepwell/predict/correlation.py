"""Whether customers who come often spend more, or less, on an order than the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from keepwell.engine import Engine
from keepwell.models.shapes import Floats, Ints
from keepwell.predict.origins import QUARTER

if TYPE_CHECKING:
    import ibis.expr.types as ir

LEAST, ERRORS = 0.1, 3.0  # a rank correlation below either is none, or chance


@dataclass(frozen=True, slots=True)
class Correlation:
    """Rank correlation of what a customer's first order brought with how often they came again."""

    rank: float
    se: float  # where the two are unrelated

    @property
    def matters(self) -> bool:
        """Say whether it is more than chance, and enough to change what customers are worth."""
        return abs(self.rank) >= max(LEAST, ERRORS * self.se)


def correlation(engine: Engine, history: ir.Table) -> Correlation | None:
    """Correlate first orders with repeats in the table `history`; None where nothing varies.

    The first order and not the mean, because means of more orders vary less, which correlates ranks by itself.
    """
    table = history.select("first_contribution", "repeats", "age")
    parts = [[batch.column(i).to_numpy(zero_copy_only=False) for i in range(3)] for batch in engine.rows(table)]
    if not parts:
        return None
    first, repeats, age = (np.concatenate([part[i] for part in parts]) for i in range(3))
    return within(first, repeats.astype(float), cohort=age // QUARTER)


def within(a: Floats, b: Floats, *, cohort: Ints) -> Correlation | None:
    """Return the rank correlation of two values over customers of the same cohort; ties share their mean rank.

    Whoever came earlier had longer to come again, and prices move, so only customers of one quarter are compared.
    """
    shares = [_places(values, cohort) for values in (a, b)]
    spread = float(np.sqrt((shares[0] ** 2).sum() * (shares[1] ** 2).sum()))
    if spread <= 1e-9 * len(a):
        return None
    return Correlation(float((shares[0] * shares[1]).sum()) / spread, 1 / float(np.sqrt(len(a))))


def _places(values: Floats, cohort: Ints) -> Floats:
    """Return each customer's mean rank in the cohort as a share of it, -1/2 the lowest and 1/2 the highest."""
    order = np.lexsort((values, cohort))
    v, c = values[order], cohort[order]
    tie = np.cumsum(np.r_[False, (v[1:] != v[:-1]) | (c[1:] != c[:-1])])
    size = np.bincount(tie)
    last = np.cumsum(size)
    begin, many = np.unique(c, return_index=True, return_counts=True)[1:]
    before, whole = np.repeat(begin, many), np.repeat(many, many)
    rank = (last - (size - 1) / 2)[tie] - before
    places = np.empty(len(v))
    places[order] = (rank - (whole + 1) / 2) / whole
    return places
