"""What a sales row is worth: the money rules of the formats, as one arithmetic.

On every row money = gross - discount + shipping + tax + other - refund. A row that takes money back has nothing
but a refund (gross 0) and the tax that goes with it. By rows, each row carries its own money. By documents, an order's
total stands once, on its first row, and what its lines do not explain of it stands there in `other`.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from keepwell.settings import Facts
from keepwell.unify import taxes
from keepwell.unify.amounts import LIMIT, MONEY, RATE, times
from keepwell.unify.formats import Format
from keepwell.unify.formats.shape import WHO
from keepwell.unify.typed import FAULT, first_fault

if TYPE_CHECKING:
    import ibis.expr.types as ir

# The parts of a row's money, with their signs. A part that a file cannot have is not computed.
SIGNS = {"gross": 1, "discount": -1, "shipping": 1, "tax": 1, "other": 1, "refund": -1}
DEFAULT = Facts()
_SUM = "decimal(38,4)"
_ZERO = ibis.literal(0).cast(MONEY)
_ONE = ibis.literal(1).cast("decimal(18,0)")
_NO = ibis.literal(value=False)
_NONE = ibis.null("string")
_TOO_LARGE = ibis.literal("quantity x price is too large to be true")
_NO_TOTAL = ibis.literal("the order has no total")
# What belongs to an order, and stands on its first row.
HEAD_FIELDS = (
    "ordered_at", "order_date", "customer_id", "email", "name", "first_name", "last_name", "currency", "status",
    "cancelled", "country", "channel", "order_total", "order_discount", "shipping", "tax", "refund", "fee",
)  # fmt: skip
_ALSO_HEAD = (*WHO, "born")  # where the file has them
_TEST = ("true", "yes", "y", "1", "t", "x", "test", "testmode", "test mode", "sandbox")
_ORDERS_OWN = ("order_discount", "shipping", "tax", "refund", "fee")  # of these, repeated or spread over its rows
_HEAD_FAULTS = ("date", "order_total", "order_discount", "shipping", "tax", "refund")


def worth(table: ir.Table, format_: Format, there: Collection[str], facts: Facts = DEFAULT) -> ir.Table:
    """Add the parts of `SIGNS`, `money`, `product_cost`, `payment_fee`, `state` and `refund_date_assumed`.

    `table` holds the typed fields, and `list_price` and `list_cost` where there is a products file; `there` are the
    fields that the sales file has. Money is
    null on rows with a fault in an amount.
    """
    there = frozenset(there)
    whole = as_documents(format_, there)
    table = _turned(table, format_, there)
    table = _priced(table, there, whole=whole and "order_total" in there)
    table, parts = _documents(table, there, facts) if whole else _rows(table, there, facts)
    table, parts = _folded(table, parts)
    table, parts = _taxed(table, there, parts, facts, whole=whole)
    table = _taken_back(table, format_, there, parts, facts)
    return _costed(table, format_, there)


def _taxed(
    table: ir.Table, there: frozenset[str], parts: frozenset[str], facts: Facts, *, whole: bool
) -> tuple[ir.Table, frozenset[str]]:
    """Let refunds give their tax back, and take out tax that no column tells."""
    if "tax" not in there:
        if not facts.tax_rate or facts.tax == "on top":
            return table, parts
        return taxes.at_rate(table, parts, facts), parts | {"tax"}
    if "refund" not in there:
        return table, parts
    if whole:
        refund = table.is_head.ifelse(table.head_refund, _ZERO)
        return taxes.given_back(table, refund=refund, tax=table.order_tax, of=table.order_total), parts
    refund = table.own_day.ifelse(_ZERO, table.refund)
    return taxes.given_back(table, refund=refund, tax=table.tax, of=_total(table, parts - {"refund"})), parts


def _turned(table: ir.Table, format_: Format, there: frozenset[str]) -> ir.Table:
    """Make the amounts of rows negative whose kind says that they take money back, and mark them `turned`."""
    if not format_.all_back and (not format_.back or "event" not in there):
        return table
    said = table.event.lower().strip().isin(sorted(format_.back)).fill_null(_NO)
    back = ibis.literal(value=True) if format_.all_back else said
    named = sorted(there & {"gross", "amount", "order_total", "paid_amount", "shipping", "tax", "quantity"})
    return table.mutate(turned=back, **{name: back.ifelse(-table[name].abs(), table[name]) for name in named})


def as_documents(format_: Format, there: Collection[str]) -> bool:
    """Return whether the file's totals are of orders, not of rows."""
    told = "order_total" in there or format_.money == "orders"
    return told and "order_id" in there


