"""What is believed of the assumed margin, carried into every interval.

Half of the belief lies below the stated margin and half above, evenly on either side, down to the lowest and up to
the highest margin thought possible. If the margin is m instead of the stated one, each order brings (m - margin)
times its net sales more. All customers share the same m.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keepwell.models.compound import Shared
from keepwell.models.shapes import Floats
from keepwell.predict.spend import Money
from keepwell.settings import Assumptions

LEAST_SHARE = 0.2  # of contribution in what the stated margin gives; below it the doubt is not in proportion to it


@dataclass(frozen=True, slots=True)
class MarginBelief:
    """The range, and how what an order brings hangs on it."""

    low: float
    margin: float
    high: float
    slope: float  # of the factor on contribution, per unit of margin
    per_order: float  # of the money added to each order, per unit of margin

    def shared(self, u: Floats) -> Shared:
        """Return the factor and the addition at the points `u` of the belief."""
        away = margins(self.low, self.margin, self.high, u) - self.margin
        return Shared(factor=1 + self.slope * away, per_order=self.per_order * away)


def margins(low: float, margin: float, high: float, u: Floats) -> Floats:
    """Return the margins believed at the points `u`, shape (n,): half of them on either side of `margin`, evenly."""
    below, above = low + (margin - low) * 2 * u, margin + (high - margin) * (2 * u - 1)
    answer: Floats = np.where(u < 0.5, below, above)
    return answer


def margin_belief(money: Money, assumptions: Assumptions) -> MarginBelief:
    """Return the belief; without assumed costs nothing hangs on it."""
    slope = per_order = 0.0
    if money.assumed_sales > 0 and money.orders:
        small = money.contribution <= LEAST_SHARE * assumptions.margin * money.assumed_sales
        if money.contribution > 0 and not (money.losing and small):
            slope = money.assumed_sales / money.contribution
        else:
            per_order = money.assumed_sales / money.orders
    return MarginBelief(
        assumptions.margin_low, assumptions.margin, assumptions.margin_high, slope=slope, per_order=per_order
    )
