"""A purchase model and its fit, of which a forecast can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from keepwell.errors import FitError
from keepwell.models.shapes import Cells, Fit, Floats, Forecast
from keepwell.predict import pooled


class NoPartError(FitError):
    """A method has nothing to add to the simpler ones on these data, and takes no part: that is no failure."""


FEWEST_CUSTOMERS, FEWEST_REPEATS = 20, 10


class Model(Protocol):
    """A purchase model: a module of `models`, `pooled`, or an object that wraps one."""

    def fit(self, cells: Cells) -> Fit[Any]:
        """Fit to histories in days."""

    def predict(self, p: Any, cells: Cells, *, days: int, rate: float = 0.0, clock: bool = False) -> Forecast:
        """Forecast each cell."""

    def next_order_days(self, p: Any, cells: Cells, q: float = 0.5) -> Floats:
        """Return the days until the next purchase has come with chance q."""

    def active(self, p: Any, *, x: Floats, t_x: Floats, T: Floats) -> Floats:
        """Return the chance of being active."""

    def expected(self, p: Any, *, x: Floats, t_x: Floats, T: Floats, t: float) -> Floats:
        """Return the purchases expected in the next `t`."""

    def discounted(self, p: Any, *, x: Floats, t_x: Floats, T: Floats, delta: float, t: float = np.inf) -> Floats:
        """Return the same, discounted."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model and its fit."""

    name: str
    model: Any  # a `Model`
    fit: Fit[Any]

    def predict(self, cells: Cells, *, days: int, rate: float = 0.0, clock: bool = False) -> Forecast:
        """Forecast with the fitted parameters."""
        answer: Forecast = self.model.predict(self.fit.params, cells, days=days, rate=rate, clock=clock)
        return answer


def too_few(cells: Cells) -> str:
    """Say in a sentence that there is not enough to fit a model that tells customers apart; '' where there is."""
    customers, repeats = int(cells.count.sum()), int(cells.count @ cells.repeats)
    if customers >= FEWEST_CUSTOMERS and repeats >= FEWEST_REPEATS:
        return ""
    return f"{customers} customers with {repeats} repeat purchases are too few to tell customers apart"


def fallback(cells: Cells) -> Fitted:
    """Return the pooled rate, which always has an answer."""
    return Fitted("pooled", pooled, pooled.fit(cells))
