"""Two forecasts that need no model: what the models have to beat.

Both answer in the shape of a model's `Forecast`, so that all are judged by the same measures. Everybody counts as
active: a baseline knows nothing of leaving.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, xlogy

from keepwell.models.shapes import Cells, Floats, Forecast, Ints

OWN_RATE = "own past rate"
POPULATION = "population mean"


def own_rate(cells: Cells, *, days: int) -> Forecast:
    """Forecast that each customer goes on at their own past rate, repeats / age, as a Poisson variable."""
    rate = np.where(cells.age > 0, cells.repeats / np.maximum(cells.age, 1), 0.0)
    rates, group = np.unique(rate, return_inverse=True)
    return _forecast(rates * days, np.inf, group.astype(np.int64), days)


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
