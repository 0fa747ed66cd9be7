"""From arrays to the tables of a shop's export; no Python loop over rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keepwell.simulate.baskets import POSTAGE, Catalogue, Lines
from keepwell.simulate.people import Ints
from keepwell.simulate.purchases import first_day
from keepwell.simulate.worlds import World

_COLOURS = ("blue", "red", "green", "grey", "white", "black", "yellow", "brown", "cream", "pink")
_STUFFS = ("enamel", "oak", "linen", "wool", "glass", "copper", "wicker", "slate", "cotton", "tin")
_THINGS = {
    "kitchen": ("mug", "jug", "bowl", "tray", "teapot", "breadbin"),
    "home": ("lamp", "cushion", "blanket", "basket", "candlestick", "doormat"),
    "garden": ("trowel", "planter", "lantern", "bird feeder", "watering can", "bench"),
}


def column(values: Any) -> Any:
    """Return an Arrow array (typed Any, because pyarrow's stubs take every array made from numpy for booleans)."""
    return pa.array(values)


def money(units: Ints) -> Any:
    """Return whole ten-thousandths as decimal(18,4)."""
    halves = np.empty((len(units), 2), np.int64)
    halves[:, 0], halves[:, 1] = units, units >> 63  # two's complement, the low half first
    return pa.Array.from_buffers(pa.decimal128(18, 4), len(units), [None, pa.py_buffer(halves.data)])


def dates(world: World, day: Ints) -> Any:
    """Return days of the history as dates."""
    return column(np.datetime64(first_day(world)) + day)


def customer_ids(customers: int) -> Any:
    """Return the shop's customer numbers, in the order of the simulated people."""
    return _numbered("K", np.arange(customers) + 1, digits=7)


def products(goods: Catalogue) -> pa.Table:
    """Return the product file, by product code."""
    by_code = np.argsort(goods.code)
    names, groups = _names(len(goods.code))
    return pa.table(
        {
            "product_id": _codes(goods).take(column(by_code)),
            "description": names.take(column(by_code)),
            "category": groups.take(column(by_code)),
            "price": money(goods.price[by_code]),
            "cost": money(goods.cost[by_code]),
        }
    )


def orders(world: World, goods: Catalogue, lines: Lines, *, at: Ints, number: Ints, owner: Ints) -> pa.Table:
    """Return the export's rows: the lines `at`, whose orders have that `number` and that `owner` (-1: nobody)."""
    product = column(np.where(lines.product[at] == POSTAGE, len(goods.code), lines.product[at]))
    nobody = column(owner < 0)
    people = customer_ids(int(owner.max(initial=0)) + 1).take(column(np.maximum(owner, 0)))
    prefix = column(["A", "C"]).take(column(lines.back[at].astype(np.int64)))
    return pa.table(
        {
            "order_id": glued(prefix, column(number).cast(pa.string())),
            "customer_id": pc.if_else(nobody, pa.scalar(None, pa.string()), people),
            "order_date": dates(world, lines.day[at]),
            "product_id": pa.concat_arrays([_codes(goods), column(["POST"])]).take(product),
            "description": pa.concat_arrays([_names(len(goods.code))[0], column(["Postage"])]).take(product),
            "quantity": column(lines.quantity[at]),
            "unit_price": money(lines.price[at]).cast(pa.decimal128(16, 2)),
            "discount": money(lines.discount[at]).cast(pa.decimal128(16, 2)),
            "shipping": money(lines.shipping[at]).cast(pa.decimal128(16, 2)),
        }
    )


def _codes(goods: Catalogue) -> Any:
    return _numbered("P", goods.code, digits=4)


def _names(size: int) -> tuple[Any, Any]:
    """Return texts and categories for so many products."""
    things = [(thing, group) for group, members in _THINGS.items() for thing in members]
    picked = [things[i % len(things)] for i in range(size)]
    words = [
        f"{_COLOURS[i % 10]} {_STUFFS[(i // 10 + i) % 10]} {thing}".capitalize() for i, (thing, _) in enumerate(picked)
    ]
    return column(words), column([group for _, group in picked])


def _numbered(letter: str, numbers: Ints, *, digits: int) -> Any:
    text = pc.utf8_lpad(column(numbers).cast(pa.string()), width=digits, padding="0")
    return glued(pa.scalar(letter), text)


def glued(*parts: Any) -> Any:
    """Join texts row by row."""
    return pc.binary_join_element_wise(*parts, "")
