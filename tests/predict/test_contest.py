"""Who wins the backtest, and when nobody can take part."""

from dataclasses import replace

import numpy as np
import pytest

from keepwell.models import purchases
from keepwell.models.shapes import Cells
from keepwell.predict import contest
from keepwell.predict.contest import Scored, verdict


def rounds(*means, customers=1000.0, methods=("bgnbd", "paretonbd"), sd=0.01):
    size = len(methods)
    return [Scored(methods, customers, np.array(m), sd**2 * np.eye(size)) for m in means]


def test_the_lowest_mean_score_wins():
    found = verdict(rounds([0.6, 0.5], [0.61, 0.5], [0.59, 0.5]), ["bgnbd", "paretonbd"])
    assert found.champion == "paretonbd"
    assert "lowest mean CRPS over 3 origins" in found.reason


def test_within_one_standard_error_the_simpler_wins():
    found = verdict(rounds([0.53, 0.5], [0.47, 0.5], [0.505, 0.5]), ["bgnbd", "paretonbd"])
    assert found.champion == "bgnbd"
    assert "simpler" in found.reason


def test_where_the_models_are_one_the_simpler_is_taken():
    best = 0.5 * (1 - 1e-9)
    assert verdict(rounds([0.5, best], [0.5, best], [0.5, best]), ["bgnbd", "paretonbd"]).champion == "bgnbd"


def test_an_origin_counts_by_its_customers():
    many, few = rounds([0.60, 0.5], customers=9000.0)[0], rounds([0.2, 0.5], customers=10.0)[0]
    assert verdict([many, many, few], ["bgnbd", "paretonbd"]).champion == "paretonbd"


@pytest.mark.parametrize(("sd", "champion"), [(0.001, "paretonbd"), (0.1, "bgnbd")])
def test_with_one_origin_the_error_is_that_over_customers(sd, champion):
    assert verdict(rounds([0.51, 0.5], sd=sd), ["bgnbd", "paretonbd"]).champion == champion


def test_an_origin_at_which_a_model_failed_does_not_count():
    lone = rounds([0.1], methods=("bgnbd",))
    assert verdict([*lone, *rounds([0.6, 0.5], [0.6, 0.51])], ["bgnbd", "paretonbd"]).champion == "paretonbd"
    assert verdict(lone, ["bgnbd", "paretonbd"]) is None


def cells(customers, *, repeats):
    x = np.full(customers, repeats)
    recency = np.minimum(np.arange(customers) + 5, 90) * (x > 0)
    return Cells(x, recency, np.full(customers, 100), np.ones(customers))


@pytest.mark.parametrize("unknown", [(), (0,)])
def test_a_search_that_stopped_early_takes_no_part(monkeypatch, unknown):
    whole = purchases.polished

    def stopped(*given):
        return replace(whole(*given), settled=False, unknown=unknown)

    histories = Cells(*(np.array(a) for a in ([0, 1, 3, 4], [0, 9, 50, 70], [90, 80, 90, 85])), np.full(4, 20.0))
    assert len(contest.fitted(("bgnbd", "paretonbd"), histories)[0]) == 2
    monkeypatch.setattr(purchases, "polished", stopped)
    fits, failed = contest.fitted(("bgnbd", "paretonbd"), histories)
    assert not fits
    assert all("stopped before it reached a peak" in sentence for sentence in failed)


def test_too_few_are_not_fitted_and_it_is_said():
    fits, failed = contest.fitted(("bgnbd", "paretonbd"), cells(10, repeats=1))
    assert not fits
    assert failed == ["10 customers with 10 repeat purchases are too few to tell customers apart"]


def test_the_pooled_rate_always_answers():
    for some in (cells(1, repeats=0), cells(10, repeats=2)):
        one = contest.fallback(some)
        forecast = one.predict(some, days=365)
        assert (forecast.orders > 0).all()
        assert forecast.pmf.sum() == pytest.approx(len(some.count))
        k = np.arange(len(forecast.pmf)) - np.repeat(forecast.start[:-1], np.diff(forecast.start))
        mean = np.add.reduceat(k * forecast.pmf, forecast.start[:-1])
        assert mean == pytest.approx(forecast.orders, rel=1e-6)


def test_the_pooled_rate_of_somebody_who_came_more_is_higher():
    some = Cells(np.array([0, 3, 9]), np.array([0, 50, 90]), np.full(3, 100), np.ones(3))
    orders = contest.fallback(some).predict(some, days=100).orders
    assert (np.diff(orders) > 0).all()


def test_the_next_order_of_the_pooled_rate_comes_with_even_chance():
    some = cells(3, repeats=2)
    one = contest.fallback(some)
    days = one.model.next_order_days(one.fit.params, some)
    none = one.predict(some, days=round(days[0])).pmf[0]
    assert none == pytest.approx(0.5, abs=0.01)
