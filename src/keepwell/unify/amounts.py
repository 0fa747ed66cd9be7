"""Amounts: what the decimal sign of a column is, and its text read as decimals.

Read are `$1,234.56`, `1.234,56 EUR`, `(50.00)`, `-$3.00`, `3.00-`, `1'234.50` and `1 234,56`; `--`, `-` and 'n/a'
are no value. What cannot be read stays null here and goes to quarantine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import ibis

from keepwell.unify.columns import Shapes

Sign = Literal[".", ","]

MONEY = "decimal(18,4)"
RATE = "decimal(18,8)"  # of one unit, and quantities, so that 0.00125 x 4,000 is 5
RATES = ("decimal(18,0)", MONEY, RATE)  # by how many decimals a column has: products of narrow ones are fast
ANY = 99  # decimals, where there may be any number
LIMIT = 10**12  # above it an amount is a mistake
RATE_LIMIT = 10**9  # and a quantity, or the price of a unit

_COIN = r"(?:[A-Za-z]{0,3}[$€£¥₹₽₩₺]|[A-Z]{3}|kr\.?|Kč|zł|Rs\.?)"
# Each step is a pattern and what replaces it, in the common ground of Python's and RE2's regular expressions.
CLEANING = (
    (r"[\s\x{00a0}\x{202f}'’]", ""),
    (r"[−–]", "-"),
    (r"^([(+-]*)" + _COIN, r"\1"),
    (_COIN + r"([)-]*)$", r"\1"),
    (r"^\((.*)\)$", r"-\1"),
    (r"^([^-].*)-$", r"-\1"),
)
_STRICT = {
    ".": r"^[+-]?((\d+|\d{1,3}(,\d{3})+)(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$",
    ",": r"^[+-]?((\d+|\d{1,3}(\.\d{3})+)(,\d*)?|,\d+)$",
}
_PLAIN = re.compile(r"[+-]?(0+(\.0*)?|\.0+)([eE][+-]?0+)?")
NO_VALUE = r"(?i)^(-+|[–—]+|n/?a|null|none|\.)$"


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many values of a column prove a decimal sign, and how many could be either ('1,234')."""

    point: int = 0
    comma: int = 0
    either: int = 0
    long: int = 0  # values with more than four decimals
    decimals: int = 0  # the most that a value has
    plain: bool = True  # every value is an undecorated number with a point at most

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(
            self.point + other.point,
            self.comma + other.comma,
            self.either + other.either,
            self.long + other.long,
            max(self.decimals, other.decimals),
            self.plain and other.plain,
        )


@dataclass(frozen=True, slots=True)
class AmountReading:
    """How a column's text is read: its decimal sign, and whether it is plain numbers throughout."""

    sign: Sign = "."
    plain: bool = False
    assumed: bool = False
    decimals: int = 8

    @property
    def rate(self) -> str:
        """The narrowest type that holds the column's quantities or unit prices."""
        return RATES[0] if self.decimals == 0 else RATES[1] if self.decimals <= 4 else RATES[2]


def cleaned(text: str) -> str:
    """Return the bare number of an amount's text: no currency, no spaces, a leading minus.

    >>> [cleaned(t) for t in ("$1,234.56", "(50.00)", "-$3.00", "3.00-", "1 234,56 EUR")]
    ['1,234.56', '-50.00', '-3.00', '-3.00', '1234,56']
    """
    for pattern, by in CLEANING:
        text = re.sub(pattern.replace(r"\x{00a0}", "\u00a0").replace(r"\x{202f}", "\u202f"), by, text)
    return text


def evidence(shapes: Shapes) -> Evidence:
    """Sum up what the shapes of a column say of its decimal sign."""
    # A shape that was left out may have any number of decimals; a narrower type would round it.
    total = Evidence(plain=shapes.whole, decimals=0 if shapes.whole else ANY)
    for shape, n in shapes.counts.items():
        total += _of_shape(shape, n)
    return total


def _of_shape(shape: str, n: int) -> Evidence:
    if re.match(NO_VALUE, shape):
        return Evidence(plain=False)
    plain = bool(_PLAIN.fullmatch(shape))
    body = cleaned(shape).lstrip("+-")
    decimals = _decimals(body)
    sign = _proved(body)
    return Evidence(
        point=n if sign == "." else 0,
        comma=n if sign == "," else 0,
        either=n if sign == "?" else 0,
        long=n if decimals > 4 and not re.search(r"[eE]\+?0", body) else 0,
        decimals=decimals,
        plain=plain,
    )


def _decimals(body: str) -> int:
    """Return how many decimals a bare number has at most; one with an exponent may have any number.

    >>> _decimals("0,000.00"), _decimals("00"), _decimals("0e-0") > 4, _decimals("ten")
    (2, 0, True, 0)
    """
    match = re.fullmatch(r"[0.,]*?(?:[.,](0*))?([eE][+-]?0+)?", body)
    if match is None:
        return 0
    return ANY if match[2] else len(match[1] or "")


