"""Money out of floats, rounded alike on every engine."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ibis

from keepwell.tables import MONEY


def rounded(value: Any) -> Any:
    """Round a float half up to the fourth decimal and return it as money; engines' own casts differ on halves."""
    # A whole number of ten-thousandths survives the way through a float up to 900 billion, on both engines.
    return ((value * 10_000.0 + 0.5).floor().cast("float64") / 10_000.0).cast(MONEY)


def added(value: Any) -> Any:
    """Return a sum or a difference of money as money: it has four decimals already, though a wider type.

    The detour of `tables.money` over ten decimals would take fifty times as long.
    """
    return value.cast("decimal(38,4)").cast(MONEY)


def product(amount: Any, factor: Decimal) -> Any:
    """Return money times a factor of at most eight decimals, rounded to money; both engines multiply exactly."""
    return (amount * ibis.literal(factor, "decimal(18,8)")).cast(MONEY)
