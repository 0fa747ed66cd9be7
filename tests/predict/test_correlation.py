"""Whether frequent customers spend more on an order."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from keepwell.predict.correlation import correlation, within
from keepwell.predict.history import history


def test_in_one_cohort_it_is_spearmans():
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 9, 400).astype(float), rng.integers(0, 5, 400).astype(float)
    b += a // 4
    found = within(a, b, cohort=np.zeros(400, np.int64))
    assert found.rank == pytest.approx(spearmanr(a, b).statistic)
    assert found.se == pytest.approx(0.05)
    assert found.matters


def test_what_two_cohorts_differ_by_is_no_correlation():
    """The older cohort came more often and bought when all was cheaper."""
    rng = np.random.default_rng(2)
    cohort = np.repeat([0, 1], 2000)
    spend, repeats = rng.gamma(2, 10, 4000) + 30 * cohort, rng.poisson(5 - 4 * cohort).astype(float)
    assert spearmanr(spend, repeats).statistic < -0.5
    assert not within(spend, repeats, cohort=cohort).matters


def test_where_nothing_varies_there_is_none():
    assert within(np.ones(5), np.arange(5.0), cohort=np.zeros(5, np.int64)) is None


@pytest.mark.parametrize(("sign", "matters"), [(1, True), (0, False), (-1, True)])
def test_a_shop_of_loyal_big_spenders_is_told_from_one_of_none(duckdb, orders_of, draw_shop, sign, matters):
    customer, day, worth = draw_shop(1200, seed=8, ahead=0)
    often = dict(zip(*np.unique(customer, return_counts=True), strict=True))
    worth = worth * np.array([often[c] for c in customer]) ** (0.5 * sign)
    until = max(day)
    last = np.datetime64("2023-01-01") + int(until)
    found = correlation(duckdb, history(orders_of(duckdb, customer, day, worth), until=last.astype(object)))
    assert found.matters == matters
    assert not matters or np.sign(found.rank) == sign
