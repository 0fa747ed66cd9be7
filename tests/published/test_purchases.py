"""Numbers that others have printed about buying: the BG/NBD and the Pareto/NBD on the CDNOW sample."""

import numpy as np
import pytest

from keepwell.models import bgnbd, paretonbd
from keepwell.models.bgnbd import BGNBD
from keepwell.models.paretonbd import ParetoNBD
from keepwell.models.shapes import Cells

PAPER_BG = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)
PAPER_PARETO = ParetoNBD(r=0.5533, alpha=10.578, s=0.6062, beta=11.668)


def customers(*rows):
    return dict(zip(("x", "t_x", "T"), np.array(rows, float).T, strict=True))


def calibrated(path, columns, *, header=0):
    """Return the cells of a CDNOW file up to 1997-09-30 (39 weeks), in days, and the purchases of the next 39 weeks."""
    number, day = np.loadtxt(path, usecols=columns, dtype=np.int64, skiprows=header).T
    dates = np.array([f"{d // 10000}-{d // 100 % 100:02d}-{d % 100:02d}" for d in day.tolist()], "datetime64[D]")
    end = int(np.datetime64("1997-09-30").astype(np.int64))
    who, when = np.unique(np.column_stack([number, dates.astype(np.int64)]), axis=0).T
    seen = when <= end
    people, start, bought = np.unique(who[seen], return_index=True, return_counts=True)
    first, last = when[seen][start], when[seen][start + bought - 1]
    later = np.bincount(np.searchsorted(people, who[~seen]), minlength=len(people))
    return Cells(bought - 1, last - first, end - first, np.ones(len(people))), later


@pytest.fixture
def sample(shared_data):
    """The sample of a tenth that the papers use: 2,357 customers."""
    return calibrated(shared_data / "cdnow" / "CDNOW_sample.txt", (1, 2))


@pytest.fixture
def master(shared_data):
    """All 23,570 customers."""
    return calibrated(shared_data / "cdnow" / "CDNOW_master.txt", (0, 1), header=1)


def test_bgnbd_on_cdnow_fader_hardie_lee_2005_marketing_science_24(sample):
    cells, _ = sample
    fit = bgnbd.fit(cells)
    p = fit.params
    assert cells.count.sum() == 2357
    np.testing.assert_allclose([p.r, p.alpha / 7, p.a, p.b], [0.2426, 4.4136, 0.7929, 2.4259], atol=6e-5)
    # A density per day is a seventh of the density per week, once for each repeat purchase.
    assert fit.log_likelihood + cells.repeats.sum() * np.log(7) == pytest.approx(-9582.4292, abs=1e-4)
    assert fit.converged


def test_paretonbd_on_cdnow_schmittlein_morrison_colombo_1987_and_fader_hardie_notes(sample):
    cells, _ = sample
    fit = paretonbd.fit(cells)
    p = fit.params
    np.testing.assert_allclose([p.r, p.alpha / 7, p.s, p.beta / 7], [0.5533, 10.578, 0.6062, 11.668], rtol=2e-4)
    assert fit.log_likelihood + cells.repeats.sum() * np.log(7) == pytest.approx(-9594.9762, abs=1e-4)
    assert fit.converged


@pytest.mark.parametrize(
    ("model", "mae", "rmse", "total"), [(paretonbd, 0.7545, 1.603, 1665), (bgnbd, 0.7855, 1.608, None)]
)
def test_the_next_39_weeks_of_cdnow_are_forecast_as_well_as_by_others(sample, model, mae, rmse, total):
    cells, later = sample
    orders = model.predict(model.fit(cells).params, cells, days=273).orders
    assert np.abs(orders - later).mean() == pytest.approx(mae, abs=6e-5)
    assert np.sqrt(np.mean((orders - later) ** 2)) == pytest.approx(rmse, abs=6e-4)
    assert later.sum() == 1882
    assert total is None or orders.sum() == pytest.approx(total, abs=0.6)


