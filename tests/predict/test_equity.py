"""The total of all customers and its doubt."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pytest

from keepwell.models.gammagamma import GammaGamma
from keepwell.models.shapes import Cells, Fit
from keepwell.predict.belief import MarginBelief
from keepwell.predict.equity import Shares, equities, equity, measured
from keepwell.predict.horizon import Ahead
from keepwell.predict.level import NONE, Level
from keepwell.predict.origins import Origin
from keepwell.predict.past import Past
from keepwell.predict.spend import SpendFit
from keepwell.predict.total import Error

GAMMA = GammaGamma(6.25, 3.74, 15.44)
SURE = MarginBelief(0.3, 0.3, 0.3, slope=0.0, per_order=0.0)
SPEND = SpendFit("gammagamma", Fit(GAMMA, 0.0, {}, ((0.0,) * 3,) * 3, True, "", 1.0, 1, 1), "")
PAST = Past(
    Cells(np.array([0, 3]), np.array([0, 60]), np.array([90, 90]), np.array([1000.0, 200.0])),
    total=np.array([30_000.0, 25_000.0]),
    total_squares=np.array([1_200_000.0, 4_000_000.0]),
    squares=np.array([1_200_000.0, 1_100_000.0]),
)

MANY = Past(
    replace(PAST.cells, count=1e6 * PAST.cells.count), 1e6 * PAST.total, 1e6 * PAST.total_squares, 1e6 * PAST.squares
)  # so many that chance averages out


def ahead(discounted=(0.5, 3.0), name="12m", days=365):
    active = np.array([0.5, 0.9])
    pmf = np.array([0.4, 0.3, 0.2, 0.1, 0.1, 0.1, 0.3, 0.5])
    group, start = np.array([0, 1]), np.array([0, 4, 8])
    none, one = 1 - active * (1 - np.array([0.4, 0.1])), np.ones(2)
    worth = np.array(discounted)
    return Ahead(name, days, active, worth, worth, none, group, start, pmf, one, np.zeros((0, 2)))


def shares(sd, *, days=365, additive=False):
    """A doubt whose sd is known to a hair."""
    return Shares(Error(np.array([sd]), np.ones(1), sd, 10.0), 10, days, additive, "words")


@dataclass
class Origins:
    """As much of an origin's test as the doubt reads."""

    origin: Origin
    customers: float
    money: dict
    brought: np.ndarray


def at_origins(*rows, horizon=91):
    """Origins a horizon apart, each with a forecast and what came."""
    first = date(2024, 1, 1)
    return [
        Origins(
            Origin(first + timedelta(days=i * horizon), horizon), 100.0, {"m": np.array([f, 0, 0, 0.0])}, np.array([b])
        )
        for i, (f, b) in enumerate(rows)
    ]


def total(level=NONE, **changes):
    plain = {"growth": 1.0, "seed": 1}
    belief = changes.pop("belief", SURE)
    doubt = changes.pop("shares", shares(0.1))
    horizon, spend = changes.pop("ahead", ahead()), changes.pop("spend", SPEND)
    return equity(horizon, PAST, spend, level, doubt, belief, **{**plain, **changes})


def test_expected_is_the_sum_over_customers():
    n, mean = np.array([1.0, 4.0]), np.array([30.0, 125.0])
    spend = GAMMA.p * (GAMMA.gamma + mean) / (GAMMA.p * n + GAMMA.q - 1)
    assert total().expected == pytest.approx(1000 * 0.5 * spend[0] + 200 * 3 * spend[1])


def test_the_interval_is_that_of_the_next_error():
    found = total(shares=shares(0.1))
    assert found.lower / found.expected == pytest.approx(np.exp(-0.1 * 1.645), rel=0.005)
    assert found.upper / found.expected == pytest.approx(np.exp(0.1 * 1.645), rel=0.005)


def test_each_origin_counts_with_the_longest_window_up_to_the_horizon():
    tests = [*at_origins((100, 120), (100, 90)), *at_origins((100, 200), horizon=182)]
    quarter, half = (measured(tests, "m", NONE, horizon=days) for days in (91, 182))
    late, early = 1.0, 0.5 ** (91 / 365)
    square = (early * np.log(1.2) ** 2 + late * np.log(0.9) ** 2) / (early + late)
    assert quarter.error.seen == pytest.approx(np.sqrt(square))
    square = (early * np.log(2) ** 2 + late * np.log(0.9) ** 2) / (early + late)
    assert half.error.seen == pytest.approx(np.sqrt(square))
    assert (quarter.origins, half.origins, quarter.days) == (2, 2, 91)
    assert half.days == 182
    assert "91 to 182 days ahead" not in quarter.words
    assert "91 to 182 days ahead and not 182" in half.words


def test_a_horizon_that_was_never_tested_borrows_the_longest_and_is_widened():
    tests = at_origins((100, 110), (100, 95), (100, 105))
    found = {name: measured(tests, "m", NONE, horizon=days) for name, days in (("3m", 91), ("12m", 365))}
    aheads = [ahead((0.1, 0.6), "3m", 91), ahead((0.4, 2.4))]
    rows = equities(aheads, MANY, SPEND, NONE, found, SURE, seed=1)
    wide = [np.log(row.upper / row.lower) for row in rows]
    assert wide[1] == pytest.approx(2 * wide[0], rel=0.02)
    assert "91 days ahead and not 365" in rows[1].basis
    assert "widened 2.0 times" in rows[1].basis


