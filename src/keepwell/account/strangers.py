"""Cancelling documents of nobody, matched with the document of nobody that they undo.

Where rows name nobody, a single line proves nothing: somebody bought that product in that quantity before nearly
every return of it. Six equal lines in one earlier document do prove it, as long as no other document has as many.
Six is measured: on Online Retail, looked for among the *later* documents, where no cancelled sale can be, up to five
equal lines are found as often as among the earlier ones, and six or more never.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from keepwell.account.cancellations import DOCUMENT
from keepwell.tables import UNKNOWN

LEAST = 6  # equal lines that make two documents of nobody one business
_SAME = ["code", "country", "units", "amount"]


def documents(moves: ir.Table, *, least: int = LEAST) -> ir.Table:
    """Return the sales of nobody that documents of nobody take back: the columns of `cancellations.DRAWS`.

    The document must hold the rarest of the cancelled lines, so that few documents need comparing.

    Args:
        moves: As `cancellations.moves` returns them.
        least: Equal lines wanted of a document.
    """
    nobody = _numbered(moves.filter(moves.customer_id == UNKNOWN, moves.code.notnull()))
    back, sales = nobody.filter(nobody.cancels == 1), nobody.filter(nobody.cancels == 0)
    asking = back.filter(back.lines >= least)
    sales = sales.semi_join(asking, _SAME).select(
        *_SAME, "nth", of_file="file", of_line="line", sold_at="ordered_at", sold_order="order_id"
    )
    rare = _rarest(asking, sales)
    candidates = rare.inner_join(sales, _SAME)
    candidates = candidates.filter(candidates.sold_at <= candidates.ordered_at).select("order_id", "sold_order")
    pairs = asking.inner_join(candidates.distinct(), "order_id").inner_join(sales, [*_SAME, "nth", "sold_order"])
    equal = pairs.filter(pairs.sold_at <= pairs.ordered_at)
    return _unmistaken(equal, least=least).select(
        "file", "line", "of_file", "of_line", "units", how=ibis.literal(DOCUMENT)
    )


def _numbered(nobody: ir.Table) -> ir.Table:
    """Add the lines of each document (`lines`) and the place of each among the equal ones of its document (`nth`)."""
    side = ["order_id", "cancels"]
    equal = ibis.window(group_by=[*side, *_SAME], order_by=["file", "line"])
    return nobody.mutate(
        lines=nobody.count().over(ibis.window(group_by=side)).cast("int64"),
        nth=ibis.row_number().over(equal).cast("int64"),
    )


def _rarest(asking: ir.Table, sales: ir.Table) -> ir.Table:
    """Return of each cancelling document the line that the fewest sales are equal to."""
    common = sales.group_by(_SAME).aggregate(sold=sales.count())
    known = asking.inner_join(common, _SAME)
    fewest = ibis.window(group_by="order_id", order_by=[known.sold, known.file, known.line])
    return known.mutate(place=ibis.row_number().over(fewest)).filter(ibis._.place == 0)


def _unmistaken(equal: ir.Table, *, least: int) -> ir.Table:
    """Keep the pairs of the one document that has most lines of a cancelling one; a sale goes to the first to ask."""
    scores = equal.group_by("order_id", "sold_order").aggregate(score=equal.count())
    scores = scores.mutate(best=scores.score.max().over(ibis.window(group_by="order_id")))
    best = scores.filter(scores.score == scores.best, scores.best >= least)
    alone = best.mutate(ties=best.count().over(ibis.window(group_by="order_id"))).filter(ibis._.ties == 1)
    kept = equal.semi_join(alone, ["order_id", "sold_order"])
    first = ibis.window(group_by=["of_file", "of_line"], order_by=["ordered_at", "file", "line"])
    return kept.mutate(place=ibis.row_number().over(first)).filter(ibis._.place == 0)
