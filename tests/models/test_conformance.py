"""What every purchase model in `models/` promises, whoever adds the next one: found by walking the folder."""

import dataclasses
import importlib
import inspect
import itertools
import pkgutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import keepwell.models
from keepwell.errors import DataError, FitError
from keepwell.models.bgbb import BGBB
from keepwell.models.bgnbd import BGNBD
from keepwell.models.histories import by_repeats
from keepwell.models.mbgcnbdk import MBGCNBDk
from keepwell.models.mbgnbd import MBGNBD
from keepwell.models.paretonbd import ParetoNBD
from keepwell.models.shapes import Cells, held, parameters


def name_of(model):
    return model.__name__.rpartition(".")[2]


EVERY = [importlib.import_module(f"keepwell.models.{m.name}") for m in pkgutil.iter_modules(keepwell.models.__path__)]
MODELS = [module for module in EVERY if hasattr(module, "fit") and hasattr(module, "pmf_new")]
IDS = [name_of(module) for module in MODELS]
TYPICAL = {
    "bgbb": BGBB(alpha=1.2, beta=0.75, gamma=0.66, delta=2.8),
    "bgnbd": BGNBD(r=0.4, alpha=33.0, a=0.5, b=3.6),
    "mbgnbd": MBGNBD(r=0.6, alpha=50.0, a=0.8, b=2.2),
    "mbgcnbdk": MBGCNBDk(r=0.9, alpha=9.0, a=0.6, b=3.0, k=3),
    "paretonbd": ParetoNBD(r=0.7, alpha=60.0, s=0.6, beta=180.0),
}
TIMES = {"bgbb": ()} | {"paretonbd": ("alpha", "beta")}  # the others: alpha
HISTORIES = [(0, 0, 1), (0, 0, 200), (1, 30, 200), (1, 200, 200), (7, 35, 300), (60, 199, 200), (132, 200, 200)]
every_model = pytest.mark.parametrize("model", MODELS, ids=IDS)


def times_of(model):
    return TIMES.get(name_of(model), ("alpha",))


def kind_of(model):
    return type(TYPICAL[name_of(model)])


def arrays(histories):
    return dict(zip(("x", "t_x", "T"), np.array(histories, float).T, strict=True))


def as_cells(histories, count=1.0):
    x, t_x, T = np.array(histories, np.int64).T
    return Cells(x, t_x, T, np.full(len(x), count))


def corners(model):
    """Return parameters of all sizes: who are alike and who differ, hardly ever leaving and nearly always."""
    typical = TYPICAL[name_of(model)]
    first, second, *leaving = parameters(typical)
    found = []
    for size, odds, shape in itertools.product((1e-3, 1.0, 1e5), (1e-4, 0.2, 30.0), (1e-2, 1e4)):
        buying = {first: size, second: size * (0.6 if name_of(model) == "bgbb" else 20.0)}
        # A leaving rate's scale is a time, the other chance of a pair is not.
        away = {leaving[0]: shape, leaving[1]: shape / odds * (30.0 if "beta" in leaving else 1.0)}
        found.append(dataclasses.replace(typical, **buying, **away))
    return found


def shop(seed=3, people=800):
    """Return histories of whole days that no model made: log-normal rates, a third stays."""
    rng = np.random.default_rng(seed)
    T = rng.integers(30, 400, people)
    stay = T * np.where(rng.random(people) < 0.33, 1, rng.beta(0.5, 1.5, people))
    x = np.minimum(rng.poisson(0.02 * rng.lognormal(0, 1.2, people) * stay), stay.astype(int))
    t_x = np.where(x > 0, np.maximum(x, np.ceil(stay * rng.random(people) ** (1 / np.maximum(x, 1)))), 0)
    return Cells(x, t_x.astype(np.int64), T, np.ones(people))


def test_the_walk_finds_the_models():
    assert set(IDS) == set(TYPICAL), "a new purchase model needs its typical parameters here"


@pytest.mark.parametrize("module", EVERY, ids=name_of)
def test_each_file_tells_its_story_and_a_model_its_source(module):
    assert module.__doc__
    if module in MODELS:
        assert "Source" in module.__doc__


@every_model
def test_all_offer_the_same_names_with_the_same_arguments(model):
    like = importlib.import_module("keepwell.models.bgnbd")
    names = (
        "log_likelihood",
        "active",
        "expected",
        "discounted",
        "expected_new",
        "pmf_new",
        "predict",
        "next_order_days",
    )
    for name in (*names, "fit"):
        ours, theirs = (inspect.signature(getattr(m, name)).parameters for m in (model, like))
        assert [n for n in ours if n in theirs] == list(theirs), name
        extra = [p for n, p in ours.items() if n not in theirs]
        assert all(p.kind is p.KEYWORD_ONLY and p.default is not p.empty for p in extra), name
    kind = kind_of(model)
    assert kind.__module__ == model.__name__
    assert kind.__dataclass_params__.frozen
    assert len(parameters(TYPICAL[name_of(model)])) == 4


