"""Let the times of a customer's next order agree with the chances of none, where a method sees each customer.

Such a method tells the chance of no order within a horizon, and nothing about the days in between. The purchase model
that it leans on tells these, so its curve is taken and bent to the method's. Both are curves of the cumulative hazard,

    H(t) = -ln P(no order within t days),

which is 0 today, never falls, and is straight enough between days that are asked.
"""

from __future__ import annotations

import numpy as np

from keepwell.models.shapes import Floats
from keepwell.predict.horizon import SOON

LEAST = 1e-300  # chance of no order
SEEN = 1e-9  # hazard, or days, below which nothing is made of a ratio
HALF = float(np.log(2))  # hazard at which an order is as likely as not


def hazard(none: Floats) -> Floats:
    """Return the cumulative hazard at which no order has this chance; >= 0 and finite."""
    answer: Floats = -np.log(np.clip(none, LEAST, 1.0)) + 0.0
    return answer


def soon(base: Floats, base_none: Floats, none: Floats, *, days: int) -> Floats:
    """Return the chance of an order within each of `SOON` days, shape (3, n), of which `none` is left after `days`.

    The cumulative hazard is at each day the share of that after `days` that it is in the model, so

        P(no order by t) = P_base(no order by t) ** (ln none / ln base_none);

    it rises evenly where the model says that nothing comes.

    Args:
        base: Chances of an order of the model, shape (3, n), which never fall.
        base_none: The model's chance of no order within `days`, shape (n,).
        none: The same of the method, shape (n,).
        days: At least the last of `SOON`.
    """
    whole = hazard(base_none)
    share = np.repeat(np.array(SOON)[:, None] / days, len(whole), axis=1)
    np.divide(hazard(1 - base), whole, out=share, where=whole > SEEN)
    answer: Floats = np.minimum(-np.expm1(-np.minimum(share, 1.0) * hazard(none)), 1 - none)
    return answer


def median(days: Floats, none: Floats, base_none: Floats, base: Floats) -> Floats:
    """Return the days until an order is as likely as not to have come, shape (n,); inf where it never is.

    Between the days asked the hazard rises as the model's does, which is straight but for a corner at the model's own
    median. Beyond the last of them time runs for the customer as it did before: they take c times as long as the model
    says, c such that the method's chance on that last day is the model's 1 / c of the way there.

    Args:
        days: Days asked, rising and above 0, shape (k,).
        none: The method's chance of no order within each, shape (k, n).
        base_none: The same of the model.
        base: The days until an order is as likely as not in the model, shape (n,); inf where it never is.
    """
    at = np.r_[0.0, days]
    mine, model = (_from_today(each) for each in (none, base_none))
    near = _reached(at, mine, np.full(len(base), HALF), model, base)
    return np.where(mine[-1] >= HALF, near, _beyond(at, mine[-1], model, base)) - SEEN


def _from_today(none: Floats) -> Floats:
    rows = np.maximum.accumulate(hazard(none), axis=0)
    return np.vstack([np.zeros(rows.shape[1]), rows])


def _reached(at: Floats, curve: Floats, level: Floats, model: Floats, base: Floats) -> Floats:
    """Return the day on which a curve, shape (k, n), reaches a level that lies on it."""
    high = np.clip((curve < level).sum(axis=0), 1, len(at) - 1)
    low, who = high - 1, np.arange(len(level))
    length = at[high] - at[low]
    place = np.clip(_share(level, curve[low, who], curve[high, who]), 0.0, 1.0)
    corner = _share(np.full(len(level), HALF), model[low, who], model[high, who])
    when = (np.where(np.isfinite(base), base, -1.0) - at[low]) / length
    bent = (corner > SEEN) & (corner < 1 - SEEN) & (when > 0) & (when < 1)
    corner, when = np.where(bent, corner, 0.5), np.where(bent, when, 0.5)
    way = np.where(place < corner, place / corner * when, when + (place - corner) / (1 - corner) * (1 - when))
    answer: Floats = at[low] + length * way
    return answer


def _beyond(at: Floats, level: Floats, model: Floats, base: Floats) -> Floats:
    """Return the median day of those who reach but `level`, below a half, on the last day asked."""
    last, ever = at[-1], np.isfinite(base)
    wait = np.where(ever, base, last)
    later = last + np.clip(_share(level, model[-1], np.full(len(level), HALF)), 0.0, 1.0) * np.maximum(wait - last, 0.0)
    same = np.where(model[-1] > level, _reached(at, model, level, model, base), later)
    same = np.minimum(same, wait)
    scaled = np.divide(last * wait, same, out=np.full(len(wait), np.inf), where=same > SEEN)
    return np.where(ever, np.maximum(scaled, last + 1), np.inf)


def _share(value: Floats, low: Floats, high: Floats) -> Floats:
    """Return how far `value` lies on the way from `low` to `high`; 1 where there is no way."""
    way = high - low
    return np.divide(value - low, way, out=np.ones_like(way), where=way > 0)
