"""Forecasts that need no model and that everybody knows: what the models have to beat.

All answer in the shape of a model's `Forecast`, so that all are judged by the same measures.

- population mean: everybody the same, at the rate of all.
- own past rate: each goes on at repeats / age, for ever.
- last year's orders: what came in the last horizon comes again.
- hiatus: who has been silent for longer than a cutoff has left, the others go on at their own rate
  (Wuebben & Wangenheim 2008, Journal of Marketing 72(3):82-93).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import gammaln, xlogy

from keepwell.models.shapes import Cells, Floats, Forecast, Ints

POPULATION = "population mean"
OWN_RATE = "own past rate"
LAST_YEAR = "last year's orders"
HIATUS = "hiatus"


def own_rate(cells: Cells, *, days: int) -> Forecast:
    """Forecast that each customer goes on at their own past rate, repeats / age, as a Poisson variable."""
    rate = np.where(cells.age > 0, cells.repeats / np.maximum(cells.age, 1), 0.0)
    rates, group = np.unique(rate, return_inverse=True)
    return _forecast(rates * days, np.inf, group.astype(np.int64), days)


def hiatus(cells: Cells, *, days: int, cutoff: float) -> Forecast:
    """Forecast that who has been silent for more than `cutoff` days is gone, and the others keep their own rate."""
    rate = own_rate(cells, days=days)
    here = (cells.age - cells.recency <= cutoff).astype(float)
    return replace(rate, p_active=here, orders=here * rate.orders, discounted=here * rate.discounted)


def cutoff(silent: Ints, came: Ints, count: Floats) -> float:
    """Return the silence, in days, that tells best who comes again: the share told right is highest.

    Args:
        silent: Days since the last purchase, shape (rows,).
        came: 1 where they came afterwards, 0 where not.
        count: Customers of the row.

    Returns:
        The shortest such cutoff; infinite where nobody was watched.
    """
    if not count.sum():
        return np.inf
    days, place = np.unique(silent, return_inverse=True)
    # With the cutoff at days[i], who was silent for at most that long is told to come. Before it nobody is.
    gained = np.bincount(place, weights=count * np.where(came > 0, 1.0, -1.0))
    right = np.cumsum(gained)
    best = int(np.argmax(right))
    return float(days[best]) if right[best] >= 0 else -1.0


def last_span(recent: Ints, *, days: int) -> tuple[Forecast, Ints]:
    """Forecast that the purchase days of the last `days` come again, as a Poisson variable.

    Returns:
        One row per distinct number, and the row of each of `recent`.
    """
    numbers, row = np.unique(recent, return_inverse=True)
    return _forecast(numbers.astype(float), np.inf, np.arange(len(numbers)), days), row.astype(np.int64)


def population(cells: Cells, *, days: int) -> Forecast:
    """Forecast the same for everybody: all repeats over all days watched, as a negative binomial variable.

    How customers differ is taken from the spread of their repeats: with mean rate m, the variance of the repeats of
    somebody watched for T days is m T + (m T)^2 / k, which gives k by moments.
    """
    watched = float(cells.count @ cells.age)
    rate = float(cells.count @ cells.repeats) / watched if watched else 0.0
    expected = rate * cells.age
    beyond = float(cells.count @ ((cells.repeats - expected) ** 2 - expected))
    shape = float(cells.count @ expected**2) / beyond if beyond > 0 else np.inf
    return _forecast(np.array([rate * days]), shape, np.zeros(len(cells.age), np.int64), days)


def _forecast(means: Floats, shape: float, group: Ints, days: int) -> Forecast:
    start, pmf = counted(means, shape)
    orders = means[group]
    active = np.ones(len(group))
    return Forecast(days=days, p_active=active, orders=orders, discounted=orders, group=group, start=start, pmf=pmf)


def counted(means: Floats, shape: float | Floats) -> tuple[Ints, Floats]:
    """Return `start` and `pmf` of negative binomial variables, shape inf being Poisson; see `Forecast`."""
    sizes = np.broadcast_to(np.asarray(shape, float), means.shape)
    spread = np.sqrt(means + means**2 / sizes)
    # A gamma tail falls by e for each mean / size; 40 such lengths leave under 1e-9 of the whole.
    length = np.ceil(means + 9 * spread + 25 * (1 + means / sizes)).astype(np.int64) + 2
    start = np.r_[0, np.cumsum(length)]
    m, size = np.repeat(means, length), np.repeat(sizes, length)
    k = np.arange(start[-1]) - np.repeat(start[:-1], length)
    poisson = np.isinf(size)
    finite = np.where(poisson, 1.0, size)
    logs = np.where(
        poisson,
        xlogy(k, m) - m - gammaln(k + 1.0),
        gammaln(k + finite) - gammaln(finite) - gammaln(k + 1.0)
        + finite * np.log(finite / (finite + m)) + xlogy(k, m / (finite + m)),
    )  # fmt: skip
    pmf = np.exp(logs)
    whole = np.add.reduceat(pmf, start[:-1])
    pmf[start[1:] - 1] += np.maximum(1 - whole, 0.0)
    return start.astype(np.int64), pmf
