"""What they buy: order lines, postage, returns and cancellations, with what each costs.

All money is whole ten-thousandths of the currency in int64, so that sums are exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from keepwell.simulate.people import Flags, Floats, Ints, People, spent
from keepwell.simulate.purchases import Purchases, promotion
from keepwell.simulate.worlds import World

UNIT = 10_000  # parts of the currency that money is counted in
_CENT = UNIT // 100
POSTAGE = -1  # the product of a line that charges postage
_DISCOUNTS = (0.10, 0.15, 0.20, 0.25)  # of the price, each as likely
_RETURN_DAYS, _CANCEL_DAYS = (4, 25), (1, 3)  # after the order, both ends included


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The products, from the cheapest to the dearest; every array has shape (products,)."""

    code: Ints  # number in its product code
    price: Ints  # list price of a unit
    cost: Ints  # of a unit


@dataclass(frozen=True, slots=True)
class Lines:
    """Order lines, those that take money back included; every array has shape (lines,)."""

    order: Ints  # place of its order in `Purchases`
    day: Ints  # of the order, or of the document that takes it back
    back: Flags  # it takes an earlier line back
    product: Ints  # place in the catalogue, or POSTAGE
    quantity: Ints  # negative on a line that takes back
    price: Ints  # charged a unit; what was paid a unit, on a line that takes back
    discount: Ints  # off the line
    shipping: Ints  # charged the order, on its first line
    cost: Ints  # of the goods, signed like the quantity

    @property
    def money(self) -> Ints:
        """What the customer pays by the line."""
        return self.quantity * self.price - self.discount + self.shipping


def catalogue(world: World, *, rng: np.random.Generator) -> Catalogue:
    """Draw the products: prices between the world's two at nine of ten, costs by its margins."""
    goods = world.goods
    low, high = np.log(goods.price_low), np.log(goods.price_high)
    drawn = np.exp(rng.normal((low + high) / 2, (high - low) / (2 * 1.645), goods.products))
    price = np.sort(np.maximum(_cents(drawn), _CENT))
    margin = rng.uniform(goods.margin - goods.margin_spread, goods.margin + goods.margin_spread, goods.products)
    code = rng.permutation(goods.products) + 1
    return Catalogue(code, price, np.rint(price * (1 - margin)).astype(np.int64))


def filled(
    world: World, people: People, purchases: Purchases, *, goods: Catalogue, rng: np.random.Generator
) -> tuple[Lines, Ints]:
    """Draw the lines of all orders, then what is taken back of them.

    Returns:
        The lines; and for each order the day on which the last of it was taken back, beyond all days where something
        was kept.
    """
    sold = _sold(world, people, purchases, goods=goods, rng=rng)
    sold = _with_postage(world, sold, orders=len(purchases.owner), rng=rng)
    return _taken_back(world, people, purchases, sold, rng=rng)


def _sold(world: World, people: People, purchases: Purchases, *, goods: Catalogue, rng: np.random.Generator) -> Lines:
    owner, day = purchases.owner, purchases.day
    amount = spent(world, people, owner=owner, rng=rng)
    order, share = _shares(1 + rng.poisson(people.each(world, "more_lines")[owner]), rng=rng)
    wanted = amount[order] * share * UNIT
    product = _chosen(goods.price, wanted, rng=rng)
    quantity = np.maximum(1, np.rint(wanted / goods.price[product])).astype(np.int64)
    price = _charged(world, goods.price[product], day[order])
    off = _cents(price / UNIT * _discount(world, people, purchases, rng=rng)[order])
    nothing = np.zeros(len(order), np.int64)
    no = np.zeros(len(order), np.bool_)
    return Lines(
        order, day[order], no, product, quantity, price, quantity * off, nothing, quantity * goods.cost[product]
    )