def _money(value: Any) -> Any:
    """Return a sum of money as the money type; null where it does not fit."""
    return value.cast(_SUM).try_cast(MONEY)


def _first(table: ir.Table, own: str, listed: str, there: frozenset[str]) -> Any:
    """Return the file's own value, else the products files'; in the type of the file's where it has one."""
    if listed not in table.columns:
        return table[own]
    if own not in there:
        return table[listed]
    wide = RATE if table[own].type().scale > 4 else MONEY
    return ibis.coalesce(table[own].cast(wide), table[listed].cast(wide))


def _or_zero(value: Any) -> Any:
    return value.fill_null(_ZERO)


def _total(table: ir.Table, parts: Collection[str]) -> Any:
    """Return the signed sum of those parts that the file can have."""
    signed = [table[p] if sign > 0 else -table[p] for p, sign in SIGNS.items() if p in parts]
    return reduce(lambda a, b: a + b, signed)


def _priced(table: ir.Table, there: frozenset[str], *, whole: bool) -> ir.Table:
    """Add `line_value`, the line's own value, and the fault of a row that has none.

    Where the money is the whole order's (`whole`), a line without a value is none.
    """
    value, faults = _line_value(table, there)
    table = table.mutate(line_value=value)
    return table if whole else first_fault(table, faults)


def _line_value(table: ir.Table, there: frozenset[str]) -> tuple[Any, list[tuple[Any, str, Any, Any]]]:
    def lacking(field: str, why: str) -> tuple[Any, str, Any, Any]:
        return table[field].isnull(), field, _NONE, ibis.literal(why)

    if "gross" in there:
        return table.gross, [lacking("gross", "no amount")]
    if "amount" in there:
        value = ibis.coalesce(table.paid_amount, table.amount) if "paid_amount" in there else table.amount
        return value, [(value.isnull(), "amount", _NONE, ibis.literal("no amount"))]
    if "order_total" in there and "unit_price" not in there:
        if "order_id" not in there:
            return table.order_total, [lacking("order_total", "no amount")]
        return ibis.null(MONEY), []
    price = _first(table, "unit_price", "list_price", there)
    value = times(table.quantity if "quantity" in there else _ONE, price)
    named = "product_id" if "product_id" in there else "unit_price"
    unpriced = [(price.isnull(), named, table.product_id, ibis.literal("no price for the product"))]
    large = [(value.isnull() | (value.abs() > LIMIT), "unit_price", _NONE, _TOO_LARGE)]
    return value, [*([lacking("quantity", "no quantity")] if "quantity" in there else []), *unpriced, *large]