def _proved(body: str) -> str:
    """Return the decimal sign that a bare number proves: '.', ',', '?' (either) or '' (it has no sign).

    >>> [_proved(b) for b in ("0,000.00", "0.000,0", "0.00", "00,0", "0,000", "0.000.000", "00")]
    ['.', ',', '.', ',', '?', ',', '']
    """
    if not re.fullmatch(r"[0.,]+", body) or not re.search(r"[.,]", body):
        return ""
    last = max(body.rfind("."), body.rfind(","))
    sign, other = (body[last], "," if body[last] == "." else ".")
    if other in body:
        return sign
    if body.count(sign) > 1:  # groups of thousands
        return other
    head, tail = body[:last], body[last + 1 :]
    return "?" if len(tail) == 3 and 1 <= len(head) <= 3 else sign


def decided(own: Evidence, others: Iterable[Evidence], *, told: str = "") -> AmountReading:
    """Decide a column's decimal sign: as told, by its own values, by `others` in turn, else the point.

    `others` are the evidence of the file's other columns, then of its sister files.
    """
    if told in (".", ","):
        return _reading(told, own)
    for seen in (own, *others):
        if seen.point != seen.comma:
            return _reading("," if seen.comma > seen.point else ".", own)
    return replace(_reading(".", own), assumed=own.either > 0)


def _reading(sign: str, own: Evidence) -> AmountReading:
    plain = own.plain and (sign == "." or own.point + own.either == 0)
    return AmountReading("," if sign == "," else ".", plain, decimals=own.decimals)


def read(text: Any, reading: AmountReading, *, dtype: str = MONEY, limit: int = LIMIT) -> Any:
    """Return a column as decimals of `dtype`; null where it is no value, no number, or not within `limit`."""
    if reading.plain or not text.type().is_string():
        return _limited(text.try_cast(dtype), dtype, limit)
    for pattern, by in CLEANING:
        text = text.re_replace(pattern, by)
    fits = text.re_search(_STRICT[reading.sign])
    bare = text.replace(",", "") if reading.sign == "." else text.replace(".", "").replace(",", ".")
    return _limited(fits.ifelse(bare, ibis.null("string")).try_cast(dtype), dtype, limit)


def _limited(value: Any, dtype: str, limit: int) -> Any:
    return (value.abs() < limit).ifelse(value, ibis.null(dtype))


def times(units: Any, rate: Any) -> Any:
    """Multiply a quantity and the price of one, rounded to the money type; null where it does not fit.

    DuckDB multiplies decimals of 18 digits in 18 digits: exact and a hundred times faster than in 38, where the
    product fits. Only the others take the long way.
    """
    scale = units.type().scale + rate.type().scale
    long = (units.cast("decimal(38,8)") * rate.cast("decimal(38,8)")).cast("decimal(38,16)").try_cast(MONEY)
    if scale > 12:
        return long
    room = (18 - scale) // 2
    short = (units * rate).cast(f"decimal(18,{scale})").try_cast(MONEY)
    return ((units.abs() < 10**room) & (rate.abs() < 10**room)).ifelse(short, long)


def is_value(text: Any) -> Any:
    """Return whether a column's text claims to be a value: not null, and none of the words for 'nothing'."""
    if not text.type().is_string():
        return text.notnull()
    return text.notnull() & ~text.re_search(NO_VALUE)


def reason(text: Any, reading: AmountReading) -> Any:
    """Return why an amount could not be read."""
    shown = text.cast("string")
    other = "comma" if reading.sign == "." else "point"
    return ibis.cases(
        (shown.re_search(r"(?i)^[+-]?\(?nan\)?$"), "not a number (NaN)"),
        (shown.re_search(r"(?i)^[+-]?inf(inity)?$"), "infinite"),
        (shown.re_search(r"^[(+-]*[^\d]{0,4}\d[\d,. ]*([eE][+]?\d+)?[)-]*$") & _big(shown), "too large to be true"),
        (
            shown.re_search(r"\d[.,]\d") & ~shown.re_search(r"[A-Za-z]{4,}"),
            f"not a number with a decimal {'point' if reading.sign == '.' else 'comma'}"
            f" (a decimal {other} in a column that has the other one?)",
        ),
        else_="text where an amount should be",
    )


def _big(shown: Any) -> Any:
    return (shown.re_replace(r"[^\d]", "").length() >= 10) | shown.re_search(r"[eE]")


def notes(readings: Mapping[str, AmountReading]) -> list[str]:
    """Return what was assumed of each column, with its switch."""
    said = [
        f"{column!r}: a decimal point was assumed, nothing in the file decides; --decimal , changes it"
        for column, reading in readings.items()
        if reading.assumed
    ]
    return said + [f"{column!r} is read with a decimal comma" for column, r in readings.items() if r.sign == ","]


def rounded_notes(found: Mapping[str, Evidence]) -> list[str]:
    """Return which columns have more decimals than money has here."""
    long = {column: e.long for column, e in found.items() if e.long}
    return [
        f"{column!r}: {n:,} {'value has' if n == 1 else 'values have'} more than 4 decimals; "
        "money is rounded to 4, halves away from zero"
        for column, n in long.items()
    ]
