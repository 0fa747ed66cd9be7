from datetime import date, timedelta

import numpy as np
import pytest

from keepwell.errors import DataError, FitError
from keepwell.models import bgnbd, calendar, mbgcnbdk, mbgnbd, paretonbd
from keepwell.models.shapes import Cells
from keepwell.predict import season
from keepwell.predict.crowd import crowd, discounted, ordered
from keepwell.predict.daily import Daily
from keepwell.predict.fitted import Fitted
from keepwell.predict.season import Seasoned
from keepwell.settings import Event

FIRST, DAYS, AHEAD = date(2021, 1, 4), 1096, 365
TRUE = bgnbd.BGNBD(r=0.8, alpha=40.0, a=0.6, b=2.5)
RATE = np.log(1.1) / 365.25


def tempo():
    """Return the true factor of each day: weekdays, a year with a peak, a fortnight's sale twice and to come."""
    at = FIRST.toordinal() + np.arange(DAYS + AHEAD)
    week = np.array([1.3, 1.2, 1.1, 1.0, 0.9, 0.7, 0.8])[(at + 6) % 7]
    year = np.exp(0.6 * np.sin(2 * np.pi * at / 365.2425))
    each = week * year
    for begin in (500, 865, 1230):
        each[begin : begin + 14] *= 2.5
    return each / each[:DAYS].mean()


SALES = [
    Event(name="sale", first=FIRST + timedelta(days=b), last=FIRST + timedelta(days=b + 13)) for b in (500, 865, 1230)
]


def shop(customers, seed=1):
    """Draw a BG/NBD shop on that clock: customers' first days, and owner and day of all later purchases."""
    rng = np.random.default_rng(seed)
    clock = np.r_[0.0, np.cumsum(tempo()[1:])]
    rate, leave = rng.gamma(TRUE.r, 1 / TRUE.alpha, customers), rng.beta(TRUE.a, TRUE.b, customers)
    first = rng.integers(0, 800, customers)
    now, owner, parts = clock[first], np.arange(customers), []
    while len(owner):
        now = now + rng.exponential(1 / rate[owner])
        here = now < clock[-1]
        now, owner = now[here], owner[here]
        parts.append((owner, np.searchsorted(clock, now)))
        stays = rng.random(len(owner)) >= leave[owner]
        now, owner = now[stays], owner[stays]
    owner, day = (np.concatenate(a) for a in zip(*parts, strict=True))
    new = day > first[owner]
    pairs = np.unique(owner[new] * 10_000 + day[new])
    return first, pairs // 10_000, pairs % 10_000


