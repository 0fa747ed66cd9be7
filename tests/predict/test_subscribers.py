"""Subscribers in a world whose truth is known: chances of leaving and values are calibrated, payments are counted."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from keepwell.engine import collected
from keepwell.predict import run
from keepwell.predict.equity import Equity
from keepwell.predict.subscribers import alongside, subscribed
from keepwell.predict.terms import begun, completed, courses, lengths, payment_days
from keepwell.settings import from_dict
from keepwell.tables import CONTRACTS, offences

AS_OF = date(2024, 6, 30)
SCHEMA = pa.schema([pa.field(f.name, f.type) for f in CONTRACTS["subscriptions"].schema.to_pyarrow()])
VALUES = pa.schema([pa.field(f.name, f.type) for f in CONTRACTS["values"].schema.to_pyarrow()])
DAY = np.timedelta64(1, "D")


def table(engine, rows):
    """Return `subscriptions` of (customer, started, ended, period, price) rows."""
    names = ("customer_id", "started", "ended", "period", "price")
    filled = [
        {"subscription_id": f"s{i}", "plan": None, "reason": None} | dict(zip(names, row, strict=True))
        for i, row in enumerate(rows)
    ]
    return engine.table(pa.Table.from_pylist(filled, schema=SCHEMA).to_batches(), SCHEMA)


def asked(engine, rows, **settings):
    chosen = from_dict({"as_of": AS_OF, **settings})
    return subscribed({"subscriptions": table(engine, rows)}, chosen, engine)


def values(engine, found):
    rows = collected(engine, found.values).to_pylist()
    return {(row["customer_id"], row["horizon"]): row for row in rows}


def world(n, *, seed=1, alpha=0.8, beta=6.0):
    """Draw monthly subscribers over three years before `AS_OF` who leave at renewals with chances Beta(alpha, beta).

    Returns first days, how many payments each will ever make, and the day on which each did not renew.
    """
    rng = np.random.default_rng(seed)
    started = np.datetime64(AS_OF, "D") - rng.integers(0, 1095, n) * DAY
    made = rng.geometric(rng.beta(alpha, beta, n))
    return started, made, payment_days("month", started, np.minimum(made, 2400))


@pytest.fixture(scope="module")
def drawn(duckdb):
    """A world of 8,000 subscribers, and what is foreseen of those who are still there."""
    started, made, end = world(8_000)
    price = np.random.default_rng(2).choice([10.0, 20.0], len(made))
    gone = end <= np.datetime64(AS_OF, "D")
    rows = [
        (f"c{i:05d}", started[i].astype(object), end[i].astype(object) if gone[i] else None, "month", f"{price[i]:.2f}")
        for i in range(len(made))
    ]
    rows = [(*row[:4], Decimal(row[4])) for row in rows]
    found = asked(duckdb, rows, assumptions={"margin": 0.5, "margin_low": 0.5, "margin_high": 0.5})
    kept = np.flatnonzero(~gone)
    return values(duckdb, found), found, kept, started, made, end, price


def horizon(drawn, name):
    told, _, kept, *_ = drawn
    return [told[f"c{i:05d}", name] for i in kept]


def paid(started, made, days):
    """Return the days from `AS_OF` to each payment that will be made within so many days, a list a subscriber."""
    out = []
    for s, m in zip(started, made, strict=True):
        first = int(completed("month", np.array([s]), np.array([np.datetime64(AS_OF, "D")]))[0]) + 1
        number = np.arange(first, min(m, first + days // 28 + 2))
        wait = (payment_days("month", np.array([s]), number) - np.datetime64(AS_OF, "D")).astype(int)
        out.append(wait[wait <= days])
    return out


def test_the_model_of_the_world_is_found_and_its_parameters(drawn):
    (course,) = drawn[1].courses
    assert course.renewing
    assert course.fit.params.__class__.__name__ in ("SBG", "BetaWeibull")
    retention = course.model.retention(course.params, np.array([1.0, 6.0, 24.0]))
    truth = (6.0 + np.array([1, 6, 24]) - 1) / (6.8 + np.array([1, 6, 24]) - 1)
    np.testing.assert_allclose(retention, truth, atol=0.006)


@pytest.mark.parametrize(("name", "days"), [("3m", 91), ("12m", 365)])
def test_chances_of_leaving_are_calibrated_in_each_tenth(drawn, name, days):
    _, _, kept, _, _, end, _ = drawn
    chance = np.array([row["p_leave"] for row in horizon(drawn, name)])
    left = end[kept] <= np.datetime64(AS_OF, "D") + days * DAY
    for part in np.array_split(np.argsort(chance), 10):
        sd = np.sqrt((chance[part] * (1 - chance[part])).sum()) / len(part)
        assert abs(left[part].mean() - chance[part].mean()) < 3 * sd + 0.01


@pytest.mark.parametrize(("name", "days"), [("3m", 91), ("12m", 365)])
def test_values_and_intervals_hold_what_came(drawn, name, days):
    _, found, kept, started, made, _, price = drawn
    came = paid(started[kept], made[kept], days)
    rate = np.log(1.10) / 365.25
    worth = np.array([0.5 * price[i] * np.exp(-rate * w).sum() for i, w in zip(kept, came, strict=True)])
    rows = horizon(drawn, name)
    expected = np.array([row["expected_contribution"] for row in rows])
    assert expected.sum() == pytest.approx(worth.sum(), rel=0.02)
    assert sum(row["expected_orders"] for row in rows) == pytest.approx(sum(map(len, came)), rel=0.02)
    inside = [r["q05"] - 1e-9 <= w <= r["q95"] + 1e-9 for r, w in zip(rows, worth, strict=True)]
    assert np.mean(inside) > 0.88  # payments are lumps, so an interval may hold more than 90%
    total = next(t for t in found.totals if t.horizon == name)
    assert total.lower <= worth.sum() <= total.upper
    assert total.expected == pytest.approx(expected.sum(), rel=1e-9)


@pytest.mark.parametrize(("name", "days"), [("3m", 91), ("12m", 365)])
def test_totals_hold_what_could_come_nine_times_in_ten(drawn, name, days):
    """Three hundred futures of those who run, drawn from the world's own chances given how long they have stayed."""
    _, found, kept, started, _, _, price = drawn
    rng, today = np.random.default_rng(9), np.datetime64(AS_OF, "D")
    age = completed("month", started[kept], np.full(len(kept), today))
    wait = (payment_days("month", started[kept, None], age[:, None] + np.arange(1, 14)) - today).astype(int)
    worth = np.where(wait <= days, np.exp(-np.log(1.10) / 365.25 * wait), 0.0).cumsum(axis=1)
    worth = np.column_stack([np.zeros(len(kept)), worth]) * 0.5 * price[kept, None]
    futures = []
    for _ in range(300):
        renewals = rng.geometric(rng.beta(0.8, 6.0 + age)) - 1
        futures.append(worth[np.arange(len(kept)), np.minimum(renewals, 13)].sum())
    total = next(t for t in found.totals if t.horizon == name)
    inside = (np.array(futures) >= total.lower) & (np.array(futures) <= total.upper)
    assert inside.mean() > 0.85


