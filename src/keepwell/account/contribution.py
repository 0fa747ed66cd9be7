"""What each order and each customer's month earned: one profit and loss, booked twice.

An order's lines are first summed per order and month, because money that is given back later belongs to the month in
which that happened. These parts are then summed by order (`order_contribution`) and by customer and month (`ledger`),
so both hold the same money:

    gross - discounts + shipping_charged + tax + other - refunds = money in
    contribution = gross - discounts + shipping_charged + other - refunds - all costs
"""

from __future__ import annotations

from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

import ibis
import ibis.expr.types as ir

from keepwell.settings import Costs
from keepwell.tables import LEDGER_IN, LEDGER_LINES, LEDGER_OUT, UNKNOWN, checked, money

_ADDED = (*LEDGER_LINES, "assumed_sales")


def parts(ruled: ir.Table, *, margin: float) -> ir.Table:
    """Sum lines per order and month.

    Args:
        ruled: Order lines with `ledger_line` and `product`.
        margin: Share of net product sales left after product cost, for lines whose cost is not known.

    Returns:
        `order_id`, `month`, the incoming lines of the ledger, `product_cost`, `assumed_sales`, and what the order's
        own costs are told by: `net` (product sales after discounts and refunds), `fee` (null: not known), `sales`
        (product lines sold), `void` (0 or 1), `customer` (null: nobody) and `day`.
    """
    booked = ruled.mutate(month=month(ruled.order_date), **_incoming(ruled), **_costed(ruled))
    named = booked.customer_id.nullif(UNKNOWN)
    sums = {name: money(booked[name].sum()) for name in (*LEDGER_IN, "known_cost", "assumed_sales", "net", "money")}
    summed = booked.group_by("order_id", "month").aggregate(
        **sums,
        fee=booked.payment_fee.sum(),
        sales=(booked.product & (booked.gross > 0)).cast("int64").sum(),
        void=(booked.status == "void").cast("int64").max(),
        customer=named.min(),
        day=booked.order_date.min(),
    )
    cost = summed.known_cost + _times(summed.assumed_sales, 1 - _exact(margin))
    return summed.mutate(product_cost=cost).drop("known_cost")


def booked(parts: ir.Table, undone: ir.Table, *, costs: Costs) -> ir.Table:
    """Give the parts their customer, the order's own costs and the word whether it was a purchase.

    Args:
        parts: As `parts` returns them.
        undone: `order_id` and `undone`, the sale lines taken back whole.
        costs: What an order costs besides its products.

    Returns:
        The parts with every line of the ledger, `contribution`, `customer_id`, `order_date`, `purchase` and `first`
        (the part that the order's own costs and its count are booked on).
    """
    order = ibis.window(group_by="order_id")
    joined = parts.left_join(undone, "order_id").drop("order_id_right")
    known = joined.mutate(
        customer_id=joined.customer.min().over(order).fill_null(UNKNOWN),
        order_date=joined.day.min().over(order),
        first=joined.month == joined.month.min().over(order),
        net=joined.net.sum().over(order),
        taken=joined.money.sum().over(order),
        fee_known=joined.fee.count().over(order) > 0,
        void=joined.void.max().over(order) == 1,
        left=joined.sales.sum().over(order) - joined.undone.fill_null(0),
    )
    bought = (known.net > 0) & ~known.void & (known.left > 0)
    paid = _times(money(known.taken), _exact(costs.payment_fee_rate)) + _amount(costs.payment_fee_fixed)
    assumed_fee = (known.first & ~known.fee_known & ~known.void & (known.taken > 0)).ifelse(paid, _amount(Decimal(0)))
    full = known.mutate(
        purchase=bought,
        fulfilment=(known.first & bought).ifelse(_amount(costs.fulfilment_per_order), _amount(Decimal(0))),
        payment_fees=money(known.fee).fill_null(_amount(Decimal(0))) + assumed_fee,
        service=_amount(Decimal(0)),
        marketing=_amount(Decimal(0)),
    )
    return full.mutate(contribution=_contribution(full))


def order_contribution(booked: ir.Table) -> ir.Table:
    """Return one row per order: the table `order_contribution`."""
    by = booked.group_by("order_id", "customer_id", "order_date", "purchase")
    summed = by.aggregate(**_sums(booked))
    return checked("order_contribution", summed.mutate(month=month(summed.order_date)))


def ledger(booked: ir.Table) -> ir.Table:
    """Return one row per customer and month: the table `ledger`."""
    orders = (booked.first & booked.purchase).cast("int64").sum()
    by = booked.group_by("customer_id", "month")
    return checked("ledger", by.aggregate(orders=orders, **_sums(booked)))


def month(day: Any) -> Any:
    """Return the first day of an Ibis date's month; through a timestamp, which DuckDB makes of it anyway."""
    return day.cast("timestamp").truncate("M").date()


def totals(ledger: ir.Table) -> ir.Table:
    """Return the whole profit and loss in one row for known customers and one for the unknown one.

    Columns: `known` (boolean), `customers`, `orders` (int64), then every line of the ledger, `contribution` and
    `assumed_sales` as decimal(38,4).
    """
    known = ledger.mutate(known=ledger.customer_id != UNKNOWN)
    sums = {name: known[name].sum().cast("decimal(38,4)") for name in (*_ADDED, "contribution")}
    by = known.group_by("known")
    return by.aggregate(customers=known.customer_id.nunique(), orders=known.orders.sum().cast("int64"), **sums)


def _incoming(t: ir.Table) -> dict[str, Any]:
    """Spread each line's money over the ledger; their signed sum is the line's `money`."""
    none = _amount(Decimal(0))
    signed = t.gross - t.refund

    def caught(name: str) -> Any:
        return (t.ledger_line.fill_null("") == name).ifelse(signed, none)

    return {
        "gross": t.product.ifelse(t.gross, none),
        "refunds": t.product.ifelse(t.refund, none),
        "discounts": t.discount - caught("discounts"),
        "shipping_charged": t.shipping + caught("shipping_charged"),
        "tax": t.tax + caught("tax"),
        "other": t.other + caught("other"),
    }


def _costed(t: ir.Table) -> dict[str, Any]:
    """Tell net product sales, their known cost, and the sales whose cost is not known."""
    none = _amount(Decimal(0))
    net = t.product.ifelse(t.gross - t.discount - t.refund, none)
    void = t.status == "void"  # goods that were never sent cost nothing
    return {
        "net": net,
        "known_cost": (t.product & ~void).ifelse(t.product_cost, none).fill_null(none),
        "assumed_sales": (t.product_cost.isnull() & ~void).ifelse(net, none),
    }


def _contribution(t: ir.Table) -> Any:
    return (
        t.gross - t.discounts + t.shipping_charged + t.other - t.refunds - reduce(add, [t[name] for name in LEDGER_OUT])
    )


def _sums(t: ir.Table) -> dict[str, Any]:
    return {name: money(t[name].sum()) for name in (*_ADDED, "contribution")}


def _times(amount: Any, factor: Decimal) -> Any:
    # 19 digits make DuckDB compute in 128 bits, and money x 5 decimals is still exact on Spark: no engine rounds early.
    return money(amount.cast("decimal(19,5)") * ibis.literal(factor.quantize(Decimal("0.00001")), "decimal(19,5)"))


def _amount(value: Decimal) -> Any:
    return ibis.literal(value, type="decimal(18,4)")


def _exact(share: float) -> Decimal:
    """Return the decimal that was meant: 0.3, not the binary number nearest to it."""
    return Decimal(str(share))
