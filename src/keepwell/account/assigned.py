"""What customers cost besides goods and fees (work, contacts, campaigns, being won), and what nobody bears."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir

from keepwell.account import contacts as by_contact
from keepwell.account import costs as by_month
from keepwell.account import spending
from keepwell.account.capacity import Span, spans
from keepwell.account.contribution import WORKED, first_orders, with_firsts
from keepwell.account.orders import apart
from keepwell.account.work import Model, model
from keepwell.engine import Engine, collected, number
from keepwell.settings import Settings
from keepwell.tables import Tables


@dataclass(frozen=True, slots=True)
class Rates:
    """The work, and what a minute of it costs when."""

    model: Model
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """Contacts made and money spent up to the last day; None where there are none."""

    touches: ir.Table | None
    spend: ir.Table | None


@dataclass(frozen=True, slots=True)
class Assigned:
    """Everything brought to orders and customers."""

    books: ir.Table  # with the work on first orders
    contacts: ir.Table | None  # cost of contacts, with the orders they are tied to
    others: tuple[ir.Table, ...]  # what customers cost besides their orders: `customer_id`, `month`, ledger lines
    costs: ir.Table  # the contract's table
    unassigned: ir.Table  # likewise


def given(tables: Tables, engine: Engine, *, as_of: date | None) -> Given:
    """Return the contacts and the spend of a run; a table that is missing or empty is None."""
    found: dict[str, ir.Table | None] = {}
    for name in ("touches", "spend"):
        table = tables.get(name)
        if table is not None and as_of is not None:
            table = table.filter(table.date <= as_of)
        found[name] = table if table is not None and number(engine, table.count()) else None
    return Given(found["touches"], found["spend"])


def rates(facts: ir.Table, given: Given, settings: Settings, engine: Engine) -> Rates:
    """Read the cost model and tell its rates from the first order or contact to the last day.

    Raises:
        ConfigError: The cost model cannot be used; says why.
    """
    plan = model(settings.costs)
    if not plan.periods:
        return Rates(plan, ())
    days = [
        _days(facts, "order_date", engine),
        *([_days(given.touches, "date", engine)] if given.touches is not None else []),
    ]
    known = [day for pair in days for day in pair if day is not None]
    if not known:
        return Rates(plan, ())
    return Rates(plan, spans(plan, first=min(known), last=settings.as_of or max(known)))


def assigned(
    books: ir.Table,
    given: Given,
    rates: Rates,
    settings: Settings,
    engine: Engine,
    *,
    customers: ir.Table | None,
    clash: ir.Table,
) -> Assigned:
    """Assign work, contacts and spend.

    Args:
        books: As `contribution.books` returns them.
        given: Contacts and spend.
        rates: The work and its rates.
        settings: `costs` are read.
        engine: Materialises what is used more than once.
        customers: `customer_id` and `channel` of the first order; None: no channel is known.
        clash: The `order_id`s that stand for several customers.

    Raises:
        ConfigError: A formula gives no sound number of minutes; says for how many orders or contacts.
    """
    firsts = engine.keep(first_orders(books)) if rates.model.of("first order") or given.spend is not None else None
    if firsts is not None and rates.model.of("first order"):
        books = engine.keep(with_firsts(books, firsts, model=rates.model, spans=rates.spans))
    made = _contacts(books, given, rates, clash, settings, engine)
    found = by_month.done(books, made, rates.model, settings.costs, engine)
    rows, lost = by_month.tables(found, rates.spans, rates.model)
    others = [] if made is None else [made.select("customer_id", "month", *WORKED)]
    if given.spend is not None and firsts is not None:
        spent = engine.keep(spending.monthly(given.spend, made))
        won = engine.keep(spending.won(firsts, customers))
        others.append(engine.keep(spending.acquisition(spent, won)))
        others += [] if made is None else [engine.keep(spending.campaigns(spent, made))]
        named = {"ledger_line": "acquisition"}
        lost += [row | named for row in collected(engine, spending.unassigned(spent, won)).to_pylist()]
    tables = (by_month.made(name, part, engine) for name, part in (("costs", rows), ("unassigned", lost)))
    return Assigned(books, made, tuple(others), *tables)


def _contacts(
    books: ir.Table, given: Given, rates: Rates, clash: ir.Table, settings: Settings, engine: Engine
) -> ir.Table | None:
    if given.touches is None:
        return None
    named = apart(given.touches, clash)
    costed = engine.keep(by_contact.costed(named, rates.model, rates.spans, settings.costs))
    return engine.keep(by_contact.tied(costed, books))


def _days(t: ir.Table, column: str, engine: Engine) -> tuple[date | None, date | None]:
    row = collected(engine, t.aggregate(first=t[column].min(), last=t[column].max())).to_pylist()[0]
    return row["first"], row["last"]
