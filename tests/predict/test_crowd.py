"""All customers together: the same as each of them summed."""

import numpy as np
import pytest
from scipy.special import ndtri

from keepwell.models import bgnbd, mbgcnbdk, paretonbd
from keepwell.models.bgnbd import BGNBD
from keepwell.models.mbgcnbdk import MBGCNBDk
from keepwell.models.paretonbd import ParetoNBD
from keepwell.models.shapes import Cells, Fit
from keepwell.predict import pooled
from keepwell.predict.crowd import crowd, discounted, ordered
from keepwell.predict.fitted import Fitted
from keepwell.predict.pooled import Pooled

RATE = np.log(1.1) / 365.25
MODELS = {
    "bgnbd": (bgnbd, BGNBD(r=0.24, alpha=31.0, a=0.8, b=2.4)),
    "paretonbd": (paretonbd, ParetoNBD(r=0.55, alpha=74.0, s=0.6, beta=82.0)),
    "short of patience": (paretonbd, ParetoNBD(r=0.55, alpha=0.4, s=0.6, beta=0.3)),
    "pooled": (pooled, Pooled(0.01)),
}


@pytest.fixture(scope="module")
def many():
    """Cells of 4,000 histories up to ten years long, in no order; the counts come to 9,000."""
    at = (np.arange(4_000) + 0.5) / 4_000
    age = np.random.default_rng(1).permutation((3_650 * at).astype(int))
    x = np.minimum(np.maximum(3 * ndtri(np.random.default_rng(2).permutation(at)), 0).astype(int), age)
    recency = np.where(x > 0, np.maximum(age - age // 3, x), 0)
    return Cells(x, recency, age, np.resize([1.0, 2.0, 3.0, 3.0], 4_000))


@pytest.fixture(params=MODELS)
def one(request):
    model, params = MODELS[request.param]
    return Fitted(request.param, model, Fit(params, 0.0, {}, (), True, "", 1.0, 1, 1))


def everybody(one, cells):
    x, t_x, age = (a.astype(float) for a in (cells.repeats, cells.recency, cells.age))
    people = crowd(cells, one.model.active(one.fit.params, x=x, t_x=t_x, T=age))
    return people, {"x": x, "t_x": t_x, "T": age}


def test_purchases_are_the_sum_over_each_customer(one, many):
    people, rows = everybody(one, many)
    days = np.array([7.0, 90.0, 365.0])
    plain = [many.count @ one.model.expected(one.fit.params, **rows, t=t) for t in days]
    assert ordered(one, people, days) == pytest.approx(plain, rel=1e-6)


@pytest.mark.parametrize("days", [365.0, 36_500.0])
def test_discounted_purchases_are_the_sum_over_each_customer(one, many, days):
    people, rows = everybody(one, many)
    plain = many.count @ one.model.discounted(one.fit.params, **rows, delta=RATE, t=days)
    assert discounted(one, people, days=days, rate=RATE) == pytest.approx(plain, rel=1e-6)


def test_a_crowd_counts_each_pair_once(many):
    people = crowd(many, np.full(4_000, 0.5))
    assert people.active.sum() == pytest.approx(4_500)
    assert len({*zip(people.repeats, people.age, strict=True)}) == len(people.age) < 4_000


def test_regular_customers_are_taken_to_be_as_silent_as_those_who_bought_as_often(many):
    one = Fitted("regular", mbgcnbdk, Fit(MBGCNBDk(0.9, 40.0, 0.6, 4.0, k=3), 0.0, {}, (), True, "", 1.0, 1, 1))
    people, rows = everybody(one, many)
    days = np.array([90.0, 365.0, 1000.0])
    plain = [many.count @ one.model.expected(one.fit.params, **rows, t=t) for t in days]
    # All of one number of repeats count as silent for one share of their age, so this is no identity.
    assert ordered(one, people, days) == pytest.approx(plain, rel=0.05)
