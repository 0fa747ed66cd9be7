"""MBG/NBD against many-digit sums, and against simulated customers."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest

from keepwell.models import bgnbd, mbgnbd
from keepwell.models.bgnbd import BGNBD
from keepwell.models.mbgnbd import MBGNBD
from keepwell.models.shapes import Cells

DAILY = MBGNBD(r=0.64, alpha=51.0, a=0.81, b=1.23)
CORNERS = [
    DAILY,
    replace(DAILY, a=1.0),
    MBGNBD(r=0.01, alpha=0.3, a=1e-4, b=2e-4),
    MBGNBD(r=50.0, alpha=3.0, a=4e4, b=1e5),
    MBGNBD(r=1e4, alpha=1e6, a=0.02, b=50.0),
]
HISTORIES = [(0, 0, 200), (0, 0, 1), (1, 30, 200), (1, 200, 200), (7, 35, 700), (132, 200, 200), (3000, 3500, 7300)]


def arrays(histories):
    return dict(zip(("x", "t_x", "T"), np.array(histories, float).T, strict=True))


def exact(p, x, t_x, T):
    """Return ln L and P(active) of the formula in the module's docstring, in 60 digits."""
    with mpmath.workdps(60):
        r, alpha, a, b = (mpmath.mpf(v) for v in (p.r, p.alpha, p.a, p.b))
        here = (alpha + T) ** -(r + x)
        gone = a / (b + x) * (alpha + t_x) ** -(r + x)
        constant = mpmath.loggamma(r + x) - mpmath.loggamma(r) + r * mpmath.log(alpha)
        constant += mpmath.log(mpmath.beta(a, b + x + 1) / mpmath.beta(a, b))
        return float(constant + mpmath.log(here + gone)), float(here / (here + gone))


@pytest.mark.parametrize("p", CORNERS)
def test_log_likelihood_and_p_active_agree_with_sixty_digits(p):
    logs, chances = np.array([exact(p, *h) for h in HISTORIES]).T
    np.testing.assert_allclose(mbgnbd.log_likelihood(p, **arrays(HISTORIES)), logs, rtol=1e-10, atol=1e-9)
    np.testing.assert_allclose(mbgnbd.active(p, **arrays(HISTORIES)), chances, rtol=1e-8, atol=1e-300)


def test_the_expectation_of_a_new_customer_is_that_of_the_hypergeometric_series():
    # Batislam, Denizel & Filiztekin (2007), E[X(t)] of the central variant.
    p, t = DAILY, 273
    with mpmath.workdps(40):
        r, alpha, a, b = (mpmath.mpf(v) for v in (p.r, p.alpha, p.a, p.b))
        z = t / (alpha + t)
        series = mpmath.hyp2f1(r, b + 1, a + b, z)
        wanted = b / (a - 1) * (1 - (alpha / (alpha + t)) ** r * series)
    assert float(mbgnbd.expected_new(p, float(t))) == pytest.approx(float(wanted), rel=1e-9)


def test_who_is_active_goes_on_as_a_customer_of_the_bgnbd_who_stayed_once_more():
    cells = Cells(np.array([0, 3, 9]), np.array([0, 50, 200]), np.array([30, 90, 210]), np.ones(3))
    ours = mbgnbd.predict(DAILY, cells, days=200)
    theirs = bgnbd.predict(BGNBD(DAILY.r, DAILY.alpha, DAILY.a, DAILY.b + 1), cells, days=200)
    np.testing.assert_allclose(ours.pmf, theirs.pmf, rtol=1e-12)
    assert (ours.p_active <= theirs.p_active).all()
    assert ours.p_active[0] < 1 == theirs.p_active[0]


def test_the_future_of_simulated_customers_is_met_group_by_group(regular_customers):
    truth = replace(DAILY, alpha=500.0)
    cells, later = regular_customers(truth, 60_000, 9, days=1500)
    forecast = mbgnbd.predict(truth, cells, days=1500)
    for low, high in ((0, 0), (1, 1), (2, 4), (5, 1000)):
        part = (cells.repeats >= low) & (cells.repeats <= high)
        error = later[part].std() * np.sqrt(part.sum())
        assert forecast.orders[part].sum() == pytest.approx(later[part].sum(), abs=4 * error)
        nothing = 1 - forecast.p_active * (1 - forecast.pmf[forecast.start[:-1]][forecast.group])
        chance = nothing[part]
        error = np.sqrt((chance * (1 - chance)).sum())
        assert (later[part] == 0).sum() == pytest.approx(chance.sum(), abs=4 * error)
