"""All ways of matching cancellations with sales, the surest first, each on what the ones before have left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from keepwell.account.cancellations import (
    ITEM,
    OWN_ORDER,
    WHOLE,
    cancellations,
    events,
    moves,
    none,
    undone,
    whole,
)
from keepwell.account.drawing import parts, several
from keepwell.account.strangers import LEAST, documents
from keepwell.engine import Engine, number
from keepwell.tables import UNKNOWN


@dataclass(frozen=True, slots=True)
class Matched:
    """What was taken back, and of which sales."""

    cancellations: ir.Table  # the contract's table
    undone: ir.Table  # `order_id`, `undone`: product lines taken back whole
    draws: ir.Table  # which units of which sale each line takes back


def matched(lines: ir.Table, engine: Engine) -> Matched:
    """Match every line that takes back with the sales that it undoes.

    Args:
        lines: Order lines with `product` (boolean).
        engine: Materialises each step.
    """
    every = engine.keep(moves(lines))
    back = every.filter(every.cancels == 1)
    if not number(engine, back.count()):
        nothing = none(every)
        return Matched(cancellations(every, nothing), undone(every, nothing), nothing)
    acts = engine.keep(events(every))
    found = engine.keep(whole(acts, none(acts), within=("order_id", *ITEM), how=OWN_ORDER))
    found = engine.keep(found.union(whole(acts, found, within=ITEM, how=WHOLE)))
    for way in (parts, several):
        found = exhausted(way, acts, found, engine)
    if _long_documents(back, engine):
        found = engine.keep(found.union(documents(every)))
    return Matched(engine.keep(cancellations(every, found)), engine.keep(undone(every, found)), found)


def exhausted(
    way: Callable[[ir.Table, ir.Table], ir.Table], events: ir.Table, found: ir.Table, engine: Engine
) -> ir.Table:
    """Look in rounds until one finds nothing; each serves at least one of those who wait."""
    while number(engine, (more := engine.keep(way(events, found))).count()):
        found = engine.keep(ibis.union(found, more))
    return found


def _long_documents(back: ir.Table, engine: Engine) -> bool:
    """Return whether any cancelling document of nobody is long enough to tell which one it undoes."""
    nobody = back.filter(back.customer_id == UNKNOWN)
    sizes = nobody.group_by("order_id").aggregate(lines=nobody.count())
    return bool(number(engine, (sizes.lines >= LEAST).any().fill_null(ibis.literal(value=False))))
