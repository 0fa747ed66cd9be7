"""What all purchase models in days promise: the same names, one way to fit, plain words where nothing can be known."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln

from keepwell.errors import DataError, FitError
from keepwell.models import bgnbd, mbgcnbdk, mbgnbd, paretonbd
from keepwell.models.purchases import rising
from keepwell.models.shapes import Cells, Fit, Forecast, parameters

MODELS = [bgnbd, mbgnbd, mbgcnbdk, paretonbd]
KINDS = {bgnbd: bgnbd.BGNBD, mbgnbd: mbgnbd.MBGNBD, mbgcnbdk: mbgcnbdk.MBGCNBDk, paretonbd: paretonbd.ParetoNBD}


def cells_of(*rows):
    x, t_x, T, count = np.array(rows, np.int64).T
    return Cells(x, t_x, T, count.astype(float))


def mixed_shop(seed=3, people=1500):
    """Return histories of whole days that no model made: log-normal rates, a third stays."""
    rng = np.random.default_rng(seed)
    T = rng.integers(30, 400, people)
    stay = T * np.where(rng.random(people) < 0.33, 1, rng.beta(0.5, 1.5, people))
    x = np.minimum(rng.poisson(0.02 * rng.lognormal(0, 1.2, people) * stay), stay.astype(int))
    t_x = np.where(x > 0, np.maximum(x, np.ceil(stay * rng.random(people) ** (1 / np.maximum(x, 1)))), 0)
    return Cells(x, t_x.astype(np.int64), T, np.ones(people))


@pytest.mark.parametrize("model", MODELS)
def test_each_model_offers_the_same_four_names(model):
    kind, cells = KINDS[model], mixed_shop()
    fit = model.fit(cells)
    assert isinstance(fit, Fit)
    assert isinstance(fit.params, kind)
    assert dataclasses.is_dataclass(kind)
    assert tuple(fit.sd) == tuple(parameters(fit.params))
    each = model.log_likelihood(fit.params, x=cells.repeats, t_x=cells.recency, T=cells.age)
    assert fit.log_likelihood == pytest.approx(each.sum(), rel=1e-10)
    forecast = model.predict(fit.params, cells, days=90)
    assert isinstance(forecast, Forecast)
    assert forecast.p_active.shape == forecast.orders.shape == forecast.group.shape == cells.age.shape


@pytest.mark.parametrize("model", MODELS)
def test_a_fit_depends_neither_on_row_order_nor_on_how_customers_are_grouped(model):
    cells = mixed_shop()
    fit = model.fit(cells)
    shuffle = np.random.default_rng(1).permutation(len(cells.age))
    moved = Cells(cells.repeats[shuffle], cells.recency[shuffle], cells.age[shuffle], cells.count)
    assert model.fit(moved) == fit
    key, counted = np.unique(np.column_stack([cells.repeats, cells.recency, cells.age]), axis=0, return_counts=True)
    grouped = model.fit(Cells(*key.T, counted.astype(float)))
    assert grouped == fit


@pytest.mark.parametrize("model", MODELS)
def test_weights_stand_for_repeated_customers(model):
    cells = mixed_shop()
    thrice = model.fit(Cells(cells.repeats, cells.recency, cells.age, 3 * cells.count))
    once = model.fit(cells)
    assert thrice.log_likelihood == pytest.approx(3 * once.log_likelihood, rel=1e-12)
    for name, value in parameters(once.params).items():
        assert getattr(thrice.params, name) == pytest.approx(value, rel=1e-5)
        assert thrice.sd[name] == pytest.approx(once.sd[name] / 3**0.5, rel=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_a_forecast_does_not_depend_on_the_company_of_a_cell(model):
    cells, p = mixed_shop(), model.fit(mixed_shop()).params
    whole = model.predict(p, cells, days=365, rate=3e-4)
    for i in (0, 700, 1499):
        alone = Cells(*(a[i : i + 1] for a in (cells.repeats, cells.recency, cells.age, cells.count)))
        one = model.predict(p, alone, days=365, rate=3e-4)
        assert one.p_active[0] == pytest.approx(whole.p_active[i], rel=1e-9)
        assert one.discounted[0] == pytest.approx(whole.discounted[i], rel=1e-9)
        g = whole.group[i]
        np.testing.assert_allclose(one.pmf, whole.pmf[whole.start[g] : whole.start[g + 1]], rtol=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_the_slope_is_zero_and_the_curvature_is_that_of_the_likelihood(model):
    cells = mixed_shop()
    fit = model.fit(cells)
    names = list(parameters(fit.params))
    theta = np.log(list(parameters(fit.params).values()))

    def total(log_params):
        p = KINDS[model](*np.exp(log_params))
        return model.log_likelihood(p, x=cells.repeats, t_x=cells.recency, T=cells.age).sum()

    h = 1e-3 * np.eye(len(names))
    bend = [
        [(total(theta + a + b) - total(theta + a - b) - total(theta - a + b) + total(theta - a - b)) / 4e-6 for a in h]
        for b in h
    ]
    np.testing.assert_allclose(np.linalg.inv(-np.array(bend)), fit.log_covariance, rtol=1e-3, atol=1e-6)
    for i in range(len(names)):
        # The likelihood falls on both sides of the peak, alike to the third order.
        assert total(theta + h[i]) < fit.log_likelihood > total(theta - h[i])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(0, 0, 10, 50), (0, 0, 300, 20)], "nobody ever came back"),
        ([(3, 50, 100, 1)], "one customer"),
        ([(0, 0, 0, 500)], "last day observed"),
    ],
)
def test_where_nothing_can_be_known_it_says_so(model, rows, words):
    with pytest.raises(FitError, match=words):
        model.fit(cells_of(*rows))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("row", [(1, 0, 9, 1), (0, 3, 9, 1), (2, 10, 9, 1), (-1, 0, 9, 1), (1, 3, 9, -1)])
def test_an_impossible_history_is_named(model, row):
    with pytest.raises(DataError, match=f"repeats {row[0]}, recency {row[1]}, age 9.*cell 1"):
        model.fit(cells_of((0, 0, 5, 1), row))


@pytest.mark.parametrize("model", MODELS)
def test_a_shop_that_nobody_leaves_is_fitted_and_told(model):
    rng = np.random.default_rng(4)
    x = rng.poisson(rng.gamma(0.8, 300 / 30, 800))
    x = np.minimum(x, 290)
    cells = Cells(x, np.where(x > 0, np.maximum(x, 300 - rng.integers(0, 9, 800)), 0), np.full(800, 300), np.ones(800))
    fit = model.fit(cells)
    assert not fit.converged
    # Where the first purchase may be the last, some of those who never came back may have left at once.
    at_once = model in (mbgnbd, mbgcnbdk)
    assert ("cannot be known" if at_once else "Hardly anyone leaves") in fit.ending
    leaving = list(fit.sd)[2:]
    assert all(np.isnan(fit.sd[name]) for name in leaving)
    assert np.isfinite(fit.sd["r"])
    # What is not known does not matter: the forecast is that of buying without leaving.
    forecast = model.predict(fit.params, cells, days=300)
    plain = (fit.params.r + x) / (fit.params.alpha + 300) * 300
    back = x > 0 if at_once else x >= 0
    np.testing.assert_allclose(forecast.orders[back], plain[back], rtol=0.01)


@pytest.mark.parametrize("model", MODELS)
def test_customers_who_are_all_alike_are_fitted_and_told(model):
    x = np.random.default_rng(5).poisson(4, 3000)
    cells = Cells(x, np.where(x > 0, 390 + x, 0), np.full(3000, 420), np.ones(3000))
    fit = model.fit(cells)
    assert not fit.converged
    assert "too alike" in fit.ending
    assert fit.params.r / fit.params.alpha == pytest.approx(x.mean() / 420, rel=0.02)


@pytest.mark.parametrize("model", MODELS)
def test_five_customers_get_an_answer_with_its_doubt_or_a_wide_interval(model):
    fit = model.fit(cells_of((3, 50, 100, 1), (0, 0, 100, 1), (1, 10, 90, 1), (0, 0, 80, 1), (12, 95, 100, 1)))
    doubt = not fit.converged and ("cannot be known" in fit.ending or "(or too few)" in fit.ending)
    assert doubt or max(fit.sd[name] / value for name, value in parameters(fit.params).items()) > 1


@pytest.mark.parametrize("model", MODELS)
def test_twenty_years_of_daily_buyers_fit_in_little_memory(model):
    rng = np.random.default_rng(6)
    x = rng.integers(1, 7000, 1000)
    cells = Cells(x, np.minimum((x * 1.04).astype(int) + 1, 7300), np.full(1000, 7300), np.ones(1000))
    fit = model.fit(cells)
    assert np.isfinite(fit.log_likelihood)
    forecast = model.predict(fit.params, cells, days=30)
    assert np.isfinite(forecast.orders).all()
    assert (forecast.orders <= 30 * (fit.params.r + x) / (fit.params.alpha + 7300) * (1 + 1e-9)).all()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("days", [1, 25_550])
def test_no_cells_give_an_empty_forecast(model, days):
    none = np.zeros(0, np.int64)
    p = model.fit(mixed_shop()).params
    forecast = model.predict(p, Cells(none, none, none, none.astype(float)), days=days, rate=1e-4, clock=True)
    assert len(forecast.orders) == 0
    assert forecast.start.tolist() == [0]
    assert len(model.next_order_days(p, Cells(none, none, none, none.astype(float)))) == 0


@pytest.mark.parametrize("model", MODELS)
def test_a_customer_who_is_surely_gone_has_no_next_order_and_no_warning(model):
    p = KINDS[model](
        r=20.0, alpha=25.0, **({"s": 3.9, "beta": 1070.0} if model is paretonbd else {"a": 3.2, "b": 650.0})
    )
    gone = cells_of((2000, 2400, 7000, 1), (2000, 2400, 2402, 1))
    days = model.next_order_days(p, gone)
    assert np.isinf(days[0])
    assert 0 < days[1] < 10
    forecast = model.predict(p, gone, days=25_550, rate=3e-4, clock=True)
    assert forecast.p_active[0] < 1e-200
    assert (forecast.pmf >= 0).all()


@settings(max_examples=40)
@given(shape=st.floats(1e-4, 1e6), scale=st.floats(1e-3, 1e6), x=st.integers(0, 3000))
def test_the_sum_for_a_ratio_of_gamma_functions_is_that_ratio(shape, scale, x):
    value, slope = rising(shape, scale, np.array([x]))
    # The difference of two logarithms of gamma functions loses digits where the shape is large.
    assert value[0] == pytest.approx(gammaln(shape + x) - gammaln(shape) - x * np.log(scale), rel=1e-8, abs=1e-6)
    assert slope[0] == pytest.approx(np.sum(1 / (shape + np.arange(x))), rel=1e-12)