def test_rows_keep_the_contract_on_both_engines_and_agree(engine):

    rows = [
        *((f"m{i}", AS_OF - timedelta(days=31 * i), None, "month", Decimal("9.90")) for i in range(1, 20)),
        *(
            (f"g{i}", date(2024, 1, 31) - timedelta(days=37 * i), date(2024, 1, 31), "month", Decimal("9.90"))
            for i in range(1, 8)
        ),
        *((f"y{i}", date(2020, 2, 29), date(2021, 2, 28) if i % 2 else None, "year", Decimal(120)) for i in range(8)),
        ("two", date(2023, 1, 15), None, "month", Decimal(5)),
        ("two", date(2020, 2, 29), None, "year", None),
        ("later", date(2024, 7, 15), None, "month", Decimal(5)),
        ("ends later", date(2024, 1, 15), date(2024, 8, 15), "month", Decimal(5)),
    ]
    found = asked(engine, rows, costs={"fulfilment_per_order": "1.00"})
    counted = collected(engine, offences("values", found.values)).to_pylist()[0]
    assert counted.pop("rows") == (19 + 4 + 2) * 4
    assert set(counted.values()) == {0}
    told = values(engine, found)
    assert ("later", "12m") not in told
    assert told["two", "12m"]["expected_orders"] > told["y0", "12m"]["expected_orders"]
    assert told["two", "12m"]["p_leave"] == pytest.approx(
        min(told["y0", "12m"]["p_leave"], told["two", "12m"]["p_leave"])
    )
    assert told["y0", "12m"]["next_order"] == date(2025, 2, 28)
    assert told["y0", "3m"]["p_leave"] == 0  # no payment is due
    assert (told["y0", "3m"]["p_zero"], told["y0", "3m"]["p_order_90"]) == (1, 0)
    assert told["two", "12m"]["spend_weight"] == 0