def _shares(lines: Ints, *, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Return each line's order and its share of the order's worth."""
    order = np.repeat(np.arange(len(lines)), lines)
    weight = 0.2 + rng.exponential(size=len(order))
    return order, weight / np.bincount(order, weight)[order]


def _chosen(prices: Ints, wanted: Floats, *, rng: np.random.Generator) -> Ints:
    """Choose a product that costs at most what the line is to be worth, the dearer ones more often."""
    affordable = np.maximum(1, np.searchsorted(prices, wanted, side="right"))
    chosen = (affordable * np.sqrt(rng.random(len(wanted)))).astype(np.int64)
    within: Ints = np.minimum(chosen, affordable - 1)
    return within


def _charged(world: World, price: Ints, day: Ints) -> Ints:
    """Return the price on the day, in whole cents."""
    if world.change is None:
        return price
    factor = np.where(day >= world.days - world.change.before_end, world.change.price, 1.0)
    return _cents(price / UNIT * factor)


def _discount(world: World, people: People, purchases: Purchases, *, rng: np.random.Generator) -> Floats:
    """Draw the share taken off each order's prices."""
    chance = people.each(world, "discounted")[purchases.owner]
    if world.season:
        chance = np.where(promotion(world)[purchases.day], world.season.promotion_discount, chance)
    size = rng.choice(np.array(_DISCOUNTS), len(chance))
    return np.where(rng.random(len(chance)) < chance, size, 0.0)


def _with_postage(world: World, sold: Lines, *, orders: int, rng: np.random.Generator) -> Lines:
    """Charge postage: on the first line of an order, or as a line of its own."""
    terms = world.terms
    if not terms.postage:
        return sold
    net = summed(sold.order, sold.money, orders)
    charged = net < round(terms.free_above * UNIT)
    own_line = charged & (rng.random(orders) < terms.postage_lines)
    first = np.searchsorted(sold.order, np.arange(orders))
    shipping = sold.shipping.copy()
    shipping[first] = np.where(charged & ~own_line, round(terms.postage * UNIT), 0)
    at = np.flatnonzero(own_line)
    return _joined(replace(sold, shipping=shipping), _postage(at, sold.day[first[at]], round(terms.postage * UNIT)))


def _postage(order: Ints, day: Ints, price: Ints | int) -> Lines:
    """Return lines that charge postage."""
    zero = np.zeros(len(order), np.int64)
    return Lines(order, day, zero.astype(np.bool_), zero + POSTAGE, zero + 1, zero + price, zero, zero, zero)


def _taken_back(
    world: World, people: People, purchases: Purchases, sold: Lines, *, rng: np.random.Generator
) -> tuple[Lines, Ints]:
    """Add the documents that cancel orders whole before they are sent, and those that return lines later."""
    orders, end = len(purchases.owner), world.days + world.future
    cancelled = rng.random(orders) < people.each(world, "cancelled")[purchases.owner]
    delay = np.where(cancelled, _days(_CANCEL_DAYS, orders, rng=rng), _days(_RETURN_DAYS, orders, rng=rng))
    charged = sold.shipping > 0
    # What an order charged for delivery comes back as a line, whichever way it was charged.
    lines = _joined(sold, _postage(sold.order[charged], sold.day[charged], sold.shipping[charged]))
    goods = lines.product != POSTAGE
    sent_back = rng.random(len(goods)) < people.each(world, "returned")[purchases.owner[lines.order]]
    gone = cancelled[lines.order] | (sent_back & goods)
    kept = np.bincount(lines.order[goods & ~gone], minlength=orders) > 0
    undone = np.where(kept, end, purchases.day + delay)
    in_time = lines.day + delay[lines.order] < end
    back = _reversed(lines, np.flatnonzero(gone & in_time), delay)
    return _joined(sold, back), undone


def _reversed(lines: Lines, at: Ints, delay: Ints) -> Lines:
    """Return the lines that take those `at` back, `delay` (orders,) days after their order."""
    order, quantity, nothing = lines.order[at], lines.quantity[at], np.zeros(len(at), np.int64)
    paid = lines.price[at] - lines.discount[at] // quantity
    day, back = lines.day[at] + delay[order], np.ones(len(at), np.bool_)
    return Lines(order, day, back, lines.product[at], -quantity, paid, nothing, nothing, -lines.cost[at])


def _days(between: tuple[int, int], size: int, *, rng: np.random.Generator) -> Ints:
    return rng.integers(between[0], between[1] + 1, size)


def _cents(amount: Floats) -> Ints:
    """Return an amount in the currency as money in whole cents."""
    return np.rint(amount * (UNIT // _CENT)).astype(np.int64) * _CENT


def summed(group: Ints, money: Ints, groups: int) -> Ints:
    """Sum money by group, exactly: below 2**53 every partial sum is a whole float."""
    return np.rint(np.bincount(group, money, minlength=groups)).astype(np.int64)


def _joined(one: Lines, other: Lines) -> Lines:
    """Return the lines of both, by order; an order's goods first, then its postage, then what is taken back."""
    both = [np.concatenate([getattr(one, name), getattr(other, name)]) for name in Lines.__dataclass_fields__]
    by_order = np.argsort(both[0], kind="stable")
    return Lines(*(column[by_order] for column in both))
