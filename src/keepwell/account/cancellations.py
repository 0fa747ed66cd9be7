"""Which sale a cancelled line takes back.

A line that takes money back with a negative quantity is looked for among the earlier sales of the same product to
the same customer, twice:

1. *whole lines*: a sale of the same quantity for the same amount, the latest one that no other cancellation took;
2. *parts*: of what is left, the last sale before the cancellation, as long as it has so many units left.

What finds no sale is a refund. The first search is the matching of brackets, a sale opening one and a cancellation
closing it. With a running count that a sale raises and a cancellation lowers, every step between two neighbouring
counts is walked up and down in turn, so a step down closes the step up just before it: two windows and no loop.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from keepwell.tables import UNKNOWN, checked

_ORDER = ("ordered_at", "cancels", "file", "line")  # a sale at the same moment stands before its cancellation


def events(lines: ir.Table) -> ir.Table:
    """Return the sales and cancellations of every customer and product that has a cancellation.

    Args:
        lines: Order lines with `product` (boolean).

    Returns:
        Their keys, `units` (above 0), `amount` (money, net of the line's discount) and `cancels` (0 or 1).
    """
    known = lines.filter(
        lines.product,
        lines.product_id.notnull(),
        lines.customer_id != UNKNOWN,
        ((lines.quantity < 0) & (lines.refund > 0)) | ((lines.quantity > 0) & (lines.gross > 0)),
    )
    back = known.quantity < 0
    marked = known.select(
        *("file", "line", "order_id", "customer_id", "product_id", "order_date", "ordered_at"),
        units=known.quantity.abs(),
        amount=back.ifelse(known.refund, known.gross - known.discount),
        cancels=back.cast("int64"),
    )
    touched = marked.filter(marked.cancels == 1).select("customer_id", "product_id").distinct()
    return marked.semi_join(touched, ["customer_id", "product_id"])


def whole(events: ir.Table) -> ir.Table:
    """Return the events with the sale that each cancellation takes back whole: `of_file`, `of_line`, else null."""
    group = ["customer_id", "product_id", "units", "amount"]
    so_far = ibis.window(group_by=group, order_by=_ORDER, preceding=None, following=0)
    height = (1 - 2 * events.cancels).sum().over(so_far)
    stepped = events.mutate(step=(height + events.cancels).cast("int64"))
    before = ibis.window(group_by=[*group, "step"], order_by=_ORDER)
    after = ibis.window(group_by=[*group, "step"], order_by=_ORDER)
    found = stepped.mutate(
        before_file=stepped.file.lag().over(before),
        before_line=stepped.line.lag().over(before),
        taken=stepped.cancels.lead().over(after).fill_null(0) == 1,
    )
    back = found.cancels == 1
    return found.mutate(
        of_file=back.ifelse(found.before_file, ibis.null("string")),
        of_line=back.ifelse(found.before_line, ibis.null("int64")),
        taken=found.taken & ~back,
    ).drop("before_file", "before_line", "step")


def parts(matched: ir.Table) -> ir.Table:
    """Return the cancellations still open with the sale that each takes a part of: `of_file`, `of_line`, else null."""
    rest = matched.filter(matched.of_line.isnull() & ~matched.taken).drop("of_file", "of_line", "taken")
    group = ["customer_id", "product_id"]
    so_far = ibis.window(group_by=group, order_by=_ORDER, preceding=None, following=0)
    numbered = rest.mutate(sale=(1 - rest.cancels).sum().over(so_far).cast("int64"))
    whole = ibis.window(group_by=[*group, "sale"])
    sold = (numbered.cancels == 0).ifelse(numbered.units, ibis.null(numbered.units.type()))
    of = (numbered.cancels == 0).ifelse(numbered.file, ibis.null("string"))
    at = (numbered.cancels == 0).ifelse(numbered.line, ibis.null("int64"))
    beside = numbered.mutate(sold=sold.max().over(whole), of_file=of.max().over(whole), of_line=at.max().over(whole))
    fitting = beside.filter(beside.cancels == 1, beside.units <= beside.sold)
    each = ibis.window(group_by=[*group, "sale"], order_by=_ORDER, preceding=None, following=0)
    drawn = fitting.mutate(drawn=fitting.units.sum().over(each))
    return drawn.filter(drawn.drawn <= drawn.sold).select("file", "line", "of_file", "of_line")


def cancellations(matched: ir.Table, parts: ir.Table) -> ir.Table:
    """Return every cancelled line and the sale it was matched with: the table `cancellations`."""
    back = matched.filter(matched.cancels == 1)
    more = parts.rename(part_file="of_file", part_line="of_line")
    joined = back.left_join(more, ["file", "line"])
    return checked(
        "cancellations",
        joined.mutate(
            of_file=joined.of_file.coalesce(joined.part_file), of_line=joined.of_line.coalesce(joined.part_line)
        ),
    )


def undone(events: ir.Table, cancellations: ir.Table) -> ir.Table:
    """Return how many sale lines of each order were taken back whole: `order_id`, `undone` (int64)."""
    units = events.filter(events.cancels == 1).select("file", "line", "units")
    hits = cancellations.filter(cancellations.of_line.notnull()).select("file", "line", "of_file", "of_line")
    joined = hits.inner_join(units, ["file", "line"])
    taken = joined.group_by("of_file", "of_line").aggregate(taken=joined.units.sum())
    sales = events.filter(events.cancels == 0)
    sold = sales.inner_join(taken, [sales.file == taken.of_file, sales.line == taken.of_line])
    gone = sold.filter(sold.taken >= sold.units)
    return gone.group_by("order_id").aggregate(undone=gone.count())
