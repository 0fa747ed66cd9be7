"""All cost stands somewhere: what customers bear and what nobody bears is what resources, contacts and spend cost.

The left side is of the tables that the stage `account` answers; the right side is of the facts and the settings, and
of nothing that the assigning went through.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from keepwell.account import PER_ORDER
from keepwell.engine import Engine, collected
from keepwell.errors import ConservationError
from keepwell.loop.conservation import four_decimals
from keepwell.settings import Costs
from keepwell.tables import MONEY, Tables, total, trimmed

_BORNE = ("fulfilment", "returns_handling", "service", "marketing", "acquisition")


@dataclass(frozen=True, slots=True)
class Borne:
    """Where all cost besides goods and payment fees went."""

    customers: Decimal  # in the ledger, the unknown customer included
    unassigned: Decimal
    resources: Decimal
    contacts: Decimal  # money paid for them
    spend: Decimal
    flat: Decimal  # rates an order


def assigned(tables: Tables, costs: Costs, engine: Engine, *, as_of: date) -> Borne:
    """Compare what was assigned with what there was to assign.

    Raises:
        ConservationError: Some of it is missing or twice; says how much.
    """
    ledger, model, lost = tables["ledger"], tables["costs"], tables["unassigned"]
    found = Borne(
        customers=sum((_sum(ledger, ledger[line], engine) for line in _BORNE), Decimal(0)),
        # A resource may serve several lines of the ledger; fees that no order bears are no cost of this model.
        unassigned=_sum(lost.filter(lost.ledger_line != "payment_fees"), ibis._.amount, engine),
        resources=_sum(model.filter(model.activity == ""), ibis._.cost, engine),
        contacts=_contacts(tables.get("touches"), costs, engine, as_of=as_of),
        spend=_spend(tables.get("spend"), engine, as_of=as_of),
        flat=_sum(model.filter(model.resource == PER_ORDER), ibis._.cost, engine),
    )
    there = found.resources + found.contacts + found.spend + found.flat
    if found.customers + found.unassigned != there:
        problem = f"customers bear {found.customers} and nobody {found.unassigned} of a cost of {there}"
        raise ConservationError(problem, mend="Please report this with the settings; the run was not kept.")
    return found


def unassigned_note(borne: Borne) -> list[str]:
    """Say what of the cost no customer bears, where there is any."""
    if not borne.unassigned:
        return []
    there = borne.customers + borne.unassigned
    part = f" ({borne.unassigned / there:.1%} of all)" if there > 0 and borne.unassigned > 0 else ""
    return [f"{borne.unassigned:,.2f} of cost{part} is borne by no customer; `keepwell costs` shows where it lies."]


def idle_notes(tables: Tables, costs: Costs, engine: Engine) -> list[str]:
    """Name the work that no contact called for, with the kinds of contact there are; files may come later."""
    asked = {}
    for activity in costs.activities:
        first, _, kind = " ".join(activity.per.casefold().split()).partition(" ")
        if first == "touch":
            asked[activity.name] = kind
    touches = tables.get("touches")
    if not asked or touches is None:
        return []
    kinds = touches.select(kind=trimmed(touches.kind).lower()).distinct()
    there = sorted(row["kind"] for row in collected(engine, kinds).to_pylist() if row["kind"])
    known = f"the files have {', '.join(map(repr, there))}" if there else "no file has contacts"
    return [
        f"No contact called for {name!r}: there is none of kind {kind!r}; {known}."
        for name, kind in asked.items()
        if kind not in there
    ]


def _contacts(touches: ir.Table | None, costs: Costs, engine: Engine, *, as_of: date) -> Decimal:
    if touches is None:
        return Decimal(0)
    made = touches.filter(touches.date <= as_of)
    rates = {kind.strip().lower(): cost for kind, cost in costs.touches.items()}
    cases = [(trimmed(made.kind).lower() == kind, ibis.literal(cost, MONEY)) for kind, cost in rates.items()]
    zero = ibis.literal(Decimal(0), MONEY)
    return _sum(made, made.cost.coalesce(ibis.cases(*cases, else_=zero) if cases else zero), engine)


def _spend(spend: ir.Table | None, engine: Engine, *, as_of: date) -> Decimal:
    return Decimal(0) if spend is None else _sum(spend.filter(spend.date <= as_of), ibis._.amount, engine)


def _sum(table: ir.Table, value: Any, engine: Engine) -> Decimal:
    value = value.resolve(table) if hasattr(value, "resolve") else value
    row = collected(engine, table.aggregate(sum=total(value.sum()))).to_pylist()[0]
    return four_decimals(row["sum"])
