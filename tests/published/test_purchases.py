"""Numbers that others have printed about buying, in shops (CDNOW) and to a charity."""

import numpy as np
import pytest

from keepwell.models import bgbb, bgnbd, mbgcnbdk, mbgnbd, paretonbd
from keepwell.models.bgbb import BGBB
from keepwell.models.bgnbd import BGNBD
from keepwell.models.paretonbd import ParetoNBD
from keepwell.models.shapes import Cells

PAPER_BG = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)
PAPER_PARETO = ParetoNBD(r=0.5533, alpha=10.578, s=0.6062, beta=11.668)


PAPER_BB = BGBB(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783)
# Donors by gifts, year of the last and years had, as printed by Fader, Hardie & Shang (2010).
DONORS = """0,0:3464 1,1:1091 1,2:277 1,3:129 1,4:78 1,5:119 1,6:129 2,2:613 2,3:255 2,4:155 2,5:173 2,6:234 3,3:322
3,4:181 3,5:225 3,6:357 4,4:240 4,5:284 4,6:512 5,5:335 5,6:728 6,6:1203"""


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
    same = np.diff(who[seen]) == 0
    gaps = float(np.log(np.diff(when[seen])[same]).sum())
    return Cells(bought - 1, last - first, end - first, np.ones(len(people)), log_intervals=gaps), later


def donors():
    """Return the cells of the donors, in years."""
    rows = [entry.replace(":", ",").split(",") for entry in DONORS.split()]
    x, t_x, count = np.array(rows, np.int64).T
    return Cells(x, t_x, np.full(len(x), 6), count.astype(float))


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
        (mbgnbd, (0.637140, 7.310290, 0.807474, 1.228394), -95336.96, 0.7945, 15_934),
        (mbgcnbdk, (0.637130, 7.310225, 0.807491, 1.228443), -95336.96, 0.7945, 15_934),
        (paretonbd, (0.597402, 11.585437, 0.522225, 8.829168), -95415.12, 0.7938, 17_153),
    ],
)
def test_all_of_cdnow_is_fitted_and_forecast_as_by_lifetimes_clvtools_and_btydplus(
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


def test_mbgnbd_on_cdnow_batislam_denizel_filiztekin_2007(sample):
    # The estimates are those of the R and Python packages; the paper itself uses a grocer's data.
    fit = mbgnbd.fit(sample[0])
    p = fit.params
    np.testing.assert_allclose([p.r, p.alpha / 7, p.a, p.b], [0.525, 6.183, 0.891, 1.614], atol=6e-4)
    assert fit.converged


def test_cdnow_customers_do_not_buy_regularly_as_btydplus_found_platzer_reutterer_2016(sample, master):
    for cells, _ in (sample, master):
        assert mbgcnbdk.fit(cells).params.k == 1
        regular, plain = (mbgcnbdk.fit(cells, k=k).log_likelihood for k in (2, 1))
        assert regular < plain


def test_donors_fader_hardie_shang_2010_marketing_science_29():
    cells = donors()
    fit = bgbb.fit(cells)
    p = fit.params
    assert cells.count.sum() == 11_104
    np.testing.assert_allclose([p.alpha, p.beta, p.gamma, p.delta], [1.204, 0.750, 0.657, 2.783], atol=6e-4)
    assert fit.log_likelihood == pytest.approx(-33225.58, abs=6e-3)
    assert fit.converged
    assert bgbb.predict(p, cells, days=5).orders @ cells.count == pytest.approx(12_884.2, abs=0.06)
    assert bgbb.predict(PAPER_BB, cells, days=5).orders @ cells.count == pytest.approx(12_882.3, abs=0.06)


def test_single_donors_fader_hardie_shang_2010_marketing_science_29():
    p = bgbb.fit(donors()).params
    silent, steady = {"x": [0, 2], "t_x": [0, 4], "T": [6, 6]}, {"x": [6], "t_x": [6], "T": [6]}
    np.testing.assert_allclose(bgbb.active(p, **silent), [0.108, 0.590], atol=6e-4)
    np.testing.assert_allclose(bgbb.active(p, **steady), [0.930], atol=6e-4)
    gifts = bgbb.expected(p, x=[0, 1, 2, 6], t_x=[0, 6, 4, 6], T=[6] * 4, t=5)
    np.testing.assert_allclose(gifts, [0.073, 1.148, 1.058, 3.753], atol=6e-4)


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
