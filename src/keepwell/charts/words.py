"""Numbers in words: rounded for the eye here, exact in the tables behind the charts."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal

Number = int | float | Decimal

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}


def missing(value: Number | None) -> bool:
    """Return whether there is no number to show."""
    return value is None or not math.isfinite(value)


def money(value: Number | None, currency: str) -> str:
    """Return money rounded to about three digits, with its currency.

    >>> money(2500315.63, "USD"), money(-17.5, "EUR"), money(81234, "CHF")
    ('$2.50 million', '−€17.50', 'CHF 81,200')
    """
    if value is None or missing(value):
        return NOTHING
    size = abs(float(value))
    text = _sized(size)
    sign = MINUS if value < 0 and any(digit in text for digit in "123456789") else ""
    return sign + _with_currency(text, currency)


def _sized(size: float) -> str:
    for scale, name in ((1e9, "billion"), (1e6, "million")):
        if size >= scale * 0.9995:
            digits = max(0, 2 - math.floor(math.log10(size / scale * 1.0005)))
            return f"{size / scale:,.{digits}f} {name}"
    if size >= 10_000:
        step = 10.0 ** (math.floor(math.log10(size)) - 2)
        return f"{round(size / step) * step:,.0f}"
    return f"{size:,.0f}" if size >= 100 else f"{size:,.2f}"


def _with_currency(text: str, currency: str) -> str:
    if not currency:
        return text
    symbol = SYMBOLS.get(currency.upper())
    return f"{symbol}{text}" if symbol else f"{currency} {text}"


def exact(value: Number | None) -> str:
    """Return every digit that is not a trailing zero, with at least two decimals for decimals.

    >>> exact(Decimal("2500315.6300")), exact(Decimal("-0.1250")), exact(1234), exact(0.123456789)
    ('2,500,315.63', '−0.125', '1,234', '0.123457')
    """
    if value is None or missing(value):
        return NOTHING
    if isinstance(value, int):
        text = f"{abs(value):,}"
    elif isinstance(value, Decimal):
        whole, _, decimals = f"{abs(value):,f}".partition(".")
        text = f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
    else:
        text = f"{abs(value):,.6g}" if abs(value) < 1e6 else f"{abs(value):,.2f}"
    return MINUS + text if value < 0 else text


def share(value: Number | None) -> str:
    """Return a share as a percentage, with one decimal below ten.

    >>> share(1.824), share(0.0312), share(-0.3), share(0.0001), share(0)
    ('182%', '3.1%', '−30%', 'under 0.1%', '0%')
    """
    if value is None or missing(value):
        return NOTHING
    percent = abs(float(value)) * 100
    if percent == 0:
        return "0%"
    if percent < 0.05:
        return "under 0.1%"
    text = f"{percent:.1f}" if percent < 9.95 else f"{percent:,.0f}"
    return f"{MINUS if value < 0 else ''}{text.removesuffix('.0')}%"


def signed_share(value: Number | None) -> str:
    """Return a deviation with its sign.

    >>> signed_share(0.051), signed_share(-0.02), signed_share(0.0)
    ('+5.1%', '−2%', '0%')
    """
    text = share(value)
    return f"+{text}" if value is not None and value > 0 and text[:1].isdigit() else text


def count(value: Number | None) -> str:
    """Return a count with its thousands separated, rounded to a whole from ten up.

    >>> count(23570), count(9.84), count(7.0)
    ('23,570', '9.8', '7')
    """
    if value is None or missing(value):
        return NOTHING
    whole = abs(float(value)) >= 10 or float(value).is_integer()
    return (f"{value:,.0f}" if whole else f"{value:,.1f}").replace("-", MINUS)


def short_count(value: Number) -> str:
    """Return a count that fits a narrow cell.

    >>> short_count(987), short_count(12345), short_count(2_400_000)
    ('987', '12k', '2.4M')
    """
    size = float(value)
    if size >= 1e6:
        return f"{size / 1e6:.1f}M"
    return f"{size / 1e3:.0f}k" if size >= 10_000 else f"{size:,.0f}"


def plural(number: Number, one: str, many: str = "") -> str:
    """Return a count with its noun.

    >>> plural(1, "customer"), plural(1234, "customer"), plural(2, "day", "days")
    ('1 customer', '1,234 customers', '2 days')
    """
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def day(value: date) -> str:
    """Return a day as people write it.

    >>> day(date(1998, 6, 30))
    '30 June 1998'
    """
    return f"{value.day} {value:%B %Y}"
