"""The stage `account`: facts in, profit and loss out."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from keepwell.account.cancellations import cancellations, events, none, undone, whole
from keepwell.account.cancellations import parts as partial
from keepwell.account.contribution import books, ledger, monthly, order_contribution, priced
from keepwell.account.lines import caught, line_rules, pairs, ruled
from keepwell.account.orders import apart, shared
from keepwell.account.views import views
from keepwell.engine import Engine, number
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings
from keepwell.tables import Tables


def run(tables: Tables, settings: Settings, engine: Engine, *, tell: Tell = quiet) -> Tables:
    """Book every line that happened up to `settings.as_of`.

    Args:
        tables: `order_lines`; also `files`, `products`, `customers` and `spend`, each of which may be missing.
        settings: `as_of`, `lines`, `assumptions.margin` and `costs` are read.
        engine: Materialises what is used more than once.
        tell: Hears what is being done.

    Returns:
        `line_rules`, `cancellations`, `order_contribution`, `ledger`, `whale`, and what they say: `product_contribution`,
        `loss_makers`, `trends`, `cohorts` and `acquisition`.

    Raises:
        ConfigError: A line rule's pattern cannot be used.
    """
    facts = tables["order_lines"]
    if settings.as_of is not None:
        facts = facts.filter(facts.order_date <= settings.as_of)
    tell("telling products from postage, fees and adjustments")
    hits = engine.keep(caught(pairs(facts), settings.lines.rules))
    orders, found = _booked(ruled(facts, hits), settings, engine, tell=tell)
    clash = shared(orders)
    if number(engine, clash.count()):
        tell("some order ids stand for several customers: each one's rows are an order of their own")
        facts = engine.keep(apart(facts, engine.keep(clash)))
        orders, found = _booked(ruled(facts, hits), settings, engine, tell=tell)
    lines = ruled(facts, hits)
    spread = engine.keep(monthly(orders, priced(lines, margin=settings.assumptions.margin)))
    months = engine.keep(ledger(orders, spread))
    return {
        "line_rules": engine.keep(line_rules(lines)),
        "cancellations": found,
        "order_contribution": order_contribution(orders),
        "ledger": months,
        **views(tables, settings, engine, lines=lines, orders=orders, months=months),
    }


def _booked(lines: ir.Table, settings: Settings, engine: Engine, *, tell: Tell) -> tuple[ir.Table, ir.Table]:
    """Return the profit and loss of each order, and the table `cancellations`."""
    tell("matching cancellations with the sales they undo")
    moves = engine.keep(events(lines))
    matched = engine.keep(whole(moves))
    found = engine.keep(cancellations(matched, all_parts(matched, engine)))
    tell("booking profit and loss per order, customer and month")
    summed = books(priced(lines, margin=settings.assumptions.margin), undone(moves, found), costs=settings.costs)
    return engine.keep(summed), found


def all_parts(matched: ir.Table, engine: Engine) -> ir.Table:
    """Match parts of sales in rounds, until a round finds nothing; each serves at least one of those who wait."""
    found = engine.keep(none(matched))
    while number(engine, (more := engine.keep(partial(matched, found))).count()):
        found = engine.keep(ibis.union(found, more))
    return found
