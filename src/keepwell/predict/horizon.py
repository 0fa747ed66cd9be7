"""The forecast of each cell for the horizons, with what is not known of the parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from keepwell.models.shapes import Cells, Floats, Ints, parameters
from keepwell.predict.crowd import Crowd, discounted
from keepwell.predict.fitted import Fitted
from keepwell.tables import CALENDAR_YEAR, HORIZONS, YEAR_DAYS

LIFE_TAIL = 0.001  # share of the discounted purchases that 'life' may leave out
LONGEST_LIFE = 100  # years
AGES = 9  # at which what hangs on the age smoothly is computed
SOON = (30, 60, 90)  # days within which the chance of an order is told


@dataclass(frozen=True, slots=True)
class Ahead:
    """One horizon; arrays of shape (cells,) unless said otherwise."""

    name: str  # '3m', '6m', '12m' or 'life'
    days: int
    p_active: Floats
    orders: Floats  # expected purchase days
    discounted: Floats  # the same, each discounted to now
    none: Floats  # chance of no purchase
    group: Ints  # whose distribution of the count, given activity, is pmf[start[group] : start[group + 1]]
    start: Ints
    pmf: Floats
    discount: Floats  # what remains to be discounted of what a purchase of that distribution brings
    moves: Floats  # shape (directions, cells): change of `discounted` along each axis of what is not known
    draws: int = 0  # of the parameters, that the distributions are mixed of; 0: those of the fitted ones


def rate_a_day(discount_rate: float) -> float:
    """Return the continuous rate a day that discounts by `discount_rate` a year."""
    return float(np.log1p(discount_rate) / CALENDAR_YEAR)


def life_days(one: Fitted, crowd: Crowd, *, rate: float) -> int:
    """Return the whole years, in days, after which less than 0.1% of all discounted purchases are still to come."""

    def until(years: int) -> float:
        return discounted(one, crowd, days=years * 365.0, rate=rate)

    whole = until(LONGEST_LIFE) * (1 - LIFE_TAIL)
    low, high = 0, LONGEST_LIFE
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if until(middle) >= whole else (middle, high)
    return high * 365


def spans(life: int) -> dict[str, int]:
    """Return the days of each horizon by its name; a life is never shorter than the longest of the others.

    >>> spans(3650)
    {'3m': 91, '6m': 182, '12m': 365, 'life': 3650}
    """
    return {**HORIZONS, "life": max(life, YEAR_DAYS)}


def soon(one: Fitted, cells: Cells) -> Floats:
    """Return the chance of an order within each of `SOON` days, shape (3, cells); it never falls with more days."""
    return np.maximum.accumulate([1 - ahead(one, cells, name="", days=d, rate=0.0).none for d in SOON], axis=0)


def ahead(one: Fitted, cells: Cells, *, name: str, days: int, rate: float) -> Ahead:
    """Forecast all cells for one horizon.

    Over a life purchases are counted on the discounted clock, on which a later one counts less; within 12 months
    they are counted as they are, and what they bring is discounted by the mean discount of a purchase.
    """
    clock = name == "life"
    forecast = one.predict(cells, days=days, rate=rate, clock=clock)
    nothing = forecast.pmf[forecast.start[:-1]][forecast.group]
    if clock:
        nothing = nothing * _off_the_clock(one, cells, days=days, rate=rate)
    share = np.divide(
        forecast.discounted, forecast.orders, out=np.ones_like(forecast.orders), where=forecast.orders > 0
    )
    return Ahead(
        name=name,
        days=days,
        p_active=forecast.p_active,
        orders=forecast.orders,
        discounted=forecast.discounted,
        none=1 - forecast.p_active * (1 - nothing),
        group=forecast.group,
        start=forecast.start,
        pmf=forecast.pmf,
        discount=np.ones_like(share) if clock else share,
        moves=np.zeros((0, len(share))),
    )


def _off_the_clock(one: Fitted, cells: Cells, *, days: int, rate: float) -> Floats:
    """Return by what the chance that an active customer buys nothing is below what the discounted clock says.

    The distributions of a whole life are long, so this ratio near 1 is computed at a few ages.
    """
    places = _places(cells)
    age = np.rint(places.age).astype(np.int64)
    x = np.minimum(places.x.astype(np.int64), age)
    few = Cells(x, np.where(x > 0, age, 0), age, np.ones(len(x)))
    plain, clocked = (one.predict(few, days=days, rate=rate, clock=clock) for clock in (False, True))
    logs = [np.log(np.maximum(f.pmf[f.start[:-1]][f.group], 1e-300)) for f in (plain, clocked)]
    ratio: Floats = np.exp(np.minimum(_spread_out(logs[0] - logs[1], places, cells), 0.0))
    return ratio


def with_doubt(
    one: Fitted, cells: Cells, aheads: list[Ahead], *, rate: float, covariance: Floats | None = None
) -> list[Ahead]:
    """Add to each horizon how its discounted purchases move along the axes of what is not known of the parameters.

    Along each axis of the covariance of the logarithms (the fit's where none is given), by one standard deviation. The
    chance of being active depends on the whole history, what an active customer will buy on repeats and age only.
    """
    names = list(parameters(one.fit.params))
    theta = np.log(list(parameters(one.fit.params).values()))
    covariance = np.array(one.fit.log_covariance) if covariance is None else covariance
    if not np.isfinite(covariance).all():
        return aheads
    sizes, ways = np.linalg.eigh(covariance)
    axes = [np.sqrt(size) * way for size, way in zip(sizes, ways.T, strict=True) if size > 1e-14]
    places = _places(cells)
    moves: list[list[Floats]] = [[] for _ in aheads]
    worth = [_worth(one, places, days=horizon.days, rate=rate) for horizon in aheads]
    for axis in axes:
        moved = replace(one, fit=replace(one.fit, params=_moved(one, names, theta + axis)))
        here = aheads[0].p_active  # 0 to the last bit for who came every day and has been silent for years
        active = np.divide(moved.predict(cells, days=1).p_active, here, out=np.ones_like(here), where=here > 0)
        for i, horizon in enumerate(aheads):
            ratio = np.log(_worth(moved, places, days=horizon.days, rate=rate) / worth[i])
            moves[i].append(horizon.discounted * (active * np.exp(_spread_out(ratio, places, cells)) - 1))
    return [
        replace(horizon, moves=np.array(rows).reshape(-1, len(cells.count)))
        for horizon, rows in zip(aheads, moves, strict=True)
    ]


def _moved(one: Fitted, names: list[str], theta: Floats) -> object:
    moved: object = replace(one.fit.params, **dict(zip(names, np.exp(np.clip(theta, -30, 30)).tolist(), strict=True)))
    return moved


@dataclass(frozen=True, slots=True)
class Places:
    """A few ages for each number of repeats, at which smooth things are computed; shape (places,)."""

    x: Floats
    age: Floats


def _places(cells: Cells) -> Places:
    """Return up to `AGES` ages, from the youngest to the oldest, for each number of repeats among the cells."""
    order = np.argsort(cells.repeats, kind="stable")
    x, begin = np.unique(cells.repeats[order], return_index=True)
    ages = cells.age[order]
    low, high = np.minimum.reduceat(ages, begin), np.maximum.reduceat(ages, begin)
    grid = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, AGES)
    return Places(np.repeat(x, AGES).astype(float), grid.ravel())


def _spread_out(value: Floats, places: Places, cells: Cells) -> Floats:
    """Return `value` at the cells, straight lines being drawn between the places of one number of repeats."""
    grid, ages = value.reshape(-1, AGES), places.age.reshape(-1, AGES)
    row = np.searchsorted(places.x[::AGES], cells.repeats)
    low, high = ages[row, 0], ages[row, -1]
    at = np.where(high > low, (cells.age - low) / np.maximum(high - low, 1e-9), 0.0) * (AGES - 1)
    left = np.minimum(at.astype(np.int64), AGES - 2)
    answer: Floats = grid[row, left] + (at - left) * (grid[row, left + 1] - grid[row, left])
    return answer


def _worth(one: Fitted, places: Places, *, days: int, rate: float) -> Floats:
    """Return the discounted purchases of those active."""
    x, age = places.x, places.age
    whole = one.model.discounted(one.fit.params, x=x, t_x=age, T=age, delta=rate, t=float(days))
    answer: Floats = whole / one.model.active(one.fit.params, x=x, t_x=age, T=age)
    return answer


class Stretch(Protocol):
    """A forecast of some stretch of time, by cell or by customer: `Ahead` or `value.Rows`."""

    @property
    def orders(self) -> Floats:
        """Expected purchase days."""

    @property
    def discounted(self) -> Floats:
        """The same, discounted."""

    @property
    def none(self) -> Floats:
        """Chance of no purchase."""

    @property
    def discount(self) -> Floats:
        """What remains to be discounted."""


def rising(longer: Stretch, shorter: Stretch) -> dict[str, Any]:
    """Return what changes in a forecast so that it promises no less than that of a shorter time.

    Where the two were made by different methods, the longer may expect fewer orders of a customer, or order them less
    surely. It then takes over what the shorter says; what an order brings rises with it, so that the distribution keeps
    its mean.
    """
    discounted = np.maximum(longer.discounted, shorter.discounted)
    more = np.divide(discounted, longer.discounted, out=np.ones_like(discounted), where=longer.discounted > 1e-9)
    return {
        "orders": np.maximum(longer.orders, shorter.orders),
        "discounted": discounted,
        "none": np.minimum(longer.none, shorter.none),
        "discount": longer.discount * more,
    }
