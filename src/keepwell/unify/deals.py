"""Won deals as sales, where sales people's deals are the business.

A won deal is one order of one line, on the day it closed (else the day it was opened). Whether deals count is
`facts.deals`: where a shop's own orders are there too, the same money would stand twice.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ibis

from keepwell.settings import Facts
from keepwell.tables import MONEY, checked
from keepwell.unify.amounts import RATE

if TYPE_CHECKING:
    import ibis.expr.types as ir

_NO = ibis.literal(value=False)


def are_sales(facts: Facts, *, sold: bool) -> bool:
    """Return whether won deals are sales; `sold` says whether any file of sales is there."""
    return facts.deals == "sales" or (facts.deals == "auto" and not sold)


def with_money(rows: ir.Table) -> ir.Table:
    """Give typed rows of deals the money they bring; a won one without an amount or a day is at fault."""
    won = rows.won.fill_null(_NO)
    faults = [(won & rows.amount.isnull(), "a won deal without an amount"), (won & _day(rows).isnull(), "no day")]
    none = ibis.null("string")
    why = ibis.cases(*((where, ibis.literal(said)) for where, said in faults), else_=none)
    fine = rows.fault_reason.isnull()
    nothing = ibis.literal(0).cast(MONEY)
    return rows.mutate(
        money=won.ifelse(rows.amount, nothing),
        fault_reason=fine.ifelse(why, rows.fault_reason),
    )


def order_lines(rows: ir.Table) -> ir.Table:
    """Return the table `order_lines` of the won deals among typed rows that are facts."""
    won = rows.filter(rows.won)
    nothing, none = ibis.literal(0).cast(MONEY), ibis.null("string")
    if "rate" not in won.columns:
        won = won.mutate(rate=ibis.literal(Decimal(1), type=RATE), source_money=won.amount)
    day = _day(won)
    return checked(
        "order_lines",
        won.select(
            *("file", "line", "source", "customer_id", "record_id", "currency", "rate", "source_money", "money"),
            order_id=ibis.literal("deal:") + won.deal_id,
            ordered_at=day.cast("timestamp"),
            order_date=day,
            product_id=none,
            description=won.deal_name,
            quantity=ibis.literal(1).cast(MONEY),
            gross=ibis.greatest(won.amount, nothing),
            refund=ibis.greatest(-won.amount, nothing),
            **dict.fromkeys(("discount", "shipping", "tax", "other"), nothing),
            **dict.fromkeys(("product_cost", "payment_fee"), ibis.null(MONEY)),
            status=ibis.literal("ok"),
            refund_date_assumed=_NO,
            weight=ibis.null("decimal(18,4)"),
            rush=ibis.null("boolean"),
            country=won.country,
            channel=ibis.literal("deal"),
        ),
    )


def _day(rows: ir.Table) -> Any:
    return ibis.coalesce(rows.closed, rows.opened)
