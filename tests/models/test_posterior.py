"""The posterior: exact where it is known, as NUTS where it is not, and with the coverage it claims."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from keepwell.models import bgnbd, gammagamma, mbgcnbdk, paretonbd, posterior, priors
from keepwell.models.histories import sorted_rows
from keepwell.models.shapes import Cells

LEVELS = (0.05, 0.95)
NUTS = json.loads(Path(__file__).with_name("nuts_reference.json").read_text(encoding="utf-8"))
END = np.datetime64("1997-09-30").astype(np.int64)


@pytest.fixture
def sample(shared_data):
    """The CDNOW sample of a tenth as customer, day and worth of each purchase day up to the end of calibration."""
    number, day, worth = np.loadtxt(shared_data / "cdnow" / "CDNOW_sample.txt", usecols=(1, 2, 4)).T
    text = [f"{d // 10000}-{d // 100 % 100:02d}-{d % 100:02d}" for d in day.astype(int).tolist()]
    when = np.array(text, "datetime64[D]").astype(np.int64)
    seen = when <= END
    keys, place = np.unique(np.column_stack([number[seen].astype(np.int64), when[seen]]), axis=0, return_inverse=True)
    return keys[:, 0], keys[:, 1], np.bincount(place.ravel(), weights=worth[seen])


def histories(sample):
    who, when, _ = sample
    _, start, bought = np.unique(who, return_index=True, return_counts=True)
    first, last = when[start], when[start + bought - 1]
    return Cells(bought - 1, last - first, END - first, np.ones(len(start)))


def repeats(sample):
    """Number and mean worth of the repeat purchase days of each customer who has any."""
    who, _, worth = sample
    again = np.r_[False, who[1:] == who[:-1]]
    _, place = np.unique(who[again], return_inverse=True)
    n = np.bincount(place).astype(float)
    return n, np.bincount(place, weights=worth[again]) / n


def as_nuts_was_asked(name, sample, draws):
    rows = NUTS["models"][name]
    prior = priors.independent(*zip(*[(r["prior_middle"], r["prior_sd"]) for r in rows.values()], strict=True))
    if name == "gammagamma":
        n, mean = repeats(sample)
        return posterior.of_spend(gammagamma.fit(n=n, mean=mean), n=n, mean=mean, prior=prior, draws=draws)
    model, cells = {"bgnbd": bgnbd, "paretonbd": paretonbd}[name], histories(sample)
    return posterior.of_purchases(model, model.fit(cells), cells, prior=prior, draws=draws)


@pytest.mark.parametrize("name", ["bgnbd", "paretonbd", "gammagamma"])
def test_posteriors_on_cdnow_are_those_of_nuts_in_pymc_marketing(name, sample):
    """Same data, same priors: within four Monte-Carlo standard errors of the peer's draws, and two of ours."""
    found, rows = as_nuts_was_asked(name, sample, 2_048), NUTS["models"][name]
    assert found.k < 0.5
    assert found.names == tuple(rows)
    for i, row in enumerate(rows.values()):
        own = 2 * row["sd"] / np.sqrt(found.ess)
        assert found.mean[i] == pytest.approx(row["mean"], abs=4 * row["mcse_mean"] + own)
        assert found.sd[i] == pytest.approx(row["sd"], abs=4 * row["mcse_sd"] + own)
        # A quantile at 5% has about twice the error of a mean.
        assert found.quantile(0.05)[i] == pytest.approx(row["q05"], abs=4 * row["mcse_q05"] + 2 * own)
        assert found.quantile(0.95)[i] == pytest.approx(row["q95"], abs=4 * row["mcse_q95"] + 2 * own)


def test_the_reference_itself_has_converged():
    for rows in NUTS["models"].values():
        for row in rows.values():
            assert row["rhat"] < 1.02
            assert row["ess"] > 400


def bent(theta):
    """A banana: the second logarithm is normal around the square of the first, which is normal."""
    x, y = theta
    away = y - x**2
    return -0.5 * (x**2 + away**2 / 0.04), np.array([-x + 2 * x * away / 0.04, -away / 0.04])


def flat(theta):
    """Nothing but the likelihood."""
    return 0.0, np.zeros_like(theta)


def bg_shop(params, customers, rng, *, days=364):
    """Histories of customers who live by the BG/NBD; theirs are one a day at most."""
    r, alpha, a, b = params
    rate, leave = rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)
    age = rng.integers(90, days, customers)
    x, last = np.zeros(customers, int), np.zeros(customers, int)
    for i in range(customers):
        at = 0.0
        while True:
            at += rng.exponential(1 / rate[i])
            if np.ceil(at) > age[i]:
                break
            if np.ceil(at) > last[i]:
                x[i] += 1
                last[i] = int(np.ceil(at))
            if rng.random() < leave[i]:
                break
    return Cells(x, last, age, np.ones(customers))


