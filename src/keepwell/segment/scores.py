"""RFM scores and value tiers.

Scores: 1 is worst and 5 best on each of recency (how lately), frequency (how many purchase days) and contribution
(what was earned so far). With n customers of whom b stand strictly below,

    score = 1 + floor(5 b / n)

so customers who are alike get the same score: a score that depended on a customer's number would say something about
the number. Where most bought once, they all score 1 on frequency and few scores lie between.

Tiers: a fifth is a fifth. Customers in order of what they are expected to earn in 12 months, ties by customer_id,
cut into five of equal size.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from keepwell.tables import counted, money

TIERS = ("top fifth", "second fifth", "middle fifth", "fourth fifth", "bottom fifth")


def rfm(customers: ir.Table) -> ir.Table:
    """Return `customer_id`, `scheme` and `segment` like 'R5 F1 M3'.

    Args:
        customers: One row per customer with `silence` (days since the last purchase), `repeats` and `earned`.
    """
    n = customers.count().over(ibis.window())
    scored = customers.mutate(
        r=_score(customers.silence.desc(), n), f=_score(customers.repeats.asc(), n), m=_score(customers.earned.asc(), n)
    )
    name = ibis.literal("R") + scored.r + ibis.literal(" F") + scored.f + ibis.literal(" M") + scored.m
    return scored.select("customer_id", scheme=ibis.literal("rfm"), segment=name)


def tiers(customers: ir.Table) -> ir.Table:
    """Return `customer_id`, `scheme` and `segment`, a name of `TIERS`.

    Args:
        customers: One row per customer with `expected` (contribution of the next 12 months).
    """
    # To a ten-thousandth: the last bits of a float must not decide who is in the top fifth.
    order = [money(customers.expected).desc(), customers.customer_id]
    numbered = customers.mutate(fifth=ibis.ntile(5).over(order_by=order))
    named = ibis.cases(*((numbered.fifth == i, name) for i, name in enumerate(TIERS)))
    return numbered.select("customer_id", scheme=ibis.literal("tier"), segment=named)


def _score(order: Any, n: Any) -> Any:
    """Return the score as text; `rank` counts the customers strictly below."""
    return (1 + (5 * counted(ibis.rank().over(order_by=order))).floordiv(n)).cast("string")
