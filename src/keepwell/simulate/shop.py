"""A mail-order shop whose truth is known: the file it would export, and what its customers do next."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from keepwell.errors import ConfigError
from keepwell.simulate import arrow, baskets, people, purchases, service
from keepwell.simulate.baskets import UNIT, Catalogue, Lines, summed
from keepwell.simulate.people import Flags, Ints, People
from keepwell.simulate.purchases import Purchases
from keepwell.simulate.service import Tickets
from keepwell.simulate.worlds import YEAR, World


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulated shop: what it sees, and the truth.

    `orders` is what it exports, one row per line: order_id, customer_id (null on orders of nobody), order_date,
    product_id, description, quantity, unit_price, discount (off the line), shipping (on an order's first line).
    Lines with a negative quantity take an earlier line back. `products`: product_id, description, category, price,
    cost. `truth`, one row per customer: see docs/simulate.md. `totals`: the same summed, and the history's own totals.
    In a world with channels, orders also have the column channel, and `spend` says what was spent on them: month,
    channel, spend. In one with a help desk, `touches` has its tickets and the mailings: contact_date, contact_type,
    customer_id, campaign, order_id, minutes. Elsewhere both have no rows.
    """

    world: World
    seed: int
    orders: pa.Table
    products: pa.Table
    truth: pa.Table
    totals: dict[str, Any]
    first: Ints  # day of each customer's first purchase, shape (customers,)
    gets: Flags  # who gets which mailing, shape (customers, mailings)
    touches: pa.Table
    spend: pa.Table


@dataclass(frozen=True, slots=True)
class _Drawn:
    """All that was drawn; orders of nobody stand last in `purchases`, from `known` on."""

    people: People
    gets: Flags
    purchases: Purchases
    known: int
    goods: Catalogue
    lines: Lines
    undone: Ints  # day on which the last of each order was taken back, or a day beyond all
    tickets: Tickets
    channel: Ints  # each customer's, a place in the world's


def simulated(world: World, *, customers: int | None = None, seed: int | None = None) -> Simulation:
    """Draw a shop of that world; the same world, customers and seed give the same shop.

    Raises:
        ConfigError: There are to be no customers.
    """
    customers = world.customers if customers is None else customers
    seed = world.seed if seed is None else seed
    if customers < 1:
        raise ConfigError(f"a shop of {customers} customers cannot be simulated", "", "Ask for at least 1.")
    drawn = _drawn(world, customers=customers, seed=seed)
    truth = _truth(world, drawn)
    return Simulation(
        world,
        seed,
        orders=_orders(world, drawn),
        products=arrow.products(drawn.goods),
        truth=truth,
        totals=_totals(world, drawn, truth, seed=seed),
        first=drawn.people.first.astype(np.int64),
        gets=drawn.gets,
        touches=_touches(world, drawn),
        spend=service.spend(world, customers=customers),
    )


def written(simulation: Simulation, folder: Path) -> tuple[Path, ...]:
    """Write the shop's files, and the truth apart in a folder `truth`.

    Returns:
        The paths of orders.csv and products.csv, and of touches.csv and spend.csv where the world has them.
    """
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    orders, products = folder / "orders.csv", folder / "products.csv"
    pa.csv.write_csv(simulation.orders, orders, pa.csv.WriteOptions(quoting_style="needed"))
    pa.csv.write_csv(simulation.products, products, pa.csv.WriteOptions(quoting_style="needed"))
    pa.parquet.write_table(simulation.truth, folder / "truth" / "truth.parquet")
    pa.parquet.write_table(mailing_log(simulation), folder / "truth" / "mailings.parquet")
    for name, table in (("touches", simulation.touches), ("spend", simulation.spend)):
        if table.num_rows:
            pa.csv.write_csv(table, folder / f"{name}.csv", pa.csv.WriteOptions(quoting_style="needed"))
    text = json.dumps(simulation.totals, indent=2)
    (folder / "truth" / "truth.json").write_text(text + "\n", encoding="utf-8")
    more = (folder / f"{name}.csv" for name in ("touches", "spend"))
    return (orders, products, *(path for path in more if path.exists()))


