"""Random shops as files, and what their money is, reckoned row by row in plain decimals.

Each shop has order lines in two currencies (discounts, delivery, tax, returns, cancelled orders, rows that cannot be
read), a second export that overlaps the first, orders known by their totals, and payouts with fees. All shops' rows go
into the same few files, told apart by a prefix, so that one run checks them all.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

FIRST = date(2024, 1, 1)
DAYS = 60
LINES = "order_id,customer,date,product,quantity,unit_price,discount,shipping,tax,status,currency"
TOTALS = "order_id,customer,date,product,quantity,unit_price,order_total,shipping,tax,refund,status"
FOUR = Decimal("0.0001")


def rates():
    """Return the dollar's worth in euros on every day."""
    return {FIRST + timedelta(days=n): Decimal(9000 + 7 * (n * 37 % 91)) / 10000 for n in range(DAYS)}


def to_euros(amount, rate):
    return (amount * rate).quantize(FOUR, ROUND_HALF_UP)


@dataclass
class Row:
    """A row as text, whether it is good, and its money (None: cannot be told)."""

    text: str
    good: bool
    money: Decimal | None


@dataclass
class Shop:
    """What one shop gives, by file."""

    lines: list[Row] = field(default_factory=list)
    again: list[Row] = field(default_factory=list)
    totals: list[Row] = field(default_factory=list)
    payouts: list[tuple[str, Decimal]] = field(default_factory=list)

    def duplicates(self):
        """Return the rows of the second export that the first holds: the larger count is kept."""
        there = Counter(row.text for row in self.lines if row.good)
        held = []
        for row in self.again:
            if row.good and there[row.text] > 0:
                there[row.text] -= 1
                held.append(row)
        return held


def shop(seed):
    """Return a shop, the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311 no secret
    name, known, made = f"s{seed}", rates(), Shop()
    made.lines = [_line(draw, name, known) for _ in range(draw.randint(1, 12))]
    made.again = draw.sample(made.lines, draw.randint(0, len(made.lines))) + [
        _line(draw, name, known) for _ in range(draw.randint(0, 3))
    ]
    draw.shuffle(made.again)
    for number in range(draw.randint(0, 3)):
        made.totals += _order(draw, f"{name}-T{number}", name)
    orders = [f"{name}-{draw.randint(1, 5)}" for _ in range(draw.randint(0, 3))]
    made.payouts = [(order, _cents(draw, 300)) for order in orders]
    return made


def _cents(draw, highest):
    return Decimal(draw.randint(0, highest)) / 100


def _line(draw, name, known):
    day = FIRST + timedelta(days=draw.randrange(DAYS))
    price, units = Decimal(draw.randint(0, 99999)) / draw.choice((10, 100, 1000)), draw.choice((1, 1, 2, 3, 7, -1, -2))
    parts = {part: _cents(draw, 900) if draw.random() < chance else Decimal(0)
             for part, chance in (("discount", 0.3), ("shipping", 0.3), ("tax", 0.4))}  # fmt: skip
    status = draw.choice(("paid", "paid", "paid", "paid", "cancelled"))
    currency = draw.choice(("EUR", "EUR", "USD"))
    who = draw.choice((f"{name}-ann", f"{name}-bob", f"{name}-eve", ""))
    fault = draw.choice(("", "", "", "", "", "", "", "date", "price"))
    shown = "2024-13-45" if fault == "date" else day.isoformat()
    cells = [f"{name}-{draw.randint(1, 5)}", who, shown, draw.choice(("pot", "cup", "POST")), str(units),
             "ten" if fault == "price" else f"{price:f}", *map(str, parts.values()), status, currency]  # fmt: skip
    rate = known[day] if currency == "USD" else Decimal(1)
    unknown = fault == "price" or (fault == "date" and currency == "USD")
    money = None if unknown else _money(units * price, parts, status, rate)
    return Row(",".join(cells), not fault, money)


def _money(value, parts, status, rate):
    """Return a line's money in euros: its parts converted one by one; what takes back is one part, and its tax."""
    if status == "cancelled":
        return Decimal(0)
    value = value.quantize(FOUR, ROUND_HALF_UP)
    off = parts["discount"].copy_sign(value) if value else parts["discount"]
    standing = value - off + parts["shipping"]
    tax = to_euros(parts["tax"], rate)
    if value < 0 or (value == 0 and standing < 0):
        return tax + to_euros(standing, rate)
    return to_euros(value, rate) - to_euros(off, rate) + to_euros(parts["shipping"], rate) + tax


def _order(draw, order_id, name):
    """Return the rows of an order whose total stands on its first; what its lines leave unexplained is money too."""
    day = FIRST + timedelta(days=draw.randrange(DAYS))
    prices = [_cents(draw, 5000) for _ in range(draw.randint(1, 3))]
    shipping, tax = _cents(draw, 500), _cents(draw, 800)
    total = sum(prices) + shipping + draw.choice((tax, tax, Decimal(0))) + draw.choice((Decimal(0), _cents(draw, 99)))
    refund = draw.choice((Decimal(0), Decimal(0), min(total, _cents(draw, 3000))))
    status = draw.choice(("paid", "paid", "cancelled", "refunded"))
    back = total if status == "cancelled" or (status == "refunded" and not refund) else refund
    rows = []
    for place, price in enumerate(prices):
        head = [str(total), str(shipping), str(tax), str(refund), status] if place == 0 else ["", "", "", "", ""]
        cells = [order_id, f"{name}-ann", day.isoformat(), f"p{place}", "1", f"{price:f}", *head]
        rows.append(Row(",".join(cells), good=True, money=total - back if place == 0 else Decimal(0)))
    return rows
