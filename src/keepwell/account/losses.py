"""Which customers cost more than they brought, and why each one did.

A customer's contribution is their sales less ten kinds of cost, so what they fall short of an average customer of the
same sales splits into ten differences that add up, each the customer's own cost of the kind less the average share of
sales that it takes from everybody. The largest is the reason.

    returns        refunds and the work on returns, less the product cost that came back with the goods
    discounts      given to them
    product cost   of what they kept, beyond the usual part of its price
    small orders   the usual cost of an order (fulfilment and fees, less delivery charged) x their orders
    costly orders  what their orders cost beyond that: far, heavy or in a hurry
    adjustments    manual corrections and fees booked on them
    service        tickets, calls, visits
    marketing      contacts made
    acquisition    winning them
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import ibis
import ibis.expr.types as ir

from keepwell.account.rounding import rounded
from keepwell.tables import LEDGER_LINES, UNKNOWN, checked, counted, money

# The kinds in the order in which they win a tie, each with what it is in a sentence.
REASONS = {
    "returns": "Returns (money given back and the work on it, less the cost of goods that came back)",
    "discounts": "Discounts",
    "small orders": "Small orders (an average order's packing, postage and payment, less what was charged for it)",
    "costly orders": "Orders that cost more to send than others (far, heavy or in a hurry)",
    "adjustments": "Adjustments (manual corrections and fees booked on them)",
    "service": "Service (tickets, calls and visits)",
    "marketing": "Contacts made (mailings, catalogues, calls)",
    "acquisition": "Winning them (advertising)",
    "product cost": "The goods (bought dearer or sold cheaper than usual)",
}
EVERYBODY = "everybody"  # the reason of those who are no dearer than the rest of a shop that loses on its sales


def loss_makers(ledger: ir.Table) -> ir.Table:
    """Return the known customers whose contribution is below 0: the table `loss_makers`.

    Args:
        ledger: Every line of the profit and loss per customer and month.
    """
    summed = costs(summed_by_customer(ledger))
    losing = summed.filter(summed.contribution < 0).cross_join(_averages(summed))
    beyond = losing.mutate(**{f"over_{kind}": _beyond(losing, kind) for kind in REASONS})
    return checked("loss_makers", _reasoned(beyond))


def summed_by_customer(ledger: ir.Table) -> ir.Table:
    """Return each known customer's ledger over all months, in floats but for `contribution`."""
    known = ledger.filter(ledger.customer_id != UNKNOWN)
    sums = {name: known[name].sum().cast("decimal(38,4)").cast("float64") for name in LEDGER_LINES}
    by = known.group_by("customer_id")
    return by.aggregate(contribution=money(known.contribution.sum()), orders=counted(known.orders.sum()), **sums)


def costs(t: ir.Table) -> ir.Table:
    """Return each customer's costs by kind, which together with `sales` make up the contribution.

    Columns: `customer_id`, `contribution`, `sales` (gross), `orders`, the kinds of `REASONS`; 'small orders' holds all
    of the orders' own costs, and 'costly orders' nothing yet.
    """
    whole = t.aggregate(of_goods=_exactly(t.product_cost), kept=_exactly(t.gross - t.refunds))
    t = t.cross_join(whole.select(usual=_part(whole.of_goods, whole.kept)))
    saved = ibis.greatest(0.0, t.usual * t.gross - t.product_cost)
    back = ibis.greatest(0.0, ibis.least(t.usual * t.refunds, saved))
    return t.select(
        "customer_id",
        "contribution",
        "orders",
        sales=t.gross,
        **{
            "returns": t.refunds + t.returns_handling - back,
            "discounts": t.discounts,
            "small orders": t.fulfilment + t.payment_fees - t.shipping_charged,
            "adjustments": -t.other,
            "costly orders": ibis.literal(0.0),
            "service": t.service,
            "marketing": t.marketing,
            "acquisition": t.acquisition,
            "product cost": t.product_cost + back,
        },
    )


def _averages(t: ir.Table) -> ir.Table:
    """Return what each kind takes of everybody's sales (`rate_...`), and the cost of an average order (`of_order`)."""
    sums = {f"sum_{kind}": _exactly(t[kind]) for kind in REASONS}
    s = t.aggregate(all_sales=_exactly(t.sales), all_orders=counted(t.orders.sum()).cast("float64"), **sums)
    rates = {f"rate_{kind}": _part(s[f"sum_{kind}"], s.all_sales) for kind in REASONS}
    return s.select(**rates, of_order=_part(s["sum_small orders"], s.all_orders))


def _exactly(value: Any) -> Any:
    """Sum floats over all customers in decimal, so that the order of the rows does not show in who lost why."""
    return rounded(value).sum().cast("decimal(38,4)").cast("float64")


def _part(of: Any, whole: Any) -> Any:
    return (whole > 0).ifelse(of / (whole > 0).ifelse(whole, 1.0), 0.0)


def _cost(t: ir.Table, kind: str) -> Any:
    """Return what a kind cost; the orders' own costs are parted into the usual ones and the rest."""
    usual = t.of_order * t.orders.cast("float64")
    if kind == "small orders":
        return usual
    return t["small orders"] - usual if kind == "costly orders" else t[kind]


def _usual(t: ir.Table, kind: str) -> Any:
    """Return what a kind costs an average customer of the same sales."""
    return t[f"rate_{kind}"] * t.sales


def _beyond(t: ir.Table, kind: str) -> Any:
    return rounded(_cost(t, kind) - _usual(t, kind))


def _reasoned(t: ir.Table) -> ir.Table:
    """Name the largest difference, and say it in a sentence."""
    most = reduce(ibis.greatest, [t[f"over_{kind}"] for kind in REASONS])
    found = t.mutate(excess=most)
    reason = ibis.cases(
        (found.excess <= 0, EVERYBODY), *((found[f"over_{kind}"] == found.excess, kind) for kind in REASONS)
    )
    named = found.mutate(reason=reason)
    said = ibis.cases(
        *((named.reason == kind, _sentence(named, kind, words)) for kind, words in REASONS.items()),
        else_=ibis.literal("The shop as a whole loses on its sales; they cost no more than others of their ")
        + (_told(named.sales) + " of sales."),
    )
    return named.mutate(words=said)


def _sentence(t: ir.Table, kind: str, words: str) -> Any:
    cost, usual = _told(_cost(t, kind)), _told(_usual(t, kind))
    sales = (t.sales > 0).ifelse(ibis.literal(" on sales of ") + _told(t.sales), ibis.literal(" without any sales"))
    average = (t.sales > 0).ifelse(ibis.literal("; such sales cost ") + usual + " on average", ibis.literal(""))
    return ibis.literal(f"{words} cost ") + cost + sales + average + "."


def _told(value: Any) -> Any:
    """Write money with two decimals."""
    return rounded(value).cast("decimal(38,10)").cast("decimal(18,2)").cast("string")
