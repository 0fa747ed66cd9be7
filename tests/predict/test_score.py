"""How a forecast is judged, against plain and slow versions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom, poisson, spearmanr

from keepwell.models.shapes import Forecast
from keepwell.predict import score
from keepwell.predict.score import Outcomes


def forecast(p_active, rates, length=60):
    """Return a forecast of cells that are Poisson if active, each its own group."""
    pmf = poisson.pmf(np.arange(length), np.array(rates)[:, None])
    pmf[:, -1] += 1 - pmf.sum(axis=1)
    p_active = np.array(p_active, float)
    orders = p_active * np.array(rates)
    start = np.arange(len(rates) + 1) * length
    return Forecast(90, p_active, orders, orders, np.arange(len(rates)), start, pmf.ravel())


def groups(repeats, cell):
    """Return the group of each row's customers."""
    return score.group_of(np.array(repeats))[cell]


def plain_crps(p, rate, y):
    k = np.arange(400)
    reached = 1 - p + p * poisson.cdf(k, rate)
    return ((reached - (k >= y)) ** 2).sum()


@settings(deadline=None, max_examples=60)
@given(p=st.floats(0, 1), rate=st.floats(0.01, 12), y=st.integers(0, 90))
def test_crps_and_the_transform_agree_with_the_sums_of_their_definition(p, rate, y):
    outcomes = Outcomes(np.zeros(1, np.int64), np.array([y]), np.ones(1))
    found = score.judged(forecast([p], [rate]), outcomes)
    assert found.crps[0] == pytest.approx(plain_crps(p, rate, y), abs=1e-9)
    assert found.at[0] == pytest.approx(1 - p + p * poisson.cdf(y, rate), abs=1e-9)
    assert found.below[0] == pytest.approx(0 if y == 0 else 1 - p + p * poisson.cdf(y - 1, rate), abs=1e-9)


def test_the_transform_is_what_the_randomised_one_gives_on_average():
    rng = np.random.default_rng(1)
    below, width = rng.uniform(0, 1, 50), rng.uniform(0, 1, 50)
    at = np.minimum(below + width, 1)
    found = [share.mean() for share in score.transform(below, at)]
    u = below + rng.uniform(size=(40_000, 50)) * (at - below)
    plain, _ = np.histogram(u, bins=np.linspace(0, 1, 11))
    assert found == pytest.approx(plain / u.size, abs=0.002)  # four standard errors of 2,000,000 draws
    assert sum(found) == pytest.approx(1)


def test_a_true_forecast_is_uniform_and_covers_what_it_says():
    rng = np.random.default_rng(2)
    rates, p = rng.uniform(0.2, 6, 400), rng.uniform(0.2, 1, 400)
    cell = np.repeat(np.arange(400), 500)
    y = np.where(rng.random(len(cell)) < p[cell], rng.poisson(rates[cell]), 0)
    outcomes = Outcomes(cell, y, np.ones(len(cell)))
    found = score.judged(forecast(p, rates), outcomes)
    measures = {(g, m): v for g, m, v in score.measures(found, outcomes, groups(np.arange(400) % 8, cell))}
    assert [measures["all", f"pit_{d}"] for d in range(10)] == pytest.approx([0.1] * 10, abs=0.005)
    assert measures["all", "coverage_90"] >= 0.9
    assert measures["all", "bias"] == pytest.approx(0, abs=0.01)


def test_measures_agree_with_the_customers_written_out():
    rng = np.random.default_rng(3)
    rates, p, repeats = rng.uniform(0.2, 6, 30), rng.uniform(0.2, 1, 30), rng.integers(0, 9, 30)
    cell, y = rng.integers(0, 30, 200), rng.integers(0, 9, 200)
    count = rng.integers(1, 6, 200).astype(float)
    outcomes = Outcomes(cell, y, count)
    one = forecast(p, rates)
    found = {(g, m): v for g, m, v in score.measures(score.judged(one, outcomes), outcomes, groups(repeats, cell))}
    each = np.repeat(np.arange(200), count.astype(int))
    orders, came = one.orders[cell[each]], y[each]
    crps = np.array([plain_crps(p[c], rates[c], k) for c, k in zip(cell[each], came, strict=True)])
    assert found["all", "customers"] == len(each)
    assert found["all", "mae"] == pytest.approx(np.abs(orders - came).mean())
    assert found["all", "rmse"] == pytest.approx(np.sqrt(((orders - came) ** 2).mean()))
    assert found["all", "crps"] == pytest.approx(crps.mean())
    assert found["all", "crps_se"] == pytest.approx(crps.std(ddof=1) / np.sqrt(len(each)))
    assert found["all", "spearman"] == pytest.approx(spearmanr(orders, came).statistic)
    some = (repeats[cell[each]] >= 2) & (repeats[cell[each]] <= 4)
    assert found["2-4", "spearman"] == pytest.approx(spearmanr(orders[some], came[some]).statistic)
    assert found["2-4", "expected"] == pytest.approx(orders[some].sum())
    assert sum(found[g, "customers"] for g in ("0", "1", "2-4", "5+")) == len(each)