def test_a_normal_is_met_exactly():
    middle, covariance = np.array([0.3, -1.0, 2.0]), np.diag([0.1, 0.4, 0.2]) ** 2
    covariance[0, 1] = covariance[1, 0] = 0.02
    inverse = np.linalg.inv(covariance)

    def density(theta):
        away = theta - middle
        return -0.5 * away @ inverse @ away, -inverse @ away

    found = posterior.posterior(density, flat, names=("a", "b", "c"), start=np.zeros(3))
    spread = np.exp(np.diag(covariance) / 2)
    assert found.k < 0.5
    assert found.ess > 0.8 * posterior.DRAWS
    assert found.mean == pytest.approx(np.exp(middle) * spread, rel=0.005)
    sd = np.exp(middle) * spread * np.sqrt(np.expm1(np.diag(covariance)))
    assert found.sd == pytest.approx(sd, rel=0.05)
    for q, z in ((0.05, -1.645), (0.5, 0.0), (0.95, 1.645)):
        assert np.log(found.quantile(q)) == pytest.approx(middle + z * np.sqrt(np.diag(covariance)), abs=0.03)


def test_a_bent_ridge_is_followed():
    """Its moments are known: E x^2 = 1, and the square plus a normal of sd 0.2."""
    found = posterior.posterior(bent, flat, names=("x", "y"), start=np.zeros(2))
    assert "ridge" in found.method
    x, y = np.log(found.draws).T
    assert found.weights @ x == pytest.approx(0.0, abs=0.05)
    assert found.weights @ x**2 == pytest.approx(1.0, abs=0.1)
    assert found.weights @ y == pytest.approx(1.0, abs=0.1)
    assert np.sqrt(found.weights @ (y - x**2) ** 2) == pytest.approx(0.2, rel=0.1)


def test_what_is_wider_than_its_peak_shows_goes_to_the_sampler(monkeypatch):
    """A normal beside three that are a needle of sd 0.15 and a cloud of sd 1, half each."""

    def density(theta):
        x, rest = theta[0], theta[1:]
        parts = [-0.5 * rest @ rest / sd**2 - 3 * np.log(sd) for sd in (0.15, 1.0)]
        needle = 1 / (1 + np.exp(min(parts[1] - parts[0], 700.0)))
        slopes = -rest * (needle / 0.15**2 + (1 - needle))
        return -0.5 * (x / 3) ** 2 + np.logaddexp(*parts), np.r_[-x / 9, slopes]

    monkeypatch.setattr(posterior, "STEPS", 1_000)
    monkeypatch.setattr(posterior, "ROUNDS", 0)  # mixtures would find the cloud
    names = ("x", "u", "v", "w")
    found, again = (posterior.posterior(density, flat, names=names, start=np.full(4, 0.01)) for _ in range(2))
    assert "emcee" in found.method
    assert np.isnan(found.k)
    assert 100 < found.ess < 24_000
    squares = np.mean(np.log(found.draws) ** 2, axis=0)
    assert squares == pytest.approx([9.0, *[(0.15**2 + 1) / 2] * 3], rel=0.35)
    np.testing.assert_array_equal(found.draws, again.draws)


def test_where_a_first_proposal_fails_a_mixture_around_its_draws_mends_it(monkeypatch):
    """Drawn from 1.8 sd beside the middle at first; the second time the weights are good and the moments right."""
    original = posterior._along

    def beside(ridge, points):
        theta, logs = original(replace(ridge, middle=ridge.middle + np.array([0.72, 0.43])), points)
        return theta, logs

    monkeypatch.setattr(posterior, "_along", beside)

    def density(theta):
        away = theta / [0.4, 0.24]
        return -0.5 * away @ away, -away / [0.4, 0.24]

    found = posterior.posterior(density, flat, names=("x", "y"), start=np.array([0.1, 0.1]))
    assert "mixture" in found.method
    assert found.k < 0.7
    logs = np.log(found.draws)
    assert found.weights @ logs == pytest.approx([0, 0], abs=0.04)
    assert np.sqrt(found.weights @ logs**2) == pytest.approx([0.4, 0.24], rel=0.08)


