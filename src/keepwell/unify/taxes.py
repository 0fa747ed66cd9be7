"""Tax: inside prices or on top of them, and given back with what is given back.

Tax is no part of what a customer earns us, so it stands in a column of its own, whichever way prices hold it:

- *on top*: it stands beside the prices already;
- *inside*: it is taken out of the prices, of discounts and of the delivery charged, in one proportion;
- a refund gives its share of tax back, and what is left of the refund is what was lost.

All of it moves money between the parts of one row, so that a row's money stays as it is. It runs on the local engine
only, so ratios may be floats; each share is rounded to the money type before it is used.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import ibis

from keepwell.settings import Facts
from keepwell.unify.amounts import MONEY

if TYPE_CHECKING:
    import ibis.expr.types as ir

_ZERO = ibis.literal(0).cast(MONEY)
_TAXED = {"gross": 1, "discount": -1, "shipping": 1, "refund": -1}  # parts that hold tax, with their signs in it


def taken_out(table: ir.Table, parts: frozenset[str]) -> ir.Table:
    """Take an order's tax out of its lines' prices, where they hold it.

    Args:
        table: Rows with `parts`, `document`, `held_tax` (the order's tax inside its prices, 0 where there is none) and
            `held_of` (the money it is inside of).
        parts: Which of the parts can be other than zero.
    """
    held = (table.held_tax > 0) & (table.held_tax < table.held_of)
    ratio = held.ifelse(table.held_tax.cast("float64") / table.held_of.cast("float64"), 0.0)
    table = _moved(table, ratio, sorted(parts & {"gross", "discount", "shipping"}))
    largest = ibis.window(group_by="document", order_by=[table.gross.desc(), table.line])
    table = table.mutate(
        told=held.ifelse(table.held_tax, _ZERO),
        out=table.moved.sum().over(ibis.window(group_by="document")),
        closing=ibis.row_number().over(largest) == 0,
    )
    # Shares are rounded; the largest line bears what that leaves, so that the order's tax is the one it told.
    left = (table.told - table.out).cast(MONEY)
    bears = table.closing & (table.gross >= left) & (table.told > 0)
    rest = bears.ifelse(left, _ZERO)
    return table.mutate(gross=table.gross - rest, tax=table.tax + rest).drop("told", "out", "closing", "moved")


def at_rate(table: ir.Table, parts: frozenset[str], facts: Facts) -> ir.Table:
    """Take tax of one known rate out of all prices, refunds among them."""
    share = facts.tax_rate / (1 + facts.tax_rate)
    return _moved(table, ibis.literal(share, "float64"), sorted(parts & _TAXED.keys())).drop("moved")


def _moved(table: ir.Table, ratio: Any, names: Collection[str]) -> ir.Table:
    """Move a share of the named parts into `tax`; `moved` says how much."""
    shares = {name: (table[name].cast("float64") * ratio).round(4).cast(MONEY) for name in names}
    table = table.mutate(**{f"share_{name}": share for name, share in shares.items()})
    moved = sum((_TAXED[name] * table[f"share_{name}"] for name in names), start=_ZERO)
    less = {name: table[name] - table[f"share_{name}"] for name in names}
    table = table.mutate(**less, moved=moved.cast(MONEY), tax=(table.tax + moved).cast(MONEY))
    return table.drop(*(f"share_{name}" for name in names))


def given_back(table: ir.Table, *, refund: Any, tax: Any, of: Any) -> ir.Table:
    """Let a refund on an order give back its share of the order's tax.

    Args:
        table: Rows with `tax` and `refund`.
        refund: What of it is given back of the order, not by a row that only takes back: the tax of such is its own.
        tax: The order's tax.
        of: The order's money before the refund, tax included.
    """
    taxed = (refund > 0) & (tax > 0) & (tax < of)
    part = ibis.least(refund.cast("float64") / of.cast("float64"), 1.0) * tax.cast("float64")
    table = table.mutate(tax_back=taxed.ifelse(part.round(4).cast(MONEY), _ZERO))
    return table.mutate(tax=table.tax - table.tax_back, refund=table.refund - table.tax_back).drop("tax_back")