def seen(first, owner, day, *, last=DAYS - 1):
    """Return the cells as of a day, the daily counts, and what came of each cell in the year after."""
    customers = len(first)
    known = day <= last
    x = np.bincount(owner[known], minlength=customers)
    latest = first.copy()
    np.maximum.at(latest, owner[known], day[known])
    came = np.bincount(owner[~known], minlength=customers)
    keys, cell, count = np.unique(
        np.stack([x, latest - first, last - first], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    daily = Daily(
        FIRST,
        np.bincount(first, minlength=DAYS).astype(float),
        np.bincount(day[known], minlength=DAYS).astype(float),
        np.zeros(DAYS),
    )
    cells = Cells(*(np.ascontiguousarray(keys[:, i]) for i in range(3)), count.astype(float))
    return cells, daily, np.bincount(cell.ravel(), weights=came, minlength=len(count))


def worn(one, cells, daily, **named):
    last = FIRST + timedelta(days=DAYS - 1)
    return season.seasoned("season", one, cells, daily, as_of=last, events=named.get("events", SALES))


@pytest.fixture(scope="module")
def log():
    return seen(*shop(12_000))


@pytest.fixture(scope="module")
def plain(log):
    return Fitted("bgnbd", bgnbd, bgnbd.fit(log[0]))


@pytest.fixture(scope="module")
def seasonal(log, plain):
    return worn(plain, *log[:2])


def test_calendar_is_found_behind_the_customers(seasonal):
    days = FIRST.toordinal() + np.arange(DAYS + AHEAD)
    error = np.log(calendar.factors(seasonal.model.calendar, days) / tempo())
    # A day's factor rests on some 1,500 purchases of its weekday and 150 of its fortnight in two or three years.
    assert np.abs(error).mean() < 0.06
    sale = next(part for part in season.rows(seasonal) if part.name == "event sale")
    assert sale.factor == pytest.approx(2.5, abs=4 * sale.sd)


def test_parameters_on_the_clock_are_the_true_ones(seasonal):
    for name in ("r", "alpha", "a", "b"):
        found, sd = getattr(seasonal.fit.params, name), seasonal.fit.sd[name]
        assert found == pytest.approx(getattr(TRUE, name), abs=4 * sd)


def test_history_is_likelier_on_the_clock_and_the_total_nearer(log, plain, seasonal):
    cells, _, came = log
    totals = [float(cells.count @ one.predict(cells, days=AHEAD).orders) for one in (plain, seasonal)]
    away = [abs(total / came.sum() - 1) for total in totals]
    assert away[1] < 0.05
    assert seasonal.fit.log_likelihood > plain.fit.log_likelihood + 100


def test_what_is_to_come_follows_the_days(log, seasonal):
    cells = log[0]
    people = crowd(cells, seasonal.predict(cells, days=1).p_active)
    by_day = np.diff(ordered(seasonal, people, np.arange(1.0, 366.0)), prepend=0.0)
    true = tempo()[DAYS:]
    trend = np.polyfit(np.arange(365), np.log(by_day / true), 1)
    level = np.exp(np.polyval(trend, np.arange(365)))
    assert np.corrcoef(by_day / level, true)[0, 1] > 0.97


def test_all_together_are_the_sum_of_each(log, seasonal):
    cells = log[0]
    forecast = seasonal.predict(cells, days=365, rate=RATE)
    people = crowd(cells, forecast.p_active)
    assert ordered(seasonal, people, np.array([365.0]))[0] == pytest.approx(cells.count @ forecast.orders, rel=2e-3)
    whole = discounted(seasonal, people, days=365.0, rate=RATE)
    assert whole == pytest.approx(cells.count @ forecast.discounted, rel=2e-3)


@pytest.mark.parametrize("model", [bgnbd, mbgnbd, paretonbd, mbgcnbdk])
def test_a_calendar_on_which_all_days_are_alike_changes_nothing(log, model):
    cells = Cells(*(a[::7] for a in (log[0].repeats, log[0].recency, log[0].age, log[0].count)))
    params = {
        bgnbd: TRUE,
        mbgnbd: mbgnbd.MBGNBD(0.8, 40.0, 0.6, 2.5),
        paretonbd: paretonbd.ParetoNBD(0.8, 40.0, 0.6, 200.0),
        mbgcnbdk: mbgcnbdk.MBGCNBDk(0.8, 20.0, 0.6, 2.5, 2),
    }[model]
    even = Seasoned(model, None, calendar.Clock(np.arange(DAYS + 400.0), DAYS - 1))
    ours, base = (m.predict(params, cells, days=91, rate=RATE) for m in (even, model))
    np.testing.assert_allclose(ours.orders, base.orders, rtol=1e-9)
    np.testing.assert_allclose(ours.p_active, base.p_active, rtol=1e-9)
    np.testing.assert_allclose(ours.discounted, base.discounted, rtol=1e-5)
    np.testing.assert_allclose(even.next_order_days(params, cells), model.next_order_days(params, cells), rtol=1e-9)


def test_next_order_comes_sooner_before_the_peak_than_after_it(log, seasonal):
    x, age = np.array([5]), np.array([600])
    cells = Cells(x, age - 5, age, np.ones(1))
    wait = seasonal.model.next_order_days(seasonal.fit.params, cells)[0]
    bare = seasonal.model.base.next_order_days(seasonal.fit.params, seasonal.model.on_clock(cells)[0])[0]
    passed = seasonal.model.ahead(wait)
    assert passed == pytest.approx(bare, rel=1e-6)


def test_discount_on_the_clock_is_that_of_the_days(seasonal):
    worn, days = seasonal.model, 365
    each = np.diff([worn.ahead(d) for d in range(days + 1)])
    worth = each @ np.exp(-RATE * (np.arange(days) + 0.5))
    rate, span = worn.rate(days, RATE), worn.ahead(days)
    assert (1 - np.exp(-rate * span)) / rate == pytest.approx(worth, rel=1e-6)


def test_histories_on_the_clock_keep_their_constraints(log, seasonal):
    cells, index = seasonal.model.on_clock(log[0])
    assert ((cells.repeats > 0) == (cells.recency > 0)).all()
    assert (cells.recency <= cells.age).all()
    assert cells.count.sum() == log[0].count.sum()
    np.testing.assert_array_equal(cells.repeats[index], log[0].repeats)


def test_nothing_seen_leaves_the_model_as_it_was():
    cells = Cells(np.array([0, 1]), np.array([0, 50]), np.array([199, 199]), np.array([300.0, 200.0]))
    one = Fitted("paretonbd", paretonbd, paretonbd.fit(cells))
    arrivals = 500.0 * (np.arange(200) == 0)
    grown = paretonbd.expected_new(one.fit.params, np.arange(200.0))
    even = Daily(FIRST, arrivals, np.r_[0.0, 500 * np.diff(grown)], np.zeros(200))
    found = season.seasoned("season", one, cells, even, as_of=FIRST + timedelta(days=199), events=())
    assert found.fit == one.fit
    np.testing.assert_allclose(found.predict(cells, days=91).orders, one.predict(cells, days=91).orders, rtol=1e-9)


def test_regularity_is_kept_on_the_clock(log):
    few = Cells(*(a[::5] for a in (log[0].repeats, log[0].recency, log[0].age, log[0].count)))
    one = Fitted("mbgcnbdk", mbgcnbdk, mbgcnbdk.fit(few, k=2))
    assert worn(one, few, log[1]).fit.params.k == 2


def test_a_log_too_short_shows_no_calendar(plain, log):
    with pytest.raises(FitError, match="20 days with"):
        season.seasoned("season", plain, log[0], log[1], as_of=FIRST + timedelta(days=19), events=())


@pytest.mark.parametrize(
    ("length", "at", "takes_part"),
    [(1200, 1100, True), (1200, 500, False), (800, 500, True), (400, 300, True)],
    ids=["it sees the year", "too early", "too few origins would be left", "nobody sees a year"],
)
def test_only_origins_that_see_as_much_count(length, at, takes_part):
    ends = (FIRST + timedelta(days=d - 1) for d in (at, length))
    assert season.comparable(FIRST, *ends) is takes_part


def test_a_history_longer_than_the_log_is_refused(seasonal):
    long = Cells(np.zeros(1, int), np.zeros(1, int), np.array([DAYS]), np.ones(1))
    with pytest.raises(DataError, match="longer than the calendar"):
        seasonal.predict(long, days=91)