def test_few_evaluations_say_what_many_do(monkeypatch):
    rng = np.random.default_rng(4)
    cells = bg_shop((0.6, 60.0, 0.6, 2.0), 4_000, rng)
    fit = bgnbd.fit(cells)
    asked = []

    def counting(rows, original=bgnbd.objective):
        value = original(rows)
        return lambda theta: (asked.append(1), value(theta))[1]

    monkeypatch.setattr(bgnbd, "objective", counting)
    many = posterior.of_purchases(bgnbd, fit, cells)
    before = len(asked)
    monkeypatch.setattr(posterior, "COSTLY", 10)
    few = posterior.of_purchases(bgnbd, fit, cells)
    assert "few evaluations" in few.method
    assert len(asked) - before < 100 < before
    assert few.mean == pytest.approx(many.mean, abs=0.05 * many.sd.max() + 1e-9, rel=0.01)
    assert few.sd == pytest.approx(many.sd, rel=0.06)


def test_a_phase_model_is_met_at_its_own_number_of_phases():
    rng = np.random.default_rng(4)
    cells = bg_shop((0.9, 30.0, 0.4, 2.0), 300, rng)
    fit = mbgcnbdk.fit(cells, k=2)
    found = posterior.of_purchases(mbgcnbdk, fit, cells)
    assert "k" not in found.names
    middle = found.quantile(0.5)
    for i, name in enumerate(found.names):
        assert abs(np.log(middle[i] / getattr(fit.params, name))) < 1.0


def test_another_unit_of_time_scales_the_times_and_leaves_the_rest():
    rng = np.random.default_rng(5)
    days = bg_shop((0.6, 60.0, 0.6, 2.0), 200, rng)
    scaled = replace(days, recency=3 * days.recency, age=3 * days.age)
    here, there = (posterior.of_purchases(bgnbd, bgnbd.fit(c), c) for c in (days, scaled))
    assert there.mean / here.mean == pytest.approx([1, 3, 1, 1], rel=1e-4)
    assert there.k == pytest.approx(here.k, abs=1e-3)


def test_another_currency_scales_gamma_and_leaves_the_rest():
    rng = np.random.default_rng(6)
    n = rng.integers(1, 6, 150).astype(float)
    mean = rng.gamma(6.0 * n, 1 / (6.0 * n)) * 20 / rng.gamma(4.0, 1 / 3.0, 150)
    here, there = (posterior.of_spend(gammagamma.fit(n=n, mean=c * mean), n=n, mean=c * mean) for c in (1.0, 140.0))
    assert there.mean / here.mean == pytest.approx([1, 1, 140], rel=1e-4)


def test_simulated_parameters_lie_anywhere_in_their_posteriors():
    """Simulation-based calibration (Talts et al. 2018): ranks of the truth are even, over 60 shops of 60 customers."""
    prior = priors.independent(np.log([0.6, 60.0, 0.6, 2.0]), [0.4, 0.5, 0.5, 0.5])
    rng, ranks, inside = np.random.default_rng(7), [], []
    for _ in range(60):
        truth = np.exp(prior.middle + prior.sd * rng.normal(size=4))
        rows = sorted_rows(bg_shop(truth, 60, rng))
        found = posterior.posterior(
            bgnbd.objective(rows), prior, names=("r", "alpha", "a", "b"), start=prior.middle, draws=256
        )
        ranks.append([found.weights @ (column < value) for column, value in zip(found.draws.T, truth, strict=True)])
        low, high = (found.quantile(q) for q in LEVELS)
        inside.append((low <= truth) & (truth <= high))
    # Even on 0..1: mean 1/2 and sd 0.29, of 60 to 0.037 and 0.019; a day's rounding of purchases is small beside it.
    assert np.mean(ranks, axis=0) == pytest.approx(np.full(4, 0.5), abs=0.12)
    assert np.std(ranks, axis=0) == pytest.approx(np.full(4, 12**-0.5), abs=0.07)
    assert np.mean(inside) == pytest.approx(0.9, abs=0.06)


def test_thinned_draws_say_the_same():
    rng = np.random.default_rng(5)
    cells = bg_shop((0.6, 60.0, 0.6, 2.0), 200, rng)
    found = posterior.of_purchases(bgnbd, bgnbd.fit(cells), cells)
    few = found.thinned(64)
    assert few.draws.shape == (64, 4)
    assert np.abs((few.mean - found.mean) / found.sd).max() < 0.35  # 64 independent draws: a sd of 0.125


def test_weighted_quantiles_lie_in_the_middle_of_their_weights():
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([0.25, 0.5, 0.25])
    assert posterior.weighted_quantile(values, weights, 0.25) == 1.0
    assert posterior.weighted_quantile(values, weights, 0.625) == 2.0