def _rows(table: ir.Table, there: frozenset[str], facts: Facts) -> tuple[ir.Table, frozenset[str]]:
    """Give each row its own money; return the table and the parts that can be other than zero."""
    value = table.line_value
    given: dict[str, Any] = {}
    if "discount" in there:
        given["discount"] = _or_zero((value < 0).ifelse(-table.discount.abs(), table.discount.abs()))
    if "discount_share" in there and not there & {"gross", "amount", "order_total"}:
        given["discount"] = _or_zero(times(value.abs(), table.discount_share))
    given |= {name: _or_zero(table[name]) for name in ("shipping", "tax") if name in there}
    if "refund" in there:
        paid = ibis.coalesce(table.paid_refund, table.refund) if "paid_refund" in there else table.refund
        given["refund"] = _or_zero(paid.abs())
    if not given and not {"gross", "amount"} <= there:
        return _with(table, {"gross": value})
    on_top = facts.tax == "on top"
    beside = {name for name in given if name != "refund" and not (name == "tax" and on_top and "gross" not in there)}
    apart = sum((SIGNS[name] * part for name, part in given.items() if name in beside), start=_ZERO)
    if facts.tax == "inside" and "tax" in given and ("gross" in there or not there & {"amount", "order_total"}):
        value = value - given["tax"]
    if "gross" in there:
        back = given.get("refund", _ZERO)
        other = {"other": _or_zero(table.amount - (value + apart - back))} if "amount" in there else {}
        return _with(table, {"gross": value, **given, **other})
    if there & {"amount", "order_total"}:
        # The amount is what was paid, so what it holds besides products is taken out of it.
        gross = value - apart
        gross = ((value >= 0) & (gross < 0)).ifelse(_ZERO, gross)
        return _with(table, {"gross": gross, **given, "other": value - (gross + apart)})
    return _with(table, {"gross": value, **given})


def _with(table: ir.Table, parts: dict[str, Any]) -> tuple[ir.Table, frozenset[str]]:
    """Set the parts; those that are not named are zero on every row."""
    computed = {name: _money(part) for name, part in parts.items()}
    zero = dict.fromkeys([name for name in SIGNS if name not in parts], _ZERO)
    return table.mutate(**computed, **zero), frozenset(parts)


def _documents(table: ir.Table, there: frozenset[str], facts: Facts) -> tuple[ir.Table, frozenset[str]]:
    """Give an order's first row what its total holds and its lines do not; each line its own value."""
    own_id = ibis.literal("row ") + table.line.cast("string")
    own = [name for name in _ORDERS_OWN if name in there]
    table = table.mutate(line_value=_or_zero(table.line_value), order_id=ibis.coalesce(table.order_id, own_id))
    apart = table.turned.ifelse("back ", "") if "turned" in table.columns else ibis.literal("")
    table = table.mutate(document=apart + table.order_id)
    orders = table.group_by("document").aggregate(
        head=ibis.coalesce(_.line.min(where=_.order_total.notnull()), _.line.min()),
        lines_value=_.line_value.sum().cast(_SUM),
        lines_discount=_or_zero(_.discount.abs()).sum().cast(_SUM),
        **{name: _once(table[name]) for name in own},
    )
    heads_own = [*HEAD_FIELDS, *(name for name in _ALSO_HEAD if name in there and name not in HEAD_FIELDS)]
    of_head = [name for name in heads_own if name not in own]
    first = table.select("line", *of_head, head_fault="fault_reason", head_field="fault_field")
    heads = orders.join(first, orders["head"] == first.line).drop("line")
    table = table.drop(*heads_own).join(heads, "document")
    is_head = table.line == table["head"]
    table = table.mutate(
        is_head=is_head,
        order_discount=_or_zero(table.order_discount.abs()),
        shipping=_or_zero(table.shipping),
        tax=_or_zero(table.tax),
        discount=_or_zero(table.discount.abs()),
        head_refund=_or_zero(table.refund.abs()),
        fee=is_head.ifelse(table.fee, ibis.null(MONEY)),
    )
    if "order_total" not in there:
        table = table.mutate(order_total=_money(_of_parts(table, facts)))
    known = bool(there & {"amount", "unit_price", "gross"})
    table = table.mutate(order_tax=table.tax)
    if known:
        table = table.mutate(**_readings(table, facts))
    table, names = _with(table, _explained(table) if known else _unexplained(table))
    if known and "tax" in there and facts.tax != "on top":
        table = taxes.taken_out(table, names)
    return _propagated(table), names


def _of_parts(table: ir.Table, facts: Facts) -> Any:
    """Return the total of an order that no column tells."""
    tax = _ZERO if facts.tax == "inside" else table.tax
    return table.lines_value - table.lines_discount - table.order_discount + table.shipping + tax


def _once(value: Any) -> Any:
    """Return what a column says of an order: the one value that its rows repeat, else the sum of what each row says."""
    return _money((value.nunique() > 1).ifelse(value.sum(), value.max()))


