"""What customers cost besides their orders: tickets at the help desk, mailings, and the channels they came by.

Tickets fall within ten days of an order, the more of them the more its customer sends back. Money is spent on a channel
evenly over its months, whomever it brings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keepwell.simulate import arrow
from keepwell.simulate.baskets import UNIT
from keepwell.simulate.people import Ints, People
from keepwell.simulate.purchases import Purchases, first_day
from keepwell.simulate.worlds import Desk, World

_TICKET_DAYS = 10  # after the order, this day included
_NAMED = 0.7  # share of tickets that name their order
_MONTH = 30.4375  # days


@dataclass(frozen=True, slots=True)
class Tickets:
    """Questions at the help desk; every array has shape (tickets,)."""

    order: Ints  # place of its order in `Purchases`
    day: Ints
    minutes: Ints
    named: Ints  # 1: it names its order

    def cost(self, desk: Desk | None) -> Ints:
        """Return what each costs, in parts of the currency (see `baskets.UNIT`)."""
        return self.minutes * (0 if desk is None else round(desk.rate * UNIT))


def tickets(world: World, people: People, bought: Purchases, *, known: int, rng: np.random.Generator) -> Tickets:
    """Draw the tickets on orders of known customers: the first `known` of those bought."""
    desk, nothing = world.desk, np.zeros(0, np.int64)
    if desk is None:
        return Tickets(nothing, nothing, nothing, nothing)
    mean = desk.tickets + desk.returns * people.each(world, "returned")[bought.owner[:known]]
    order = np.repeat(np.arange(known), rng.poisson(mean))
    day = bought.day[order] + rng.integers(0, _TICKET_DAYS + 1, len(order))
    minutes = np.maximum(1, np.rint(rng.gamma(2.0, desk.length / 2, len(order)))).astype(np.int64)
    return Tickets(order, day, minutes, (rng.random(len(order)) < _NAMED).astype(np.int64))


def came_by(world: World, people: People, *, rng: np.random.Generator) -> Ints:
    """Draw each customer's channel: its place in the world's, shape (customers,); all 0 where there is none."""
    if not world.channels:
        return np.zeros(len(people.rate), np.int64)
    lean = people.each(world, "discounted")[:, None] * np.array([c.lean for c in world.channels])
    weights = np.array([c.share for c in world.channels]) * (1 + lean)
    reached = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    drawn: Ints = (rng.random(len(people.rate))[:, None] > reached).sum(axis=1)
    return drawn


def touches(world: World, asked: Tickets, *, number: Ints, owner: Ints, log: pa.Table) -> pa.Table:
    """Return what a shop exports of its contacts: tickets and mailings, by date.

    Args:
        world: The world.
        asked: The tickets.
        number: Number of each order.
        owner: Customer of each order.
        log: Who was due which mailing when, and whether they got it (`mailed`).
    """
    seen = np.flatnonzero(asked.day < world.days)
    order = asked.order[seen]
    people = arrow.customer_ids(int(owner.max(initial=0)) + 1)
    named = arrow.glued(pa.scalar("A"), arrow.column(number[order]).cast(pa.string()))
    none = pa.scalar(None, pa.string())
    answered = pa.table(
        {
            "contact_date": arrow.dates(world, asked.day[seen]),
            "contact_type": pa.repeat("ticket", len(seen)),
            "customer_id": people.take(arrow.column(owner[order])),
            "campaign": pa.nulls(len(seen), pa.string()),
            "order_id": pc.if_else(arrow.column(asked.named[seen] == 1), named, none),
            "minutes": arrow.column(asked.minutes[seen]),
        }
    )
    sent = log.filter(log["mailed"])
    mailed = pa.table(
        {
            "contact_date": sent["mailed_on"],
            "contact_type": pa.repeat("catalogue", len(sent)),
            "customer_id": sent["customer_id"],
            "campaign": arrow.glued(pa.scalar("catalogue "), pc.cast(pc.year(sent["mailed_on"]), pa.string())),
            "order_id": pa.nulls(len(sent), pa.string()),
            "minutes": pa.nulls(len(sent), pa.int64()),
        }
    )
    return pa.concat_tables([answered, mailed]).sort_by([("contact_date", "ascending")])


def spend(world: World, *, customers: int) -> pa.Table:
    """Return what was spent on each channel, month by month: month, channel, spend (in whole cents)."""
    months = sorted({(first_day(world) + timedelta(days=day)).replace(day=1) for day in range(world.days)})
    rows: list[tuple[date, str, int]] = []
    for channel in world.channels:
        brought = customers * channel.share / (world.arrivals / _MONTH)  # a month
        paid = round(brought * channel.each * 100 * 12 / len(channel.months))
        rows += [(month, channel.name, paid) for month in months if paid and month.month in channel.months]
    rows.sort()
    return pa.table(
        {
            "month": pa.array([month for month, _, _ in rows], pa.date32()),
            "channel": pa.array([name for _, name, _ in rows], pa.string()),
            "spend": arrow.money(np.array([cents for _, _, cents in rows], np.int64) * (UNIT // 100)),
        }
    )
