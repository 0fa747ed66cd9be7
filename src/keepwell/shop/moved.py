"""What moved a customer's forecast away from everybody's mean, in factors that multiply.

Orders of 12 months = everybody's mean x what those who came back as often expect beside everybody x what this customer
expects beside those. The first factor is that of coming back, the second of how long ago the purchases were. This holds
whatever method made the forecasts, because it reads their results only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from keepwell.engine import Engine, collected
from keepwell.tables import Tables

Row = dict[str, Any]
YEAR = "12m"
TOLD = 6  # reasons
SAME = 1.01  # a factor nearer to 1 is no reason
WORDS = {
    "rate": "how often they buy",
    "reached": "how much of the time they bought in",
    "silence": "how long they are silent, of all the time",
    "silence_gaps": "silence against their own rhythm",
    "silence_longest": "silence against their longest gap",
    "gap_spread": "how regularly they buy",
    "gap_last": "the latest gap against their rhythm",
    "gap_longest": "their longest gap",
    "recent_28": "purchases in the last 28 days",
    "recent_91": "purchases in the last 91 days",
    "late_quarter": "purchases late in their time",
    "late_half": "purchases in the later half",
    "early_quarter": "purchases early in their time",
    "weekday": "weekday of the first purchase",
    "first_amount": "worth of the first purchase",
    "mean_amount": "worth of their purchases",
    "last_amount": "worth of the latest purchase",
    "largest_amount": "worth of the largest purchase",
    "amount_trend": "whether purchases grow",
    "returns": "days with something given back",
    "first_units": "size of the first basket",
    "units": "size of their baskets",
    "last_units": "size of the latest basket",
    "first_price": "price of what they bought first",
    "products": "variety of what they buy",
    "channel": "channel of the first order",
    "country": "country",
    "repeats": "how often they came back",
    "ahead": "how far is looked ahead",
    "": "everybody alike",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that the trees saw, and what it multiplies the forecast by."""

    words: str
    factor: float


@dataclass(frozen=True, slots=True)
class Moved:
    """The factors between everybody's mean and one customer, over 12 months."""

    everybody: float  # mean orders expected of a customer
    by_repeats: float  # of those who came back about as often, beside everybody
    by_silence: float  # of this customer, beside those
    orders: float  # everybody x by_repeats x by_silence
    everybody_spend: float  # mean contribution of one order, as expected
    by_spend: float  # of this customer, beside everybody
    alike: int  # customers who came back about as often
    reasons: tuple[Reason, ...]  # where boosted trees corrected the purchase models, the strongest first


def moved(key: str, history: Row | None, values: list[Row], tables: Tables, engine: Engine) -> Moved | None:
    """Return what moved a customer's forecast of 12 months; None without one.

    Those who came back about as often are all whose repeats differ by no more than a quarter. Subscribers are neither
    explained nor compared with: their orders are payments to come, and their history did not move them.
    """
    mine = next((row for row in values if row["horizon"] == YEAR), None)
    if mine is None or history is None or mine["p_leave"] is not None:
        return None
    x = history["repeats"]
    all_values, past = tables["values"], tables["history"]
    year = all_values.filter(all_values.horizon == YEAR, all_values.p_leave.isnull())
    joined = year.inner_join(past.select("customer_id", "repeats"), "customer_id")
    near = joined.repeats.between(int(0.75 * x + 0.999), int(1.25 * x))
    told = joined.aggregate(
        all=joined.expected_orders.mean(),
        near=joined.expected_orders.mean(where=near),
        spend=joined.spend.mean(),
        alike=joined.count(where=near),
    )
    mean = collected(engine, told).to_pylist()[0]
    if not mean["all"] or not mean["near"] or not mean["spend"]:
        return None
    return Moved(
        everybody=mean["all"],
        by_repeats=mean["near"] / mean["all"],
        by_silence=mine["expected_orders"] / mean["near"],
        orders=mine["expected_orders"],
        everybody_spend=mean["spend"],
        by_spend=mine["spend"] / mean["spend"],
        alike=mean["alike"],
        reasons=reasons(key, tables, engine),
    )


def reasons(key: str, tables: Tables, engine: Engine) -> tuple[Reason, ...]:
    """Return what the trees saw in a customer that correct the forecast of 12 months; nothing where none do.

    The features' entry of the table holds their names, in order, and the words that each category may have.
    """
    rows = collected(engine, tables["boosted"]).to_pylist() if "boosted" in tables else []
    row = next((one for one in rows if one["name"] == YEAR), None)
    if row is None:
        return ()
    from keepwell.predict.boosted import reasons as taken_apart

    told = json.loads(row["features"])
    names = told["names"] if isinstance(told, dict) else told
    words = told.get("words", {}) if isinstance(told, dict) else {}
    known = _features(key, row["origin"], tables, engine)
    numbers = [_number(known, name, words) for name in names]
    found = taken_apart(row["model"], numbers, names)
    changed = [(name, factor) for name, factor in found if name and not 1 / SAME < factor < SAME]
    return tuple(Reason(WORDS.get(name, name.replace("_", " ")), factor) for name, factor in changed[:TOLD])


def _features(key: str, day: date, tables: Tables, engine: Engine) -> Row:
    """Return the features of one customer as they were known on a day, made as for the forecast."""
    from keepwell.predict.features import features
    from keepwell.predict.history import customer_days, occasions

    orders = tables["order_contribution"]
    days = customer_days(orders.filter(orders.customer_id == key), until=day)
    lines = tables["order_lines"]
    theirs = {"order_lines": lines.filter(lines.customer_id == key)}
    made = features(occasions(days), days, theirs, until=day)
    found = collected(engine, made).to_pylist()
    return found[0] if found else {}


def _number(known: Row, name: str, words: dict[str, list[str]]) -> float:
    """Return a feature as the trees read it: a category by its place among the words."""
    value = YEAR_AHEAD / max(known.get("age") or 1, 1) if name == "ahead" else known.get(name)
    if isinstance(value, str):
        places = words.get(name, [])
        return float(places.index(value)) if value in places else float("nan")
    return float("nan") if value is None else float(value)


YEAR_AHEAD = 365.0  # days