def test_nobody_having_left_is_one_share_and_wide_doubt(duckdb):
    rows = [(f"c{i}", date(2024, 1, 15), None, "month", 10) for i in range(10)]
    found = asked(duckdb, rows)
    (course,) = found.courses
    assert course.fit is None
    assert "too few" in course.words
    told = values(duckdb, found)["c0", "3m"]
    # 5 renewals each by 10: Beta(1/2, 50.5) expects S(3) = 50.5 51.5 52.5 / (51 52 53).
    assert told["p_leave"] == pytest.approx(1 - 50.5 * 51.5 * 52.5 / (51 * 52 * 53))


def test_ends_on_any_day_are_taken_in_days(duckdb):
    rng = np.random.default_rng(8)
    started = np.datetime64(AS_OF, "D") - rng.integers(1, 1500, 4_000) * DAY
    life = rng.exponential(1 / rng.gamma(1.2, 1 / 300.0, 4_000))
    end = started + np.ceil(np.minimum(life, 1e5)).astype(int) * DAY
    gone = end <= np.datetime64(AS_OF, "D")
    rows = [
        (f"c{i}", s.astype(object), e.astype(object) if g else None, "year", 100)
        for i, (s, e, g) in enumerate(zip(started, end, gone, strict=True))
    ]
    found = asked(duckdb, rows)
    (course,) = found.courses
    assert not course.renewing
    told = values(duckdb, found)
    chance = np.array([told[f"c{i}", "3m"]["p_leave"] for i in np.flatnonzero(~gone)])
    left = end[~gone] <= np.datetime64(AS_OF, "D") + 91 * DAY
    assert left.mean() == pytest.approx(chance.mean(), abs=0.02)


def test_no_running_subscription_is_nothing(duckdb):
    assert asked(duckdb, []) is None
    assert asked(duckdb, [("a", date(2023, 1, 1), date(2023, 5, 1), "month", 5)]) is None
    assert subscribed({}, from_dict({"as_of": AS_OF}), duckdb) is None


@pytest.mark.parametrize(
    ("started", "ended", "payments"),
    [
        (date(2024, 1, 1), date(2024, 1, 31), 1),  # the last day paid for
        (date(2024, 1, 1), date(2024, 2, 1), 1),  # the day of the payment that was not made
        (date(2024, 1, 1), date(2024, 2, 2), 2),
        (date(2024, 1, 31), date(2024, 2, 28), 1),
        (date(2024, 1, 31), date(2024, 3, 1), 2),
        (date(2024, 1, 1), date(2024, 1, 1), 1),
    ],
)
def test_an_end_counts_the_payments_made_before_it(duckdb, started, ended, payments):
    there = begun(table(duckdb, [("a", started, ended, "month", 5)]), AS_OF)
    (row,) = lengths(duckdb, there)["month"].to_pylist()
    assert row["renewals"] == payments


def test_payment_days_are_the_calendars():
    start = np.array(["2023-08-31", "2024-02-29"], "M8[D]")
    assert payment_days("month", start, np.array([1, 12])).astype(str).tolist() == ["2023-09-30", "2025-02-28"]
    assert payment_days("year", start[1:], np.array([1, 4]))[1].astype(str) == "2028-02-29"
    assert payment_days("week", start[:1], np.array([2]))[0].astype(str) == "2023-09-14"
    rng = np.random.default_rng(3)
    days = np.datetime64("2019-01-01") + rng.integers(0, 2000, 500) * DAY
    for period in ("day", "week", "month", "year"):
        number = rng.integers(0, 40, 500)
        there = payment_days(period, days, number)
        assert (completed(period, days, there) == number).all()
        assert (completed(period, days, there - DAY) == number - 1).all()


def test_a_value_is_the_plain_sum_over_payment_days(duckdb):
    """A slow plain version of one subscriber's 12 months, from the fitted chances."""
    rows = [(f"m{i}", AS_OF - timedelta(days=40 * i), None, "month", 10) for i in range(1, 12)]
    rows += [(f"g{i}", date(2022, 1, 15), date(2022, 2 + i, 15), "month", 10) for i in range(1, 9)]
    found = asked(duckdb, rows)
    (course,) = found.courses
    assert course.renewing
    started = AS_OF - timedelta(days=80)
    age, rate, total = 2, np.log(1.10) / 365.25, 0.0
    for j in range(1, 14):
        day = payment_days("month", np.array([started], "M8[D]"), np.array([age + j]))[0].astype(object)
        wait = (day - AS_OF).days
        if wait <= 365:
            alive = course.model.survival(course.params, age + j) / course.model.survival(course.params, age)
            total += 10 * 0.30 * alive * np.exp(-rate * wait)
    assert values(duckdb, found)["m2", "12m"]["expected_contribution"] == pytest.approx(total, rel=1e-9)


