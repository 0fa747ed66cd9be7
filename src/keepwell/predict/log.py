"""The past as a whole, kept in the engine's scratch files because it is read several times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from keepwell.engine import Engine
from keepwell.predict.daily import Daily, daily
from keepwell.predict.history import customer_days, from_occasions
from keepwell.predict.past import Days, Past, divided, first_day, grouped
from keepwell.settings import Settings
from keepwell.tables import Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True, slots=True)
class Log:
    """All that is known on the last day observed, and what it was made from."""

    engine: Engine
    tables: Tables  # what came into the stage: what is read there has to be cut at the day asked for
    settings: Settings
    as_of: date
    first: date  # day of the first purchase of all
    days: ir.Table  # `customer_days`
    parts: Days
    occasions: ir.Table
    history: ir.Table
    daily: Daily
    past: Past


def read(engine: Engine, tables: Tables, settings: Settings, as_of: date) -> Log | None:
    """Return the past as of a day, or None where nobody who is known ever bought."""
    days = engine.keep(customer_days(tables["order_contribution"], until=as_of))
    first = first_day(engine, days)
    if first is None:
        return None
    parts = divided(engine, days)
    occasions = engine.keep(parts.occasions())
    history = engine.keep(from_occasions(occasions, until=as_of))
    counted = daily(engine, days, first=first, as_of=as_of)
    past = grouped(engine, history, log_intervals=counted.log_gaps_until(as_of))
    return Log(engine, tables, settings, as_of, first, days, parts, occasions, history, counted, past)
