"""Cancelled units drawn on what is left of earlier sales, of one sale first and then of several."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from keepwell.account.cancellations import ITEM, ORDER, PART, SEVERAL
from keepwell.tables import MONEY

_ITEM = list(ITEM)


def parts(events: ir.Table, found: ir.Table) -> ir.Table:
    """Return the cancellations still whole that take a part of one sale: the columns of `DRAWS`.

    A sale of the same order goes before others, then one at the same price, then the latest. Two cancellations may
    want the same sale and find units for one: the later one may look again, with this answer among `found`.

    Args:
        events: As `cancellations.events` returns them.
        found: All draws so far.
    """
    asking = _asking(events, found)
    asking = asking.filter(asking.need == asking.units)
    offers = _left(events, found)
    pairs = asking.inner_join(offers, _ITEM)
    able = pairs.filter(pairs.sold_at <= pairs.ordered_at, pairs.units <= pairs.left_units)
    # Price x units on both sides: no division, so no rounding.
    same_price = (
        able.amount.cast("decimal(38,4)") * able.sold_units == able.sold_amount.cast("decimal(38,4)") * able.units
    )
    best = ibis.window(
        group_by=["file", "line"],
        order_by=[
            (able.order_id == able.sold_order).cast("int64").desc(),
            same_price.cast("int64").desc(),
            *(able.sold_at.desc(), able.of_file.desc(), able.of_line.desc()),
        ],
    )
    ranked = able.mutate(choice=ibis.row_number().over(best))
    chosen = ranked.filter(ranked.choice == 0)
    each = ibis.window(group_by=["of_file", "of_line"], order_by=ORDER, preceding=None, following=0)
    drawn = chosen.mutate(drawn=chosen.units.sum().over(each))
    served = drawn.filter(drawn.drawn <= drawn.left_units)
    return served.select("file", "line", "of_file", "of_line", "units", how=ibis.literal(PART))


def several(events: ir.Table, found: ir.Table) -> ir.Table:
    """Return what the cancellations still open take of several sales, the latest first: the columns of `DRAWS`.

    Between two open cancellations lies a gap of sales. Each draws on the nearest earlier gap that has units left;
    those that share one are served in the order of time, by laying their units beside those of the gap. What is
    asked beyond the gap may look again, with this answer among `found`, and finds an older one.
    """
    asking, offers = _asking(events, found), _left(events, found)
    names = [*_ITEM, *ORDER, "units"]
    walk = ibis.union(
        asking.mutate(units=asking.need).select(*names),
        offers.mutate(
            ordered_at=offers.sold_at,
            cancels=ibis.literal(0).cast("int64"),
            file=offers.of_file,
            line=offers.of_line,
            units=offers.left_units,
        ).select(*names),
    )
    so_far = ibis.window(group_by=_ITEM, order_by=ORDER, preceding=None, following=0)
    counted = walk.mutate(gap=walk.cancels.sum().over(so_far).cast("int64"))
    sale_gap = (counted.cancels == 0).ifelse(counted.gap, ibis.null("int64"))
    aimed = counted.mutate(target=sale_gap.max().over(so_far))
    down = [aimed.ordered_at.desc(), aimed.file.desc(), aimed.line.desc()]
    supply = _laid(aimed.filter(aimed.cancels == 0), [*_ITEM, "gap"], down)
    up = [aimed.ordered_at, aimed.file, aimed.line]
    demand = _laid(aimed.filter(aimed.cancels == 1, aimed.target.notnull()), [*_ITEM, "target"], up)
    there = supply.select(*_ITEM, "gap", of_file="file", of_line="line", of_start=supply.start, of_end=supply.end)
    pairs = demand.inner_join(there, [*((demand[c] == there[c]) for c in _ITEM), demand.target == there.gap])
    met = pairs.filter(pairs.start < pairs.of_end, pairs.of_start < pairs.end)
    units = ibis.least(met.end, met.of_end) - ibis.greatest(met.start, met.of_start)
    return met.select("file", "line", "of_file", "of_line", units=units.cast(MONEY), how=ibis.literal(SEVERAL))


def _laid(rows: ir.Table, group: list[str], order: list[ir.Value]) -> ir.Table:
    """Lay the rows' units end to end: `start` and `end` of each within its group."""
    so_far = ibis.window(group_by=group, order_by=order, preceding=None, following=0)
    laid = rows.mutate(end=rows.units.sum().over(so_far).cast("decimal(38,4)"))
    return laid.mutate(start=laid.end - laid.units.cast("decimal(38,4)"))


def _asking(events: ir.Table, found: ir.Table) -> ir.Table:
    """Return the cancelled products with the units that have no sale yet (`need`)."""
    back = events.filter(events.cancels == 1, events.product)
    had = found.group_by("file", "line").aggregate(had=found.units.sum())
    joined = back.left_join(had, ["file", "line"])
    open_ = joined.mutate(need=joined.units - joined.had.fill_null(0).cast(MONEY))
    return open_.filter(open_.need > 0).select(*events.columns, "need")


def _left(events: ir.Table, found: ir.Table) -> ir.Table:
    """Return the sold products that have units left (`left_units`)."""
    drawn = found.group_by("of_file", "of_line").aggregate(drawn=found.units.sum())
    sales = events.filter(events.cancels == 0, events.product).select(
        *_ITEM,
        sold_at="ordered_at",
        sold_order="order_id",
        sold_units="units",
        sold_amount="amount",
        of_file="file",
        of_line="line",
    )
    joined = sales.left_join(drawn, ["of_file", "of_line"])
    left = joined.mutate(left_units=joined.sold_units - joined.drawn.fill_null(0).cast(MONEY))
    return left.filter(left.left_units > 0).select(*sales.columns, "left_units")
