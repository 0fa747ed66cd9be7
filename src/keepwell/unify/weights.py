"""Weights in kilograms: what a column of them means, and what its values say."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import ibis

from keepwell.unify.amounts import MONEY, RATE, AmountReading, read, times

if TYPE_CHECKING:
    import ibis.expr.types as ir

Of = Literal["line", "unit", "order"]
_KILOGRAMS = {  # of one; a pound is 0.45359237 kg by the agreement of 1959, an ounce a sixteenth of it
    "1": ("kg", "kgs", "kilo", "kilos", "kilogram", "kilograms", "kilogramm"),
    "0.001": ("g", "gr", "gm", "gms", "gram", "grams", "gramm"),
    "0.45359237": ("lb", "lbs", "pound", "pounds"),
    "0.02834952": ("oz", "ounce", "ounces"),
}
_OF_UNIT = {"item", "unit", "each", "piece", "article", "product"}
_OF_ORDER = {"total", "order"}


def _words(column: str) -> list[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)
    return re.findall(r"[^\W\d_]+", apart.casefold())


def named(column: str) -> Of:
    """Return what the weights of a column are of, by its name.

    >>> named("Item weight (g)"), named("total_weight"), named("order line weight"), named("Weight")
    ('unit', 'order', 'line', 'line')
    """
    words = set(_words(column))
    if "line" in words:
        return "line"
    return "order" if words & _OF_ORDER else "unit" if words & _OF_UNIT else "line"


def kilograms(column: str) -> Decimal:
    """Return the kilograms of the unit that a column's name tells; 1 where it tells none.

    >>> kilograms("Weight (g)"), kilograms("itemWeightKg"), kilograms("weight_lbs"), kilograms("Weight")
    (Decimal('0.001'), Decimal('1'), Decimal('0.45359237'), Decimal('1'))
    """
    words = _words(column)
    return next((Decimal(worth) for worth, units in _KILOGRAMS.items() if set(units) & set(words)), Decimal(1))


def bare(text: Any) -> Any:
    """Return a column of weights without their units."""
    return text.re_replace(r"(?i)\s*[a-z]+\.?\s*$", "").nullif("")


def of_lines(table: ir.Table, column: str, of: Of, reading: AmountReading) -> Any:
    """Return each line's weight in kilograms; null where it is none.

    A weight that cannot be read is no fault of the row: nothing but a cost model asks for it. That of an order stands
    on its dearest line, which is hardly a charge for delivery, and its others weigh nothing.

    Args:
        table: Sales rows with `weight` (text), `order_id`, `line`, `quantity`, `gross` and `refund`.
        column: The file's own name of the column.
        of: What its weights are of.
        reading: How its numbers are read.
    """
    unit = table.weight.lower().re_extract(r"([a-z]*)\.?\s*$", 1)
    worth = ibis.cases(
        (unit == "", _rate(kilograms(column))),
        *((unit.isin(units), _rate(Decimal(each))) for each, units in _KILOGRAMS.items()),
        else_=ibis.null(RATE),
    )
    said = read(bare(table.weight), reading)
    if of == "unit":
        said = times(said, table.quantity.abs().fill_null(ibis.literal(1).cast(table.quantity.type())))
    weight = times(said, worth)
    if of != "order":
        return weight
    dearest = ibis.window(
        group_by=table.order_id, order_by=[ibis.desc(ibis.greatest(table.gross, table.refund)), table.line]
    )
    return (ibis.row_number().over(dearest) == 0).ifelse(weight, ibis.literal(0).cast(MONEY))


def note(column: str, of: Of) -> list[str]:
    """Return what was assumed of a column of weights, with its switch."""
    meant = {"unit": "of one unit", "order": "of the whole order"}
    return [f"{column!r} is the weight {meant[of]}; --map {column}=ignore leaves it out"] if of in meant else []


def _rate(worth: Decimal) -> Any:
    return ibis.literal(worth.quantize(Decimal("1e-8")), type=RATE)