@pytest.mark.parametrize(
    ("model", "params", "log_likelihood", "mae", "total"),
    [
        (bgnbd, (0.251624, 4.788945, 0.723433, 2.161087), -95368.44, 0.8187, 16_874),
        (paretonbd, (0.597402, 11.585437, 0.522225, 8.829168), -95415.12, 0.7938, 17_153),
    ],
)
def test_all_of_cdnow_is_fitted_and_forecast_as_by_lifetimes_and_clvtools(
    master, model, params, log_likelihood, mae, total
):
    cells, later = master
    fit = model.fit(cells)
    weeks = np.array([getattr(fit.params, name) for name in fit.sd])
    weeks[[1, 3] if model is paretonbd else [1]] /= 7
    # The others stop at a slope of about 1e-6 a customer.
    np.testing.assert_allclose(weeks, params, rtol=1e-3)
    assert fit.log_likelihood + cells.repeats.sum() * np.log(7) == pytest.approx(log_likelihood, abs=6e-3)
    orders = model.predict(fit.params, cells, days=273).orders
    assert later.sum() == 19_684
    assert orders.sum() == pytest.approx(total, abs=2)
    assert np.abs(orders - later).mean() == pytest.approx(mae, abs=6e-5)


def test_a_customer_of_bgnbd_fader_hardie_lee_2005_marketing_science_24():
    orders = bgnbd.expected(PAPER_BG, **customers((2, 30.43, 38.86)), t=39.0)
    assert orders[0] == pytest.approx(1.226, abs=6e-4)


def test_new_customers_of_bgnbd_fader_hardie_lee_2005_marketing_science_24():
    assert bgnbd.pmf_new(PAPER_BG, 39.0, [0])[0] == pytest.approx(0.57379, abs=6e-6)
    p = BGNBD(r=0.242595, alpha=4.413603, a=0.792922, b=2.425906)
    times, printed = np.array([0.1429, 1, 3, 31.857, 32]), [0.0078, 0.0532, 0.1506, 1.0405, 1.0437]
    np.testing.assert_allclose(bgnbd.expected_new(p, times), printed, atol=6e-5)


def test_the_printed_1_8576_after_78_weeks_is_a_series_cut_after_150_terms():
    p, z = BGNBD(r=0.242595, alpha=4.413603, a=0.792922, b=2.425906), 78 / (4.413603 + 78)
    j = np.arange(3000)
    series = np.cumprod(np.r_[1, (p.r + j) * (p.b + j) / ((p.a + p.b - 1 + j) * (j + 1)) * z])

    def expected(terms):
        return (p.a + p.b - 1) / (p.a - 1) * (1 - (1 - z) ** p.r * series[:terms].sum())

    assert expected(150) == pytest.approx(1.8576, abs=1e-5)
    assert float(bgnbd.expected_new(p, 78.0)) == pytest.approx(expected(3000), rel=1e-9)
    assert expected(3000) == pytest.approx(1.85796, abs=1e-5)


def test_two_customers_of_paretonbd_fader_hardie_notes():
    both = customers((26, 30.86, 31), (2, 30.43, 38.86))
    assert paretonbd.active(PAPER_PARETO, **both) == pytest.approx([0.9979, 0.869], abs=2e-4)
    assert paretonbd.expected(PAPER_PARETO, **both, t=52.0)[0] == pytest.approx(25.46, abs=6e-3)
    assert paretonbd.expected(PAPER_PARETO, **both, t=39.0)[1] == pytest.approx(1.455, abs=6e-4)


def test_frequent_buyers_whose_hypergeometric_functions_overflow():
    p = ParetoNBD(r=0.55, alpha=10.58, s=0.61, beta=11.67)
    orders = paretonbd.expected(p, **customers((132, 200, 200), (133, 200, 200)), t=10.0)
    np.testing.assert_allclose(orders, [6.20605, 6.25287], atol=6e-6)
    many = np.arange(221.0, 255.0)
    history = {"x": many, "t_x": np.full(34, 200.0), "T": np.full(34, 200.0)}
    assert (np.diff(paretonbd.expected(p, **history, t=10.0)) > 0).all()
    assert np.isfinite(paretonbd.log_likelihood(p, **history)).all()


def test_iso_value_curves_fader_hardie_lee_2005_marketing_research_42():
    x, t_x = np.array([(0, 0), (1, 30), (7, 35), (9, 40), (1, 77), (7, 70), (14, 77)], float).T
    worth = paretonbd.discounted(PAPER_PARETO, x=x, t_x=t_x, T=np.full(7, 77.86), delta=np.log(1.15) / 52)
    np.testing.assert_allclose(worth[:5], [0.182, 1.430, 0.895, 1.077, 3.125], atol=6e-4)
    np.testing.assert_allclose(worth[5:], [14.11, 29.27], atol=6e-3)
    assert worth[2] < worth[1], "the paradox: of two who bought long ago, the more frequent buyer is worth less"
