"""Smoothed importance weights and their diagnostic."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import genpareto

from keepwell.models import psis

REFERENCE = json.loads(Path(__file__).with_name("psis_reference.json").read_text(encoding="utf-8"))


def ratios(case):
    """The log ratios of a case of the reference: even points through the quantile function of a Pareto law."""
    u = (np.arange(case["points"]) + 0.5) / case["points"]
    return -case["k"] * np.log1p(-u) if case["k"] else np.sin(7 * u)


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=lambda case: f"k={case['k']}-{case['points']}")
def test_weights_and_k_are_those_of_arviz(case):
    logs, k = psis.smoothed(ratios(case))
    assert k == pytest.approx(case["found"], rel=1e-8)
    assert logs[case["at"]] == pytest.approx(case["log_weights"], rel=1e-8)


@pytest.mark.parametrize("k", [0.2, 0.9])
def test_the_fit_recovers_the_shape_of_a_tail(k):
    excess = np.sort(genpareto.rvs(k, scale=2.0, size=20_000, random_state=np.random.default_rng(1)))
    shape, scale = psis.pareto_fit(excess)
    assert shape == pytest.approx(k, abs=0.05)
    assert scale == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize(("proposal_sd", "trusted"), [(1.2, True), (0.9, True), (0.35, False)])
def test_a_proposal_too_narrow_for_the_target_is_found_out(proposal_sd, trusted):
    x = np.random.default_rng(2).normal(0, proposal_sd, 2_000)
    _, k = psis.smoothed(-(x**2) / 2 + (x / proposal_sd) ** 2 / 2)
    assert (k <= psis.GOOD) == trusted


def test_smoothing_makes_averages_of_heavy_tails_steadier():
    """The second moment of a normal by a narrower one, over 200 repetitions: its error falls."""
    rng = np.random.default_rng(3)
    plain, smooth = [], []
    for _ in range(200):
        x = rng.normal(0, 0.72, 400)
        logs = -(x**2) / 2 + (x / 0.72) ** 2 / 2
        raw = np.exp(logs - logs.max())
        plain.append(raw @ x**2 / raw.sum())
        smooth.append(np.exp(psis.smoothed(logs)[0]) @ x**2)
    assert np.sqrt(np.mean((np.array(smooth) - 1) ** 2)) < np.sqrt(np.mean((np.array(plain) - 1) ** 2))


def test_weights_sum_to_one_and_keep_the_order():
    logs = ratios({"k": 0.6, "points": 500})
    weights, _ = psis.smoothed(logs)
    assert np.exp(weights).sum() == pytest.approx(1)
    assert (np.diff(weights) >= -1e-12).all()


def test_too_few_points_for_a_tail_are_not_trusted():
    assert psis.smoothed(np.array([0.0, 1.0, 5.0]))[1] == np.inf


def test_even_weights_count_every_point():
    logs, k = psis.smoothed(np.full(300, 7.0))
    assert psis.effective(logs) == pytest.approx(300)
    assert k == -np.inf
