"""What a sales row is worth: the money rules of the formats, as one arithmetic.

On every row money = gross - discount + shipping + tax + other - refund. A row that takes money back has nothing
but a refund (gross 0). `rows`: each row carries its own money. `documents`: an order's total stands once, on its
first row, and what its lines do not explain of it stands there in `other`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from keepwell.unify.amounts import LIMIT, MONEY
from keepwell.unify.formats import Format
from keepwell.unify.typed import first_fault

if TYPE_CHECKING:
    import ibis.expr.types as ir

PARTS = ("gross", "discount", "shipping", "tax", "other", "refund")
_ZERO = ibis.literal(0).cast(MONEY)
_FOLDED = ("gross", "discount", "shipping", "tax")


def _money(value: Any) -> Any:
    """Round to the money type; null where it does not fit."""
    return value.cast("decimal(38,16)").try_cast(MONEY)


def _times(units: Any, rate: Any) -> Any:
    """Multiply two decimals of 8 decimals; in 38 digits, as the engine multiplies 18 by 18 in 18."""
    return _money(units.cast("decimal(38,8)") * rate.cast("decimal(38,8)"))


def _or_zero(value: Any) -> Any:
    return value.fill_null(_ZERO)


def worth(table: ir.Table, format_: Format, there: Collection[str]) -> ir.Table:
    """Add `PARTS`, `money`, `quantity`, `product_cost`, `payment_fee`, `state` and `refund_date_assumed`.

    `there` are the fields that the file has. Money is null on rows with a fault in an amount.
    """
    there = frozenset(there)
    whole = as_documents(format_, there)
    table = _priced(table, there, whole=whole)
    table = _documents(table, there) if whole else _rows(table, there)
    table = _folded(table)
    table = _taken_back(table, format_, there)
    return _costed(table, there)


def as_documents(format_: Format, there: Collection[str]) -> bool:
    """Return whether the file's totals are of orders, not of rows."""
    return (format_.money == "documents" or "order_total" in there) and {"order_id", "order_total"} <= set(there)


def _priced(table: ir.Table, there: frozenset[str], *, whole: bool) -> ir.Table:
    """Add `line_value`, the line's own value, and the fault of a row that has none.

    Where the money is the whole order's (`whole`), a line without a value is none.
    """
    quantity = table.quantity if "quantity" in there else ibis.literal(1).cast("decimal(18,8)")
    faults: list[tuple[Any, str, Any, Any]] = []
    none = ibis.null("string")

    def lacking(field: str, why: str) -> None:
        faults.append((table[field].isnull(), field, none, ibis.literal(why)))

    if "gross" in there:
        value = table.gross
        lacking("gross", "no amount")
    elif "amount" in there:
        value = ibis.coalesce(table.paid_amount, table.amount)
        faults.append((value.isnull(), "amount", none, ibis.literal("no amount")))
    elif "unit_price" in there or "order_total" not in there:
        price = ibis.coalesce(table.unit_price, table.list_price)
        value = _times(quantity, price)
        if "quantity" in there:
            lacking("quantity", "no quantity")
        why = ibis.literal("no price for product ") + table.product_id.fill_null("(none)")
        faults.append((price.isnull(), "unit_price", table.product_id, why))
        faults.append((value.isnull() | (value.abs() > LIMIT[MONEY]), "unit_price", none, _TOO_LARGE))
    else:
        value = ibis.null(MONEY)
    return first_fault(table.mutate(line_value=value), [] if whole else faults)


_TOO_LARGE = ibis.literal("quantity x price is too large to be true")


def _rows(table: ir.Table, there: frozenset[str]) -> ir.Table:
    """Money where each row carries its own."""
    value = table.line_value
    discount, shipping, tax = _or_zero(table.discount.abs()), _or_zero(table.shipping), _or_zero(table.tax)
    refund = _or_zero(ibis.coalesce(table.paid_refund, table.refund).abs())
    if "gross" in there:
        total = table.amount if "amount" in there else value - discount + tax + shipping
        other = total - (value - discount + shipping + tax - refund)
        return _with_parts(table, value, discount, shipping, tax, other, refund)
    if "amount" in there or not there & {"unit_price", "quantity"}:
        # The amount is what was paid, so what it holds besides products is taken out of it.
        gross = value + discount - shipping - tax
        odd = (value >= 0) & (gross < 0)
        gross = odd.ifelse(_ZERO, gross)
        other = value - (gross - discount + shipping + tax)
        return _with_parts(table, gross, discount, shipping, tax, other, refund)
    return _with_parts(table, value, discount, shipping, tax, _ZERO, refund)


