"""What winning customers cost and when it came back, by channel and by the month in which they first bought.

Money spent on a channel in a month is held against the customers who first bought in that month and came through that
channel, as the file of orders names it. A channel is the same whatever its letters' case. Months in which a channel
won nobody stand there too: the money was spent all the same. So the spend of all rows is what the ledger charges
customers for being won, and what stands unassigned because nobody came by that channel then.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from keepwell.account.cohorts import ALL
from keepwell.account.contacts import plain
from keepwell.tables import checked, total


def acquisition(cohorts: ir.Table, spent: ir.Table) -> ir.Table:
    """Return one row per month and channel with customers or spend: the table `acquisition`.

    Args:
        cohorts: As `cohorts.cohorts` returns them.
        spent: As `spending.monthly` returns it: what is left of spend beside campaigns that contacts name is spent on
            winning customers. What names no channel is left out; it stands with the cost that nobody bears.
    """
    paid = _paid(spent.filter(spent.campaign == "", spent.channel != ""), cohorts)
    won = _won(_so_far(cohorts, paid))
    t = won.outer_join(paid, ["cohort", "channel"])
    t = t.select(
        "payback",
        cohort=t.cohort.coalesce(t.cohort_right),
        channel=t.channel.coalesce(t.channel_right),
        customers=t.customers.fill_null(0),
        contribution=t.contribution.fill_null(0).cast("decimal(38,4)"),
        spend=t.spend.fill_null(0).cast("decimal(38,4)"),
    )
    each = t.spend.cast("float64") / t.customers.nullif(0).cast("float64")
    return checked("acquisition", t.mutate(cost=each))


def _so_far(cohorts: ir.Table, paid: ir.Table) -> ir.Table:
    """Return the cohorts of single channels with what each had `earned` by every age, and what was spent on it."""
    single = cohorts.filter(cohorts.channel != ALL)
    so_far = ibis.window(group_by=["cohort", "channel"], order_by="age", preceding=None, following=0)
    summed = single.select(
        "cohort", "channel", "age", "customers", "contribution", earned=single.contribution.sum().over(so_far)
    )
    t = summed.left_join(paid, ["cohort", "channel"])
    return t.select(*summed.columns, paid=t.spend.fill_null(0).cast("decimal(38,4)"))


def _won(t: ir.Table) -> ir.Table:
    """Return each cohort's customers, all they contributed, and the first age at which that had reached the spend."""
    return t.group_by("cohort", "channel").aggregate(
        customers=t.customers.max(),
        contribution=total(t.contribution.sum()),
        payback=t.age.min(where=t.earned >= t.paid),
    )


def _paid(spent: ir.Table, cohorts: ir.Table) -> ir.Table:
    """Return the money spent by month and channel, under the name that the orders give the channel."""
    single = cohorts.filter(cohorts.channel != ALL)
    named = single.group_by(plain=plain(single.channel)).aggregate(known=single.channel.min())
    t = spent.left_join(named, spent.channel == named.plain)
    told = t.select(cohort="month", channel=t.known.coalesce(t.channel), amount="amount")
    return told.group_by("cohort", "channel").aggregate(spend=total(told.amount.sum()))
