"""Each segment in numbers: how many, what they earned, what they are expected to earn."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from keepwell.tables import checked, total


def profiles(segments: ir.Table, customers: ir.Table) -> ir.Table:
    """Return one row per scheme and segment: the table `segment_profiles`.

    Args:
        segments: `customer_id`, `scheme`, `segment`.
        customers: One row per customer with `earned`, `expected`, `p_active` and `repeats`.
    """
    joined = segments.inner_join(customers, "customer_id")
    summed = joined.group_by("scheme", "segment").aggregate(
        customers=joined.count(),
        contribution=total(joined.earned.sum()),
        expected=joined.expected.sum(),
        p_active=joined.p_active.mean(),
        orders=(joined.repeats + 1).mean(),
    )
    return checked(
        "segment_profiles",
        summed.mutate(
            customers_share=_share(summed.customers),
            contribution_share=_share(summed.contribution),
            expected_share=_share(summed.expected),
        ),
    )


def _share(part: Any) -> Any:
    """Return the part of its scheme's whole; null where that is not above 0."""
    whole = part.sum().over(ibis.window(group_by="scheme")).cast("float64")
    return part.cast("float64") / (whole > 0).ifelse(whole, ibis.null("float64"))