def _with_parts(table: ir.Table, *parts: Any) -> ir.Table:
    return table.mutate(**{name: _money(part) for name, part in zip(PARTS, parts, strict=True)})


def _documents(table: ir.Table, there: frozenset[str]) -> ir.Table:
    """Money where an order's total stands once and its lines explain it."""
    lines = bool(there & {"amount", "unit_price"})
    own_id = ibis.literal("row ") + table.line.cast("string")
    table = table.mutate(line_value=_or_zero(table.line_value), order_id=ibis.coalesce(table.order_id, own_id))
    orders = table.group_by("order_id").aggregate(
        head=ibis.coalesce(_.line.min(where=_.order_total.notnull()), _.line.min()),
        lines_value=_.line_value.sum().cast("decimal(38,4)"),
        lines_discount=_or_zero(_.discount.abs()).sum().cast("decimal(38,4)"),
    )
    heads = _heads(orders, table)
    table = table.drop(*HEAD_FIELDS).join(heads, "order_id", how="inner")
    is_head = table.line == table["head"]
    table = table.mutate(head_refund=_or_zero(table.refund.abs()), fee=is_head.ifelse(table.fee, ibis.null(MONEY)))
    discount, shipping, tax = _or_zero(table.order_discount.abs()), _or_zero(table.shipping), _or_zero(table.tax)
    total = table.order_total
    if not lines:
        only = _explained_whole(total, discount, shipping, tax)
        parts = [is_head.ifelse(part, _ZERO) for part in (*only, _or_zero(table.refund.abs()))]
        return _propagated(_with_parts(table, *parts), is_head)
    base = table.lines_value - discount + shipping
    off = table.lines_discount
    # Tax on top of prices or inside them, line discounts inside the order's discount or besides it:
    # the reading that explains the total best, the first of equals.
    readings = (
        (base + tax, True, False),
        (base, False, False),
        (base - off + tax, True, True),
        (base - off, False, True),
    )
    misses = [(total - sum_).abs() for sum_, _tax, _off in readings]
    best = ibis.least(*misses)
    on_top = ibis.cases(*((m == best, ibis.literal(r[1])) for m, r in zip(misses, readings, strict=True)), else_=True)
    besides = ibis.cases(*((m == best, ibis.literal(r[2])) for m, r in zip(misses, readings, strict=True)), else_=False)
    said = besides.ifelse(off, ibis.literal(0).cast("decimal(38,4)"))
    tax = on_top.ifelse(tax, _ZERO)
    other = total - (base - said + tax)
    own = besides.ifelse(_or_zero(table.discount.abs()), _ZERO)
    return _propagated(
        _with_parts(
            table,
            table.line_value,
            own + is_head.ifelse(discount, _ZERO),
            is_head.ifelse(shipping, _ZERO),
            is_head.ifelse(tax, _ZERO),
            is_head.ifelse(other, ibis.literal(0).cast("decimal(38,4)")),
            is_head.ifelse(_or_zero(table.refund.abs()), _ZERO),
        ),
        is_head,
    )


_NO_TOTAL = ibis.literal("the order has no total")
HEAD_FIELDS = (
    "ordered_at", "order_date", "customer_id", "email", "name", "first_name", "last_name", "currency", "status",
    "cancelled", "country", "channel", "order_total", "order_discount", "shipping", "tax", "refund", "fee",
)  # fmt: skip


def _heads(orders: ir.Table, table: ir.Table) -> ir.Table:
    """Return each order's first row: the fields that belong to the order, and that row's fault."""
    first = table.select("line", *HEAD_FIELDS, head_fault="fault_reason", head_field="fault_field")
    return orders.join(first, orders["head"] == first.line).drop("line")


