"""The shapes of a column's values: what whole-column decisions are made from.

A shape is a value with every digit made 0: '31/12/2011 8:26' has the shape '00/00/0000 0:00'. A column of
millions of values has few shapes, so the engine counts them once and plain Python decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from keepwell.engine import Engine, collected

if TYPE_CHECKING:
    import ibis.expr.types as ir

SHAPES_KEPT = 2_000  # the commonest; a column with more is no date and no amount


@dataclass(frozen=True, slots=True)
class Shapes:
    """How often each shape occurs; `whole` says that no shape was left out."""

    counts: Mapping[str, int]
    whole: bool = True


def shapes(engine: Engine, text: ir.StringColumn) -> Shapes:
    """Count the shapes of a text column's values; nulls apart."""
    shape = text.translate("123456789", "000000000").name("shape")
    table = shape.as_table().filter(ibis._.shape.notnull())
    counted = table.group_by("shape").aggregate(n=ibis._.count())
    kept = collected(engine, counted.order_by(ibis.desc("n"), "shape").limit(SHAPES_KEPT))
    found = {str(row["shape"]): int(row["n"]) for row in kept.to_pylist()}
    return Shapes(found, whole=len(found) < SHAPES_KEPT)


def as_text(value: Any) -> Any:
    """Return a column as text."""
    return value if value.type().is_string() else value.cast("string")


def code(text: Any) -> Any:
    """Return text without the apostrophe that spreadsheets put before numbers."""
    return text.startswith("'").ifelse(text.substr(1), text)
