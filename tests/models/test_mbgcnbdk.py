"""MBG/CNBD-k and MBG/NBD: against integrals over the rate, against simulation, and against each other."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln, factorial, gammaln, logsumexp, pdtr

from keepwell.errors import DataError
from keepwell.models import mbgcnbdk, mbgnbd
from keepwell.models.mbgcnbdk import MBGCNBDk
from keepwell.models.mbgnbd import MBGNBD
from keepwell.models.shapes import Cells

PAPER = MBGCNBDk(r=0.9, alpha=8.0, a=0.6, b=3.0, k=3)  # days
CORNERS = [
    replace(PAPER, k=1),
    PAPER,
    MBGCNBDk(r=0.05, alpha=0.3, a=1e-4, b=2e-4, k=2),
    MBGCNBDk(r=40.0, alpha=30.0, a=4e4, b=1e5, k=5),
    MBGCNBDk(r=3.0, alpha=5.0, a=0.02, b=50.0, k=40),
]
HISTORIES = [(0, 0, 200), (0, 0, 1), (1, 30, 200), (1, 200, 200), (7, 35, 700), (132, 199, 200), (9, 90, 99)]


def arrays(histories):
    return dict(zip(("x", "t_x", "T"), np.array(histories, float).T, strict=True))


def as_cells(histories):
    x, t_x, T = np.array(histories).T
    return Cells(x, t_x, T, np.ones(len(x)))


def over_rates(p, power, exposure, function):
    """Return ln of the integral of lambda^power exp(-lambda exposure) function(lambda) over the prior of the rate.

    The trapezoidal rule in ln(lambda) converges faster than any power of its step; it is chosen far too small.
    """
    shape, rate = p.r + power, p.alpha + exposure
    low, high = np.log(shape / rate) - 45 / shape - 45 / np.sqrt(shape), np.log(shape / rate) + 8 / np.sqrt(shape) + 6
    at = np.linspace(low - 8, high, int((high - low + 8) / min(0.02, 0.1 / np.sqrt(shape))))
    logs = p.r * np.log(p.alpha) - gammaln(p.r) + shape * at - np.exp(at) * rate
    with np.errstate(divide="ignore"):
        logs = logs + np.log(function(np.exp(at)))
    return logsumexp(logs) + np.log(at[1] - at[0])


def silent(k, events):
    """Return the chance of fewer than k events, as many as `events` being expected."""
    return pdtr(k - 1, events)


def slow(p, x, t_x, T):
    """Return ln L without the times between purchases, and P(active), by integrals over the rate of phases."""
    here = over_rates(p, p.k * x, t_x, lambda rate: silent(p.k, rate * (T - t_x)))
    left = over_rates(p, p.k * x, t_x, np.ones_like)
    with mpmath.workdps(40):
        a, b = mpmath.mpf(p.a), mpmath.mpf(p.b)
        here += float(mpmath.log(mpmath.beta(a, b + x + 1) / mpmath.beta(a, b)))
        left += float(mpmath.log(mpmath.beta(a + 1, b + x) / mpmath.beta(a, b)))
    whole = np.logaddexp(here, left)
    return whole - x * gammaln(p.k), np.exp(here - whole)


def slow_distribution(p, x, t_x, T, t, most):
    """Return P(purchases in t = m | active) for m below `most`, by an integral over the rate of phases.

    Without leaving, given the rate, phases are a Poisson process; with it, the m-th purchase is the last with a chance
    whose moments are ratios of beta functions.
    """

    def fewer(m, rate):
        """Return P(fewer than m purchases and active), given the rate."""
        js = range(min(p.k, m * p.k))
        passed = [np.exp(-rate * (T - t_x)) * (rate * (T - t_x)) ** j / factorial(j) for j in js]
        return sum(passed[j] * pdtr(m * p.k - 1 - j, rate * t) for j in js)

    whole = over_rates(p, p.k * x, t_x, lambda rate: silent(p.k, rate * (T - t_x)))
    ahead = [over_rates(p, p.k * x, t_x, lambda rate, m=m: fewer(m, rate)) for m in range(1, most + 1)]
    below = [0.0, *np.exp(np.array(ahead) - whole)]
    a, b = p.a, p.b + x + 1
    stays = np.exp(betaln(a, b + np.arange(most + 1)) - betaln(a, b))
    leaves = np.r_[0.0, -np.diff(stays)]
    return np.array([stays[m] * (below[m + 1] - below[m]) + leaves[m] * (1 - below[m]) for m in range(most)])


@pytest.mark.parametrize("p", CORNERS)
def test_log_likelihood_and_p_active_agree_with_an_integral_over_the_rate(p):
    logs, chances = np.array([slow(p, *h) for h in HISTORIES]).T
    np.testing.assert_allclose(mbgcnbdk.log_likelihood(p, **arrays(HISTORIES)), logs, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(mbgcnbdk.active(p, **arrays(HISTORIES)), chances, rtol=1e-7, atol=1e-300)


def test_the_times_between_purchases_enter_as_the_density_of_erlang_does():
    # Two purchases after the first, 10 and 30 days apart, the second on the last day: two densities.
    def density(rate):
        gaps = [rate**3 * gap**2 * np.exp(-rate * gap) / 2 for gap in (10, 30)]
        return gaps[0] * gaps[1]

    a, b = PAPER.a, PAPER.b
    # Stayed after each of three purchases.
    stays = b / (a + b) * (b + 1) / (a + b + 1) * (b + 2) / (a + b + 2)
    left = b / (a + b) * (b + 1) / (a + b + 1) * a / (a + b + 2)
    wanted = over_rates(PAPER, 0, 0, density) + np.log(stays + left)
    one = {"x": np.array([2.0]), "t_x": np.array([40.0]), "T": np.array([40.0])}
    got = mbgcnbdk.log_likelihood(PAPER, **one, log_intervals=np.log(10) + np.log(30))
    assert got[0] == pytest.approx(float(wanted), rel=1e-9)


@pytest.mark.parametrize(
    ("p", "history", "t"),
    [
        (PAPER, (4, 80, 90), 60),
        (PAPER, (0, 0, 40), 200),
        (replace(PAPER, k=1), (3, 50, 200), 90),
        (CORNERS[3], (7, 35, 37), 20),
    ],
)
def test_what_is_to_come_agrees_with_an_integral_over_the_rate(p, history, t):
    most = 40
    wanted = slow_distribution(p, *history, t, most)
    forecast = mbgcnbdk.predict(p, as_cells([history]), days=t)
    # The distribution is that of the nearest node of the phases passed, but at x = 0; the expectation is exact.
    assert np.abs(forecast.pmf[:most] - wanted[: len(forecast.pmf)]).max() < (
        1e-8 if p.k == 1 or history[0] == 0 else 0.02
    )
    tail = 1 - wanted.sum()
    mean = float(np.arange(most) @ wanted)
    orders = mbgcnbdk.expected(p, **arrays([history]), t=float(t))[0] / forecast.p_active[0]
    assert mean - 1e-9 <= orders <= mean + 40 * tail + 1e-9
    if tail < 1e-9:
        assert orders == pytest.approx(mean, abs=1e-7)


def test_the_distribution_at_a_node_is_exact():
    # Bought today, so no phase has passed: the first node.
    wanted = slow_distribution(PAPER, 4, 80, 80, 60, 10)
    np.testing.assert_allclose(mbgcnbdk.predict(PAPER, as_cells([(4, 80, 80)]), days=60).pmf[:10], wanted, atol=1e-9)


@pytest.mark.parametrize(("t", "delta"), [(50.0, 0.01), (400.0, 0.002), (4000.0, 3e-4)])
@pytest.mark.parametrize("k", [1, 3, 12])
def test_discounted_purchases_are_the_sum_over_small_steps(k, t, delta):
    p = MBGCNBDk(r=2.0, alpha=20.0 / k, a=0.3, b=6.0, k=k)
    edges = np.linspace(0, t, 401)
    one = arrays([(5, 60, 70)])
    reached = np.array([0.0, *(mbgcnbdk.expected(p, **one, t=float(u))[0] for u in edges[1:])])
    slow_sum = np.diff(reached) @ np.exp(-delta * (edges[:-1] + edges[1:]) / 2)
    assert mbgcnbdk.discounted(p, **one, delta=delta, t=t)[0] == pytest.approx(slow_sum, rel=1e-5)


def test_the_next_order_comes_by_its_day_with_the_chance_asked_for():
    histories = [(4, 80, 90), (4, 80, 80), (1, 30, 60), (9, 90, 99)]
    for q in (0.1, 0.5):
        days = mbgcnbdk.next_order_days(PAPER, as_cells(histories), q=q)
        for history, day in zip(histories, days, strict=True):
            if np.isfinite(day):
                x, t_x, T = history
                still = over_rates(PAPER, 3 * x, t_x, lambda rate, end=T + day - t_x: silent(3, rate * end))
                whole = over_rates(PAPER, 3 * x, t_x, lambda rate, end=T - t_x: silent(3, rate * end))
                chance = mbgcnbdk.active(PAPER, **arrays([history]))[0] * (1 - np.exp(still - whole))
                assert float(chance) == pytest.approx(q, abs=1e-8)
            else:
                assert mbgcnbdk.active(PAPER, **arrays([history]))[0] <= q


def test_with_one_phase_it_is_the_mbgnbd():
    one, p = MBGCNBDk(0.5, 40.0, 0.9, 1.6, k=1), MBGNBD(0.5, 40.0, 0.9, 1.6)
    cells = as_cells(HISTORIES)
    for name in ("log_likelihood", "active"):
        ours, theirs = getattr(mbgcnbdk, name)(one, **arrays(HISTORIES)), getattr(mbgnbd, name)(p, **arrays(HISTORIES))
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    for clock in (False, True):
        ours = mbgcnbdk.predict(one, cells, days=365, rate=3e-4, clock=clock)
        theirs = mbgnbd.predict(p, cells, days=365, rate=3e-4, clock=clock)
        np.testing.assert_allclose(ours.discounted, theirs.discounted, rtol=1e-12)
        np.testing.assert_allclose(ours.pmf, theirs.pmf, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(mbgcnbdk.next_order_days(one, cells), mbgnbd.next_order_days(p, cells), rtol=1e-7)


def test_regular_buyers_are_told_and_their_future_is_met(regular_customers):
    truth = MBGCNBDk(r=1.2, alpha=60.0, a=0.5, b=4.0, k=3)
    cells, later = regular_customers(truth, 12_000, 5, days=1000)
    fit = mbgcnbdk.fit(cells)
    assert fit.params.k == 3
    assert "k = 3 is the likeliest" in fit.ending
    for name, sd in fit.sd.items():
        assert abs(getattr(fit.params, name) - getattr(truth, name)) < 4 * sd
    forecast = mbgcnbdk.predict(truth, cells, days=1000)
    # Who is due, who has just bought, and who is long silent, are each met.
    silence = (cells.age - cells.recency) * (cells.repeats + 1) / np.maximum(cells.recency, 1)
    for part in (silence < 0.7, (silence >= 0.7) & (silence < 1.5), silence >= 1.5):
        error = later[part].std() * np.sqrt(part.sum())
        assert forecast.orders[part].sum() == pytest.approx(later[part].sum(), abs=4 * error)
    plain = mbgnbd.predict(mbgnbd.fit(cells).params, cells, days=1000)
    assert np.mean((forecast.orders - later) ** 2) < np.mean((plain.orders - later) ** 2)


def test_who_buys_at_random_is_told_too(regular_customers):
    cells, _ = regular_customers(MBGCNBDk(r=0.8, alpha=200.0, a=0.5, b=3.0, k=1), 3000, 6)
    assert mbgcnbdk.fit(cells).params.k == 1


def test_without_the_days_between_purchases_regularity_is_not_known_and_that_is_said(regular_customers):
    cells, _ = regular_customers(PAPER, 1000, 7)
    blind = replace(cells, log_intervals=None)
    fit = mbgcnbdk.fit(blind)
    assert fit.params.k == 1
    assert "not known without the days between purchases" in fit.ending
    assert mbgcnbdk.fit(blind, k=3).params == mbgcnbdk.fit(cells, k=3).params


def test_clockwork_goes_to_the_largest_k_and_says_so():
    rng = np.random.default_rng(8)
    gap = rng.integers(20, 60, 400)
    age = rng.integers(200, 900, 400)
    x = np.where(rng.random(400) < 0.1, 0, age // gap)
    cells = Cells(x, x * gap, age, np.ones(400), log_intervals=float(x @ np.log(gap)))
    fit = mbgcnbdk.fit(cells)
    assert fit.params.k == mbgcnbdk.MOST
    assert "the largest that is tried" in fit.ending


@pytest.mark.parametrize("wrong", [-1.0, 1e9, float("nan")])
def test_times_between_purchases_that_cannot_be_are_named(wrong):
    cells = Cells(np.array([0, 2, 5]), np.array([0, 30, 80]), np.array([90, 90, 90]), np.ones(3), log_intervals=wrong)
    with pytest.raises(DataError, match="days between purchases"):
        mbgcnbdk.fit(cells)


@pytest.mark.parametrize("k", [0, -2, 1.5])
def test_a_number_of_phases_that_is_none_is_named(k):
    with pytest.raises(DataError, match="phases"):
        mbgcnbdk.fit(as_cells(HISTORIES), k=k)


@settings(max_examples=40, deadline=None)
@given(k=st.integers(1, 20), x=st.integers(0, 50), c=st.floats(0.01, 100), share=st.floats(0.1, 1))
def test_a_change_of_time_unit_shifts_it_by_x_log_c_with_the_times_between(k, x, c, share):
    p, T = replace(PAPER, k=k), np.array([300.0])
    t_x, xs = T * share * (x > 0), np.array([float(x)])
    logs = x * np.log(t_x[0] / max(x, 1)) if x else 0.0
    here = mbgcnbdk.log_likelihood(p, x=xs, t_x=t_x, T=T, log_intervals=logs)
    there = mbgcnbdk.log_likelihood(
        replace(p, alpha=c * p.alpha), x=xs, t_x=c * t_x, T=c * T, log_intervals=logs + x * np.log(c)
    )
    np.testing.assert_allclose(there, here - x * np.log(c), rtol=1e-9, atol=1e-8)
