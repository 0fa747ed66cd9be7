"""How a forecast is judged, against plain and slow versions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom, poisson, spearmanr

from keepwell.models.shapes import Cells, Forecast
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


def cells(repeats):
    repeats = np.array(repeats)
    return Cells(repeats, repeats * 10, repeats * 10 + 30, np.ones(len(repeats)))


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
    measures = {(g, m): v for g, m, v in score.measures(found, outcomes, cells(np.arange(400) % 8))}
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
    found = {(g, m): v for g, m, v in score.measures(score.judged(one, outcomes), outcomes, cells(repeats))}
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
    groups = [found[g, "customers"] for g in ("0", "1", "2-4", "5+")]
    assert sum(groups) == len(each)


def test_a_measure_that_is_not_defined_is_left_out():
    outcomes = Outcomes(np.zeros(1, np.int64), np.zeros(1, np.int64), np.array([7.0]))
    one = forecast([0.5], [1.0])
    found = {m for g, m, _ in score.measures(score.judged(one, outcomes), outcomes, cells([0]))}
    assert "crps" in found
    assert not found & {"bias", "spearman"}


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
