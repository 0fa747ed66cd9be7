"""Refunds booked in the month of the sale they belong to, where `facts.refund_month` says so."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir


def on_day_of_sale(lines: ir.Table, cancellations: ir.Table) -> ir.Table:
    """Return order lines of which those that take back bear the day of the sale.

    That is the sale that a cancellation was matched with, else the first sale of its own order. What belongs to no
    sale that is known keeps its day.

    Args:
        lines: Order lines.
        cancellations: The table `cancellations`.
    """
    sold = lines.filter(lines.gross > 0)
    day = sold.select(of_file="file", of_line="line", of_day="order_date")
    hits = cancellations.filter(cancellations.of_line.notnull()).select("file", "line", "of_file", "of_line")
    matched = hits.inner_join(day, ["of_file", "of_line"]).select(back_file="file", back_line="line", of_day="of_day")
    taking = lines.filter(lines.gross == 0, lines.refund > 0).select("order_id").distinct()
    orders = sold.semi_join(taking, "order_id").group_by(own_order="order_id").aggregate(own_day=sold.order_date.min())
    t = lines.left_join(matched, [lines.file == matched.back_file, lines.line == matched.back_line])
    t = t.left_join(orders, t.order_id == orders.own_order)
    back = (t.gross == 0) & (t.refund > 0)
    earlier = ibis.least(ibis.coalesce(t.of_day, t.own_day, t.order_date), t.order_date)
    return t.mutate(order_date=back.ifelse(earlier, t.order_date)).select(*lines.columns)
