from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from keepwell.simulate import purchases
from keepwell.simulate.people import drawn
from keepwell.simulate.worlds import Bursts, Change, world

MANY = 100_000
FOREVER = 1e12  # days: nobody leaves


def steady(name, **changes):
    """Return the world with everybody buying once in ten days and never leaving."""
    kinds = [
        replace(kind, rate_shape=1e9, rate_days=1e10, leave_shape=1e9, leave_days=1e9 * FOREVER)
        for kind in world(name).temperaments[:1]
    ]
    return replace(world(name), temperaments=(replace(kinds[0], share=1.0),), **changes)


def made(world, *, customers, seed=3):
    rng = np.random.default_rng(seed)
    people = drawn(world, customers=customers, rng=rng)
    gets = purchases.mailed(world, customers=customers, rng=rng)
    return people, gets, purchases.made(world, people, gets=gets, rng=rng)


def since_first(people, bought):
    return bought.day - people.first.astype(np.int64)[bought.owner]


def test_repeat_days_have_the_mean_of_pareto_nbd():
    r, alpha, s, beta, days = 0.7, 60.0, 0.6, 180.0, 500
    people, _, bought = made(world("pareto"), customers=MANY)
    later = since_first(people, bought)
    repeats = np.bincount(bought.owner, (later > 0) & (later <= days), minlength=MANY)
    # Day by day: here on that day, and at least one order. The closed form counts orders, not days with one.
    here = (beta / (beta + np.arange(days) + 0.5)) ** s
    by_day = (1 - (alpha / (alpha + 1)) ** r) * here.sum()
    closed = r * beta / (alpha * (s - 1)) * (1 - (beta / (beta + days)) ** (s - 1))
    assert repeats.mean() == pytest.approx(by_day, abs=4 * repeats.std() / np.sqrt(MANY))
    assert 0.97 * closed < by_day < closed


def test_first_years_repeats_are_negative_binomial_for_those_who_stay():
    stay = replace(world("pareto").temperaments[0], leave_shape=1e9, leave_days=1e9 * FOREVER)
    people, _, bought = made(replace(world("pareto"), temperaments=(stay,)), customers=MANY)
    later = since_first(people, bought)
    none = np.mean(np.bincount(bought.owner, (later > 0) & (later <= 365), minlength=MANY) == 0)
    assert none == pytest.approx((60 / (60 + 365)) ** 0.7, abs=4 * np.sqrt(0.25 / MANY))


def test_as_many_are_active_at_the_end_as_the_survival_integral_says():
    people, _, _ = made(world("pareto"), customers=MANY)
    beta, s = 180.0, 0.6
    grown = [(beta + age) ** (1 - s) for age in (190, 730)]
    share = beta**s * (grown[1] - grown[0]) / (1 - s) / 540
    assert purchases.active(world("pareto"), people).mean() == pytest.approx(share, abs=4 * np.sqrt(0.25 / MANY))


def test_a_customers_day_holds_one_order():
    _, _, bought = made(world("clumpy"), customers=2000)
    assert len(np.unique(bought.owner * 10_000 + bought.day)) == len(bought.owner)


def test_everybody_has_a_purchase_on_their_first_day_caused_by_no_mailing():
    people, _, bought = made(world("clumpy"), customers=2000)
    first = since_first(people, bought) == 0
    assert first.sum() == 2000
    assert not bought.caused[first].any()


def test_erlang_gaps_are_as_even_as_their_shape_says():
    _, _, bought = made(steady("regular", days=3000, arrivals=1), customers=200)
    gaps = np.diff(bought.day)[np.diff(bought.owner) == 0]
    assert gaps.mean() == pytest.approx(10, rel=0.01)
    # Whole days add the variance of two roundings, 1/6; orders of one day are one, which cuts the shortest gaps.
    assert gaps.std() == pytest.approx(np.sqrt(100 / 3 + 1 / 6), rel=0.02)


