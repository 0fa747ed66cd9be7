"""The worlds: numbers that were fixed before any model was fitted to them, and are never tuned to a model's results.

A world is a shop and its customers. While a customer of a temperament is one, they buy at a rate drawn from
Gamma(rate_shape, rate rate_days) a day and leave at a rate drawn from Gamma(leave_shape, rate leave_days) a day;
the world lays bursts, regular gaps, seasons, a change and mailings over that. With `leave_power` k other than 1 their
time as a customer is Weibull of shape k around that rate: the longer they have been there, the more (k > 1) or less
likely they leave next. Times are in days, money in the shop's currency.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches

from keepwell.errors import ConfigError

YEAR = 365


@dataclass(frozen=True, slots=True)
class GammaSpend:
    """Baskets ~ Gamma(shape, rate v), v ~ Gamma(spread, rate scale): mean shape * scale / (spread - 1)."""

    shape: float
    spread: float
    scale: float

    @property
    def mean(self) -> float:
        """Mean basket over all customers."""
        return self.shape * self.scale / (self.spread - 1)


@dataclass(frozen=True, slots=True)
class LogSpend:
    """Lognormal baskets around each customer's own lognormal level."""

    mean: float  # over all customers
    between: float  # sd of the logarithm from customer to customer
    within: float  # sd of the logarithm from basket to basket


@dataclass(frozen=True, slots=True)
class Temperament:
    """A kind of customer."""

    name: str
    share: float  # of all customers
    rate_shape: float
    rate_days: float
    leave_shape: float
    leave_days: float
    spend: GammaSpend | LogSpend
    contact_share: float  # of their orders caused by mailing, while everybody is mailed
    leave_power: float = 1.0  # Weibull shape of the time as a customer; 1: leaving has no memory
    spend_follows: float = 0.0  # a customer's level of baskets goes with this power of their rate; the mean stays
    more_lines: float = 0.0  # mean number of order lines after the first
    discounted: float = 0.0  # share of orders with a discount
    returned: float = 0.0  # share of lines sent back
    cancelled: float = 0.0  # share of orders cancelled whole before they are sent


@dataclass(frozen=True, slots=True)
class Season:
    """Purchase rates over the year, and one promotion a year."""

    months: tuple[float, ...]  # relative rates, January first; brought to mean 1
    promotion: tuple[int, int] = (0, 0)  # month and day it starts; (0, 0): none
    promotion_days: int = 0
    promotion_rate: float = 1.0  # rates are multiplied by it
    promotion_discount: float = 0.0  # share of orders discounted in it


@dataclass(frozen=True, slots=True)
class Change:
    """One day on which the shop's terms change for good."""

    before_end: int  # so many days before the last day of the history
    rate: float  # purchase rates are multiplied by it
    price: float  # selling prices are multiplied by it; what goods cost stays


@dataclass(frozen=True, slots=True)
class Bursts:
    """A hidden two-state chain: buying only while 'on', at a rate that keeps the customer's mean."""

    on_days: float  # mean length
    off_days: float  # mean length


@dataclass(frozen=True, slots=True)
class Goods:
    """What is sold and what it costs."""

    products: int
    price_low: float  # most prices lie between the two
    price_high: float
    margin: float  # of the price, mean over products
    margin_spread: float  # half of its range from product to product


@dataclass(frozen=True, slots=True)
class Terms:
    """Delivery: what the shop pays for it and takes for it."""

    fulfilment: float = 0.0  # paid an order that is sent
    postage: float = 0.0  # charged an order
    free_above: float = 0.0  # no postage on orders of at least so much
    postage_lines: float = 0.0  # share of charged postages that stand as a line of their own


@dataclass(frozen=True, slots=True)
class Mailing:
    """Catalogues, sent at even intervals to all customers, active or not."""

    per_year: float
    cost: float  # of one
    response_days: float  # what one causes is spread evenly over so many days
    held_out: float  # share of customers left out of each, at random


@dataclass(frozen=True, slots=True)
class Channel:
    """A way that customers come by."""

    name: str
    share: float  # of all customers
    lean: float  # by how much more it brings those who buy discounted: weight x (1 + lean x share of discounts)
    each: float  # spent a customer that it brings, on average over the months of `months`
    months: tuple[int, ...] = tuple(range(1, 13))  # in which money is spent


@dataclass(frozen=True, slots=True)
class Desk:
    """People who answer customers: minutes of work that orders call for."""

    rate: float  # cost of a practical minute
    minutes: float  # practical minutes a month and customer of the simulation
    tickets: float  # mean number an order
    returns: float  # and so many more, times the customer's share of lines sent back
    length: float  # mean minutes of one


