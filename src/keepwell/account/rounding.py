"""Money out of floats, rounded alike on every engine."""

from __future__ import annotations

from typing import Any

import ibis

from keepwell.tables import money


def rounded(value: Any) -> Any:
    """Round a float half up to the fourth decimal and return it as money; engines' own casts differ on halves."""
    units = (value * 10_000.0 + 0.5).floor().cast("int64").cast("decimal(19,4)")
    return money(units * ibis.literal("0.0001", "decimal(19,4)"))
