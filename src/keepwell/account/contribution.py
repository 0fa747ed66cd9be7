"""What each order and each customer's month earned: one profit and loss, booked twice.

Lines are summed per order (`order_contribution`), and orders per customer and month (`ledger`). Money that is given
back later belongs to the month in which that happened, so the few orders whose lines lie in several months are
summed per month as well. What an order costs is rounded on its lines, so that every sum of them is exact:

    gross - discounts + shipping_charged + tax + other - refunds = money in
    contribution = gross - discounts + shipping_charged + other - refunds - all costs, in three steps
"""

from __future__ import annotations

from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

import ibis
import ibis.expr.types as ir

from keepwell.settings import Costs
from keepwell.tables import LEDGER_COSTS, LEDGER_IN, LEDGER_LINES, MONEY, UNKNOWN, checked, counted, money, total

CONTRIBUTIONS = ("contribution_1", "contribution_2", "contribution")
_ADDED = (*LEDGER_LINES, "assumed_sales")
_ON_LINES = (*LEDGER_IN, "product_cost", "assumed_sales")
_ON_ORDERS = ("fulfilment", "payment_fees")
_RECORDED_LATER = ("returns_handling", "service", "marketing", "acquisition")


def priced(ruled: ir.Table, *, margin: float) -> ir.Table:
    """Spread each line's money over the ledger and tell what its goods cost.

    Args:
        ruled: Order lines with `ledger_line` and `product`.
        margin: Share of net product sales left after product cost, for lines whose cost is not known.

    Returns:
        `order_id`, `customer_id`, `order_date`, the lines of the ledger that order lines carry, `assumed_sales`, `net`
        (product sales after discounts and refunds), `fee` (null: not known), `sale` and `void` (0 or 1).
    """
    return ruled.select(
        "order_id",
        "customer_id",
        "order_date",
        **incoming(ruled),
        **costed(ruled, left=exact(margin)),
        fee=ruled.payment_fee,
        sale=(ruled.product & (ruled.gross > 0)).cast("int64"),
        void=(ruled.status == "void").cast("int64"),
    )


def books(priced: ir.Table, undone: ir.Table, *, costs: Costs) -> ir.Table:
    """Sum lines per order and add the order's own costs and the word whether it was a purchase.

    Args:
        priced: As `priced` returns them.
        undone: `order_id` and `undone`, the sale lines taken back whole.
        costs: What an order costs besides its products.

    Returns:
        The columns of `order_contribution`, `last_customer` (of the known ones, by id; null: nobody) and `last_month`.
    """
    named = priced.customer_id.nullif(UNKNOWN)
    summed = priced.group_by("order_id").aggregate(
        **{name: _summed(priced[name]) for name in (*_ON_LINES, "net", "fee")},
        sales=priced.sale.sum(),
        void=priced.void.max(),
        customer=named.min(),
        last_customer=named.max(),
        order_date=priced.order_date.min(),
        last_date=priced.order_date.max(),
    )
    t = summed.left_join(undone, "order_id")
    bought = (t.net > 0) & (t.void == 0) & (t.sales > t.undone.fill_null(0))
    taken = t.gross - t.discounts + t.shipping_charged + t.tax + t.other - t.refunds
    assumed = times(taken, exact(costs.payment_fee_rate)) + _amount(costs.payment_fee_fixed)
    return _with_contribution(
        t.select(
            "order_id",
            "order_date",
            "last_customer",
            *_ON_LINES,
            customer_id=t.customer.fill_null(UNKNOWN),
            month=month(t.order_date),
            last_month=month(t.last_date),
            purchase=bought,
            fulfilment=bought.ifelse(_amount(costs.fulfilment_per_order), _none()),
            payment_fees=t.fee.coalesce(((t.void == 0) & (taken > 0)).ifelse(assumed, _none())),
        )
    )


def order_contribution(books: ir.Table) -> ir.Table:
    """Return one row per order: the table `order_contribution`."""
    return checked("order_contribution", books)