def test_bursts_keep_the_long_run_rate():
    on, off = 21.0, 150.0
    calm = steady("clumpy", days=3000, arrivals=1, bursts=Bursts(on, off), future=0)
    slow = replace(calm.temperaments[0], rate_days=1e12)  # once in 1000 days: orders of one day hardly ever meet
    people, _, bought = made(replace(calm, temperaments=(slow,), mailing=world("pareto").mailing), customers=40_000)
    repeats = np.bincount(bought.owner) - 1
    leave, share = 1 / on + 1 / off, on / (on + off)
    days = 3000 - people.first.mean()
    busy = share * days + (1 - share) / leave * (1 - np.exp(-leave * days))  # of a chain that begins 'on'
    assert repeats.mean() == pytest.approx(busy / share / 1000, abs=4 * repeats.std() / np.sqrt(40_000) + 0.02)


def test_bursts_make_counts_spread_more_than_chance():
    calm = replace(steady("clumpy", days=1000, arrivals=1), mailing=world("pareto").mailing)
    _, _, bought = made(calm, customers=2000)
    counts = np.bincount(bought.owner)
    _, _, even = made(replace(calm, bursts=None), customers=2000)
    assert counts.var() > 5 * np.bincount(even.owner).var()


def test_a_change_moves_rates_from_its_day_on():
    changed = steady("price-change", days=1000, arrivals=1, change=Change(before_end=500, rate=0.8, price=1.0))
    changed = replace(changed, mailing=world("pareto").mailing)
    _, _, bought = made(changed, customers=5000)
    before = np.sum((bought.day >= 100) & (bought.day < 500)) / 400
    after = np.sum((bought.day >= 500) & (bought.day < 900)) / 400
    # Orders of one day are one: days with an order fall from 1 - e^-.1 to 1 - e^-.08.
    assert after / before == pytest.approx((1 - np.exp(-0.08)) / (1 - np.exp(-0.1)), rel=0.01)


def test_a_season_has_mean_one_over_its_months_and_keeps_their_relations():
    plain = replace(world("mail-order"), change=None)
    tempo = purchases.daily(plain)
    months = np.array([purchases.first_day(plain).month])
    assert months[0] == 7
    assert tempo[0] / tempo[31] == pytest.approx(0.8 / 0.85)
    assert tempo[:365].mean() == pytest.approx(1, abs=0.005)


def test_a_promotion_runs_once_a_year_on_its_days():
    seasonal = world("seasonal")
    runs = purchases.promotion(seasonal)
    first = purchases.first_day(seasonal)
    starts = np.flatnonzero(runs & ~np.roll(runs, 1))
    assert runs.sum() == 14 * len(starts)
    assert [date.fromordinal(first.toordinal() + int(day)).isoformat()[5:] for day in starts] == ["05-10"] * 4


def test_who_gets_no_mailing_buys_less_by_their_share_of_caused_orders():
    calm = steady("price-change", change=None, days=1000, arrivals=1)
    kind = replace(
        calm.temperaments[0], rate_days=1e12, contact_share=0.4
    )  # once in 1000 days: orders of one day hardly ever meet
    calm = replace(calm, temperaments=(kind,))
    rng = np.random.default_rng(1)
    people = drawn(calm, customers=40_000, rng=rng)
    counts = {}
    for some in (True, False):
        gets = np.full((40_000, len(purchases.mailing_days(calm))), some)
        bought = purchases.made(calm, people, gets=gets, rng=rng)
        inside = bought.day < 365 * 3  # whole rounds of mailings
        counts[some] = inside.sum() - 40_000
        share = bought.caused[inside].sum() / counts[some]
        assert share == pytest.approx(0.4 * some, abs=0.01)
    assert counts[False] / counts[True] == pytest.approx(0.6, abs=0.02)  # 4 standard errors of 44,000 and 26,000 orders


def test_in_the_future_everybody_is_mailed():
    rng = np.random.default_rng(2)
    gets = purchases.mailed(world("clumpy"), customers=1000, rng=rng)
    ahead = purchases.mailing_days(world("clumpy")) >= world("clumpy").days
    assert gets[:, ahead].all()
    assert gets[:, ~ahead].mean() == pytest.approx(0.9, abs=0.015)


def test_the_seasonal_world_has_a_yearly_promotion_in_the_future_too():
    scene = world("seasonal")
    runs = purchases.promotion(scene)
    assert runs[: scene.days].sum() == 3 * 14
    assert runs[scene.days :].sum() == 14