def suggested(world: World, *, customers: int | None = None) -> dict[str, dict[str, Any]]:
    """Return the settings that this shop's owner would write: what it pays, which no file says.

    Args:
        world: The world.
        customers: How many the shop has, by which its help desk is sized; None: the world's own number.
    """
    costs: dict[str, Any] = {"fulfilment_per_order": f"{world.terms.fulfilment:.2f}"}
    if world.desk is not None:
        minutes = max(60, round(world.desk.minutes * (world.customers if customers is None else customers)))
        desk = {"name": "help desk", "cost": f"{minutes * world.desk.rate:.2f}", "minutes": minutes}
        answer = {"name": "answer a ticket", "resource": "help desk", "per": "touch ticket"}
        costs |= {"resources": [desk], "touches": {"catalogue": f"{world.mailing.cost:.2f}"}}
        costs["activities"] = [answer | {"minutes": world.desk.length, "ledger": "service"}]
    return {
        "shop": {"name": f"The {world.name} shop", "currency": world.currency},
        "costs": costs,
        "contact": {"cost": f"{world.mailing.cost:.2f}", "per_year": world.mailing.per_year},
    }


def mailing_log(simulation: Simulation) -> pa.Table:
    """Return who was due which mailing in the history, and whether they got it.

    Columns: customer_id, mailed_on (date; a new customer finds the latest one in their first parcel) and
    mailed (false: held out at random).
    """
    return _mailings(simulation.world, simulation.first, simulation.gets)


def _mailings(world: World, first: Ints, gets: Flags) -> pa.Table:
    days = purchases.mailing_days(world)
    begins, ends = days[days < world.days], np.append(days, np.inf)[1:][days < world.days]
    due = first[:, None] < ends[None, :]
    owner, mailing = np.nonzero(due)
    day = np.maximum(begins[mailing].astype(np.int64), first[owner])
    return pa.table(
        {
            "customer_id": arrow.customer_ids(len(first)).take(arrow.column(owner)),
            "mailed_on": arrow.dates(world, day),
            "mailed": arrow.column(gets[owner, mailing]),
        }
    )


def _touches(world: World, drawn: _Drawn) -> pa.Table:
    """Return the contacts of a world with a help desk, else none."""
    first = drawn.people.first.astype(np.int64)
    log = _mailings(world, first, drawn.gets)
    log = log if world.desk is not None else log.slice(0, 0)
    owner = drawn.purchases.owner
    return service.touches(world, drawn.tickets, number=_numbers(drawn), owner=owner, log=log)


def _truth(world: World, drawn: _Drawn) -> pa.Table:
    """Return what is true of each customer.

    Columns: customer_id, temperament, active (still a customer at the end of the history), contact_share (of their
    orders caused by mailing), and over the days after the history: orders (purchase days that were not wholly taken
    back), contribution (gross - discounts + shipping - refunds - cost of goods - fulfilment, decimal), discounted
    (the same, each document discounted to the last day of the history), caused_orders and caused_contribution
    (what would not have come without mailing; before the mailing's cost). In a world with a help desk, its tickets are
    taken from the contribution.
    """
    customers, known, end = len(drawn.people.rate), drawn.known, world.days + world.future
    bought = drawn.purchases
    ahead = (bought.day[:known] >= world.days) & (drawn.undone[:known] >= end)
    order, day, money = _documents(world, drawn, until=end)
    owner, caused = bought.owner[order], bought.caused[order]
    held = np.where(day >= world.days, money, 0)
    discount = (1 + world.discount_rate) ** (-(day - (world.days - 1)) / YEAR)
    return pa.table(
        {
            "customer_id": arrow.customer_ids(customers),
            "temperament": arrow.column([kind.name for kind in world.temperaments]).take(
                arrow.column(drawn.people.temperament)
            ),
            "active": arrow.column(purchases.active(world, drawn.people)),
            "contact_share": arrow.column(drawn.people.each(world, "contact_share")),
            "orders": arrow.column(np.bincount(bought.owner[:known][ahead], minlength=customers)),
            "contribution": arrow.money(summed(owner, held, customers)),
            "discounted": arrow.column(np.bincount(owner, held * discount, minlength=customers) / UNIT),
            "caused_orders": arrow.column(
                np.bincount(bought.owner[:known][ahead & bought.caused[:known]], minlength=customers)
            ),
            "caused_contribution": arrow.money(summed(owner, np.where(caused, held, 0), customers)),
        }
    )