@dataclass(frozen=True, slots=True)
class World:
    """A shop whose truth is known."""

    name: str
    meaning: str
    temperaments: tuple[Temperament, ...]
    last_day: date  # of the history
    days: int  # of history
    arrivals: int  # first purchases fall evenly on the first so many days
    goods: Goods
    terms: Terms
    mailing: Mailing
    season: Season | None = None
    change: Change | None = None
    bursts: Bursts | None = None
    gaps: int = 1  # gaps between purchases are Erlang of this shape; 1: exponential
    nobody: float = 0.0  # orders that name no customer, as a share of those that do
    future: int = YEAR  # days kept as truth
    discount_rate: float = 0.10  # a year's discount on future money
    customers: int = 10_000
    seed: int = 1
    currency: str = "EUR"
    channels: tuple[Channel, ...] = ()
    desk: Desk | None = None

    def __post_init__(self) -> None:
        total = round(sum(kind.share for kind in self.temperaments), 9)
        if total != 1:
            raise ConfigError(f"the shares of temperaments add up to {total}", f"world {self.name!r}", "Make it 1.")


_CHANNELS = (
    Channel("word of mouth", share=0.30, lean=0.0, each=0.0),
    Channel("search ads", share=0.40, lean=1.5, each=12.0),
    Channel("catalogue request", share=0.25, lean=0.0, each=7.5),
    Channel("trade fair", share=0.05, lean=0.0, each=26.0, months=(3, 9)),
)
_DESK = Desk(rate=0.60, minutes=0.20, tickets=0.10, returns=1.2, length=9.0)


def served(world: World) -> World:
    """Return the world with a help desk and with channels that cost money: what a cost model is to be shown on."""
    return replace(world, channels=_CHANNELS, desk=_DESK)


_PARETO = Temperament(
    "everybody",
    share=1.0,
    rate_shape=0.7,
    rate_days=60,
    leave_shape=0.6,
    leave_days=180,
    spend=GammaSpend(shape=6.25, spread=3.74, scale=15.4),
    contact_share=0.20,
)
# So cheap a unit that rounding a basket to whole units hardly moves it, and one margin for all:
# contribution is then the spend times the margin, as the spend models describe it.
_BY_WEIGHT = Goods(products=120, price_low=0.10, price_high=0.40, margin=0.40, margin_spread=0.0)
# Sent so evenly that it leaves the purchases of a customer without memory; nobody is held out.
_EVEN_MAILING = Mailing(per_year=4, cost=0.80, response_days=YEAR / 4, held_out=0.0)
_TRIED_MAILING = Mailing(per_year=4, cost=0.80, response_days=40, held_out=0.10)
_CATALOGUE = Goods(products=240, price_low=5, price_high=60, margin=0.45, margin_spread=0.10)

PARETO = World(
    name="pareto",
    meaning="the world the models describe: no memory, no season, leaving unseen at a constant chance",
    temperaments=(_PARETO,),
    last_day=date(2025, 12, 31),
    days=730,
    arrivals=540,
    goods=_BY_WEIGHT,
    terms=Terms(),
    mailing=_EVEN_MAILING,
)

MAIL_ORDER = World(
    name="mail-order",
    meaning="customers of four temperaments over five years: frequent and small, once and big, on and off, bargains",
    temperaments=(
        Temperament(
            "frequent and small",
            share=0.20,
            rate_shape=3.0,
            rate_days=150,
            leave_shape=1.5,
            leave_days=1500,
            spend=LogSpend(mean=30, between=0.35, within=0.45),
            contact_share=0.12,
            more_lines=1.2,
            discounted=0.05,
            returned=0.03,
            cancelled=0.005,
        ),
        Temperament(
            "once and big",
            share=0.35,
            rate_shape=0.4,
            rate_days=900,
            leave_shape=1.0,
            leave_days=300,
            spend=LogSpend(mean=160, between=0.5, within=0.5),
            contact_share=0.05,
            more_lines=0.8,
            discounted=0.10,
            returned=0.08,
            cancelled=0.015,
        ),
        Temperament(
            "on and off for years",
            share=0.30,
            rate_shape=2.0,
            rate_days=900,
            leave_shape=0.5,
            leave_days=5000,
            spend=LogSpend(mean=65, between=0.4, within=0.5),
            contact_share=0.30,
            more_lines=1.5,
            discounted=0.10,
            returned=0.05,
            cancelled=0.01,
        ),
        Temperament(
            "bargains only",
            share=0.15,
            rate_shape=1.2,
            rate_days=300,
            leave_shape=1.0,
            leave_days=600,
            spend=LogSpend(mean=24, between=0.3, within=0.4),
            contact_share=0.45,
            more_lines=0.6,
            discounted=0.70,
            returned=0.15,
            cancelled=0.02,
        ),
    ),
    last_day=date(2025, 6, 30),
    days=1826,
    arrivals=1826,
    goods=_CATALOGUE,
    terms=Terms(fulfilment=5.20, postage=3.95, free_above=60, postage_lines=0.30),
    mailing=Mailing(per_year=4, cost=1.10, response_days=40, held_out=0.10),
    season=Season(months=(0.85, 0.85, 0.95, 1.0, 1.0, 0.9, 0.8, 0.85, 1.0, 1.05, 1.3, 1.45)),
    nobody=0.03,
)