def _propagated(table: ir.Table, is_head: Any) -> ir.Table:
    """Let a fault in what belongs to the order be a fault of all its rows, and only that."""
    shared = table.head_field.isin(["date", "order_total", "order_discount", "shipping", "tax", "refund"])
    why = ibis.literal("the order's first row: ") + table.head_fault
    own_date_only = (table.fault_field == "date") & ~is_head & ~shared.fill_null(False)  # noqa: FBT003
    none = ibis.null("string")
    table = table.mutate(
        **{c: own_date_only.ifelse(none, table[c]) for c in ("fault_field", "fault_value", "fault_reason")}
    )
    lacking = (table.order_total.isnull() & ~shared.fill_null(False), "order_total", none, _NO_TOTAL)  # noqa: FBT003
    return first_fault(table, [(shared & ~is_head, "order_total", none, why), lacking])


def _explained_whole(total: Any, discount: Any, shipping: Any, tax: Any) -> tuple[Any, ...]:
    """Return gross, discount, shipping, tax and other of an order known by its total alone."""
    gross = total + discount - shipping - tax
    odd = (total >= 0) & (gross < 0)
    gross = odd.ifelse(_ZERO, gross)
    return gross, discount, shipping, tax, total - (gross - discount + shipping + tax)


def _folded(table: ir.Table) -> ir.Table:
    """Make a row of negative value a refund and nothing else; anything it gives besides stands in `other`."""
    standing = table.gross - table.discount + table.shipping + table.tax + table.other
    back = (table.gross < 0) | ((table.gross == 0) & (standing < 0))
    zero = {name: back.ifelse(_ZERO, table[name]) for name in _FOLDED}
    given = _money(back.ifelse(ibis.greatest(-standing, _ZERO), _ZERO) + table.refund)
    other = _money(back.ifelse(ibis.greatest(standing, _ZERO), table.other))
    return table.mutate(**zero, other=other, refund=given, own_day=back)


def _taken_back(table: ir.Table, format_: Format, there: frozenset[str]) -> ir.Table:
    """Apply what the status says: an order that is void has no money, one that was returned has given it back."""
    status = table.status.lower().strip().fill_null("")
    void = status.isin(sorted(format_.void)) if format_.void else ibis.literal(value=False)
    if "cancelled" in there:
        void = void | table.cancelled.notnull()
    returned = status.isin(sorted(format_.returned)) if format_.returned else ibis.literal(value=False)
    table = table.mutate(void=void, returned=returned & ~void)
    standing = table.gross - table.discount + table.shipping + table.tax + table.other
    untold = table.returned & (ibis.literal("refund" not in there) | (_refund_of_order(table) == 0))
    whole = table.void | untold
    refund = _money(whole.ifelse(ibis.greatest(standing, _ZERO), table.refund))
    other = _money(whole.ifelse(table.other - ibis.least(standing, _ZERO), table.other))
    table = table.mutate(refund=refund, other=other)
    total = table.gross - table.discount + table.shipping + table.tax + table.other - table.refund
    readable = table.fault_field.isnull() | table.fault_field.isin(["date"])
    return table.mutate(
        money=readable.ifelse(_money(total), ibis.null(MONEY)),
        state=table.void.ifelse("void", "ok"),
        refund_date_assumed=(table.refund > 0) & ~(table.own_day & ibis.literal(value=format_.refunds_dated)),
    )


def _refund_of_order(table: ir.Table) -> Any:
    """Return the refund that an order names; it stands on its first row only."""
    return _or_zero(table["head_refund"] if "head_refund" in table.columns else table.refund)


def _costed(table: ir.Table, there: frozenset[str]) -> ir.Table:
    """Add what the goods cost and the payment fee."""
    units = table.quantity.abs() if "quantity" in there else ibis.literal(1).cast("decimal(18,8)")
    units = units.fill_null(ibis.literal(1).cast("decimal(18,8)"))
    unit = ibis.coalesce(table.unit_cost, table.list_cost)
    cost = ibis.coalesce(table.cost.abs(), _times(units, unit))
    minus = (table.quantity < 0).fill_null(False) | table.own_day  # noqa: FBT003
    signed = minus.ifelse(-cost, cost)
    return table.mutate(
        product_cost=table.void.ifelse(_ZERO, signed),
        payment_fee=table.fee.abs(),
        quantity=table.quantity.cast("decimal(38,8)").cast(MONEY),
    )
