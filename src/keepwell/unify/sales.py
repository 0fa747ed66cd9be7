"""A recognised sales file as typed order lines, on the local machine."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ibis

from keepwell.engine import Engine
from keepwell.settings import Facts
from keepwell.unify import weights
from keepwell.unify.amounts import MONEY, RATE, AmountReading, times
from keepwell.unify.formats.shape import CONSENTS
from keepwell.unify.money import DEFAULT, worth
from keepwell.unify.typed import FAULT, SHOWN, Readings, Seen, column_name, fields
from keepwell.unify.who import COLUMNS, with_who

if TYPE_CHECKING:
    import ibis.expr.types as ir

# What two rows of different files must share to be one row.
_CONTENT = (
    "ordered_at", "customer_key", "product_id", "description", "quantity", "gross", "discount", "shipping", "tax",
    "other", "refund", "payment_fee", "currency", "state",
)  # fmt: skip


def sales(
    file: Seen,
    how: Readings,
    engine: Engine,
    *,
    zone: str,
    products: ir.Table | None,
    compared: bool,
    order: int = 0,
    facts: Facts = DEFAULT,
) -> ir.Table:
    """Return one row per row of the file: the columns of `order_lines`, and what the rest of `unify` needs besides.

    Besides: what `who.with_who` adds, and the consents as they stand; `file_order`; `same_key` and `content` (where
    `compared`: what tells that a row of another file is the same), and the fault columns, null on good rows.
    """
    there = frozenset(file.recognition.mapping)
    table = fields(file, how, engine, zone=zone)
    table = _with_list_prices(table, products if "product_id" in there else None)
    if file.discount != "money":
        table, there = _with_share(table, percent=file.discount == "percent"), there - {"discount"} | {"discount_share"}
    table = with_who(worth(table, file.format, there, facts), there, format_=file.format, source=file.raw.source)
    table = table.mutate(
        order_id=_order_id(table, file.raw.digest),
        currency=ibis.coalesce(table.paid_currency, table.currency).upper(),
    )
    table = table.mutate(weight=_weight(table, file, how))
    table = table.mutate(same_key=_same_key(table, file, there), content=_content(table, there, compared=compared))
    return _laid_out(table, file, order)


def _with_list_prices(table: ir.Table, products: ir.Table | None) -> ir.Table:
    """Add `list_price` and `list_cost`, of one unit, where there are products files."""
    if products is None:
        return table
    listed = products.select(listed_id="product_id", list_price="price", list_cost="cost")
    return table.left_join(listed, table.product_id == listed.listed_id).drop("listed_id")


def _with_share(table: ir.Table, *, percent: bool) -> ir.Table:
    """Add `discount_share`, the part of a line's value that is taken off, and have no discount in money."""
    hundredth = ibis.literal(Decimal("0.01")).cast(MONEY)
    share = times(table.discount.abs(), hundredth) if percent else table.discount.abs()
    return table.mutate(discount_share=share, discount=ibis.null(MONEY))


def _order_id(table: ir.Table, digest: str) -> Any:
    """Return the shop's order id; without one, one order a customer and day, and one a row for nobody."""
    day = table.order_date.cast("string")
    made = table.customer_key + " " + day
    alone = ibis.literal(f"{digest[:6]} ") + table.line.cast("string")
    return ibis.coalesce(table.order_id, made, alone)


def _weight(table: ir.Table, file: Seen, how: Readings) -> Any:
    """Return the weight of each line in kilograms; null where the file tells none."""
    column = file.recognition.mapping.get("weight")
    if column is None:
        return ibis.null(MONEY)
    return weights.of_lines(table, column, file.weight, how.amounts.get("weight", AmountReading()))


def _same_key(table: ir.Table, file: Seen, there: frozenset[str]) -> Any:
    """Return the key by which rows of other files are the same row; null: by content."""
    same = file.format.same
    if same == "order":
        return table.order_id
    if same == "key" or {"order_id", "line_id"} <= there:
        parts = (table.order_id, table.line_id, table.event)
        whole = ibis.literal("|").join([part.fill_null("") for part in parts])
        return table.line_id.notnull().ifelse(whole, ibis.null("string"))
    return ibis.null("string")


def _content(table: ir.Table, there: frozenset[str], *, compared: bool) -> Any:
    if not compared:
        return ibis.null("string")
    parts = [table[name].cast("string").fill_null("~") for name in _CONTENT]
    own = table.order_id if "order_id" in there else ibis.literal("")
    return ibis.literal("|").join([own.fill_null("~"), *parts]).hexdigest("md5")


def _laid_out(table: ir.Table, file: Seen, order: int) -> ir.Table:
    """Select the columns in their order, money null where an amount could not be read."""
    return table.select(
        file=ibis.literal(file.raw.digest),
        line=table.line.cast("int64"),
        source=ibis.literal(file.raw.source),
        format=ibis.literal(file.recognition.format),
        order_id=table.order_id,
        customer_id=table.customer_id,
        ordered_at=table.ordered_at,
        order_date=table.order_date,
        product_id=table.product_id,
        description=table.description,
        quantity=table.quantity,
        **{name: table[name] for name in _MONEY},
        currency=table.currency,
        rate=ibis.literal(Decimal(1), type=RATE),
        source_money=table.money,
        cost_listed=table.cost_listed,
        status=table.state,
        refund_date_assumed=table.refund_date_assumed,
        channel=table.channel,
        weight=table.weight,
        rush=_rush(table.rush),
        customer_key=table.customer_key,
        record_id=table.record_id,
        own_id=table.own_id,
        **{name: table[name] for name in (*COLUMNS, *CONSENTS, "consent_channel", "consent_at")},
        file_order=ibis.literal(order).cast("int64"),
        same_key=table.same_key,
        content=table.content,
        fault_column=column_name(table, file),
        fault_value=table[FAULT[1]].substr(0, SHOWN),
        fault_reason=table[FAULT[2]],
    )


_MONEY = ("gross", "discount", "shipping", "tax", "other", "refund", "money", "product_cost", "payment_fee")


def _rush(text: Any) -> Any:
    """Return whether a yes, or the name of a way of delivery, means that it was to be quick; null where it is empty."""
    told = text.strip().lower().nullif("")
    return told.isin(_YES) | told.re_search("express|rush|urgent|overnight|priority|(next|same).?day|eilig")


_YES = ("yes", "y", "true", "t", "1", "ja", "oui", "si", "x")