REGULAR = World(
    name="regular",
    meaning="customers who use things up: gaps between purchases are more even than chance",
    temperaments=(
        Temperament(
            "refills",
            share=1.0,
            rate_shape=1.5,
            rate_days=90,
            leave_shape=0.8,
            leave_days=300,
            spend=LogSpend(mean=45, between=0.4, within=0.3),
            contact_share=0.10,
            more_lines=0.5,
        ),
    ),
    last_day=date(2025, 12, 31),
    days=730,
    arrivals=540,
    goods=_CATALOGUE,
    terms=Terms(fulfilment=4.0, postage=2.95, free_above=50),
    mailing=_EVEN_MAILING,
    gaps=3,
)

CLUMPY = World(
    name="clumpy",
    meaning="customers who buy in bursts of three weeks and are then silent for five months",
    temperaments=(
        Temperament(
            "collectors",
            share=1.0,
            rate_shape=1.2,
            rate_days=90,
            leave_shape=0.7,
            leave_days=350,
            spend=LogSpend(mean=50, between=0.5, within=0.5),
            contact_share=0.20,
            more_lines=0.8,
            returned=0.05,
            cancelled=0.01,
        ),
    ),
    last_day=date(2025, 12, 31),
    days=730,
    arrivals=540,
    goods=_CATALOGUE,
    terms=Terms(fulfilment=4.0, postage=2.95, free_above=50),
    mailing=_TRIED_MAILING,
    bursts=Bursts(on_days=21, off_days=150),
)

PRICE_CHANGE = World(
    name="price-change",
    meaning="half a year before the end prices fall by 10% under the same costs, and rates by 20%",
    temperaments=(
        Temperament(
            "everybody",
            share=1.0,
            rate_shape=0.9,
            rate_days=75,
            leave_shape=0.6,
            leave_days=250,
            spend=LogSpend(mean=45, between=0.45, within=0.4),
            contact_share=0.20,
            more_lines=0.8,
            returned=0.04,
            cancelled=0.01,
        ),
    ),
    last_day=date(2025, 12, 31),
    days=730,
    arrivals=540,
    goods=_CATALOGUE,
    terms=Terms(fulfilment=4.0, postage=2.95, free_above=50),
    mailing=_TRIED_MAILING,
    change=Change(before_end=184, rate=0.80, price=0.90),
)

SEASONAL = World(
    name="seasonal",
    meaning="more than half of the year's purchases fall in October to December and on a fortnight in May",
    temperaments=(
        Temperament(
            "presents",
            share=0.7,
            rate_shape=0.9,
            rate_days=90,
            leave_shape=0.6,
            leave_days=400,
            spend=LogSpend(mean=55, between=0.45, within=0.5),
            contact_share=0.15,
            more_lines=1.0,
            returned=0.06,
            cancelled=0.01,
        ),
        Temperament(
            "all year",
            share=0.3,
            rate_shape=2.0,
            rate_days=120,
            leave_shape=0.8,
            leave_days=500,
            spend=LogSpend(mean=35, between=0.35, within=0.4),
            contact_share=0.10,
            more_lines=0.6,
            returned=0.04,
            cancelled=0.01,
        ),
    ),
    last_day=date(2025, 6, 30),
    days=1095,
    arrivals=900,
    goods=_CATALOGUE,
    terms=Terms(fulfilment=4.5, postage=3.50, free_above=55),
    mailing=_TRIED_MAILING,
    season=Season(
        months=(0.55, 0.55, 0.65, 0.75, 0.75, 0.65, 0.55, 0.6, 0.8, 1.3, 2.2, 2.65),
        promotion=(5, 10),
        promotion_days=14,
        promotion_rate=2.5,
        promotion_discount=0.6,
    ),
    nobody=0.02,
)

WEIBULL = World(
    name="weibull",
    meaning="interest wears out: leaving grows likelier with time, and who buys often spends more each time",
    temperaments=(
        Temperament(
            "everybody",
            share=1.0,
            rate_shape=0.9,
            rate_days=60,
            leave_shape=2.0,
            leave_days=700,
            spend=LogSpend(mean=48, between=0.35, within=0.45),
            contact_share=0.20,
            leave_power=1.8,
            spend_follows=0.4,
            more_lines=0.7,
            returned=0.04,
            cancelled=0.01,
        ),
    ),
    last_day=date(2025, 12, 31),
    days=730,
    arrivals=540,
    goods=_CATALOGUE,
    terms=Terms(fulfilment=4.0, postage=2.95, free_above=50),
    mailing=_EVEN_MAILING,
)

WORLDS = {world.name: world for world in (MAIL_ORDER, PARETO, REGULAR, CLUMPY, PRICE_CHANGE, SEASONAL, WEIBULL)}
OUTSIDE = ("clumpy", "price-change", "regular", "seasonal", "weibull")  # no purchase model of Keepwell describes these


def world(name: str) -> World:
    """Return the world of that name.

    >>> world("clumpy").bursts
    Bursts(on_days=21, off_days=150)

    Raises:
        ConfigError: There is none; names those there are.
    """
    if name in WORLDS:
        return WORLDS[name]
    near = get_close_matches(name, WORLDS, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise ConfigError(f"there is no world {name!r}", "", f"{hint}There are: {', '.join(WORLDS)}.")
