"""Which sale a cancelled line takes back.

A line that takes money back with a negative quantity is looked for among the earlier sales of the same product to
the same customer, the surest ways first (see `account.drawing` and `account.strangers`):

1. *whole lines*: a sale of the same quantity for the same amount, of its own order before any other, the latest one
   that no other cancellation took;
2. *parts*: of what is left, a sale that still has so many units; of its own order, at its own price, the latest;
3. *several sales*: what is left, the latest sale first, for as many units as there are;
4. *whole documents* of nobody: six or more equal lines of one earlier document of nobody, and of one only.

What finds no sale is a refund. Every such line is listed with how it was found, or why it was not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from keepwell.tables import MONEY, UNKNOWN, checked, trimmed

ORDER = ("ordered_at", "cancels", "file", "line")  # a sale at the same moment stands before its cancellation
ITEM = ("customer_id", "code")
DRAWS = {
    "file": "string",
    "line": "int64",
    "of_file": "string",
    "of_line": "int64",
    "units": MONEY,
    "how": "string",
}
# The ways, as the table `cancellations` says them.
OWN_ORDER, WHOLE, PART, SEVERAL, DOCUMENT = "own order", "whole line", "part", "several sales", "whole document"
NOBODY, NO_PRODUCT, NO_SALE, NONE_LEFT = "names nobody", "names no product", "no earlier sale", "no units left"


def moves(lines: ir.Table) -> ir.Table:
    """Return every line that sells or takes back, nobody's included.

    Args:
        lines: Order lines with `product` (boolean).

    Returns:
        Their keys, `code` (the product code as it is compared, null where there is none), `units` (above 0),
        `amount` (money, net of the line's discount) and `cancels` (0 or 1). What is void sold nothing.
    """
    sells = (lines.quantity > 0) & (lines.gross > 0) & (lines.status != "void")
    kept = lines.filter(((lines.quantity < 0) & (lines.refund > 0)) | sells)
    back = kept.quantity < 0
    return kept.select(
        *("file", "line", "order_id", "customer_id", "order_date", "ordered_at", "product"),
        country=kept.country.fill_null(""),
        code=trimmed(kept.product_id).upper().nullif(""),
        units=kept.quantity.abs(),
        amount=back.ifelse(kept.refund, kept.gross - kept.discount),
        cancels=back.cast("int64"),
    )


def events(moves: ir.Table) -> ir.Table:
    """Return the sales and cancellations of every known customer and product that has a cancellation."""
    known = moves.filter(moves.code.notnull(), moves.customer_id != UNKNOWN)
    touched = known.filter(known.cancels == 1).select(*ITEM).distinct()
    return known.semi_join(touched, ITEM)


def none(events: ir.Table) -> ir.Table:
    """Return no draws: what was found before anything was looked for."""
    nothing = events.filter(ibis.literal(value=False))
    return nothing.select(
        "file", "line", of_file="file", of_line="line", units="units", how=ibis.null("string").cast("string")
    )


def whole(events: ir.Table, found: ir.Table, *, within: Sequence[str], how: str) -> ir.Table:
    """Return the sales that cancellations take back whole: the columns of `DRAWS`.

    It is the matching of brackets, a sale opening one and a cancellation closing it. With a running count that a
    sale raises and a cancellation lowers, every step between two neighbouring counts is walked up and down in turn,
    so a step down closes the step up just before it: two windows and no loop.

    Args:
        events: As `events` returns them.
        found: Draws that were made before; neither end of one is looked at again.
        within: Columns, besides units and amount, that a sale and its cancellation share.
        how: What the answers are called.
    """
    group = [*within, "units", "amount"]
    ends = found.select("file", "line").union(found.select(file="of_file", line="of_line"))
    free = events.anti_join(ends, ["file", "line"])
    so_far = ibis.window(group_by=group, order_by=ORDER, preceding=None, following=0)
    height = (1 - 2 * free.cancels).sum().over(so_far)
    stepped = free.mutate(step=(height + free.cancels).cast("int64"))
    before = ibis.window(group_by=[*group, "step"], order_by=ORDER)
    pairs = stepped.mutate(of_file=stepped.file.lag().over(before), of_line=stepped.line.lag().over(before))
    hits = pairs.filter(pairs.cancels == 1, pairs.of_line.notnull())
    return hits.select("file", "line", "of_file", "of_line", "units", how=ibis.literal(how))


def cancellations(moves: ir.Table, found: ir.Table) -> ir.Table:
    """Return every cancelled line and the sale it was matched with: the table `cancellations`.

    Args:
        moves: As `moves` returns them.
        found: All draws. Of several sales that one line takes back, the one of most units is named.
    """
    first = ibis.window(group_by=["file", "line"], order_by=[found.units.desc(), found.of_file, found.of_line])
    every = ibis.window(group_by=["file", "line"])
    drawn = found.mutate(
        place=ibis.row_number().over(first),
        units_found=found.units.sum().over(every).cast(MONEY),
        sales=found.count().over(every).cast("int64"),
    )
    named = drawn.filter(drawn.place == 0).drop("units", "place")
    back = moves.filter(moves.cancels == 1).left_join(named, ["file", "line"])
    back = back.drop([c for c in back.columns if c.endswith("_right")])
    sold = moves.filter(moves.cancels == 0, moves.customer_id != UNKNOWN).select(
        sold_customer="customer_id", sold_code="code", sold_at="ordered_at"
    )
    sold = sold.group_by("sold_customer", "sold_code").aggregate(sold_first=sold.sold_at.min())
    table = back.left_join(sold, [back.customer_id == sold.sold_customer, back.code == sold.sold_code])
    return checked(
        "cancellations",
        table.mutate(
            how=table.how.coalesce(_why_not(table)),
            units_found=table.units_found.coalesce(ibis.literal(0).cast(MONEY)),
            sales=table.sales.coalesce(ibis.literal(0).cast("int64")),
        ),
    )


def _why_not(table: ir.Table) -> Any:
    return ibis.cases(
        (table.code.isnull(), NO_PRODUCT),
        (table.customer_id == UNKNOWN, NOBODY),
        (table.sold_first.isnull() | (table.sold_first > table.ordered_at), NO_SALE),
        else_=NONE_LEFT,
    )


def undone(moves: ir.Table, found: ir.Table) -> ir.Table:
    """Return how many product lines of each order were taken back whole: `order_id`, `undone` (int64).

    A document that sells too is an exchange, which undoes no purchase.
    """
    sales = moves.filter(moves.cancels == 0, moves.product)
    selling = sales.select("order_id").distinct()
    for_good = moves.filter(moves.cancels == 1).anti_join(selling, "order_id").select("file", "line")
    ended = found.semi_join(for_good, ["file", "line"])
    taken = ended.group_by("of_file", "of_line").aggregate(taken=ended.units.sum())
    sold = sales.inner_join(taken, [sales.file == taken.of_file, sales.line == taken.of_line])
    gone = sold.filter(sold.taken >= sold.units)
    return gone.group_by("order_id").aggregate(undone=gone.count())
