"""Which purchase models there are, and which of the methods forecast best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from keepwell.errors import FitError
from keepwell.models.shapes import Cells, Fit, Floats, Forecast
from keepwell.predict import baselines, pooled
from keepwell.predict.score import Judged, Outcomes

LABELS = {"bgnbd": "BG/NBD", "paretonbd": "Pareto/NBD", "pooled": "pooled rate"}
BASELINES = (baselines.POPULATION, baselines.OWN_RATE)
SIMPLEST_FIRST = (*BASELINES, "bgnbd", "paretonbd", "pooled")
FEWEST_CUSTOMERS, FEWEST_REPEATS = 20, 10
SAME = 1e-6  # relative difference of CRPS that is rounding: where nobody leaves, the models are one


class Model(Protocol):
    """A purchase model: a module of `models`, or `pooled`."""

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


def enough(cells: Cells) -> bool:
    """Say whether there is enough to fit a model that tells customers apart."""
    return float(cells.count.sum()) >= FEWEST_CUSTOMERS and float(cells.count @ cells.repeats) >= FEWEST_REPEATS


def fitted(names: Sequence[str], cells: Cells) -> tuple[list[Fitted], list[str]]:
    """Fit each named model; return those that could be fitted, and a sentence for each that could not."""
    if not enough(cells):
        customers, repeats = int(cells.count.sum()), int(cells.count @ cells.repeats)
        return [], [f"{customers} customers with {repeats} repeat purchases are too few to tell customers apart"]
    done, failed = [], []
    for name in names:
        model = import_module(f"keepwell.models.{name}")
        try:
            done.append(Fitted(name, model, model.fit(cells)))  # a flat peak is a peak
        except FitError as error:
            failed.append(f"{LABELS[name]} could not be fitted: {error.problem}")
    return done, failed


def fallback(cells: Cells) -> Fitted:
    """Return the pooled rate, which always has an answer."""
    return Fitted("pooled", pooled, pooled.fit(cells))


@dataclass(frozen=True, slots=True)
class Scored:
    """Mean CRPS of each method at one origin, and the covariance of these means over customers."""

    methods: tuple[str, ...]
    customers: float
    mean: Floats  # shape (methods,)
    covariance: Floats  # shape (methods, methods)


def scored(judgements: dict[str, Judged], outcomes: Outcomes) -> Scored:
    """Condense one origin's judgements to what the contest reads."""
    methods = tuple(judgements)
    each = np.stack([judgements[m].crps for m in methods])
    customers = outcomes.count.sum()
    mean = each @ outcomes.count / customers
    away = each - mean[:, None]
    covariance = (away * outcomes.count) @ away.T / customers / max(customers - 1, 1)
    return Scored(methods, float(customers), mean, covariance)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who won over which origins, in words too."""

    champion: str
    reason: str


def verdict(rounds: Sequence[Scored], among: Sequence[str]) -> Verdict | None:
    """Return the method of the lowest mean CRPS over the origins, or a simpler one that is within one standard error.

    Each origin counts by its customers, so that the mean is one over forecasts of a customer. The error is that of the
    mean difference to the best: over origins, or over customers where there is one origin. Only origins at which all
    of `among` took part count; None without any.
    """
    methods = [m for m in SIMPLEST_FIRST if m in among]
    full = [r for r in rounds if all(m in r.methods for m in methods)]
    if not full or not methods:
        return None
    table = np.array([[r.mean[r.methods.index(m)] for m in methods] for r in full])
    weight = np.array([r.customers for r in full])
    means = weight @ table / weight.sum()
    best = int(np.argmin(means))
    for i, method in enumerate(methods):
        gap = table[:, i] - table[:, best]
        error = _error(gap, weight, full[0], method, methods[best])
        if i == best or means[i] - means[best] <= max(error, SAME * means[best]):
            break
    names = LABELS.get(method, method), LABELS.get(methods[best], methods[best])
    reason = f"lowest mean CRPS over {_times(len(full), 'origin')} of the backtest"
    if i != best:
        reason = f"simpler than {names[1]} and within one standard error of its CRPS, {_times(len(full), 'origin')}"
    return Verdict(method, reason)


def _error(gap: Floats, weight: Floats, only: Scored, a: str, b: str) -> float:
    if len(gap) > 1:
        share = weight / weight.sum()
        spread = share @ (gap - share @ gap) ** 2 * len(gap) / (len(gap) - 1)
        return float(np.sqrt(spread * (share @ share)))
    i, j = only.methods.index(a), only.methods.index(b)
    c = only.covariance
    return float(np.sqrt(max(c[i, i] + c[j, j] - 2 * c[i, j], 0.0)))


def _times(n: int, noun: str) -> str:
    return f"{n} {noun}" + ("" if n == 1 else "s")
