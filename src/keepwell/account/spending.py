"""Marketing money, brought to the customers it was spent on.

1. A campaign that contacts name: its spend of a month goes in equal parts to its contacts of that month, or, where it
   made none then, to all it ever made. It is marketing, in the month of the spend.
2. All other spend is of its channel: it goes in equal parts to the customers who first bought in that month and came by
   that channel. It is acquisition. A month that won nobody, and a channel that nobody came by, stay unassigned.

Parts are of ten-thousandths; the first by id bear the few that are left over, so that the parts add up to the spend.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from keepwell.account.contacts import plain
from keepwell.account.contribution import month
from keepwell.tables import counted, money, total

_UNIT = "0.0001"


def monthly(spend: ir.Table, contacts: ir.Table | None) -> ir.Table:
    """Return spend by `month`, `channel` and `campaign` ('' unless contacts name it), as compared: `amount`.

    Args:
        spend: The contract's table.
        contacts: As `contacts.costed` returns them; None: there are none.
    """
    t = spend.select("amount", month=month(spend.date), channel=plain(spend.channel), campaign=plain(spend.campaign))
    if contacts is None:
        by = t.group_by("month", "channel", campaign=ibis.literal(""))
        return by.aggregate(amount=money(t.amount.sum()))
    named = contacts.filter(contacts.campaign != "").select(named="campaign").distinct()
    t = t.left_join(named, t.campaign == named.named)
    t = t.mutate(campaign=t.named.fill_null(""), channel=t.named.isnull().ifelse(t.channel, ""))
    return t.group_by("month", "channel", "campaign").aggregate(amount=money(t.amount.sum()))


def campaigns(monthly: ir.Table, contacts: ir.Table) -> ir.Table:
    """Return the campaigns' spend on each contact: `customer_id`, `month`, `marketing`.

    Args:
        monthly: As the function of that name returns it.
        contacts: As `contacts.tied` returns them.
    """
    spent = monthly.filter(monthly.campaign != "").drop("channel")
    made = contacts.filter(contacts.campaign != "").select("file", "line", "customer_id", "campaign", made="month")
    then = made.select("campaign", month="made").distinct()
    in_month = spent.semi_join(then, ["campaign", "month"])
    ever = spent.anti_join(then, ["campaign", "month"])
    same = in_month.inner_join(made, [in_month.campaign == made.campaign, in_month.month == made.made])
    every = ever.inner_join(made, "campaign")
    columns = ["customer_id", "month", "campaign", "amount", "file", "line"]
    rows = ibis.union(same.select(columns), every.select(columns))
    return _split(rows, by=("campaign", "month"), order=("file", "line")).rename(marketing="part")


def acquisition(monthly: ir.Table, won: ir.Table) -> ir.Table:
    """Return the channels' spend on each customer won: `customer_id`, `month`, `acquisition`.

    Args:
        monthly: As the function of that name returns it.
        won: `customer_id`, `month` of their first purchase and `channel`, as compared.
    """
    spent = monthly.filter(monthly.campaign == "").drop("campaign")
    rows = spent.inner_join(won, ["month", "channel"])
    return _split(rows, by=("channel", "month"), order=("customer_id",)).rename(acquisition="part")


def unassigned(monthly: ir.Table, won: ir.Table) -> ir.Table:
    """Return the channels' spend that won nobody: `month`, `reason`, `subject` (the channel), `amount`."""
    spent = monthly.filter(monthly.campaign == "").drop("campaign")
    came = won.select(by="channel").distinct()
    lost = spent.anti_join(won, ["month", "channel"])
    t = lost.left_join(came, lost.channel == came.by)
    reason = ibis.cases(
        (t.channel == "", "names no channel"), (t.by.isnull(), "nobody came by it"), else_="won nobody that month"
    )
    return t.select("month", reason=reason, subject=t.channel, amount=total(t.amount))


def won(firsts: ir.Table, customers: ir.Table | None) -> ir.Table:
    """Return the customers won: `customer_id`, `month` of their first purchase and `channel`, as compared.

    Args:
        firsts: As `contribution.first_orders` returns them.
        customers: `customer_id` and `channel` of the first order; None: no channel is known.
    """
    if customers is None:
        return firsts.select("customer_id", month=month(firsts.first_date), channel=ibis.literal("")).limit(0)
    t = firsts.left_join(customers.select("customer_id", "channel"), "customer_id").drop("customer_id_right")
    return t.select("customer_id", month=month(t.first_date), channel=plain(t.channel)).filter(
        lambda w: w.channel != ""
    )


def _split(rows: ir.Table, *, by: tuple[str, ...], order: tuple[str, ...]) -> ir.Table:
    """Split `amount` equally over the rows of a group: `customer_id`, `month`, `part`."""
    group = ibis.window(group_by=list(by))
    ranked = rows.mutate(
        n=rows.count().over(group),
        rank=counted(ibis.row_number().over(ibis.window(group_by=list(by), order_by=list(order)))),
    )
    # Of the amount without its sign: engines divide negative whole numbers differently.
    units = (ranked.amount.abs() * ibis.literal("10000", "decimal(5,0)")).cast("decimal(38,0)")
    whole = units.cast("int64")
    share = whole.floordiv(ranked.n) + (ranked["rank"] < whole % ranked.n).cast("int64")
    signed = (ranked.amount < 0).ifelse(-share, share)
    return ranked.select("customer_id", "month", part=_money(signed))


def _money(units: Any) -> Any:
    return money(units.cast("decimal(22,4)") * ibis.literal(_UNIT, "decimal(5,4)"))
