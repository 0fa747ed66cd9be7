"""Keep or stop: the smallest share that contact must cause, and the verdict under the share that is assumed.

With m the customer's expected contribution of the next 12 months, c the discounted cost of their contacts and s the
share of m that contact causes,

    gain(s) = s m - c        break-even share = c / m        keep where s >= c / m

The break-even share needs no belief about s: it is what one must believe. It does not exist where m is not above 0,
or where c is above m: then no share can pay.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from math import expm1, log1p
from typing import Any

import ibis
import ibis.expr.types as ir

from keepwell.settings import Assumptions, Settings
from keepwell.tables import CALENDAR_YEAR, YEAR_DAYS, checked

TOLERANCE = 1e-9  # of a share: a break-even that equals the assumed share but for its last bits pays


def spread(settings: Settings) -> float:
    """Return what 1, paid evenly over the 365 days of 12 months, is worth today.

    That is (1 - exp(-d)) / d with d = ln(1 + rate) 365 / 365.25, the discount that values are made with too.

    >>> round(spread(Settings()), 6)
    0.953854
    """
    force = log1p(settings.assumptions.discount_rate) * YEAR_DAYS / CALENDAR_YEAR
    return -expm1(-force) / force if force else 1.0


def contact_cost(settings: Settings) -> float:
    """Return the discounted cost of a customer's contacts over 12 months; 0 where no cost is set."""
    return float(settings.contact.cost or 0) * settings.contact.per_year * spread(settings)


def break_even(expected: Any, *, cost: float) -> Any:
    """Return the share that contact must cause, an Ibis value; null where none can pay."""
    share = ibis.literal(cost) / (expected > 0).ifelse(expected, ibis.null("float64"))
    return (share <= 1 + TOLERANCE).ifelse(ibis.least(share, 1.0), ibis.null("float64"))


def plan(judged: ir.Table, *, assumptions: Assumptions, cost: float) -> ir.Table:
    """Return one verdict per customer: the table `plan`.

    Args:
        judged: One row per customer as the kernel `chances` answers.
        assumptions: The share and its range.
        cost: Of the contacts, 12 months, discounted.
    """
    low, share, high = assumptions.contact_share_low, assumptions.contact_share, assumptions.contact_share_high
    t = judged.mutate(break_even=break_even(judged.expected, cost=cost))

    def pays(at: float) -> Any:
        return (t.break_even <= at + TOLERANCE).fill_null(ibis.literal(value=False))

    keep = pays(share)
    return checked(
        "plan",
        t.mutate(
            action=keep.ifelse("keep", "stop"),
            verdict=ibis.cases((pays(low), "keep"), (~pays(high), "stop"), else_="unsure"),
            gain=share * t.expected - cost,
            gain_lower=low * t.expected - cost,
            gain_upper=high * t.expected - cost,
            right=keep.ifelse(t.pays_on_average, 1 - t.pays_on_average),
            evidence=ibis.literal("assumed"),
            reason=_reason(t, share=share),
        ),
    )


def stop_total(plan: ir.Table) -> ir.Table:
    """Return what stopping brings, in one row.

    Columns: `customers` stopped; `cost` of their contacts and `given_up`, the contribution that contact is assumed to
    cause; `saves`, their difference; `saves_lower` and `saves_upper`, the same at the highest and the lowest share.
    """
    stopped = plan.filter(plan.action == "stop")
    summed = stopped.aggregate(
        customers=stopped.count(),
        cost=stopped.cost.sum().fill_null(0.0),
        given_up=(stopped.gain + stopped.cost).sum().fill_null(0.0),
        at_high=(0.0 - stopped.gain_upper).sum().fill_null(0.0),
        at_low=(0.0 - stopped.gain_lower).sum().fill_null(0.0),
    )
    return summed.select(
        "customers",
        "cost",
        "given_up",
        saves=summed.cost - summed.given_up,
        saves_lower=ibis.least(summed.at_high, summed.at_low),
        saves_upper=ibis.greatest(summed.at_high, summed.at_low),
    )


def _reason(t: ir.Table, *, share: float) -> Any:
    """Say what one must believe; rounded up, and as finely as the assumed share is told."""
    assumed = Decimal(str(share)) * 100
    digits = min(max(0, -int(assumed.normalize().as_tuple().exponent)), 3)
    steps = 10**digits
    needed = (t.break_even * (100 * steps) - TOLERANCE * 100 * steps).ceil().cast("int64")
    text = needed.floordiv(steps).cast("int64").cast("string")
    if digits:
        text = text + "." + (needed % steps).cast("int64").cast("string").lpad(digits, "0")
    told = f"{assumed.quantize(Decimal(1) / steps, rounding=ROUND_CEILING)}"
    believe = (
        ibis.literal("To keep mailing this customer you must believe that mailing causes at least ")
        + text
        + f"% of what they buy; {told}% is assumed."
    )
    return ibis.cases(
        (t.break_even.notnull(), believe),
        (t.expected > 0, "Mailing cannot pay on this customer: it costs more than all they are expected to bring."),
        else_="Mailing cannot pay on this customer: they are expected to bring nothing.",
    )
