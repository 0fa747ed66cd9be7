"""Within one forecast: the chance of nothing, and quantiles of the number of purchases."""

from __future__ import annotations

import numpy as np

from keepwell.models.shapes import Floats, Forecast, Ints


def none(forecast: Forecast) -> Floats:
    """Return the chance of no purchase of each cell."""
    return 1 - forecast.p_active + forecast.p_active * forecast.pmf[forecast.start[forecast.group]]


def quantile(forecast: Forecast, level: float) -> Ints:
    """Return the smallest number of purchases that is reached with a chance of at least `level`, of each cell."""
    p, group = forecast.p_active, forecast.group
    whole = np.cumsum(forecast.pmf)
    before = np.r_[0.0, whole][forecast.start[:-1]]
    which = np.repeat(np.arange(len(before)), np.diff(forecast.start))
    reached = np.minimum(whole - before[which], 1.0) + 2.0 * which  # rises over all groups, so one search serves all
    wanted = np.where(p > 1 - level, (level - 1 + p) / np.maximum(p, 1e-300), 0.0)
    found = np.searchsorted(reached, 2.0 * group + wanted - 1e-12) - forecast.start[group]
    return np.where(wanted > 0, np.minimum(found, np.diff(forecast.start)[group] - 1), 0).astype(np.int64)
