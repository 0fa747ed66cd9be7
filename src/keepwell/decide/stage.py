"""The stage `decide`: whom to keep contacting, and whom to stop."""

from __future__ import annotations

from functools import partial

import ibis.expr.types as ir

from keepwell.decide.chances import ANSWER, LEVELS, Belief, chances
from keepwell.decide.curve import curve
from keepwell.decide.plan import contact_cost, plan, spread
from keepwell.engine import Engine
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings
from keepwell.tables import CONTRACTS, Tables


def run(tables: Tables, settings: Settings, engine: Engine, *, tell: Tell = quiet) -> Tables:
    """Judge the contact programme of `settings.contact` on every customer with a value.

    Args:
        tables: `values`.
        settings: `contact`, the contact share and its range, the discount rate and the horizon are read.
        engine: Materialises what is used more than once.
        tell: Hears what is being done.

    Returns:
        `plan` (empty where no contact cost is set) and `break_even`.
    """
    values = tables["values"]
    year = engine.keep(values.filter(values.horizon == "12m"))
    cost = contact_cost(settings)
    tell("weighing what contact costs against what it may cause")
    needs = year.select("customer_id", expected=year.expected_contribution)
    shares = engine.keep(curve(needs, cost=cost, spread=spread(settings)))
    if settings.contact.cost is None:
        return {"plan": _no_plan(engine), "break_even": shares}
    return {"plan": engine.keep(_plan(year, settings, engine, cost=cost)), "break_even": shares}


def _plan(year: ir.Table, settings: Settings, engine: Engine, *, cost: float) -> ir.Table:
    a = settings.assumptions
    belief = Belief(low=a.contact_share_low, mode=a.contact_share, high=a.contact_share_high, cost=cost)
    read = year.select("customer_id", "expected_contribution", "sd_mean", "p_zero", *LEVELS)
    return plan(engine.mapped(read, partial(chances, belief=belief), ANSWER), assumptions=a, cost=cost)


def _no_plan(engine: Engine) -> ir.Table:
    return engine.table([], CONTRACTS["plan"].schema.to_pyarrow())
