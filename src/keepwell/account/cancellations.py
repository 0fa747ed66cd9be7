"""Which sale a cancelled line takes back.

A line that takes money back with a negative quantity is looked for among the earlier sales of the same product to
the same customer, in two ways:

1. *whole lines*: a sale of the same quantity for the same amount, the latest one that no other cancellation took;
2. *parts*: of what is left, the latest earlier sale that still has so many units.

What finds no sale is a refund, and so is what takes back more units than any one sale has left. The first search is
the matching of brackets, a sale opening one and a cancellation closing it. With a running count that a sale raises
and a cancellation lowers, every step between two neighbouring counts is walked up and down in turn, so a step down
closes the step up just before it: two windows and no loop.
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


def parts(matched: ir.Table, found: ir.Table) -> ir.Table:
    """Return the cancellations still open that take a part of a sale: `file`, `line`, `of_file`, `of_line`.

    Two cancellations may want the same sale and find units for one: the later one may look again, with this answer
    in `found`.

    Args:
        matched: As `whole` returns them.
        found: Answers of earlier rounds, in the shape of this one's.
    """
    still_open = matched.filter(matched.cancels == 1, matched.of_line.isnull()).drop("of_file", "of_line")
    asking = still_open.anti_join(found, ["file", "line"])
    offers = _left(matched, found)
    pairs = asking.inner_join(offers, ["customer_id", "product_id"])
    able = pairs.filter(pairs.sold_at <= pairs.ordered_at, pairs.units <= pairs.left_units)
    latest = ibis.window(
        group_by=["file", "line"], order_by=[able.sold_at.desc(), able.of_file.desc(), able.of_line.desc()]
    )
    ranked = able.mutate(choice=ibis.row_number().over(latest))
    chosen = ranked.filter(ranked.choice == 0)
    each = ibis.window(group_by=["of_file", "of_line"], order_by=_ORDER, preceding=None, following=0)
    drawn = chosen.mutate(drawn=chosen.units.sum().over(each))
    return drawn.filter(drawn.drawn <= drawn.left_units).select("file", "line", "of_file", "of_line")


def none(matched: ir.Table) -> ir.Table:
    """Return the answer of no round at all."""
    return matched.filter(ibis.literal(value=False)).select("file", "line", "of_file", "of_line")


def _left(matched: ir.Table, found: ir.Table) -> ir.Table:
    """Return the sales not taken whole, with the units that are left of each (`left_units`)."""
    taken = found.inner_join(matched.select("file", "line", "units"), ["file", "line"])
    drawn = taken.group_by("of_file", "of_line").aggregate(drawn=taken.units.sum())
    sales = matched.filter(matched.cancels == 0, ~matched.taken).select(
        "customer_id", "product_id", "units", sold_at="ordered_at", of_file="file", of_line="line"
    )
    joined = sales.left_join(drawn, ["of_file", "of_line"])
    return joined.select(
        "customer_id",
        "product_id",
        "sold_at",
        "of_file",
        "of_line",
        left_units=joined.units - joined.drawn.fill_null(0).cast(joined.units.type()),
    )


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
