"""Payment fees of payouts, put on the orders they were taken from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from keepwell.tables import MONEY

if TYPE_CHECKING:
    import ibis.expr.types as ir


def charged(lines: ir.Table, payouts: ir.Table) -> ir.Table:
    """Return order lines with the fees of payouts, on each order's first line.

    An order whose own file tells a fee keeps that. Fees of payouts that name no order, or none that is there, are on
    no line; the ledger shows them as unassigned.

    Args:
        lines: The columns of `order_lines`.
        payouts: `order_id` and `fee`, in the reporting currency.
    """
    taken = payouts.filter(payouts.order_id.notnull(), payouts.fee != 0)
    by_order = taken.group_by("order_id").aggregate(payout_fee=taken.fee.sum().cast(MONEY))
    named = lines.semi_join(by_order, "order_id")
    firsts = ibis.window(group_by="order_id", order_by=["ordered_at", "file", "line"])
    told = ibis.window(group_by="order_id")
    marked = named.select(
        "order_id", "file", "line", place=ibis.row_number().over(firsts), own=named.payment_fee.count().over(told)
    )
    bearing = marked.filter(marked.place == 0, marked.own == 0).inner_join(by_order, "order_id")
    heads = bearing.select(of_file="file", of_line="line", payout_fee="payout_fee")
    joined = lines.left_join(heads, [lines.file == heads.of_file, lines.line == heads.of_line])
    return joined.mutate(payment_fee=joined.payment_fee.coalesce(joined.payout_fee)).select(*lines.columns)
