"""What became of the customers who came in one month: who bought, who came back, what they earned.

Customers belong to the month of their first purchase and to the channel of their first order. Every cohort has a row
for each month up to the last, so that a triangle has no holes; what a customer earned or cost before their first
purchase (a contact, an order taken back whole) stands in their first month. So the contribution of all cohorts is that
of the ledger, over the customers who ever bought, with what winning them cost left out.
"""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
from ibis import _

from keepwell.account.contacts import plain
from keepwell.account.trends import first_day, index
from keepwell.tables import MONEY, UNKNOWN, checked, counted, total

ALL = "all"
_COUNTS = ("customers", "active", "returned", "orders")


def firsts(orders: ir.Table, customers: ir.Table) -> ir.Table:
    """Return when each known customer first bought, and came back.

    Args:
        orders: The table `order_contribution`.
        customers: `customer_id` and `channel`.

    Returns:
        `customer_id`, `cohort` and `again` (`trends.index` of the month of the first and of the second day with a
        purchase; the latter null where there was none) and `channel` ('' where not known).
    """
    bought = orders.filter(orders.purchase, orders.customer_id != UNKNOWN).select("customer_id", "order_date")
    first = bought.group_by("customer_id").aggregate(first=_.order_date.min())
    later = bought.inner_join(first, "customer_id").filter(_.order_date > _.first)
    second = later.group_by("customer_id").aggregate(second=_.order_date.min())
    t = first.left_join(second, "customer_id").drop("customer_id_right")
    t = t.left_join(customers.select("customer_id", "channel"), "customer_id").drop("customer_id_right")
    t = t.left_join(_names(customers), t.channel == _names(customers).written)
    told = (t.told == ALL).ifelse("all (channel)", t.told.fill_null(""))  # a shop may name a channel so
    return t.select("customer_id", cohort=index(t["first"]), again=index(t["second"]), channel=told)


def _names(customers: ir.Table) -> ir.Table:
    """Return each channel as `written` with one name (`told`) for all that differ in letters' case only."""
    t = customers.filter(customers.channel.notnull()).select(written="channel").distinct()
    return t.select("written", told=t.written.min().over(ibis.window(group_by=plain(t.written))))


def cohorts(firsts: ir.Table, ledger: ir.Table, *, until: date) -> ir.Table:
    """Return each cohort month after month, by channel and for all channels together: the table `cohorts`.

    Args:
        firsts: As `firsts` returns them.
        ledger: Contribution, acquisition and orders per customer and month.
        until: Last day observed.
    """
    now = until.year * 12 + until.month - 1
    rows = _filled(_sizes(firsts, now=now), _moves(firsts, ledger))
    sums = {name: counted(rows[name].sum()) for name in _COUNTS} | {"contribution": total(rows.contribution.sum())}
    every = rows.group_by("cohort", "age").aggregate(**sums).mutate(channel=ibis.literal(ALL))
    columns = ["cohort", "channel", "age", *_COUNTS, "contribution"]
    both = ibis.union(rows.select(columns), every.select(columns))
    return checked("cohorts", both.mutate(cohort=first_day(both.cohort)))


def _sizes(firsts: ir.Table, *, now: int) -> ir.Table:
    """Return the customers of each cohort and channel, a row for each month since: `age` from 0 to the last."""
    sizes = firsts.group_by("cohort", "channel").aggregate(customers=_.count().cast("int64"))
    return sizes.mutate(age=ibis.range(0, now + 1 - sizes.cohort).unnest().cast("int64"))


def _moves(firsts: ir.Table, ledger: ir.Table) -> ir.Table:
    """Return what the customers of each cohort did, by age; months in which nothing happened are left out."""
    months = ledger.select(
        "customer_id", "orders", at=index(ledger.month), amount=ledger.contribution + ledger.acquisition
    )
    seen = months.inner_join(firsts, "customer_id")
    done = seen.select(
        "cohort",
        "channel",
        "orders",
        "amount",
        age=ibis.greatest(seen.at - seen.cohort, 0),
        active=(seen.orders > 0).cast("int64"),
        back=ibis.literal(0, "int64"),
    )
    came = firsts.filter(firsts.again.notnull())
    back = came.select(
        "cohort",
        "channel",
        orders=ibis.literal(0, "int64"),
        amount=ibis.literal(0, MONEY),
        age=came.again - came.cohort,
        active=ibis.literal(0, "int64"),
        back=ibis.literal(1, "int64"),
    )
    t = ibis.union(done, back)
    counts = {name: counted(t[name].sum()) for name in ("orders", "active", "back")}
    return t.group_by("cohort", "channel", "age").aggregate(contribution=total(t.amount.sum()), **counts)


def _filled(sizes: ir.Table, moves: ir.Table) -> ir.Table:
    """Put what happened into the months in which it did, and add up who had come back by then."""
    t = sizes.left_join(moves, ["cohort", "channel", "age"])
    so_far = ibis.window(group_by=["cohort", "channel"], order_by="age", preceding=None, following=0)
    return t.select(
        "cohort",
        "channel",
        "age",
        "customers",
        active=t.active.fill_null(0),
        returned=counted(t.back.fill_null(0).sum().over(so_far)),
        orders=t.orders.fill_null(0),
        contribution=t.contribution.fill_null(0).cast("decimal(38,4)"),
    )
