"""What is answered as plain values, for JSON and CSV."""

from __future__ import annotations

from typing import Any


def plain(value: Any) -> Any:
    """Return money, days and whatever else JSON has not as text with all that they have, at any depth.

    >>> from datetime import date
    >>> from decimal import Decimal
    >>> plain({"money": Decimal("1.50"), "days": (date(2024, 1, 31), 3, None)})
    {'money': '1.50', 'days': ['2024-01-31', 3, None]}
    """
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(inner) for inner in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