def test_an_origin_that_lost_money_is_not_left_out():
    tests = at_origins((100, -50), (100, 80), (100, 120))
    found = measured(tests, "m", NONE, horizon=91)
    assert found.additive
    assert found.error.seen > 0.8
    row = total(shares=found, spend=replace(SPEND, name="signedspend"))
    assert row.lower < 0 < row.expected < row.upper


def test_a_total_of_orders_that_all_bring_something_is_no_loss():
    """At two origins nothing came at all, so that errors have no logarithm."""
    found = measured(at_origins((100, 0), (100, 0), (100, 300)), "m", NONE, horizon=91)
    assert found.additive
    plain, signed = total(shares=found), total(shares=found, spend=replace(SPEND, name="signedspend"))
    assert (plain.lower, plain.upper) == (0, signed.upper)
    assert signed.lower < 0


def test_without_an_origin_the_doubt_is_assumed_and_said():
    found = measured([], "m", NONE, horizon=365)
    row = total(shares=found)
    assert "no origin to measure it on" in row.basis
    assert 0.4 < row.lower / row.expected < 0.8


def test_a_level_fitted_to_the_errors_costs_an_origin():
    tests = at_origins((100, 110), (100, 95), (100, 105))
    plain = measured(tests, "m", NONE, horizon=91)
    fitted = measured(tests, "m", Level(np.array([1.001, 1, 1, 1]), 3), horizon=91)
    assert fitted.error.independent == pytest.approx(plain.error.independent - 1)
    assert np.diff(fitted.error.at(np.array([0.05, 0.95]))) > np.diff(plain.error.at(np.array([0.05, 0.95])))


def test_chance_alone_is_the_least_doubt():
    rng = np.random.default_rng(1)
    found = total(shares=shares(1e-9))
    sums = np.zeros(400)
    for customers, pmf, active, n, mean in (
        (1000, [0.4, 0.3, 0.2, 0.1], 0.5, 1, 30.0),
        (200, [0.1, 0.1, 0.3, 0.5], 0.9, 4, 125.0),
    ):
        for _ in range(customers):
            orders = rng.choice(4, 400, p=pmf) * (rng.random(400) < active)
            nu = rng.gamma(GAMMA.q + GAMMA.p * n, 1 / (GAMMA.gamma + mean), 400)
            sums += np.where(orders > 0, rng.gamma(np.maximum(GAMMA.p * orders, 1e-9)) / nu, 0.0)
    sd = sums.std()
    assert (found.upper - found.lower) / 2 == pytest.approx(
        1.645 * sd, rel=0.2
    )  # 400 draws tell an sd to 4%; cells' means stand for customers


def test_a_margin_believed_between_bounds_moves_the_total_between_them():
    belief = MarginBelief(0.2, 0.3, 0.4, slope=1 / 0.3, per_order=0.0)
    found = total(shares=shares(1e-4), belief=belief)
    assert found.lower / found.expected == pytest.approx(0.21 / 0.3, rel=0.03)
    assert found.upper / found.expected == pytest.approx(0.39 / 0.3, rel=0.03)


def test_the_doubt_of_the_parameters_is_carried():
    moved = replace(ahead(), moves=np.array([[0.25, 1.5]]))  # all orders by half, together
    found = total(shares=shares(0.01), ahead=moved)
    assert found.upper / found.expected == pytest.approx(np.exp(np.sqrt(np.log(1.25)) * 1.645), rel=0.02)


def test_the_level_moves_the_total():
    half = Level(np.full(4, 0.5), 5)
    assert total(level=half).expected == pytest.approx(0.5 * total().expected)


def test_a_life_is_doubted_more_and_says_why():
    both = {"12m": shares(0.1), "life": shares(0.1)}
    year, life = equities([ahead(), ahead((2.0, 12.0), "life", 7300)], PAST, SPEND, NONE, both, SURE, seed=1)
    assert np.log(life.upper / life.expected) == pytest.approx(2 * np.log(year.upper / year.expected), rel=1e-3)
    assert "nothing so long could be tested" in life.basis
    assert life.horizon == "life"


def test_nothing_expected_has_no_width():
    found = total(ahead=ahead((0.0, 0.0)))
    assert (found.lower, found.expected, found.upper) == (0, 0, 0)


def test_where_next_to_nothing_is_expected_the_interval_is_finite():
    found = total(ahead=replace(ahead((1e-11, 1e-11)), p_active=np.array([1e-11, 1e-11])), shares=shares(1.4))
    assert 0 < found.expected < 1e-6
    assert 0 <= found.lower < found.expected < found.upper < np.inf


def test_totals_of_row_methods_carry_the_interval_over():
    given = {"12m": 2 * total().expected}
    (row,) = equities([ahead()], PAST, SPEND, NONE, {"12m": shares(0.1)}, SURE, seed=1, expected=given)
    plain = total()
    assert (row.lower, row.expected, row.upper) == pytest.approx((2 * plain.lower, 2 * plain.expected, 2 * plain.upper))
