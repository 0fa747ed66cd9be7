"""What is known of each customer on a day, beyond how often and how lately they bought: columns for trees.

Everything is taken from facts dated on or before the day, as they were known then: a refund that came later has not
yet lowered the order that it belongs to. Counts and times are put in proportion to the customer's own age, rhythm and
repeats, so that what was learned of young customers says something of older ones. Money enters as it is: trees cut
where they like, so its unit does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

MONDAY = date(1900, 1, 1)  # before any log: of a day before it the remainder would be below 0
RECENT = (28, 91)  # days
BOUGHT = (
    "rate",  # repeats a day of age
    "reached",  # recency / age
    "silence",  # days since the last purchase / age
    "silence_gaps",  # the same / mean gap between purchases
    "silence_longest",  # the same / longest gap
    "gap_spread",  # sd of the gaps / their mean
    "gap_last",  # last gap / mean gap
    "gap_longest",  # longest gap / age
    "recent_28",  # repeats of the last 28 days / repeats
    "recent_91",
    "late_quarter",  # repeats in the last quarter of the age / repeats
    "late_half",
    "early_quarter",  # repeats in the first quarter of the age / repeats
    "weekday",  # of the first purchase, Monday 0
    "first_amount",  # contribution of the first purchase day
    "mean_amount",  # of a purchase day
    "last_amount",
    "largest_amount",
    "amount_trend",  # last / mean
    "returns",  # days on which something was given back or charged and nothing was bought
)
BASKET = (
    "first_units",  # units in the first basket
    "units",  # units of a purchase day
    "last_units",
    "first_price",  # of a unit in the first basket
    "products",  # different products so far / lines
)
KINDS = ("channel", "country")  # of the first order, as words
COLUMNS = ("repeats", *BOUGHT, *BASKET)


def features(
    occasions: ir.Table, days: ir.Table, tables: Mapping[str, ir.Table], *, until: date, share: float = 1.0
) -> ir.Table:
    """Return one row per customer known at `until`.

    Args:
        occasions: Purchase occasions as they were known then; later ones are left out.
        days: The table of `customer_days`.
        tables: What came into the stage; `order_lines` is read where it is there.
        until: Last day known.
        share: Of the customers, chosen by a digest of their ids.

    Returns:
        `customer_id`, `recency` and `age` in days (int64), `COLUMNS` (float64, null where not defined) and `KINDS`.
    """
    seen = _some(occasions.filter(occasions.day <= ibis.date(until)), share)
    known = _rhythm(seen, until)
    returned = days.filter(days.bought == 0, days.day <= ibis.date(until))
    returned = returned.group_by("customer_id").aggregate(returned_days=returned.count())
    known = known.left_join(returned, "customer_id").drop("customer_id_right")
    known = known.mutate(returns=known.returned_days.fill_null(0))
    if "order_lines" in tables:
        baskets = _baskets(tables["order_lines"], known, until)
        known = known.left_join(baskets, "customer_id").drop("customer_id_right")
    missing = {name: ibis.null("float64") for name in BASKET if name not in known.columns}
    missing |= {name: ibis.null("string") for name in KINDS if name not in known.columns}
    known = known.mutate(**missing)
    numbers = {name: known[name].cast("float64") for name in COLUMNS}
    return known.select("customer_id", "recency", "age", **numbers, **{name: known[name] for name in KINDS})


def _some(table: ir.Table, share: float) -> ir.Table:
    """Return the rows of about so large a share of the customers: the same ones on every engine and on every day."""
    if share >= 1:
        return table
    limit = f"{min(int(share * 16**6), 16**6 - 1):06x}"
    return table.filter(table.customer_id.hexdigest("md5").substr(0, 6) < limit)


def _rhythm(seen: ir.Table, until: date) -> ir.Table:
    """Return what a customer's days and amounts tell."""
    of, so_far = ibis.window(group_by="customer_id"), ibis.window(group_by="customer_id", order_by="day")
    dated = seen.mutate(
        first=seen.day.min().over(of), before=seen.day.lag().over(so_far), value=seen.amount.cast("float64")
    )
    start, end = dated["first"], ibis.date(until)
    gone, left = _days(dated.day, start), _days(end, dated.day)
    dated = dated.mutate(gap=_days(dated.day, dated.before).cast("float64"), gone=gone, left=left, back=gone > 0)
    age = dated.gone + dated.left
    each = dated.group_by("customer_id").aggregate(
        first=dated.day.min(),
        last=dated.day.max(),
        orders=dated.count(),
        gap_squares=(dated.gap * dated.gap).sum(),
        gap_most=dated.gap.max(),
        gap_end=dated.gap.argmax(dated.day),
        **{f"in_{span}": dated.count(where=dated.back & (dated.left < span)) for span in RECENT},
        in_quarter=dated.count(where=dated.back & (4 * dated.left < age)),
        in_half=dated.count(where=dated.back & (2 * dated.left < age)),
        in_early=dated.count(where=dated.back & (4 * dated.gone <= age)),
        total=dated.amount.sum().cast("float64"),
        first_amount=dated.value.argmin(dated.day),
        last_amount=dated.value.argmax(dated.day),
        largest_amount=dated.value.max(),
    )
    return _shares(each, until)


