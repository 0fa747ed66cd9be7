"""The whale curve: what the best customers earned together, down to the last and worst.

It rises while customers earn something, and falls where they cost more than they bring; where its peak stands above
100%, the difference is lost again on the rest.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from keepwell.tables import UNKNOWN, checked, counted, money, total

POINTS = 1000


def whale(ledger: ir.Table, *, points: int = POINTS) -> ir.Table:
    """Return the curve: the table `whale`.

    At most `points` + 1 rows: customers evenly spaced in rank, the last one included, and the peak. Every row is
    exact, summed over all customers up to that rank; only the rows between are left out.

    Args:
        ledger: Contribution per customer and month; the unknown customer is nobody and left out.
        points: Most rows, the peak apart.
    """
    known = ledger.filter(ledger.customer_id != UNKNOWN)
    each = known.group_by("customer_id").aggregate(earned=money(known.contribution.sum()))
    whole = each.aggregate(n=each.count(), whole=each.earned.sum(), best=(each.earned > 0).cast("int64").sum())
    order = [each.earned.desc(), each.customer_id]
    ranked = each.mutate(
        rank=counted(ibis.row_number().over(order_by=order)) + 1,
        cumulated=each.earned.sum().over(ibis.window(order_by=order, preceding=None, following=0)),
    ).cross_join(whole)
    spaced = (ranked.rank * points).floordiv(ranked.n) > ((ranked.rank - 1) * points).floordiv(ranked.n)
    peak = ranked.rank == ibis.greatest(ranked.best, 1)
    kept = ranked.filter(spaced | peak)
    share = kept.cumulated.cast("float64") / (kept.whole > 0).ifelse(kept.whole.cast("float64"), ibis.null("float64"))
    return checked(
        "whale",
        kept.mutate(
            customers=kept.rank,
            customers_share=kept.rank.cast("float64") / kept.n.cast("float64"),
            contribution=total(kept.cumulated),
            contribution_share=share,
        ),
    )