def shuffled(forecast, actual, rng):
    """Return Gini, share of the best tenth and deciles of customers, ties broken at random."""
    size = len(forecast)
    order = np.lexsort((rng.random(size), forecast))
    y = actual[order]

    def area(y):
        return np.cumsum(y).sum() / y.sum() - (size + 1) / 2

    tenth = size // 10
    return np.r_[
        area(y) / area(np.sort(actual)),
        y[-tenth:].sum() / y.sum(),
        y.reshape(10, tenth).mean(axis=1),
        forecast[order].reshape(10, tenth).mean(axis=1),
    ]


def test_rankings_agree_with_the_mean_over_random_orders_of_the_tied():
    rng = np.random.default_rng(5)
    forecast, actual = rng.integers(0, 6, 60) / 3.0, rng.poisson(1.3, 60)
    tries = np.array([shuffled(forecast, actual, rng) for _ in range(4000)])
    order = np.argsort(forecast, kind="stable")
    found = score.Ranking.of(forecast[order], actual[order], np.ones(60))
    tenths = found.tenths()
    told = [found.measures()["gini"], found.measures()["capture_10"]]
    told += [tenths[f"decile_{d}_{end}"] for end in ("actual", "forecast") for d in range(1, 11)]
    error = tries.std(axis=0) / np.sqrt(len(tries))
    assert (np.abs(tries.mean(axis=0) - told) <= 4.5 * error + 1e-9).all()


@settings(deadline=None, max_examples=40)
@given(rows=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(1, 4)), min_size=2, max_size=12))
def test_a_row_of_many_customers_ranks_as_each_of_them_would(rows):
    f, y, w = (np.array(v) for v in zip(*sorted(rows), strict=True))
    one = score.Ranking.of(f.astype(float), y, w.astype(float))
    each = score.Ranking.of(np.repeat(f, w).astype(float), np.repeat(y, w), np.ones(w.sum()))
    for found, plain in ((one.measures(), each.measures()), (one.tenths(), each.tenths())):
        assert found == pytest.approx(plain, nan_ok=True, abs=1e-9)


def test_hindsight_has_a_gini_of_one_and_the_reverse_of_minus_one():
    y = np.array([0, 0, 1, 3, 8])
    assert score.Ranking.of(y.astype(float), y, np.ones(5)).measures()["gini"] == pytest.approx(1)
    assert score.Ranking.of(-y[::-1].astype(float), y[::-1], np.ones(5)).measures()["gini"] == pytest.approx(-1)
    same = score.Ranking.of(np.ones(5), y, np.ones(5))
    assert same.measures()["gini"] == pytest.approx(0)
    assert same.measures()["capture_10"] == pytest.approx(0.1)


def test_a_measure_that_is_not_defined_is_left_out():
    outcomes = Outcomes(np.zeros(1, np.int64), np.zeros(1, np.int64), np.array([7.0]))
    one = forecast([0.5], [1.0])
    found = {m for g, m, _ in score.measures(score.judged(one, outcomes), outcomes, groups([0], [0]))}
    assert "crps" in found
    assert not found & {"bias", "spearman", "gini", "capture_10"}


def test_a_ragged_forecast_is_read_group_by_group():
    pmfs = [nbinom.pmf(np.arange(n), 2, q) for n, q in ((200, 0.2), (40, 0.7), (90, 0.4))]
    start = np.r_[0, np.cumsum([len(p) for p in pmfs])]
    group = np.array([2, 0, 1, 0])
    p = np.array([0.3, 0.9, 1.0, 0.5])
    one = Forecast(1, p, p, p, group, start, np.concatenate(pmfs))
    outcomes = Outcomes(np.array([0, 1, 2, 3, 3]), np.array([4, 11, 0, 2, 300]), np.ones(5))
    found = score.judged(one, outcomes)
    k = np.arange(600)
    for i, (c, y) in enumerate(zip(outcomes.cell, outcomes.actual, strict=True)):
        q = (0.2, 0.7, 0.4)[group[c]]
        reached = 1 - p[c] + p[c] * nbinom.cdf(k, 2, q)
        assert found.crps[i] == pytest.approx(((reached - (k >= y)) ** 2).sum(), abs=1e-6)
