from dataclasses import replace

import numpy as np
import pytest

from keepwell.simulate import baskets, people, purchases
from keepwell.simulate.baskets import POSTAGE, UNIT
from keepwell.simulate.worlds import world

SIZE = 20_000


def shop(world, *, customers=SIZE, seed=4):
    rng = np.random.default_rng(seed)
    crowd = people.drawn(world, customers=customers, rng=rng)
    gets = purchases.mailed(world, customers=customers, rng=rng)
    bought = purchases.made(world, crowd, gets=gets, rng=rng)
    goods = baskets.catalogue(world, rng=rng)
    lines, undone = baskets.filled(world, crowd, bought, goods=goods, rng=rng)
    return crowd, bought, goods, lines, undone


@pytest.fixture(scope="module")
def mail_order():
    return shop(world("mail-order"))


@pytest.fixture(scope="module")
def pareto():
    return shop(world("pareto"))


def test_margins_of_the_catalogue_lie_in_their_range(mail_order):
    goods = mail_order[2]
    margin = 1 - goods.cost / goods.price
    assert margin.min() > 0.35 - 1e-3
    assert margin.max() < 0.55 + 1e-3
    assert margin.mean() == pytest.approx(0.45, abs=0.02)


def test_the_pareto_worlds_money_is_gamma_gamma_spend_and_its_cost_one_share_of_it(pareto):
    _, _, _, lines, _ = pareto
    sold = lines.quantity * lines.price
    assert sold.mean() / UNIT == pytest.approx(6.25 * 15.4 / 2.74, rel=0.02)
    np.testing.assert_allclose(lines.cost / sold, 0.6, atol=1e-3)


def test_rounding_to_whole_units_hardly_moves_a_basket_of_the_pareto_world():
    _, _, goods, lines, _ = shop(world("pareto"), customers=2000)
    error = goods.price[lines.product] / (2 * lines.quantity * lines.price)
    assert np.quantile(error, 0.99) < 0.03


def test_every_order_has_goods(mail_order):
    _, bought, _, lines, _ = mail_order
    sold = lines.order[(lines.product != POSTAGE) & ~lines.back]
    assert len(np.unique(sold)) == len(bought.owner)


def test_more_lines_come_in_their_stated_number(mail_order):
    crowd, bought, _, lines, _ = mail_order
    sold = lines.order[(lines.product != POSTAGE) & ~lines.back]
    counts = np.bincount(sold)
    for index, kind in enumerate(world("mail-order").temperaments):
        of_kind = crowd.temperament[bought.owner] == index
        assert counts[of_kind].mean() == pytest.approx(1 + kind.more_lines, rel=0.03)


def test_postage_is_charged_below_the_limit_only_and_once(mail_order):
    _, bought, _, lines, _ = mail_order
    goods = np.where((lines.product != POSTAGE) & ~lines.back, lines.money - lines.shipping, 0)
    net = baskets.summed(lines.order, goods, len(bought.owner))
    own_line = (lines.product == POSTAGE) & ~lines.back
    charged = baskets.summed(lines.order, lines.shipping + np.where(own_line, lines.price, 0), len(bought.owner))
    np.testing.assert_array_equal(charged, np.where(net < 60 * UNIT, 39_500, 0))
    assert own_line.sum() / np.sum(charged > 0) == pytest.approx(0.30, abs=0.015)


def test_discounts_are_whole_cents_a_unit_and_come_as_often_as_stated(mail_order):
    crowd, bought, _, lines, _ = mail_order
    sold = (lines.product != POSTAGE) & ~lines.back
    assert not np.any(lines.discount[sold] % (lines.quantity[sold] * (UNIT // 100)))
    rate = lines.discount[sold] / (lines.quantity[sold] * lines.price[sold])
    assert rate.max() < 0.26
    bargains = crowd.temperament[bought.owner[lines.order[sold]]] == 3
    assert np.mean(rate[bargains] > 0) == pytest.approx(0.70, abs=0.03)


def test_what_is_taken_back_is_a_line_that_was_sold_at_what_was_paid(mail_order):
    _, _, _, lines, _ = mail_order
    back = np.flatnonzero(lines.back & (lines.product != POSTAGE))
    sold = np.flatnonzero(~lines.back & (lines.product != POSTAGE))
    keys = [
        list(zip(lines.order[at], lines.product[at], np.abs(lines.quantity[at]), strict=True)) for at in (back, sold)
    ]
    paid, money = {}, lines.money
    for key, at in zip(keys[1], sold, strict=True):
        paid.setdefault(key, set()).add(int(money[at] - lines.shipping[at]))
    assert len(back) > 500
    assert all(-int(money[at]) in paid[key] for key, at in zip(keys[0], back, strict=True))
    assert np.all(lines.quantity[back] < 0)
    assert np.all(lines.day[back] > 0)


def test_returned_lines_come_back_as_often_as_stated():
    generous = world("price-change")
    kind = replace(generous.temperaments[0], returned=0.2, cancelled=0.0)
    _, _, _, lines, _ = shop(replace(generous, temperaments=(kind,)))
    end = generous.days + generous.future
    early = ~lines.back & (lines.product != POSTAGE) & (lines.day < end - 30)
    sold_early = np.isin(lines.order, lines.order[early])
    back = lines.back & (lines.product != POSTAGE) & sold_early
    assert back.sum() / early.sum() == pytest.approx(0.2, abs=0.006)


def test_an_order_is_undone_when_all_its_goods_came_back(mail_order):
    _, bought, _, lines, undone = mail_order
    goods = lines.product != POSTAGE
    left = baskets.summed(lines.order[goods], lines.quantity[goods], len(bought.owner))
    end = world("mail-order").days + world("mail-order").future
    np.testing.assert_array_equal(left == 0, undone < end)


def test_prices_fall_by_the_change_from_its_day_on():
    changed = world("price-change")
    _, _, goods, lines, _ = shop(changed, customers=2000)
    sold = (lines.product != POSTAGE) & ~lines.back
    after = lines.day >= changed.days - 184
    listed = goods.price[np.maximum(lines.product, 0)]
    assert np.all(np.abs(lines.price - 0.9 * listed)[sold & after] <= UNIT / 200)
    np.testing.assert_array_equal(lines.price[sold & ~after], listed[sold & ~after])