def _readings(table: ir.Table, facts: Facts) -> dict[str, Any]:
    """Return how the total of an order is explained by its lines.

    Tax may be on top of the prices or inside them, and the lines' discounts inside the order's or besides it: the
    reading that explains the total best counts, the first of equals. `facts.tax` leaves two of the four.

    Returns:
        `on_top` and `besides` (boolean), `explained` (money), `held_tax` (inside the prices) and `held_of` (money that
        it is inside of).
    """
    base = table.lines_value - table.order_discount + table.shipping
    off = table.lines_discount
    every = (
        (base + table.tax, True, False),
        (base, False, False),
        (base - off + table.tax, True, True),
        (base - off, False, True),
    )
    said = [r for r in every if not facts.tax or r[1] == (facts.tax == "on top")]
    misses = [(table.order_total - total).abs() for total, _top, _off in said]
    best = ibis.least(*misses)
    explained, on_top, besides = (
        ibis.cases(*((miss == best, r) for miss, r in zip(misses, column, strict=True)), else_=column[0])
        for column in (
            [r[0] for r in said],
            [ibis.literal(r[1]) for r in said],
            [ibis.literal(r[2]) for r in said],
        )
    )
    held = on_top.ifelse(_ZERO, table.tax)
    return {"on_top": on_top, "besides": besides, "explained": explained, "held_tax": held, "held_of": explained}


def _explained(table: ir.Table) -> dict[str, Any]:
    """Return the parts of an order whose lines are known."""
    head = table.is_head
    return {
        "gross": table.line_value,
        "discount": table.besides.ifelse(table.discount, _ZERO) + head.ifelse(table.order_discount, _ZERO),
        "shipping": head.ifelse(table.shipping, _ZERO),
        "tax": (head & table.on_top).ifelse(table.tax, _ZERO),
        "other": head.ifelse(table.order_total - table.explained, ibis.literal(0).cast(_SUM)),
        "refund": head.ifelse(table.head_refund, _ZERO),
    }


def _unexplained(table: ir.Table) -> dict[str, Any]:
    """Return the parts of an order known by its total alone."""
    total, head = table.order_total, table.is_head
    gross = total + table.order_discount - table.shipping - table.tax
    gross = ((total >= 0) & (gross < 0)).ifelse(_ZERO, gross)
    parts = {
        "gross": gross,
        "discount": table.order_discount,
        "shipping": table.shipping,
        "tax": table.tax,
        "other": total - (gross - table.order_discount + table.shipping + table.tax),
        "refund": table.head_refund,
    }
    return {name: head.ifelse(part.cast(_SUM), ibis.literal(0).cast(_SUM)) for name, part in parts.items()}


def _propagated(table: ir.Table) -> ir.Table:
    """Let a fault in what belongs to the order be a fault of all its rows, and of no single row."""
    shared = table.head_field.isin(_HEAD_FAULTS).fill_null(_NO)
    why = ibis.literal("the order's first row: ") + table.head_fault
    others = ~table.is_head & table.fault_field.isin(["date"])
    table = table.mutate(**{c: others.ifelse(_NONE, table[c]) for c in FAULT})
    lacking = (table.order_total.isnull() & ~shared, "order_total", _NONE, _NO_TOTAL)
    return first_fault(table, [(shared & ~table.is_head, "order_total", _NONE, why), lacking])


def _folded(table: ir.Table, parts: frozenset[str]) -> tuple[ir.Table, frozenset[str]]:
    """Make a row of negative value a refund and the tax given back with it; what it gives stands in `other`."""
    standing = _total(table, parts - {"refund", "tax"})
    alone = parts <= {"gross", "refund", "tax"}
    back = table.gross < 0
    if not alone:
        back = back | ((table.gross == 0) & (standing < 0))
    table = table.mutate(own_day=back, standing=standing)
    back, standing = table.own_day, table.standing
    given = (back & (standing < 0)).ifelse(-standing, _ZERO.cast(standing.type()))
    changed = {name: back.ifelse(_ZERO, table[name]) for name in parts - {"refund", "other", "tax"}}
    changed["refund"] = _money(given + table.refund) if "refund" in parts else _money(given)
    if not alone:
        left = ibis.greatest(standing, _ZERO.cast(standing.type()))
        changed["other"] = _money(back.ifelse(left, table.other))
    return table.mutate(**changed), parts | {"refund"} | (set() if alone else {"other"})