def monthly(books: ir.Table, priced: ir.Table) -> ir.Table:
    """Return the orders that lie in several months, a row for each of these months.

    The order's own costs and its count stand in its first month.

    Args:
        books: As `books` returns them.
        priced: The lines they were summed from.
    """
    spanning = books.filter(books.month != books.last_month).select(
        "order_id", "purchase", *_ON_ORDERS, owner="customer_id", first="month"
    )
    lines = priced.inner_join(spanning, "order_id").mutate(month=lambda t: month(t.order_date))
    own = ("order_id", "owner", "first", "purchase", *_ON_ORDERS, "month")
    t = lines.group_by(own).aggregate(**{name: _summed(lines[name]) for name in _ON_LINES})
    at_first = t.month == t.first
    return t.select(
        "month",
        *_ON_LINES,
        customer_id="owner",
        purchase=t.purchase & at_first,
        **{name: at_first.ifelse(t[name], _none()) for name in _ON_ORDERS},
    )


def ledger(books: ir.Table, monthly: ir.Table) -> ir.Table:
    """Return one row per customer and month: the table `ledger`.

    Args:
        books: As `books` returns them.
        monthly: As `monthly` returns them, for the orders among `books` that lie in several months.
    """
    columns = ["customer_id", "month", "purchase", *_ON_LINES, *_ON_ORDERS]
    single = books.filter(books.month == books.last_month)
    rows = ibis.union(single.select(*columns), monthly.select(*columns))
    summed = rows.group_by("customer_id", "month").aggregate(
        orders=counted(rows.purchase.cast("int64").sum()),
        **{name: _summed(rows[name]) for name in (*_ON_LINES, *_ON_ORDERS)},
    )
    return checked("ledger", _with_contribution(summed))


def month(day: Any) -> Any:
    """Return the first day of an Ibis date's month; through a timestamp, which DuckDB makes of it anyway."""
    return day.cast("timestamp").truncate("M").date()


def totals(ledger: ir.Table) -> ir.Table:
    """Return the whole profit and loss in one row for known customers and one for the unknown one.

    Columns: `known` (boolean), `customers`, `orders` (int64), then every line of the ledger, `contribution` and
    `assumed_sales` as decimal(38,4).
    """
    known = ledger.mutate(known=ledger.customer_id != UNKNOWN)
    sums = {name: total(known[name].sum()) for name in (*_ADDED, "contribution")}
    by = known.group_by("known")
    return by.aggregate(customers=known.customer_id.nunique(), orders=counted(known.orders.sum()), **sums)


def incoming(t: ir.Table) -> dict[str, Any]:
    """Spread each line's money over the ledger; their signed sum is the line's `money`."""
    signed = t.gross - t.refund

    def caught(name: str) -> Any:
        return (t.ledger_line.fill_null("") == name).ifelse(signed, _none())

    return {
        "gross": t.product.ifelse(t.gross, _none()),
        "refunds": t.product.ifelse(t.refund, _none()),
        "discounts": t.discount - caught("discounts"),
        "shipping_charged": t.shipping + caught("shipping_charged"),
        "tax": t.tax + caught("tax"),
        "other": t.other + caught("other"),
    }


def costed(t: ir.Table, *, left: Decimal) -> dict[str, Any]:
    """Tell net product sales, the cost of the goods, and the sales whose cost is assumed."""
    net = t.product.ifelse(t.gross - t.discount - t.refund, _none())
    void = t.status == "void"  # goods that were never sent cost nothing
    known = t.product_cost.notnull()
    return {
        "net": net,
        "product_cost": ibis.cases(
            (void | (known & ~t.product), _none()), (known, t.product_cost), else_=times(net, 1 - left)
        ),
        "assumed_sales": (known | void).ifelse(_none(), net),
    }


def _with_contribution(t: ir.Table) -> ir.Table:
    full = t.mutate(**{name: _none() for name in _RECORDED_LATER})
    left = full.gross - full.discounts + full.shipping_charged + full.other - full.refunds
    steps = {}
    for name, costs in zip(CONTRIBUTIONS, LEDGER_COSTS, strict=True):
        left -= reduce(add, [full[cost] for cost in costs])
        steps[name] = money(left)
    return full.mutate(**steps)


def _summed(amount: Any) -> Any:
    return money(amount.sum())


def times(amount: Any, factor: Decimal) -> Any:
    # 19 digits make DuckDB compute in 128 bits, and money x 5 decimals is still exact on Spark: no engine rounds early.
    return money(amount.cast("decimal(19,5)") * ibis.literal(factor.quantize(Decimal("0.00001")), "decimal(19,5)"))


def _amount(value: Decimal) -> Any:
    return ibis.literal(value, type=MONEY)


def _none() -> Any:
    return _amount(Decimal(0))


def exact(share: float) -> Decimal:
    """Return the decimal that was meant: 0.3, not the binary number nearest to it."""
    return Decimal(str(share))
