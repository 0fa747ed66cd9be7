"""Who the customers are: temperament, rates, first day, how long they stay. All arrays have shape (customers,)."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, lgamma

import numpy as np
import numpy.typing as npt

from keepwell.simulate.worlds import GammaSpend, LogSpend, Temperament, World

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class People:
    """The customers as they truly are."""

    temperament: Ints  # index into the world's temperaments
    rate: Floats  # purchases a day while a customer, mailed
    first: Floats  # day of the first purchase, with its fraction, from the first day of the history
    leaves: Floats  # day on which they stop being a customer

    def each(self, world: World, number: str) -> Floats:
        """Return a temperament's number for each customer."""
        return np.array([getattr(kind, number) for kind in world.temperaments], np.float64)[self.temperament]


def drawn(world: World, *, customers: int, rng: np.random.Generator) -> People:
    """Draw the customers."""
    temperament = rng.choice(len(world.temperaments), size=customers, p=[kind.share for kind in world.temperaments])
    people = People(temperament, np.empty(0), np.empty(0), np.empty(0))
    rate = rng.gamma(people.each(world, "rate_shape")) / people.each(world, "rate_days")
    leaving = rng.gamma(people.each(world, "leave_shape")) / people.each(world, "leave_days")
    first = rng.uniform(0, world.arrivals, customers)
    # A shape below 1 draws leaving rates that are 0 in floating point: such a customer never leaves.
    clock = rng.exponential(size=customers) ** (1 / people.each(world, "leave_power"))
    stays = clock / np.maximum(leaving, np.finfo(np.float64).tiny)
    return People(temperament, rate, first, first + stays)


def spent(world: World, people: People, *, owner: Ints, rng: np.random.Generator) -> Floats:
    """Draw what each order is worth at list prices; `owner` (orders,) is its customer's place in `people`."""
    level = np.empty(len(people.rate))
    amount = np.empty(len(owner))
    of_order = people.temperament[owner]
    for index, kind in enumerate(world.temperaments):
        these, orders = people.temperament == index, of_order == index
        level[these] = _levels(kind.spend, size=int(these.sum()), rng=rng) * _following(kind, people.rate[these])
        amount[orders] = _baskets(kind.spend, level=level[owner[orders]], rng=rng)
    return amount


def _levels(spend: GammaSpend | LogSpend, *, size: int, rng: np.random.Generator) -> Floats:
    """Draw each customer's mean basket."""
    if isinstance(spend, GammaSpend):
        level: Floats = spend.shape * spend.scale / rng.gamma(spend.spread, size=size)
    else:
        level = spend.mean * _lognormal(spend.between, size=size, rng=rng)
    return level


def _following(kind: Temperament, rate: Floats) -> Floats | float:
    """Return by what each customer's level is raised for their rate: a power of it, of mean 1 over all customers."""
    power, shape = kind.spend_follows, kind.rate_shape
    if not power:
        return 1.0
    return (rate * kind.rate_days) ** power * exp(lgamma(shape) - lgamma(shape + power))


def _baskets(spend: GammaSpend | LogSpend, *, level: Floats, rng: np.random.Generator) -> Floats:
    if isinstance(spend, GammaSpend):
        return level * (rng.gamma(spend.shape, size=level.shape) / spend.shape)
    return level * _lognormal(spend.within, size=level.shape, rng=rng)


def _lognormal(sigma: float, *, size: int | tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Draw lognormal numbers of mean 1."""
    return rng.lognormal(-(sigma**2) / 2, sigma, size=size)