def _drawn(world: World, *, customers: int, seed: int) -> _Drawn:
    """Draw everything, each part from a stream of its own, so that a change to one leaves the others alone."""
    who, post, when, strangers, shelf, what, asks, how = np.random.default_rng(seed).spawn(8)
    crowd = people.drawn(world, customers=customers, rng=who)
    gets = purchases.mailed(world, customers=customers, rng=post)
    bought = purchases.made(world, crowd, gets=gets, rng=when)
    known = len(bought.owner)
    bought = _with_nobody(world, bought, rng=strangers)
    goods = baskets.catalogue(world, rng=shelf)
    lines, undone = baskets.filled(world, crowd, bought, goods=goods, rng=what)
    asked = service.tickets(world, crowd, bought, known=known, rng=asks)
    channel = service.came_by(world, crowd, rng=how)
    return _Drawn(crowd, gets, bought, known, goods, lines, undone, asked, channel)


def _with_nobody(world: World, bought: Purchases, *, rng: np.random.Generator) -> Purchases:
    """Add orders like those of known customers that name no customer."""
    extra = rng.choice(len(bought.owner), rng.binomial(len(bought.owner), world.nobody), replace=False)
    return Purchases(
        np.concatenate([bought.owner, bought.owner[extra]]),
        np.concatenate([bought.day, bought.day[extra]]),
        np.concatenate([bought.caused, bought.caused[extra]]),
    )


def _documents(world: World, drawn: _Drawn, *, until: int) -> tuple[Ints, Ints, Ints]:
    """Return order, day and contribution of each document of known customers before the day `until`.

    A document is an order, what takes one back, or a ticket at the help desk. As in the ledger, fulfilment is spent on
    orders of which something was kept, by what is known at `until`.
    """
    lines, bought = drawn.lines, drawn.purchases
    orders = len(bought.owner)
    document = lines.order + orders * lines.back
    money = summed(document, lines.money - lines.cost, 2 * orders)
    money[:orders] -= np.where(drawn.undone >= until, round(world.terms.fulfilment * UNIT), 0)
    day = np.full(2 * orders, until)
    day[document] = lines.day
    exists = np.flatnonzero((day < until) & (np.arange(2 * orders) % orders < drawn.known))
    asked = drawn.tickets
    due = np.flatnonzero(asked.day < until)
    return (
        np.concatenate([exists % orders, asked.order[due]]),
        np.concatenate([day[exists], asked.day[due]]),
        np.concatenate([money[exists], -asked.cost(world.desk)[due]]),
    )


def _numbers(drawn: _Drawn) -> Ints:
    """Return the number that the shop gave each order: they count up by day."""
    number = np.empty(len(drawn.purchases.owner), np.int64)
    number[np.argsort(drawn.purchases.day, kind="stable")] = np.arange(len(number)) + 100_001
    return number


def _orders(world: World, drawn: _Drawn) -> pa.Table:
    """Return the export: the history's lines by date and document."""
    lines, bought = drawn.lines, drawn.purchases
    number = _numbers(drawn)
    seen = np.flatnonzero(lines.day < world.days)
    seen = seen[np.lexsort((lines.back[seen], number[lines.order[seen]], lines.day[seen]))]
    order = lines.order[seen]
    owner = np.where(order < drawn.known, bought.owner[order], -1)
    table = arrow.orders(world, drawn.goods, lines, at=seen, number=number[order], owner=owner)
    if not world.channels:
        return table
    names = arrow.column([channel.name for channel in world.channels]).take(arrow.column(drawn.channel))
    channel = names.take(arrow.column(np.maximum(owner, 0)))
    nobody = arrow.column(owner < 0)
    return table.append_column("channel", pc.if_else(nobody, pa.scalar(None, pa.string()), channel))


def _totals(world: World, drawn: _Drawn, truth: pa.Table, *, seed: int) -> dict[str, Any]:
    """Return the truth summed, plain values for JSON; money as strings."""
    _, _, money = _documents(world, drawn, until=world.days)
    seen = drawn.lines.day < world.days
    total = {name: pc.sum(truth[name]).as_py() for name in truth.column_names[3:] if name != "contact_share"}
    return {
        "world": world.name,
        "meaning": world.meaning,
        "seed": seed,
        "last_day": world.last_day.isoformat(),
        "history": {
            "customers": truth.num_rows,
            "money": _text(int(drawn.lines.money[seen].sum())),
            "contribution": _text(int(money.sum())),
        },
        "future": {
            "days": world.future,
            "active": pc.sum(truth["active"]).as_py(),
            **{name: str(value) if "contribution" in name else value for name, value in total.items()},
        },
    }


def _text(money: int) -> str:
    sign = "-" if money < 0 else ""
    return f"{sign}{abs(money) // UNIT}.{abs(money) % UNIT:04d}"
