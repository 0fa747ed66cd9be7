"""What is said where the forecasts cannot bear weight."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from keepwell.models.posterior import Posterior
from keepwell.models.shapes import Cells
from keepwell.predict import backtest
from keepwell.predict.choice import Chosen
from keepwell.predict.contest import Scored
from keepwell.predict.correlation import Correlation
from keepwell.predict.methods import pooled
from keepwell.predict.origins import Origin
from keepwell.predict.warnings import Case, warned

AS_OF = date(2025, 1, 1)
CELLS = Cells(np.array([0, 2]), np.array([0, 50]), np.array([300, 400]), np.array([500.0, 500.0]))
GOOD = {"coverage_90": 0.93, **{f"pit_{d}": 0.1 for d in range(10)}}


def round_of(quarters, days, *, customers=1000.0, crps=(0.5, 0.6), **values):
    scores = tuple(("paretonbd", "all", m, v) for m, v in {**GOOD, **values}.items())
    four = np.ones(4)
    return backtest.Tested(
        Origin(AS_OF - timedelta(days=91 * quarters), days),
        scores,
        Scored(("paretonbd", "own past rate"), customers, np.array(crps), 1e-6 * np.eye(2)),
        customers,
        orders={"paretonbd": four},
        came=four,
        money={"paretonbd": four},
        brought=four,
        models={},
        crowds={},
    )


def case(*, cells=CELLS, tests=None, days=1500, beaten_by="", converged=True, correlation=None, failed=()):
    if tests is None:
        tests = [round_of(q, d) for q in (6, 5, 4) for d in (91, 182, 365)]
    answer = pooled(cells)
    fit = replace(answer.one.fit, converged=converged, ending="No end of leaving can be seen.")
    answer = replace(answer, one=replace(answer.one, fit=fit))
    chosen = {h: Chosen("paretonbd", answer, "", beaten_by) for h in ("3m", "6m", "12m", "life")}
    log = SimpleNamespace(as_of=AS_OF, first=AS_OF - timedelta(days=days), past=SimpleNamespace(cells=cells))
    return Case(log, failed, chosen, tests, correlation)


def kinds(case):
    return {(w.kind, w.subject) for w in warned(case)}


def test_a_sound_forecast_warns_of_nothing():
    assert kinds(case()) == set()


def test_too_few_customers_are_told_with_what_is_done_instead():
    few = Cells(np.array([1]), np.array([9]), np.array([300]), np.array([12.0]))
    found = {w.kind: w for w in warned(case(cells=few, failed=["12 customers are too few"]))}
    assert found["too few"].number == 12
    assert "pooled rate" in found["too few"].words
    assert "20 customers" in found["too few"].words
    assert "not fitted" not in found


def test_a_horizon_that_no_test_reached_halfway_is_told():
    short = [round_of(q, d) for q in (2, 1) for d in (91, 182)[:q]]
    found = {w.subject: w for w in warned(case(tests=short, days=273)) if w.kind == "too short"}
    assert list(found) == ["12m"]
    assert "longest test looked 182 days ahead" in found["12m"].words
    assert found["12m"].number == 273
    assert kinds(case(tests=[], days=60)) == {("too short", h) for h in ("3m", "6m", "12m")}


def test_a_long_log_of_newcomers_is_not_called_short():
    found = {w.subject: w.words for w in warned(case(tests=[], days=400)) if w.kind == "too short"}
    assert "Too few customers were known 91 days ago" in found["3m"]
    assert "The log spans 400 days" in found["12m"]  # a year and a quarter are not over


def test_a_model_that_could_not_be_fitted_is_named():
    said = case(failed=["MBG/CNBD-k could not be fitted: nobody came twice"])
    assert ("not fitted", "MBG/CNBD-k") in kinds(said)


def test_a_ridge_is_told_once_for_all_horizons():
    found = [w for w in warned(case(converged=False)) if w.kind == "flat fit"]
    assert len(found) == 1
    assert found[0].words.startswith("No end of leaving can be seen. So ")


def test_a_baseline_that_forecasts_better_is_told_by_how_much():
    tests = [round_of(q, d, crps=(0.5, 0.4)) for q in (6, 5, 4) for d in (91, 182, 365)]
    found = next(w for w in warned(case(tests=tests, beaten_by="own past rate")) if w.kind == "beaten")
    assert found.number == pytest.approx(0.2)
    assert "20.0%" in found.words


@pytest.mark.parametrize(("customers", "told"), [(100_000.0, True), (60.0, False)])
def test_intervals_that_are_too_narrow_are_told_beyond_chance(customers, told):
    tests = [round_of(q, 91, customers=customers, coverage_90=0.82) for q in (6, 5, 4)]
    assert (("coverage", "3m") in kinds(case(tests=tests))) == told


def test_a_tenth_that_holds_too_many_is_told():
    tests = [round_of(q, 91, customers=100_000.0, pit_9=0.25, pit_0=0.02) for q in (6, 5, 4)]
    found = next(w for w in warned(case(tests=tests)) if w.kind == "calibration")
    assert found.number == pytest.approx(0.25)
    assert "3m" in found.subject


@pytest.mark.parametrize(("rank", "word"), [(0.3, "spend more"), (-0.3, "spend less"), (0.05, "")])
def test_frequent_customers_who_spend_otherwise_are_told(rank, word):
    found = [w.words for w in warned(case(correlation=Correlation(rank, 0.01))) if w.kind == "correlated spend"]
    assert bool(found) == bool(word)
    assert not word or word in found[0]


def test_weights_that_cannot_be_trusted_are_told():
    rough, good = (Posterior(("r",), np.ones((2, 1)), np.full(2, 0.5), k, 2.0, "") for k in (0.9, 0.4))
    said = replace(case(), known={"paretonbd": rough, "bgnbd": good})
    assert kinds(said) == {("unsure fit", "paretonbd")}


def test_narrow_intervals_that_were_widened_are_told_so():
    tests = [round_of(q, 91, customers=100_000.0, coverage_90=0.7) for q in (6, 5, 4)]
    plain, mended = (
        next(w.words for w in warned(replace(case(tests=tests), mended=frozenset(m))) if w.kind == "coverage")
        for m in ((), ("3m",))
    )
    assert "too narrow" in plain
    assert "were widened" in mended
