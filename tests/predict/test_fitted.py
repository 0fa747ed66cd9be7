"""The pooled rate, and when nothing better can be asked."""

import numpy as np
import pytest

from keepwell.models.shapes import Cells
from keepwell.predict.fitted import fallback, too_few


def cells(customers, *, repeats):
    x = np.full(customers, repeats)
    recency = np.minimum(np.arange(customers) + 5, 90) * (x > 0)
    return Cells(x, recency, np.full(customers, 100), np.ones(customers))


def test_too_few_are_told_in_numbers():
    said = too_few(cells(10, repeats=1))
    assert said == "10 customers with 10 repeat purchases are too few to tell customers apart"
    assert not too_few(cells(20, repeats=1))


def test_the_pooled_rate_always_answers():
    for some in (cells(1, repeats=0), cells(10, repeats=2)):
        one = fallback(some)
        forecast = one.predict(some, days=365)
        assert (forecast.orders > 0).all()
        assert forecast.pmf.sum() == pytest.approx(len(some.count))
        k = np.arange(len(forecast.pmf)) - np.repeat(forecast.start[:-1], np.diff(forecast.start))
        mean = np.add.reduceat(k * forecast.pmf, forecast.start[:-1])
        assert mean == pytest.approx(forecast.orders, rel=1e-6)


def test_the_pooled_rate_of_somebody_who_came_more_is_higher():
    some = Cells(np.array([0, 3, 9]), np.array([0, 50, 90]), np.full(3, 100), np.ones(3))
    orders = fallback(some).predict(some, days=100).orders
    assert (np.diff(orders) > 0).all()


def test_the_next_order_of_the_pooled_rate_comes_with_even_chance():
    some = cells(3, repeats=2)
    one = fallback(some)
    days = one.model.next_order_days(one.fit.params, some)
    none = one.predict(some, days=round(days[0])).pmf[0]
    assert none == pytest.approx(0.5, abs=0.01)