def _shares(each: ir.Table, until: date) -> ir.Table:
    repeats, recency = each.orders - 1, _days(each["last"], each["first"])
    age = _days(ibis.date(until), each["first"])
    each = each.mutate(repeats=repeats, recency=recency, age=age, silent=age - recency)
    mean_gap, mean = _over(each.recency, each.repeats), each.total / each.orders
    spread = ibis.greatest(_over(each.gap_squares, each.repeats) - mean_gap * mean_gap, 0.0)
    return each.mutate(
        rate=_over(each.repeats, each.age),
        reached=_over(each.recency, each.age),
        silence=_over(each.silent, each.age),
        silence_gaps=_over(each.silent, mean_gap),
        silence_longest=_over(each.silent, each.gap_most),
        gap_spread=_over(spread.sqrt(), mean_gap),
        gap_last=_over(each.gap_end, mean_gap),
        gap_longest=_over(each.gap_most, each.age),
        **{f"recent_{span}": _over(each[f"in_{span}"], each.repeats) for span in RECENT},
        late_quarter=_over(each.in_quarter, each.repeats),
        late_half=_over(each.in_half, each.repeats),
        early_quarter=_over(each.in_early, each.repeats),
        weekday=_days(each["first"], ibis.date(MONDAY)) % 7,
        mean_amount=mean,
        amount_trend=_over(each.last_amount, mean),
    )


def _baskets(lines: ir.Table, known: ir.Table, until: date) -> ir.Table:
    """Return what was in the baskets, as far as lines that sell tell it."""
    sold = lines.filter(lines.order_date <= ibis.date(until), lines.gross > 0, lines.status == "ok")
    ends = known.select("customer_id", "first", "last", purchases=known.orders)
    sold = sold.inner_join(ends, "customer_id")
    units, gross = sold.quantity, sold.gross  # decimals: their sums are the same in whatever order rows come
    begun, latest = sold.order_date == sold["first"], sold.order_date == sold["last"]
    each = sold.group_by("customer_id").aggregate(
        first_units=units.sum(where=begun),
        last_units=units.sum(where=latest),
        all_units=units.sum(),
        first_gross=gross.sum(where=begun),
        different=sold.product_id.nunique(),
        lines=sold.count(),
        purchases=sold.purchases.max(),
        channel=sold.channel.min(where=begun),
        country=sold.country.min(where=begun),
    )
    return each.select(
        "customer_id",
        "first_units",
        "last_units",
        "channel",
        "country",
        units=_over(each.all_units, each.purchases),
        first_price=_over(each.first_gross, each.first_units),
        products=_over(each.different, each.lines),
    )


def _over(part: ir.Value, whole: ir.Value) -> ir.Value:
    """Return a ratio, null where the whole is not above 0."""
    return ibis.ifelse(whole > 0, part.cast("float64") / whole.cast("float64").nullif(0.0), ibis.null("float64"))


def _days(later: ir.Value, earlier: ir.Value) -> ir.Value:
    return later.delta(earlier, unit="day").cast("int64")
