"""Features of a customer, by hand and by plain loops, as known on a day."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from keepwell.engine import collected
from keepwell.predict.features import COLUMNS, KINDS, features
from keepwell.predict.history import customer_days
from keepwell.predict.origins import Origin
from keepwell.predict.past import divided
from keepwell.tables import CONTRACTS

START = date(2023, 1, 1)
LINES = pa.schema([pa.field(f.name, f.type) for f in CONTRACTS["order_lines"].schema.to_pyarrow()])


def made(engine, orders, day, *, tables=None, share=1.0):
    days = engine.keep(customer_days(orders, until=START + timedelta(days=1000)))
    until = START + timedelta(days=day)
    known = divided(engine, days).around(Origin(until, 0))
    found = features(known, days, tables or {}, until=until, share=share).order_by("customer_id")
    return {row["customer_id"]: row for row in collected(engine, found).to_pylist()}


@pytest.fixture
def three(engine, orders_of):
    """One who came five times, one who came once, one who came after day 100; and a refund on day 120."""
    who = ["a"] * 5 + ["b", "c", "a"]
    day = [0, 10, 30, 40, 90, 50, 110, 120]
    worth = [10, 20, 30, 40, 50, 5, 9, -25]
    return orders_of(engine, who, day, worth, purchase=[True] * 7 + [False])


def test_the_rhythm_is_what_a_hand_reckons(engine, three):
    a = made(engine, three, 100)["a"]
    gaps = np.array([10, 20, 10, 50])
    assert (a["recency"], a["age"], a["repeats"]) == (90, 100, 4)
    assert a["rate"] == pytest.approx(4 / 100)
    assert a["silence_gaps"] == pytest.approx(10 / gaps.mean())
    assert a["silence_longest"] == pytest.approx(10 / 50)
    assert a["gap_spread"] == pytest.approx(gaps.std() / gaps.mean())
    assert a["gap_last"] == pytest.approx(50 / gaps.mean())
    assert a["recent_28"] == pytest.approx(1 / 4)
    assert a["early_quarter"] == pytest.approx(1 / 4)
    assert a["late_half"] == pytest.approx(1 / 4)
    assert a["weekday"] == START.weekday()
    assert (a["first_amount"], a["last_amount"], a["largest_amount"]) == (10, 50, 50)
    assert a["mean_amount"] == pytest.approx(30)


def test_somebody_who_came_once_has_no_rhythm(engine, three):
    b = made(engine, three, 100)["b"]
    undefined = ("silence_gaps", "silence_longest", "gap_spread", "gap_last", "gap_longest", "recent_91")
    assert all(b[name] is None for name in undefined)
    assert (b["repeats"], b["silence"], b["returns"]) == (0, 1, 0)


def test_only_who_was_known_then_has_a_row(engine, three):
    assert set(made(engine, three, 100)) == {"a", "b"}
    assert set(made(engine, three, 110)) == {"a", "b", "c"}


def test_a_refund_lowers_nothing_before_it_came(engine, three):
    before, after = made(engine, three, 119)["a"], made(engine, three, 120)["a"]
    assert (before["last_amount"], after["last_amount"]) == (50, 25)
    assert (before["returns"], after["returns"]) == (0, 1)


def test_a_shuffled_future_changes_no_feature(duckdb, orders_of, small_shop):
    who, day, worth = small_shop
    rng = np.random.default_rng(1)
    later = day > 300
    other = day.copy()
    other[later] = rng.integers(301, 900, later.sum())
    changed = np.where(later, np.round(worth * rng.uniform(0.1, 9, len(worth)), 2), worth)
    one = made(duckdb, orders_of(duckdb, who, day, worth), 300)
    two = made(duckdb, orders_of(duckdb, who, other, changed), 300)
    assert one == two


def test_baskets_are_read_from_lines_that_sell(engine, orders_of):
    orders = orders_of(engine, ["a", "a"], [0, 20], [30, 40])
    lines = engine.table(
        [pa.RecordBatch.from_pylist([line(1, 0, "p", 2, 10), line(2, 0, "q", 1, 20), line(3, 20, "p", 4, 40),
                                     line(4, 20, "p", -1, 0), line(5, 60, "z", 9, 90)], schema=LINES)], LINES
    )  # fmt: skip
    a = made(engine, orders, 30, tables={"order_lines": lines})["a"]
    assert (a["first_units"], a["last_units"], a["units"]) == (3, 4, 3.5)
    assert a["first_price"] == pytest.approx(30 / 3)
    assert a["products"] == pytest.approx(2 / 3)
    assert (a["channel"], a["country"]) == ("web", "FR")


def test_sums_over_lines_are_exact(engine, orders_of):
    """Ten times 0.1 is 1; in floats it would hang on the order of the lines, and with it the trees."""
    rows = [line(i, 0, f"p{i}", "0.1", "0.7") for i in range(10)]
    lines = engine.table([pa.RecordBatch.from_pylist(rows, schema=LINES)], LINES)
    a = made(engine, orders_of(engine, ["a"], [0], [30]), 30, tables={"order_lines": lines})["a"]
    assert (a["first_units"], a["first_price"]) == (1.0, 7.0)


def test_a_week_has_the_same_days_in_every_century(engine, orders_of):
    day = np.arange(-9150, -9143)  # seven days of December 1997
    orders = orders_of(engine, [f"c{d}" for d in day], day, np.ones(7))
    found = made(engine, orders, 0)
    assert [found[f"c{d}"]["weekday"] for d in day] == [(START + timedelta(days=int(d))).weekday() for d in day]


def line(number, day, product, quantity, gross):
    at = START + timedelta(days=day)
    money = Decimal(gross)
    return dict.fromkeys(LINES.names) | {
        **dict.fromkeys(("discount", "shipping", "tax", "other", "refund"), Decimal(0)),
        **{"file": "f", "line": number, "source": "s", "order_id": str(day), "customer_id": "a", "order_date": at},
        **{"ordered_at": datetime.combine(at, time()), "product_id": product, "quantity": Decimal(quantity)},
        **{"gross": money, "money": money, "currency": "EUR", "status": "ok", "refund_date_assumed": False},
        **{"country": "FR", "channel": "web" if day == 0 else "shop"},
    }


def test_without_lines_the_columns_are_there_and_empty(engine, three):
    row = made(engine, three, 100)["a"]
    assert set(row) == {"customer_id", "recency", "age", *COLUMNS, *KINDS}
    assert all(row[name] is None for name in ("first_units", "products", "channel"))


def test_a_share_takes_the_same_customers_every_day(duckdb, orders_of, small_shop):
    orders = orders_of(duckdb, *small_shop)
    early, late = (set(made(duckdb, orders, day, share=0.3)) for day in (100, 500))
    whole = set(made(duckdb, orders, 100))
    assert early == late & whole
    assert 0.2 < len(late) / 1500 < 0.4
