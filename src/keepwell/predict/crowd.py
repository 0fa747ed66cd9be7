"""What all customers together are expected to buy, day by day: summed over all of them.

Given that a customer is active, the future hangs on repeats and age alone, so customers are counted by these two. What
a count brings is smooth in the age, so it is asked at few ages and interpolated to rounding (`quadrature`). Of those
who buy regularly it hangs a little on the silence too: they are taken to be silent for the share of their age that is
the mean of all who bought as often.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keepwell.models.histories import groups_of
from keepwell.models.quadrature import interpolated
from keepwell.models.shapes import Cells, Floats, held
from keepwell.predict.fitted import Fitted
from keepwell.predict.season import Seasoned


@dataclass(frozen=True, slots=True)
class Crowd:
    """Customers by repeats and age, shape (groups,) each, repeats rising."""

    repeats: Floats
    age: Floats  # days
    active: Floats  # how many of them are expected to be active
    silent: Floats  # share of the age since the last purchase, one for each number of repeats


def crowd(cells: Cells, p_active: Floats) -> Crowd:
    """Count the customers who are expected to be active; `p_active` is the chance of each cell."""
    repeats, age, group = groups_of(cells.repeats, cells.age)
    here = np.bincount(group, weights=cells.count * p_active, minlength=len(repeats))
    x, weight = cells.repeats, cells.count * p_active
    silence = np.bincount(x, weights=weight * (cells.age - cells.recency))
    whole = np.bincount(x, weights=weight * cells.age)
    share = np.divide(silence, whole, out=np.zeros_like(silence), where=whole > 0)
    return Crowd(repeats.astype(np.float64), age.astype(np.float64), here.astype(np.float64), share[repeats])


def ordered(one: Fitted, crowd: Crowd, days: Floats) -> Floats:
    """Return the purchase days expected of all until each of `days`, shape (days,)."""
    if isinstance(one.model, Seasoned):
        plain, there = _on_clock(one, one.model, crowd)
        return ordered(plain, there, np.array([one.model.ahead(t) for t in days]))
    params, model = one.fit.params, one.model

    def each(x: Floats, place: Floats) -> Floats:
        age = np.maximum(place - 1, 0.0)
        history = _history(one, crowd, x, age)
        until = [model.expected(params, **history, t=float(t)) for t in days]
        return _given_active(one, history, np.column_stack(until))

    return _summed(crowd, interpolated(each, crowd.repeats, crowd.age + 1))


def discounted(one: Fitted, crowd: Crowd, *, days: float, rate: float) -> float:
    """Return the discounted purchase days expected of all within `days`; `rate` is continuous, a day."""
    if isinstance(one.model, Seasoned):
        plain, there = _on_clock(one, one.model, crowd)
        return discounted(plain, there, days=one.model.ahead(days), rate=one.model.rate(days, rate))
    params, model = one.fit.params, one.model

    def each(x: Floats, place: Floats) -> Floats:
        age = np.maximum(place - 1, 0.0)
        history = _history(one, crowd, x, age)
        within = model.discounted(params, **history, delta=rate, t=days)
        return _given_active(one, history, within[:, None])

    return float(_summed(crowd, interpolated(each, crowd.repeats, crowd.age + 1))[0])


def _on_clock(one: Fitted, worn: Seasoned, crowd: Crowd) -> tuple[Fitted, Crowd]:
    """Return the model without its calendar, and the crowd on the calendar's clock, where ages are smooth."""
    return Fitted(one.name, worn.base, one.fit), Crowd(
        crowd.repeats, worn.at_work(crowd.age), crowd.active, crowd.silent
    )


def _history(one: Fitted, crowd: Crowd, x: Floats, age: Floats) -> dict[str, Floats]:
    """Return a history of those with x repeats at an age; where the silence says nothing, that of just now."""
    if held(one.fit.params).get("k", 1.0) == 1:
        return {"x": x, "t_x": age, "T": age}
    repeats, first = np.unique(crowd.repeats, return_index=True)
    return {"x": x, "t_x": age * (1 - crowd.silent[first][np.searchsorted(repeats, x)]), "T": age}


def _given_active(one: Fitted, history: dict[str, Floats], value: Floats) -> Floats:
    active = one.model.active(one.fit.params, **history)
    answer: Floats = np.maximum(value / active[:, None], 1e-300)  # its logarithm is interpolated
    return answer


def _summed(crowd: Crowd, each: Floats) -> Floats:
    answer: Floats = crowd.active @ each
    return answer