def test_courses_know_one_period_from_another(duckdb):
    rows = [(f"m{i}", date(2023, 1, 31), date(2023, 2 + i % 9, 28), "month", 10) for i in range(60)]
    rows += [(f"y{i}", date(2019, 1, 31), date(2020 + i % 3, 1, 31), "year", 10) for i in range(30)]
    found = courses(lengths(duckdb, begun(table(duckdb, rows), AS_OF)))
    assert [course.period for course in found] == ["month", "year"]
    assert found[0].params != found[1].params


def test_subscribers_take_the_place_of_what_purchases_say_of_them(duckdb):
    bought = [
        {**dict.fromkeys(VALUES.names, 0.0), "customer_id": who, "horizon": "12m", "expected_contribution": worth,
         "next_order": None, "p_leave": None, "basis": "purchases"}
        for who, worth in (("shopper", 60.0), ("member", 40.0))
    ]  # fmt: skip
    values_table = duckdb.table(pa.Table.from_pylist(bought, schema=VALUES).to_batches(), VALUES)
    found = asked(duckdb, [("member", date(2024, 1, 15), None, "month", 10)])
    equity = Equity("12m", 100.0, 80.0, 130.0, 3, "off")
    both, (total,) = alongside(duckdb, values_table, [equity], found)
    told = {(r["customer_id"], r["horizon"]): r for r in collected(duckdb, both).to_pylist()}
    assert told["shopper", "12m"]["basis"] == "purchases"
    assert told["member", "12m"]["basis"].startswith("payments")
    paid = next(t for t in found.totals if t.horizon == "12m")
    # 60 of the 100 stay with purchases, and so do 60% of the interval.
    assert total.expected == pytest.approx(60 + paid.expected)
    assert (total.lower, total.upper) == pytest.approx((48 + paid.lower, 78 + paid.upper))
    assert alongside(duckdb, values_table, [equity], None) == (values_table, [equity])


def test_a_run_without_purchases_values_its_subscribers(duckdb, orders_of):
    rows = [("member", date(2024, 1, 15), None, "month", 10), ("gone", date(2023, 1, 1), date(2023, 5, 1), "month", 10)]
    tables = {"order_contribution": orders_of(duckdb, [], [], []), "subscriptions": table(duckdb, rows)}
    made = run(tables, from_dict({"as_of": AS_OF}), duckdb)
    told = collected(duckdb, made["values"]).to_pylist()
    assert {row["customer_id"] for row in told} == {"member"}
    worth = {row["horizon"]: row["expected_contribution"] for row in told}
    for row in collected(duckdb, made["equity"]).to_pylist():
        assert row["expected"] == pytest.approx(worth[row["horizon"]])
        assert row["lower"] < row["expected"] < row["upper"]


def test_the_past_is_foreseen_as_it_was_known_then(drawn):
    """In a world that is the models' own, the past is off by no more than parameters and chance allow."""
    _, found, _, started, made, end, _ = drawn
    assert [one.horizon for one in found.tested] == ["3m", "6m", "12m"]
    for one in found.tested:
        origin, today = np.datetime64(one.origin, "D"), np.datetime64(AS_OF, "D")
        ran = (started <= origin) & (end > origin)
        until = [completed("month", started[ran], np.full(ran.sum(), day)) for day in (origin, today)]
        assert one.actual == (np.minimum(until[1], made[ran] - 1) - until[0]).sum()
        assert abs(one.actual - one.expected) < 3.5 * one.sd


def test_a_past_that_went_wrong_widens_the_total(duckdb):
    """Retention falls in the last three months, which nothing before could tell."""
    started, _, end = world(1_500, seed=5)
    shock = np.datetime64(AS_OF, "D") - 80 * DAY
    hit = np.random.default_rng(1).uniform(size=len(end)) < 0.4
    month = completed("month", started, np.full(len(started), shock)) + 1
    fallen = np.where(hit & (end > shock), np.minimum(end, payment_days("month", started, np.maximum(month, 1))), end)
    widths = []
    for ends in (end, fallen):
        gone = ends <= np.datetime64(AS_OF, "D")
        rows = [
            (f"c{i}", s.astype(object), e.astype(object) if g else None, "month", 10)
            for i, (s, e, g) in enumerate(zip(started, ends, gone, strict=True))
        ]
        found = asked(duckdb, rows, assumptions={"margin": 0.5, "margin_low": 0.5, "margin_high": 0.5})
        total = next(t for t in found.totals if t.horizon == "12m")
        widths.append((total.upper - total.lower) / total.expected)
        assert "payments differed from what was expected" in total.basis
    assert widths[1] > 3 * widths[0]
