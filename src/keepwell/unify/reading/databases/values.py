"""A database's values as Arrow: numbers exact, moments with their zone, everything else as text.

A column's declared type decides. Where it does not (SQLite's types are only advice, and PostgreSQL has numbers of no
declared width), the column is held as text while it comes in, and its values decide at the end.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

Arrow = Any  # pa.DataType, which has no narrower name in the stubs

TEXT = pa.string()
INSTANT = pa.timestamp("us", tz="UTC")
WALL = pa.timestamp("us")
WIDEST = 38  # digits that a decimal can have
_NO_DAY = ("0000-00-00", "0000-00-00 00:00:00", "infinity", "-infinity")  # what databases write for no day at all


@dataclass(frozen=True, slots=True)
class Declared:
    """A column: its name, and its Arrow type; None where the values decide, by what the type advises."""

    name: str
    arrow: Arrow | None
    advice: str = ""  # 'decimal', 'float' or ''


def declared(name: str, kind: Any, dialect: str) -> Declared:
    """Return what a column's SQLAlchemy type means."""
    import sqlalchemy as sa

    while hasattr(kind, "data_type"):  # PostgreSQL's domains
        kind = kind.data_type
    if dialect == "sqlite":
        advice = "float" if isinstance(kind, sa.Float) else "decimal" if isinstance(kind, sa.Numeric) else ""
        return Declared(name, None, advice)
    if isinstance(kind, sa.Float):
        return Declared(name, pa.float64())
    if isinstance(kind, sa.Numeric):
        return Declared(name, _decimal(kind.precision, kind.scale), "decimal")
    if isinstance(kind, sa.DateTime):
        instant = kind.timezone or (dialect != "postgresql" and isinstance(kind, sa.TIMESTAMP))
        return Declared(name, INSTANT if instant else WALL)
    if isinstance(kind, sa.Integer):
        return Declared(name, pa.decimal128(20, 0) if getattr(kind, "unsigned", False) else pa.int64())
    plain: dict[type, Arrow] = {sa.Boolean: pa.bool_(), sa.Date: pa.date32()}
    return Declared(name, next((arrow for type_, arrow in plain.items() if isinstance(kind, type_)), TEXT))


def _decimal(precision: int | None, scale: int | None) -> Arrow | None:
    if precision is None or not 0 <= (scale or 0) <= precision <= WIDEST:
        return None
    return pa.decimal128(precision, scale or 0)


def as_text(value: object) -> str | None:
    """Return a value as exact text; numbers without exponent and without idle zeros.

    >>> [as_text(v) for v in (Decimal("1E+2"), Decimal("2.50"), 0.1, 7, None, {"a": 1})]
    ['100', '2.5', '0.1', '7', None, '{"a": 1}']
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (bool, int)):
        return str(value).lower()
    if isinstance(value, (float, Decimal)):
        return _of_number(Decimal(repr(value)) if isinstance(value, float) else value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _of_bytes(bytes(value))
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, default=as_text, ensure_ascii=False)
    return str(value)  # days and times are ISO by themselves


def _of_number(value: Decimal) -> str:
    if not value.is_finite():
        return str(value)
    return format(value.normalize() if value else Decimal(0), "f")


def _of_bytes(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()


def same_text(value: object, arrow: Arrow) -> str:
    """Return what tells a value from others, alike before and after it went through Arrow; null is a sign of its own.

    >>> same_text(5, pa.int64()) == same_text(Decimal("5.00"), pa.decimal128(9, 2)) == same_text(5.0, None)
    True
    """
    if value is None or (isinstance(value, str) and _is_temporal(arrow) and value in _NO_DAY):
        return "\0"
    if isinstance(value, datetime):
        instant = arrow is not None and pa.types.is_timestamp(arrow) and arrow.tz is not None
        aware = value if value.tzinfo or not instant else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat() if aware.tzinfo else aware.isoformat()
    return as_text(value) or ""


def _is_temporal(arrow: Arrow | None) -> bool:
    return arrow is not None and pa.types.is_temporal(arrow)


def array(values: Sequence[object], arrow: Arrow) -> Any:
    """Return a column of one batch.

    Raises:
        ValueError: A value does not fit; ask `misfits` which.
    """
    if arrow == TEXT:
        return pa.array([value if value.__class__ is str else as_text(value) for value in values], TEXT)
    try:
        return pa.array(values, arrow)
    except (pa.ArrowException, ValueError, TypeError):
        return pa.array([_mended(value, arrow) for value in values], arrow)


def _mended(value: object, arrow: Arrow) -> object:
    """Return a value that Arrow takes: no day at all is none."""
    if isinstance(value, str) and _is_temporal(arrow) and value in _NO_DAY:
        return None
    if isinstance(value, timedelta):
        return as_text(value)
    return value


def fits(value: object, arrow: Arrow) -> bool:
    """Return whether a column of that type can hold the value."""
    try:
        array([value], arrow)
    except (pa.ArrowException, ValueError, TypeError):
        return False
    return True


@dataclass(slots=True)
class Kinds:
    """What the values of a column of no certain type have been so far."""

    whole: bool = True  # all are whole numbers
    numbers: bool = True  # all are finite numbers
    doubles: bool = False  # some came as floating point
    digits: int = 0  # before the decimal point, the most
    scale: int = 0  # after it, the most
    seen: bool = False

    def see(self, values: Iterable[object]) -> None:
        """Take notice of more values."""
        for value in values:
            if value is not None:
                self._see(value)

    def _see(self, value: object) -> None:
        self.seen = True
        if not self.numbers:
            return
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or not math.isfinite(value):
            self.numbers = self.whole = False
            return
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        _sign, digits, exponent = number.normalize().as_tuple()
        scale = max(0, -int(exponent)) if number else 0
        self.doubles |= isinstance(value, float)
        self.whole &= not isinstance(value, float) and not scale
        self.scale = max(self.scale, scale)
        self.digits = max(self.digits, len(digits) + int(exponent) if number else 1)

    def settled(self, advice: str) -> Arrow:
        """Return the type that holds all values seen, exactly."""
        if not self.seen or not self.numbers:
            return TEXT
        if advice == "float":
            return pa.float64()
        if self.whole and self.digits < len(str(2**63)):
            return pa.int64()
        width = max(1, self.digits) + self.scale
        if width <= WIDEST and (advice == "decimal" or not self.doubles):
            return pa.decimal128(width, self.scale)
        return pa.float64() if self.doubles else TEXT