@every_model
def test_a_model_has_one_objective(model):
    assert hasattr(model, "objective") != hasattr(model, "objective_of")
    assert hasattr(model, "objective_of") == bool(held(TYPICAL[name_of(model)]))


def objective(model, p):
    return model.objective_of(p) if held(p) else model.objective


@every_model
def test_everything_is_finite_and_in_bounds_for_parameters_of_any_size(model):
    days = 12.0 if name_of(model) == "bgbb" else 90.0
    for p in corners(model):
        history = arrays(HISTORIES)
        assert np.isfinite(model.log_likelihood(p, **history)).all(), p
        chance = model.active(p, **history)
        assert ((chance >= 0) & (chance <= 1)).all(), p
        near, far = model.expected(p, **history, t=days), model.expected(p, **history, t=2 * days)
        worth = model.discounted(p, **history, delta=0.01, t=days)
        assert np.isfinite(far).all(), p
        assert (near >= 0).all(), p
        assert (near <= far * (1 + 1e-9)).all(), p
        assert (worth <= near * (1 + 1e-7)).all(), p
        assert (worth >= near * np.exp(-0.01 * days) * (1 - 1e-7)).all(), p


@every_model
@pytest.mark.parametrize("clock", [False, True])
def test_distributions_sum_to_one_and_have_the_mean_they_claim_for_parameters_of_any_size(model, clock):
    cells, days = as_cells(HISTORIES), 12 if name_of(model) == "bgbb" else 90
    for p in corners(model):
        forecast = model.predict(p, cells, days=days, rate=0.003, clock=clock)
        first = forecast.start[:-1]
        assert (forecast.pmf >= 0).all(), p
        np.testing.assert_allclose(np.add.reduceat(forecast.pmf, first), 1, atol=1e-9)
        k = np.concatenate([np.arange(size) for size in np.diff(forecast.start)])
        mean = np.add.reduceat(k * forecast.pmf, first)[forecast.group] * forecast.p_active
        claimed = forecast.discounted if clock else forecast.orders
        # What is cut is under 1e-9 of a distribution; phases passed are kept in steps, see `staying`.
        slack = (forecast.p_active + claimed) / 32 * (held(p).get("k", 1) > 1) * (cells.repeats > 0)
        assert (np.abs(mean - claimed) <= 1e-6 * (1 + claimed) + slack).all(), p


@every_model
def test_the_slope_is_that_of_the_log_likelihood_for_parameters_of_any_size(model):
    rows, _ = by_repeats(as_cells([*HISTORIES, (3, 3, 9), (30, 31, 365)], 2.0))
    x = np.repeat(rows.repeats, np.diff(rows.start))
    for p in corners(model):
        names, theta = list(parameters(p)), np.log(list(parameters(p).values()))
        value, gradient = objective(model, p)(rows)(theta)

        def total(at, p=p, names=names):
            moved = dataclasses.replace(p, **dict(zip(names, np.exp(at).tolist(), strict=True)))
            return 2 * model.log_likelihood(moved, x=x, t_x=rows.recency, T=rows.age).sum()

        constant = total(theta) - value
        h = 1e-3
        for i, step in enumerate(h * np.eye(4)):
            ends = [total(theta + s * step) for s in (-2, -1, 1, 2)]
            slope = (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * h)
            # Gamma functions of large shapes lose digits in what is compared with, not in the sums of the objective.
            rounding = 1e-9 * (1 + max(parameters(p).values())) / h
            assert gradient[i] == pytest.approx(slope, rel=1e-6, abs=1e-6 * (1 + abs(gradient).max()) + rounding), p
        assert abs(constant) <= 1e-7 * abs(value) or held(p), p


@every_model
def test_a_fit_depends_neither_on_row_order_nor_on_how_customers_are_grouped(model):
    cells = shop()
    fit = model.fit(cells)
    shuffle = np.random.default_rng(1).permutation(len(cells.age))
    moved = Cells(cells.repeats[shuffle], cells.recency[shuffle], cells.age[shuffle], cells.count)
    assert model.fit(moved) == fit
    key, counted = np.unique(np.column_stack([cells.repeats, cells.recency, cells.age]), axis=0, return_counts=True)
    merged = Cells(*key.T, counted.astype(float))
    assert model.fit(merged) == fit
    whole, split = (model.predict(fit.params, c, days=30, rate=1e-3) for c in (merged, cells))
    assert whole.orders @ merged.count == pytest.approx(split.orders.sum(), rel=1e-12)
    assert whole.discounted @ merged.count == pytest.approx(split.discounted.sum(), rel=1e-12)


