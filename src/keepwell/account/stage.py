"""The stage `account`: facts in, profit and loss out."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from keepwell.account.assigned import Rates, assigned, given, rates
from keepwell.account.contribution import books, ledger, monthly, order_contribution, priced
from keepwell.account.lines import caught, line_rules, pairs, ruled, rules_of
from keepwell.account.matching import matched
from keepwell.account.orders import apart, shared
from keepwell.account.payouts import adrift
from keepwell.account.refunds import on_day_of_sale
from keepwell.account.views import views
from keepwell.engine import Engine, number
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings
from keepwell.tables import Tables


def run(tables: Tables, settings: Settings, engine: Engine, *, tell: Tell = quiet) -> Tables:
    """Book every line that happened up to `settings.as_of`.

    Args:
        tables: `order_lines`; also `files`, `products`, `customers`, `touches`, `spend` and `payouts`, each of which
            may be missing.
        settings: `as_of`, `lines`, `facts`, `assumptions.margin` and `costs` are read.
        engine: Materialises what is used more than once.
        tell: Hears what is being done.

    Returns:
        `line_rules`, `cancellations`, `order_contribution`, `ledger`, `costs`, `unassigned`, and what they say:
        `whale`, `product_contribution`, `loss_makers`, `trends`, `cohorts` and `acquisition`.

    Raises:
        ConfigError: A line rule's pattern, or the cost model, cannot be used.
    """
    facts, day = tables["order_lines"], settings.as_of
    if day is not None:
        facts = facts.filter(facts.order_date <= day)
    besides = given(tables, engine, as_of=day)
    known = rates(facts, besides, settings, engine)
    tell("telling products from postage, fees and adjustments")
    hits = engine.keep(caught(pairs(facts), rules_of(settings)))
    orders, found, lines = _booked(ruled(facts, hits), known, settings, engine, tell=tell)
    clash = engine.keep(shared(orders))
    if number(engine, clash.count()):
        tell("some order ids stand for several customers: each one's rows are an order of their own")
        facts = engine.keep(apart(facts, clash))
        orders, found, lines = _booked(ruled(facts, hits), known, settings, engine, tell=tell)
    tell("bringing work, contacts and spend to the customers who caused them")
    brought = assigned(orders, besides, known, settings, engine, customers=tables.get("customers"), clash=clash)
    spread = engine.keep(monthly(brought.books, _priced(lines, known, settings)))
    months = engine.keep(ledger(brought.books, spread, *brought.others))
    earned = order_contribution(brought.books, brought.contacts)
    return {
        "line_rules": engine.keep(line_rules(lines)),
        "cancellations": found,
        "order_contribution": earned,
        "ledger": months,
        "costs": brought.costs,
        "unassigned": _unassigned(tables, brought.unassigned, engine, as_of=day),
        **views(
            *(tables, settings, engine),
            lines=lines,
            orders=earned,
            months=months,
            spend=besides.spend,
            contacts=brought.contacts,
        ),
    }


def _unassigned(tables: Tables, work: ir.Table, engine: Engine, *, as_of: date | None) -> ir.Table:
    """Return the table `unassigned`: of work, contacts and spend, and the fees that stand on no order."""
    payouts = tables.get("payouts")
    if payouts is None or not number(engine, payouts.count()):
        return work
    until = as_of or number(engine, tables["order_lines"].order_date.max()) or date.max
    return engine.keep(ibis.union(work, adrift(payouts, tables["order_lines"], until=until)))


def _booked(
    lines: ir.Table, known: Rates, settings: Settings, engine: Engine, *, tell: Tell
) -> tuple[ir.Table, ir.Table, ir.Table]:
    """Return the profit and loss of each order, the table `cancellations`, and the lines on the days they count for."""
    tell("matching cancellations with the sales they undo")
    found = matched(lines, engine)
    if settings.facts.refund_month == "sale":
        lines = engine.keep(on_day_of_sale(lines, found.cancellations))
    tell("booking profit and loss per order, customer and month")
    each = _priced(lines, known, settings)
    summed = books(each, found.undone, costs=settings.costs, model=known.model, spans=known.spans)
    return engine.keep(summed), found.cancellations, lines


def _priced(lines: ir.Table, known: Rates, settings: Settings) -> ir.Table:
    return priced(lines, margin=settings.assumptions.margin, model=known.model)
