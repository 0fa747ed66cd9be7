"""Data on which fits go wrong elsewhere: here each converges, or says what cannot be known, wherever it starts."""

import dataclasses

import numpy as np
import pytest

from keepwell.models import bgbb, bgnbd, mbgcnbdk, mbgnbd, paretonbd
from keepwell.models.bgbb import BGBB
from keepwell.models.bgnbd import BGNBD
from keepwell.models.fitter import polished, searched
from keepwell.models.histories import sorted_rows
from keepwell.models.mbgcnbdk import MBGCNBDk
from keepwell.models.mbgnbd import MBGNBD
from keepwell.models.paretonbd import ParetoNBD
from keepwell.models.purchases import SCALES, SHAPES
from keepwell.models.shapes import Cells, parameters

STARTS = {
    bgbb: BGBB(alpha=1.0, beta=9.0, gamma=1.0, delta=9.0),
    bgnbd: BGNBD(r=1.0, alpha=40.0, a=1.0, b=4.0),
    mbgnbd: MBGNBD(r=1.0, alpha=40.0, a=1.0, b=4.0),
    mbgcnbdk: MBGCNBDk(r=1.0, alpha=40.0, a=1.0, b=4.0),
    paretonbd: ParetoNBD(r=1.0, alpha=40.0, s=1.0, beta=200.0),
}


def hardly_leaving(people=400):
    rng = np.random.default_rng(4)
    x = np.minimum(rng.poisson(rng.gamma(0.8, 10, people)), 290)
    return Cells(
        x, np.where(x > 0, np.maximum(x, 300 - rng.integers(0, 9, people)), 0), np.full(people, 300), np.ones(people)
    )


def nearly_every_day(people=300):
    rng = np.random.default_rng(5)
    age = rng.integers(60, 300, people)
    stay = np.where(rng.random(people) < 0.5, age, (age * rng.random(people)).astype(int))
    x = rng.binomial(stay, rng.beta(9, 2, people))
    return Cells(x, np.where(x > 0, np.maximum(x, stay), 0), age, np.ones(people))


def mostly_once(people=800):
    rng = np.random.default_rng(6)
    age = rng.integers(30, 500, people)
    x = np.minimum(np.where(rng.random(people) < 0.9, 0, 1 + rng.poisson(1.5, people)), age)
    last = np.maximum(x, np.ceil(age * rng.random(people) ** (1 / np.maximum(x, 1)))).astype(int)
    return Cells(x, np.where(x > 0, last, 0), age, np.ones(people))


def all_of_one_age(people=400):
    rng = np.random.default_rng(7)
    stay = 300 * np.where(rng.random(people) < 0.33, 1, rng.beta(0.5, 1.5, people))
    x = np.minimum(rng.poisson(0.02 * rng.lognormal(0, 1.2, people) * stay), stay.astype(int))
    last = np.maximum(x, np.ceil(stay * rng.random(people) ** (1 / np.maximum(x, 1)))).astype(int)
    return Cells(x, np.where(x > 0, last, 0), np.full(people, 300), np.ones(people))


def seen_too_late(people=1500):
    """All of one age, and looked at when most have gone: the ridge of the leaving is long and all but flat."""
    rng = np.random.default_rng(7)
    span = rng.integers(30, 400, people)
    stay = span * np.where(rng.random(people) < 0.33, 1, rng.beta(0.5, 1.5, people))
    x = np.minimum(rng.poisson(0.02 * rng.lognormal(0, 1.2, people) * stay), stay.astype(int))
    last = np.maximum(x, np.ceil(stay * rng.random(people) ** (1 / np.maximum(x, 1)))).astype(int)
    return Cells(x, np.where(x > 0, last, 0), np.full(people, 400), np.ones(people))


def five_customers(people=5):
    x, t_x, age = np.array([(3, 50, 100), (0, 0, 100), (1, 10, 90), (0, 0, 80), (12, 95, 100)]).T
    return Cells(x, t_x, age, np.ones(people))


def all_alike(people=500):
    x = np.random.default_rng(5).poisson(4, people)
    return Cells(x, np.where(x > 0, 290 + x, 0), np.full(people, 320), np.ones(people))


HARD = [hardly_leaving, nearly_every_day, mostly_once, all_of_one_age, seen_too_late, five_customers, all_alike]


@pytest.mark.parametrize("model", STARTS, ids=lambda m: m.__name__.rpartition(".")[2])
@pytest.mark.parametrize("data", HARD)
def test_a_fit_converges_or_says_what_cannot_be_known(model, data):
    cells = data()
    fit = model.fit(cells)
    known = {name: np.isfinite(sd) for name, sd in fit.sd.items()}
    assert fit.converged == all(known.values())
    if not fit.converged:
        assert "cannot be known" in fit.ending or "only the average" in fit.ending
    assert np.isfinite(fit.log_likelihood)
    ends = np.linalg.eigvalsh(np.array(fit.log_covariance))
    assert (ends >= -1e-9).all()
    forecast = model.predict(fit.params, cells, days=60)
    assert np.isfinite(forecast.orders).all()
    # Together they do not come much more often than they ever did.
    assert forecast.orders.sum() <= 1.5 * (60 * (cells.repeats + 1) / (cells.age + 1)).sum()


@pytest.mark.parametrize("model", STARTS, ids=lambda m: m.__name__.rpartition(".")[2])
@pytest.mark.parametrize("data", [hardly_leaving, mostly_once, five_customers])
def test_five_random_starts_end_at_one_likelihood(model, data):
    cells, typical = data(), STARTS[model]
    best = model.fit(cells).log_likelihood
    theta = np.log(list(parameters(typical).values()))
    for seed in range(5):
        moved = np.exp(theta + np.random.default_rng(100 + seed).normal(0, 2, len(theta)))
        start = dataclasses.replace(typical, **dict(zip(parameters(typical), moved.tolist(), strict=True)))
        assert model.fit(cells, start=start).log_likelihood == pytest.approx(best, abs=1e-4)


def test_a_long_flat_ridge_is_climbed_to_its_end_from_each_start():
    rows = sorted_rows(seen_too_late())
    bounds = [SHAPES, SCALES, SHAPES, SCALES]
    objective, ends = paretonbd.objective(rows), []
    for start in paretonbd._starts(rows):
        near, _ = searched(objective, np.log(list(parameters(start).values())), bounds)
        top = polished(objective, near, bounds)
        assert top.settled
        ends.append(top.value)
    assert np.ptp(ends) < 1e-4
