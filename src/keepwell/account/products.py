"""What each product earned, month by month, down to contribution 1.

A product's lines are summed as the ledger books them. What is taken off a whole order belongs to no single line and is
spread over the order's products by their value, to the last decimal, month by month:

- lines that are no product but a discount (see the line rules), and
- in a file with a column for the order's own discount, what stands on the order's first line where no other line of it
  bears one: such files tell that discount once an order.

What no product of the order can bear stands under the product ''. So the sums over products are the ledger's, but for
delivery, fees and adjustments, which are of orders and not of products:

    sum of contribution_1 over products = the ledger's contribution_1 - shipping_charged - other
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from keepwell.account.contribution import costed, exact, incoming, month, times
from keepwell.account.rounding import rounded
from keepwell.tables import MONEY, checked, counted, money, total

_KEY = ["file", "line"]
_SUMS = ("gross", "discounts", "refunds", "product_cost")
_ORDER = ["order_id", "month"]  # an order of several months is spread within each


def order_wide(files: ir.Table) -> ir.Table:
    """Return the files that have a column for an order's own discount: `file`."""
    return files.filter(files.mapping.contains('"order_discount"')).select("file")


def by_line(ruled: ir.Table, *, margin: float) -> ir.Table:
    """Return what each line adds to the ledger, and its value.

    Args:
        ruled: Order lines with `ledger_line` and `product`.
        margin: Share of net product sales left after product cost, for lines whose cost is not known.

    Returns:
        The line's key, `order_id`, `month`, `product_id` ('' where it is no product or has none), `product`,
        `description`, `units`, `value` (of goods, sold or taken back), `assumed` (the goods' cost is), and `gross`,
        `discounts`, `refunds` and `product_cost`.
    """
    t, moved = ruled, incoming(ruled)
    void = t.status == "void"
    return t.select(
        *_KEY,
        "order_id",
        "product",
        "description",
        month=month(t.order_date),
        product_id=t.product.ifelse(t.product_id.fill_null(""), ""),
        units=(t.product & ~void).ifelse(t.quantity.fill_null(0), 0).cast("decimal(18,4)"),
        value=t.product.ifelse(t.gross + t.refund, _none()),
        assumed=t.product & ~void & t.product_cost.isnull(),
        **{name: moved[name] for name in ("gross", "discounts", "refunds")},
        product_cost=costed(t, left=exact(margin))["product_cost"],
    )


def pools(lines: ir.Table, wide: ir.Table, *, margin: float) -> ir.Table:
    """Return the lines whose discount is their whole order's.

    Args:
        lines: As `by_line` returns them.
        wide: As `order_wide` returns them.
        margin: As for `by_line`.

    Returns:
        The line's key, its order and month, `discount`, and `cost`: the product cost that the discount had saved, where
        that is an assumed share of sales.
    """
    off = lines.filter(lines.discounts != 0)
    alone = off.filter(off["product"]).group_by("order_id", "file").aggregate(bearing=_.count(), line=_.line.min())
    alone = alone.filter(alone.bearing == 1).semi_join(wide, "file")
    heads = lines.semi_join(alone, ["order_id", "file"]).group_by("order_id", "file").aggregate(line=_.line.min())
    theirs = alone.semi_join(heads, ["order_id", "file", "line"]).select("file", "line", whole=ibis.literal(value=True))
    told = off.left_join(theirs, _KEY)
    told = told.filter(~told["product"] | told.whole.notnull())
    saved = told.assumed.ifelse(times(told.discounts, 1 - exact(margin)), _none())
    return told.select(*_KEY, *_ORDER, discount="discounts", cost=saved)


def moved(lines: ir.Table, pools: ir.Table) -> ir.Table:
    """Spread the orders' discounts over their products, and return what that changes.

    The running sum of an order's lines is rounded, not the lines, so that all of it is spread and nothing else.

    Args:
        lines: As `by_line` returns them.
        pools: As `pools` returns them.

    Returns:
        Per line of these orders `product_id`, `month`, and what is added to `discounts` and `product_cost`.
    """
    sums = pools.group_by(_ORDER).aggregate(all_discount=money(pools.discount.sum()), all_cost=money(pools.cost.sum()))
    theirs = lines.inner_join(sums, _ORDER)
    t = theirs.left_join(pools.drop(*_ORDER), _KEY)
    t = t.mutate(discount=t.discount.fill_null(_none()), cost=t.cost.fill_null(_none()))
    t = t.mutate(dear=t.assumed.ifelse(t.value, _none()))
    discounts = _share(t, t.all_discount, weight=t.value) - t.discount
    costs = t.cost - _share(t, t.all_cost, weight=t.dear)
    return t.select(
        "product_id",
        "month",
        discounts=(_of_order(t.value, t) > 0).ifelse(discounts, _none()),
        product_cost=(_of_order(t.dear, t) > 0).ifelse(costs, _none()),
    )


def _of_order(value: Any, t: ir.Table) -> Any:
    return value.sum().over(ibis.window(group_by=[t[name] for name in _ORDER]))


def _share(t: ir.Table, whole: Any, *, weight: Any) -> Any:
    """Return each line's part of its order's `whole`, by `weight`; 0 where no line has any."""
    so_far = ibis.window(group_by=[t[name] for name in _ORDER], order_by=_KEY, preceding=None, following=0)
    end, every = weight.sum().over(so_far), _of_order(weight, t)
    parts = every.nullif(0).cast("float64")
    reached = rounded(whole.cast("float64") * (end.cast("float64") / parts))
    before = rounded(whole.cast("float64") * ((end - weight).cast("float64") / parts))
    return (reached - before).fill_null(_none())


def product_contribution(lines: ir.Table, moved: ir.Table, products: ir.Table) -> ir.Table:
    """Return profit and loss per product and month: the table `product_contribution`.

    Args:
        lines: As `by_line` returns them.
        moved: As `moved` returns it.
        products: `product_id`, `name` and `category`.
    """
    used = lines.filter(lines["product"] | (lines.discounts != 0) | (lines.product_cost != 0))
    booked = used.select("product_id", "month", "units", *_SUMS, lines=used["product"].cast("int64"))
    nothing = {name: _none() for name in ("units", "gross", "refunds")}
    changes = moved.mutate(**nothing, lines=ibis.literal(0, "int64")).select(booked.columns)
    t = ibis.union(booked, changes)
    sums = {name: total(t[name].sum()) for name in ("units", *_SUMS)}
    t = t.group_by("product_id", "month").aggregate(lines=counted(t.lines.sum()), **sums)
    t = t.mutate(contribution_1=total(t.gross - t.discounts - t.refunds - t.product_cost))
    t = t.filter((t.lines > 0) | (t.discounts != 0) | (t.product_cost != 0))
    return checked("product_contribution", t.left_join(_names(lines, products), "product_id"))


def _names(lines: ir.Table, products: ir.Table) -> ir.Table:
    """Return each product's `name` and `category`: of the list of products, else the text that most lines have."""
    texts = lines.filter(lines["product"], lines.description.notnull(), lines.product_id != "")
    counts = texts.group_by("product_id", "description").aggregate(times=_.count())
    first = ibis.window(group_by="product_id", order_by=[counts.times.desc(), counts.description])
    said = counts.mutate(place=ibis.row_number().over(first)).filter(_.place == 0).select("product_id", "description")
    t = said.outer_join(products.select("product_id", "name", "category"), "product_id")
    return t.select(
        "category", product_id=t.product_id.coalesce(t.product_id_right), name=t.name.nullif("").coalesce(t.description)
    )


def _none() -> Any:
    return ibis.literal(0, MONEY)
