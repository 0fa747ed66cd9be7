"""Fees of payouts that no order can bear: of payouts that name none, or one that is not among the sales."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from keepwell.account.contribution import month
from keepwell.tables import checked, total


def adrift(payouts: ir.Table, lines: ir.Table, *, until: date) -> ir.Table:
    """Return the fees that stand on no order, as rows of the table `unassigned`.

    Args:
        payouts: The table `payouts`.
        lines: Order lines with the ids that the files give.
        until: The last day.
    """
    taken = payouts.filter(payouts.fee != 0, payouts.date <= ibis.date(until.isoformat()))
    loose = taken.anti_join(lines.select("order_id").distinct(), "order_id")
    by = loose.group_by(month=month(loose.date), subject=loose.kind.fill_null(""))
    sums = by.aggregate(amount=total(loose.fee.sum()))
    reason, line = ibis.literal("no order to bear it"), ibis.literal("payment_fees")
    return checked("unassigned", sums.mutate(ledger_line=line, reason=reason))
