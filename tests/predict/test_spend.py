"""Which spend model is taken, and what it says."""

import numpy as np
import pytest

from keepwell.engine import collected
from keepwell.models import gammagamma
from keepwell.models.gammagamma import GammaGamma
from keepwell.models.signedspend import SignedSpend
from keepwell.predict import spend
from keepwell.predict.history import customer_days, history, occasions
from keepwell.predict.spend import Money

LAST = np.datetime64("2024-06-29").item()


def money(**changes):
    plain = {"orders": 1000, "losing": 0, "nothing": 0, "contribution": 3e4, "assumed_sales": 0.0}
    return Money(**{**plain, **changes})


def customers(seed=1):
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 6, 500).astype(float)
    total = rng.gamma(6.25 * n, 1 / rng.gamma(3.74, 1 / 15.44, 500))
    return {"n": n, "total": total, "squares": total**2 / n * 1.1}


def test_orders_that_all_bring_something_are_gamma():
    found = spend.fitted(money(), **customers())
    assert isinstance(found.params, GammaGamma)


@pytest.mark.parametrize(
    ("changes", "why"), [({"losing": 1}, "1 of 1,000 purchases lost money"), ({"nothing": 11}, "brought nothing")]
)
def test_orders_that_lose_or_bring_nothing_are_signed(changes, why):
    found = spend.fitted(money(**changes), **customers())
    assert isinstance(found.params, SignedSpend)
    assert why in found.why


def test_a_population_without_a_mean_is_signed():
    rng = np.random.default_rng(2)
    n = np.full(2000, 3.0)
    total = rng.gamma(2.0 * n, 1 / rng.gamma(0.7, 1.0, 2000))
    found = spend.fitted(money(), n=n, total=total, squares=total**2 / n * 1.2)
    assert isinstance(found.params, SignedSpend)
    assert "differ too much" in found.why


def test_three_customers_are_signed():
    three = {name: values[:3] for name, values in customers().items()}
    found = spend.fitted(money(), **three)
    assert isinstance(found.params, SignedSpend)
    assert "too few" in found.why


def test_all_purchases_add_up(engine, orders_of):
    orders = orders_of(engine, list("aabbc"), [0, 5, 1, 2, 3], [10, -4, 0, 7, 2], assumed=[1, 2, 3, 4, 5])
    found = spend.money_of(engine, occasions(customer_days(orders, until=LAST)))
    assert (found.orders, found.losing, found.nothing) == (5, 1, 1)
    assert (found.contribution, found.assumed_sales) == (15, 15)


def test_customers_come_sorted_by_what_they_bought(duckdb, orders_of):
    orders = orders_of(duckdb, list("abccb"), [0, 1, 2, 5, 9], [30, 5, 7, 9, 1])
    n, total, squares = spend.customers_money(duckdb, history(orders, until=LAST))
    assert np.column_stack([n, total, squares]).tolist() == [[1, 30, 900], [2, 6, 26], [2, 16, 130]]


def test_the_variances_are_those_of_a_simulation():
    rng = np.random.default_rng(3)
    params, n, total = GammaGamma(6.25, 3.74, 15.44), np.array([4.0]), np.array([120.0])
    nu = rng.gamma(params.q + params.p * 4, 1 / (params.gamma + 120), 400_000)
    order, mean = rng.gamma(params.p, 1 / nu), params.p / nu
    expected = spend.predicted(params, n=n, total=total).mean
    one, unknown = spend.variances(params, n=n, mean_square=expected**2)
    assert unknown[0] == pytest.approx(mean.var(), rel=0.02)
    assert one[0] == pytest.approx((order - mean).var(), rel=0.02)


def test_the_sd_of_the_mean_is_that_of_repeated_samples():
    means = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n = rng.integers(1, 6, 800).astype(float)
        total = rng.gamma(6.25 * n, 1 / rng.gamma(3.74, 1 / 15.44, 800))
        found = spend.fitted(money(), n=n, total=total, squares=total**2 / n)
        means.append(found.params.mean)
    assert spend.mean_sd(found) == pytest.approx(np.std(means), rel=0.4)  # 40 samples tell an sd to 11%


def test_nobody_is_a_batch_of_nothing(duckdb, orders_of):
    orders = orders_of(duckdb, ["unknown"], [0], [1])
    assert all(len(a) == 0 for a in spend.customers_money(duckdb, history(orders, until=LAST)))
    assert collected(duckdb, history(orders, until=LAST)).num_rows == 0


def heavy(customers=4_000, seed=4):
    """Draw orders whose spread differs between customers as no gamma distribution's does."""
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 9, customers)
    owner = np.repeat(np.arange(customers), n)
    level = 20 * rng.lognormal(0, 0.6, customers)
    spread = rng.choice([0.05, 1.0], customers, p=[0.85, 0.15])
    worth = level[owner] * rng.lognormal(-(spread[owner] ** 2) / 2, spread[owner])
    sums = (np.bincount(owner, weights=values) for values in (worth, worth**2))
    return dict(zip(("n", "total", "squares"), (n.astype(float), *sums), strict=True)), worth, owner, level


def test_errors_of_orders_left_out_are_those_of_a_walk_over_all_orders():
    sums, worth, owner, _ = heavy(60)
    params = GammaGamma(3.0, 4.0, 20.0)
    plain = np.zeros(60)
    for y, who in zip(worth, owner, strict=True):
        others = sums["n"][who] - 1
        if others:
            expected = spend.predicted(params, n=np.array([others]), total=np.array([sums["total"][who] - y])).mean[0]
            plain[who] += (y - expected) ** 2
    assert spend.left_out(params, **sums) == pytest.approx(plain)


def test_spreads_that_differ_are_fitted_by_moments_which_are_nearer_the_orders_to_come():
    sums, _, _, level = heavy()
    found = spend.fitted(money(), **sums)
    assert isinstance(found.params, GammaGamma)
    assert "by moments" in found.why
    largest = gammagamma.fit(n=sums["n"], mean=sums["total"] / sums["n"]).params

    def error(params):
        return np.mean((spend.predicted(params, n=sums["n"], total=sums["total"]).mean - level) ** 2)

    assert error(found.params) < 0.95 * error(largest)
    assert 0 < spend.mean_sd(found) < 1


def test_one_giant_order_does_not_decide_for_everybody():
    sums = customers()
    before = spend.fitted(money(), **sums).params
    more = {"n": np.append(sums["n"], 2.0), "total": np.append(sums["total"], 1e6)}
    after = spend.fitted(money(), **more, squares=np.append(sums["squares"], 1e12)).params
    assert more["total"].sum() > 10 * sums["total"].sum()
    assert after.mean == pytest.approx(before.mean, rel=0.1)
    assert after.slope == before.slope == 0


def test_who_comes_more_often_and_spends_more_is_told():
    rng = np.random.default_rng(6)
    n = rng.integers(1, 9, 3_000).astype(float)
    total = n**0.5 * rng.gamma(6.25 * n, 1 / rng.gamma(5.0, 1 / 15.0, 3_000))
    found = spend.fitted(money(), n=n, total=total, squares=total**2 / n * 1.05)
    assert found.params.slope > 0
    assert "spends more an order" in found.why