def _taken_back(
    table: ir.Table, format_: Format, there: frozenset[str], parts: frozenset[str], facts: Facts
) -> ir.Table:
    """Apply what the status says: an order that is void has no money, one that was returned has given it back."""
    readable = table.fault_field.isnull() | (table.fault_field == "date")
    dated = table.own_day if format_.refunds_dated else ibis.literal(value=False)
    if not there & {"status", "cancelled", "test"}:
        return table.mutate(
            money=readable.ifelse(_money(_total(table, parts)), ibis.null(MONEY)),
            state=ibis.literal("ok"),
            refund_date_assumed=(table.refund > 0) & ~dated,
        )
    void, returned = _is_void(table, format_, there, facts), _status(table).isin(sorted(format_.returned))
    table = table.mutate(void=void, returned=returned)
    standing = _total(table, parts - {"refund", "tax"})
    told = table["head_refund"] if "head_refund" in table.columns else table.refund
    whole = table.void | (table.returned & (told == 0))
    refund = _money(whole.ifelse(ibis.greatest(standing, _ZERO), table.refund))
    other = _money(whole.ifelse(table.other - ibis.least(standing, _ZERO), table.other))
    table = table.mutate(refund=refund, other=other, tax=whole.ifelse(_ZERO, table.tax), whole=whole)
    return table.mutate(
        money=readable_money(table, parts | {"other"}),
        state=table.void.ifelse("void", "ok"),
        refund_date_assumed=(table.refund > 0) & (table.whole | ~dated),
    )


def readable_money(table: ir.Table, parts: Collection[str]) -> Any:
    """Return the sum of the parts; null where an amount of the row could not be read."""
    readable = table.fault_field.isnull() | (table.fault_field == "date")
    return readable.ifelse(_money(_total(table, parts)), ibis.null(MONEY))


def _status(table: ir.Table) -> Any:
    return table.status.lower().strip().fill_null("")


def _is_void(table: ir.Table, format_: Format, there: frozenset[str], facts: Facts) -> Any:
    """Return whether an order was never paid, cancelled whole, or a test."""
    words = format_.void | (format_.unpaid if facts.unpaid == "void" else frozenset())
    void = _status(table).isin(sorted(words)) if words else ibis.literal(value=False)
    if "cancelled" in there:
        void = void | table.cancelled.notnull()
    if "test" in there and facts.test_orders == "void":
        said = table.test.lower().strip().fill_null("")
        void = void | said.isin(_TEST) | said.contains("bogus")
    return void


def _costed(table: ir.Table, format_: Format, there: frozenset[str]) -> ir.Table:
    """Add what the goods cost, signed like the quantity, and the payment fee, negative where it was given back."""
    cost: Any = ibis.null(MONEY)
    if there & {"cost", "unit_cost"} or "list_cost" in table.columns:
        units = table.quantity.abs() if "quantity" in there else _ONE
        unit = times(units.fill_null(_ONE.cast(units.type())), _first(table, "unit_cost", "list_cost", there))
        cost = ibis.coalesce(table.cost.abs(), unit)
        minus = table.own_day | (table.quantity < 0).fill_null(_NO)
        cost = minus.ifelse(-cost, cost)
        cost = table.void.ifelse(_ZERO, cost) if "void" in table.columns else cost
    fee = -table.fee if format_.signed_fees else table.fee.abs()
    own = [table[name].notnull() for name in ("cost", "unit_cost") if name in there]
    listed = ~reduce(or_, own) if own else ibis.literal("list_cost" in table.columns)
    return table.mutate(
        product_cost=cost, payment_fee=fee, quantity=table.quantity.cast(MONEY), cost_listed=listed & cost.notnull()
    )
