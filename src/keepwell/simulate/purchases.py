"""When they buy: a Poisson process a customer, thinned by season, change and mailing, on while they stay.

A customer's rate on a day is

    rate * season(day) * change(day) * [(1 - w) + w * b(day)]

with w the share of their orders that mailing causes, and b(day) = (365 / mailings a year) / response days within
the response days after a mailing they got, else 0. So a customer who gets every mailing buys at `rate` over the
year, and one who gets none at (1 - w) of it. With bursts, the rate stands only while the hidden state is 'on',
raised so that its long-run mean is the same; with Erlang gaps of shape k, the process runs k times as fast and
only every k-th event is a purchase. Orders of one customer on one day are one order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from keepwell.simulate.people import Flags, Floats, Ints, People
from keepwell.simulate.worlds import YEAR, Bursts, World


@dataclass(frozen=True, slots=True)
class Purchases:
    """Orders by customer and day; every array has shape (orders,)."""

    owner: Ints  # the customer's place in `People`
    day: Ints  # from the first day of the history; the future begins at world.days
    caused: Flags  # it would not have come without the mailing before it


@dataclass(frozen=True, slots=True)
class Spans:
    """Stretches of time in which a customer can buy; every array has shape (spans,)."""

    owner: Ints
    start: Floats
    end: Floats


def first_day(world: World) -> date:
    """Return the first day of the history."""
    return world.last_day - timedelta(days=world.days - 1)


def mailing_days(world: World) -> Floats:
    """Return the days of all mailings, history and future."""
    return np.arange(0, world.days + world.future, YEAR / world.mailing.per_year)


def mailed(world: World, *, customers: int, rng: np.random.Generator) -> Flags:
    """Draw who gets which mailing, shape (customers, mailings); in the future everybody gets all of them."""
    days = mailing_days(world)
    gets = rng.random((customers, len(days)), dtype=np.float32) >= world.mailing.held_out
    return gets | (days >= world.days)


def made(world: World, people: People, *, gets: Flags, rng: np.random.Generator) -> Purchases:
    """Draw all purchases from the first day to the end of the future, ordered by customer and day."""
    tempo = daily(world)
    boost = YEAR / world.mailing.per_year / world.mailing.response_days
    share = people.each(world, "contact_share")
    peak = people.rate * world.gaps * tempo.max() * ((1 - share) + share * max(boost, 1.0))
    spans = _spans(world, people, rng=rng)
    fast = _speed(world.bursts)
    events = rng.poisson(peak[spans.owner] * fast * (spans.end - spans.start))
    owner = np.repeat(spans.owner, events)
    time = np.repeat(spans.start, events) + rng.random(len(owner)) * np.repeat(spans.end - spans.start, events)
    time = np.minimum(time, np.nextafter(float(len(tempo)), 0))
    answer = boost * _answering(world, gets, owner=owner, time=time)
    pull = (1 - share[owner]) + share[owner] * answer
    stays = rng.random(len(owner)) * peak[owner] < people.rate[owner] * world.gaps * tempo[time.astype(np.int64)] * pull
    owner, time, pull, answer = owner[stays], time[stays], pull[stays], answer[stays]
    caused = rng.random(len(owner)) * pull < share[owner] * answer
    owner, time, caused = _every(world.gaps, owner, time, caused)
    return _by_day(people, owner, time.astype(np.int64), caused)


def daily(world: World) -> Floats:
    """Return the factor on all rates of each day, history and future."""
    tempo = np.ones(world.days + world.future)
    if world.season:
        months = np.array(world.season.months)
        dates = np.datetime64(first_day(world)) + np.arange(len(tempo))
        tempo *= (months / months.mean())[dates.astype("datetime64[M]").astype(np.int64) % 12]
        tempo[promotion(world)] *= world.season.promotion_rate
    if world.change:
        tempo[world.days - world.change.before_end :] *= world.change.rate
    return tempo


def promotion(world: World) -> Flags:
    """Return the days on which the yearly promotion runs, history and future."""
    runs = np.zeros(world.days + world.future, np.bool_)
    if world.season is None or not world.season.promotion_days:
        return runs
    begin, end = first_day(world), first_day(world) + timedelta(days=len(runs))
    for year in range(begin.year - 1, end.year + 1):
        start = (date(year, *world.season.promotion) - begin).days
        runs[max(start, 0) : max(start + world.season.promotion_days, 0)] = True
    return runs


def active(world: World, people: People) -> Flags:
    """Return who is still a customer at the end of the history."""
    return people.leaves > world.days


def _spans(world: World, people: People, *, rng: np.random.Generator) -> Spans:
    end = np.minimum(people.leaves, world.days + world.future)
    everyone = np.arange(len(end))
    if world.bursts is None:
        return Spans(everyone, people.first, end)
    return _bursts(world.bursts, Spans(everyone, people.first, end), rng=rng)


def _bursts(bursts: Bursts, whole: Spans, *, rng: np.random.Generator) -> Spans:
    """Cut each span into its 'on' stretches; the first purchase falls into one that has just begun."""
    owner, now, end = whole.owner, whole.start, whole.end
    parts: list[Spans] = []
    while len(owner):
        off = now + rng.exponential(bursts.on_days, len(owner))
        parts.append(Spans(owner, now, np.minimum(off, end)))
        now = off + rng.exponential(bursts.off_days, len(owner))
        goes_on = now < end
        owner, now, end = owner[goes_on], now[goes_on], end[goes_on]
    return Spans(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("owner", "start", "end")))


def _speed(bursts: Bursts | None) -> float:
    """Return how much faster than their mean customers buy while they can."""
    return 1.0 if bursts is None else (bursts.on_days + bursts.off_days) / bursts.on_days


def _answering(world: World, gets: Flags, *, owner: Ints, time: Floats) -> Flags:
    """Return whether each moment lies in the response days of a mailing that its customer got."""
    days = mailing_days(world)
    before = np.searchsorted(days, time, side="right") - 1
    answering: Flags = (time - days[before] < world.mailing.response_days) & gets[owner, before]
    return answering


def _every(k: int, owner: Ints, time: Floats, caused: Flags) -> tuple[Ints, Floats, Flags]:
    """Keep every k-th event of each customer, in order of time."""
    if k == 1:
        return owner, time, caused
    order = np.lexsort((time, owner))
    owner, time, caused = owner[order], time[order], caused[order]
    rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
    kept = rank % k == k - 1
    return owner[kept], time[kept], caused[kept]


def _by_day(people: People, owner: Ints, day: Ints, caused: Flags) -> Purchases:
    """Add the first purchases, caused by no mailing, and make one order of each customer's day."""
    everyone = np.arange(len(people.first))
    owner = np.concatenate([everyone, owner])
    day = np.concatenate([people.first.astype(np.int64), day])
    caused = np.concatenate([np.zeros(len(everyone), np.bool_), caused])
    order = np.lexsort((caused, day, owner))  # an order that would have come anyway goes before one that was caused
    owner, day, caused = owner[order], day[order], caused[order]
    fresh = np.ones(len(owner), np.bool_)
    fresh[1:] = (owner[1:] != owner[:-1]) | (day[1:] != day[:-1])
    return Purchases(owner[fresh], day[fresh], caused[fresh])