@every_model
@settings(max_examples=30, deadline=None)
@given(c=st.floats(0.01, 100), x=st.integers(0, 50), share=st.floats(0.2, 1), age=st.floats(1, 900))
def test_a_change_of_time_unit_shifts_it_by_x_log_c(model, c, x, share, age):
    p, xs, T = TYPICAL[name_of(model)], np.array([float(x)]), np.array([age])
    t_x = T * share * (x > 0)
    if not times_of(model):  # chances are counted, so there is no unit to change
        with pytest.raises(DataError, match="not whole"):
            model.log_likelihood(p, x=xs, t_x=np.zeros(1), T=np.rint(T) + 0.5)
        return
    logs = {"log_intervals": x * np.log(t_x[0] / max(x, 1)) if x else 0.0} if held(p) else {}
    longer = {"log_intervals": logs["log_intervals"] + x * np.log(c)} if held(p) else {}
    scaled = dataclasses.replace(p, **{name: c * getattr(p, name) for name in times_of(model)})
    here = model.log_likelihood(p, x=xs, t_x=t_x, T=T, **logs)
    there = model.log_likelihood(scaled, x=xs, t_x=c * t_x, T=c * T, **longer)
    np.testing.assert_allclose(there, here - x * np.log(c), rtol=1e-9, atol=1e-8)
    for ask in ("expected", "discounted"):
        rate = {"delta": 0.001} if ask == "discounted" else {}
        slower = {"delta": 0.001 / c} if rate else {}
        days = getattr(model, ask)(p, x=xs, t_x=t_x, T=T, t=90.0, **rate)
        units = getattr(model, ask)(scaled, x=xs, t_x=c * t_x, T=c * T, t=90.0 * c, **slower)
        np.testing.assert_allclose(units, days, rtol=1e-7)


@every_model
def test_new_customers_are_those_with_no_history(model):
    p, days = TYPICAL[name_of(model)], 12.0 if name_of(model) == "bgbb" else 200.0
    new = arrays([(0, 0, 0)])
    assert float(model.expected_new(p, days)) == pytest.approx(model.expected(p, **new, t=days)[0], rel=1e-9)
    k = np.arange(4000)
    pmf = model.pmf_new(p, days, k)
    assert pmf.sum() == pytest.approx(1, abs=1e-9)
    assert pmf @ k == pytest.approx(float(model.expected_new(p, days)), rel=1e-6)


@every_model
def test_parameters_are_recovered_from_customers_that_the_model_made(
    model, pareto_customers, bg_customers, regular_customers, chance_takers
):
    name, p = name_of(model), TYPICAL[name_of(model)]
    # A day is short beside the time between purchases: those that fall on one day are lost to whole days.
    p = dataclasses.replace(p, **{time: 5 * getattr(p, time) for time in times_of(model)})
    ages = {"oldest": 3650, "youngest": 900}
    if name == "bgbb":
        cells, _ = chance_takers(p, 15_000, 11)
    elif name in ("mbgnbd", "mbgcnbdk"):
        cells, _ = regular_customers(p, 15_000, 11, **ages)
    else:
        cells = (pareto_customers if name == "paretonbd" else bg_customers)(p, 15_000, 11, **ages)
    fit = model.fit(cells)
    assert fit.converged
    assert held(fit.params) == held(p)
    for name, value in parameters(p).items():
        assert abs(getattr(fit.params, name) - value) < 4 * fit.sd[name], name


@every_model
def test_no_cells_give_an_empty_forecast(model):
    none = np.zeros(0, np.int64)
    empty = Cells(none, none, none, none.astype(float))
    forecast = model.predict(TYPICAL[name_of(model)], empty, days=10, rate=1e-4, clock=True)
    assert len(forecast.orders) == 0
    assert forecast.start.tolist() == [0]
    assert len(model.next_order_days(TYPICAL[name_of(model)], empty)) == 0


@every_model
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(0, 0, 10)] * 50 + [(0, 0, 300)] * 20, "nobody ever came back"),
        ([(3, 50, 100)], "one customer"),
        ([(0, 0, 0)] * 500, "last day observed"),
    ],
)
def test_where_nothing_can_be_known_it_says_so(model, rows, words):
    with pytest.raises(FitError, match=words):
        model.fit(as_cells(rows))
