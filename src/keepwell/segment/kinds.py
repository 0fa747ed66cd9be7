"""The plain words people use for customers, measured by the shop's own rhythm.

The rhythm is the shop's typical gap: of all customers who came back, half came back in that many days or fewer on
average (in whole days, at least one). Every customer is exactly one kind, the first of these that is true:

- *new*: the first purchase is less than one typical gap ago, and the only one. There was no time to come back.
- *one-time*: one purchase, and at least one typical gap without another.
- *lapsed*: came back before, and is now more likely gone than not (chance of being active below a half).
- *frequent*: came back, and buys at least once a typical gap on average, the silence up to now counted.
- *occasional*: came back, buys less often than that, and is more likely active than not.

One-time buyers are not split by their chance of being active: a single purchase shows no rhythm of their own to have
fallen out of, and a model that lets customers leave only after a repeat purchase calls them all active.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

KINDS = ("new", "one-time", "lapsed", "frequent", "occasional")


def rhythm(history: ir.Table) -> ir.Table:
    """Return one row with the shop's typical gap in days (`gap`, int64; null where nobody came back).

    An order statistic of whole numbers, so that every engine finds the same one.
    """
    back = history.filter(history.repeats > 0)
    gaps = back.select(gap=ibis.greatest(back.recency.floordiv(back.repeats), 1).cast("int64"))
    counted = gaps.group_by("gap").aggregate(n=gaps.count())
    running = counted.mutate(
        below=counted.n.sum().over(ibis.window(order_by="gap", preceding=None, following=0)),
        whole=counted.n.sum().over(ibis.window()),
    )
    return running.filter(2 * running.below >= running.whole).aggregate(gap=lambda t: t.gap.min())


def kinds(customers: ir.Table, rhythm: ir.Table) -> ir.Table:
    """Return `customer_id`, `scheme` and `segment`, a name of `KINDS`.

    Args:
        customers: One row per customer with `repeats`, `age` (days) and `p_active`.
        rhythm: The shop's typical gap.
    """
    t = customers.cross_join(rhythm)
    once = t.repeats == 0
    kind = ibis.cases(
        (once & (t.age < t.gap), "new"),
        (once, "one-time"),
        (t.p_active < 0.5, "lapsed"),
        (t.age <= t.gap * t.repeats, "frequent"),
        else_="occasional",
    )
    return t.select("customer_id", scheme=ibis.literal("kind"), segment=kind)
