"""The stage `segment`: who is alike."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from keepwell.engine import Engine
from keepwell.progress import Tell, quiet
from keepwell.segment.kinds import kinds, rhythm
from keepwell.segment.profiles import profiles
from keepwell.segment.scores import rfm, tiers
from keepwell.settings import Settings
from keepwell.tables import Tables, checked, money


def run(tables: Tables, settings: Settings, engine: Engine, *, tell: Tell = quiet) -> Tables:  # noqa: ARG001 every stage has one signature
    """Put every customer with a purchase into one segment of each scheme.

    Args:
        tables: `history`, `values` and `ledger`.
        settings: Not read; the segments follow from the data alone.
        engine: Materialises what is used more than once.
        tell: Hears what is being done.

    Returns:
        `segments` and `segment_profiles`.
    """
    tell("putting alike customers together")
    customers = engine.keep(described(tables["history"], tables["values"], tables["ledger"]))
    gap = engine.keep(rhythm(tables["history"]))
    schemes = ibis.union(rfm(customers), tiers(customers), kinds(customers, gap))
    segments = engine.keep(checked("segments", schemes))
    return {"segments": segments, "segment_profiles": engine.keep(profiles(segments, customers))}


def described(history: ir.Table, values: ir.Table, ledger: ir.Table) -> ir.Table:
    """Return one row per customer of `history` with what the schemes read.

    Returns:
        `customer_id`, `repeats`, `age` and `silence` (days), `earned` (contribution so far), `expected` (contribution
        of the next 12 months) and `p_active`; a customer without a value is expected to earn nothing.
    """
    year = values.filter(values.horizon == "12m").select("customer_id", "expected_contribution", "p_active")
    earned = ledger.group_by("customer_id").aggregate(earned=money(ledger.contribution.sum()))
    joined = history.left_join(year, "customer_id").drop("customer_id_right").left_join(earned, "customer_id")
    return joined.select(
        "customer_id",
        "repeats",
        "age",
        silence=joined.age - joined.recency,
        earned=joined.earned.fill_null(0),
        expected=joined.expected_contribution.fill_null(0.0),
        p_active=joined.p_active.fill_null(0.0),
    )
