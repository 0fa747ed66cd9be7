"""What each customer did, condensed to what the models read.

A purchase occasion is a day with a purchase: two orders on one day are one occasion, because the models are of
occasions and a split basket would pass for loyalty. Everything else that a customer's documents earned or cost
(refunds, fees, whole cancellations) belongs to the latest occasion on or before its day, so that an occasion's
contribution is what was left of it in the end.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import ibis

from keepwell.tables import UNKNOWN, checked

if TYPE_CHECKING:
    import ibis.expr.types as ir

TOTAL = "decimal(38,4)"  # wide enough for sums, exact


def customer_days(order_contribution: ir.Table, *, until: date) -> ir.Table:
    """Return one row per known customer and day with a document, up to `until` inclusive.

    Columns: `customer_id`, `day`, `bought` (int64, 1 on a day with a purchase), `amount` and `assumed` (decimal:
    contribution, and net sales whose cost is assumed).
    """
    seen = order_contribution.filter(
        order_contribution.customer_id != UNKNOWN, order_contribution.order_date <= ibis.date(until)
    )
    return seen.group_by("customer_id", day=seen.order_date).aggregate(
        bought=seen.purchase.cast("int64").max(),
        amount=seen.contribution.sum().cast(TOTAL),
        assumed=seen.assumed_sales.sum().cast(TOTAL),
    )


def mixed_customers(days: ir.Table) -> ir.Table:
    """Return the customers of `customer_days` with a day on which nothing was bought: one column, `customer_id`."""
    return days.filter(days.bought == 0).select("customer_id").distinct()


def occasions(days: ir.Table) -> ir.Table:
    """Return one row per purchase occasion of `customer_days`, with all that belongs to it.

    Columns as there, without `bought`. Customers who never bought have no row. Only customers who have a day without
    a purchase pass through a window: they are few, and a window sorts.
    """
    others = mixed_customers(days)
    plain = days.anti_join(others, "customer_id").drop("bought")
    return plain.union(attached(days.semi_join(others, "customer_id")).select(plain.columns))


def attached(days: ir.Table) -> ir.Table:
    """Return the occasions of `customer_days`, each day without a purchase added to the occasion before it.

    Days before a customer's first purchase are added to that.
    """
    bought_on = ibis.ifelse(days.bought == 1, days.day, ibis.null("date"))
    so_far = ibis.cumulative_window(group_by="customer_id", order_by="day")
    everything = ibis.window(group_by="customer_id")
    dated = days.mutate(of=bought_on.max().over(so_far).fill_null(bought_on.min().over(everything)))
    dated = dated.filter(dated.of.notnull())
    return dated.group_by("customer_id", day=dated.of).aggregate(
        amount=dated.amount.sum().cast(TOTAL), assumed=dated.assumed.sum().cast(TOTAL)
    )


def history(order_contribution: ir.Table, *, until: date) -> ir.Table:
    """Condense orders to the table `history`, one row per customer who bought up to `until` inclusive."""
    return from_occasions(occasions(customer_days(order_contribution, until=until)), until=until)


def from_occasions(occasions: ir.Table, *, until: date) -> ir.Table:
    """Condense occasions to the table `history` as `until` saw it; later occasions are left out."""
    seen = occasions.filter(occasions.day <= ibis.date(until))
    whole = seen.group_by("customer_id").aggregate(
        first_date=seen.day.min(),
        last_date=seen.day.max(),
        days=seen.count(),
        first_amount=seen.amount.argmin(seen.day).cast(TOTAL),  # a customer's days are distinct: no tie
        total=seen.amount.sum().cast(TOTAL),
        squares=_square(seen.amount).sum(),
    )
    return checked(
        "history",
        whole.mutate(
            repeats=whole.days - 1,
            recency=whole.last_date.delta(whole.first_date, unit="day"),
            age=ibis.date(until).delta(whole.first_date, unit="day"),
            first_contribution=whole.first_amount.cast("float64"),
            repeat_sum=(whole.total - whole.first_amount).cast("float64"),
            # Exact: a first order that dwarfs the others would leave nothing of them in floats.
            repeat_sum_squares=(whole.squares - _square(whole.first_amount)).cast("float64"),
        ),
    )


def _square(amount: Any) -> Any:
    # Of two widths, because DuckDB keeps the product of narrow ones narrow and Spark that of wide ones short of digits.
    return (amount.cast("decimal(19,4)") * amount.cast("decimal(18,4)")).cast("decimal(38,8)")
