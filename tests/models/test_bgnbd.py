"""BG/NBD against many-digit sums, against simulation, and against itself."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepwell.models import bgnbd, counts
from keepwell.models.bgnbd import BGNBD
from keepwell.models.histories import by_repeats
from keepwell.models.shapes import Cells

CDNOW = BGNBD(r=0.2426, alpha=4.4136, a=0.7929, b=2.4259)  # weeks
DAILY = BGNBD(r=0.4, alpha=33.0, a=0.5, b=3.6)  # days
CORNERS = [
    CDNOW,
    DAILY,
    replace(DAILY, a=1.0),  # where the usual expectation divides by a - 1
    BGNBD(r=0.01, alpha=0.3, a=1e-4, b=2e-4),
    BGNBD(r=50.0, alpha=3.0, a=4e4, b=1e5),
    BGNBD(r=1e4, alpha=1e6, a=0.02, b=50.0),
]
HISTORIES = [(0, 0, 200), (0, 0, 1), (1, 30, 200), (1, 200, 200), (7, 35, 700), (132, 200, 200), (3000, 3500, 7300)]


def arrays(histories):
    return dict(zip(("x", "t_x", "T"), np.array(histories, float).T, strict=True))


def as_cells(histories, count=1.0):
    x, t_x, T = np.array(histories).T
    return Cells(x, t_x, T, np.full(len(x), count))


def exact(p, x, t_x, T):
    """Return ln L and P(active) of the formula in the module's docstring, in 60 digits."""
    with mpmath.workdps(60):
        r, alpha, a, b = (mpmath.mpf(v) for v in (p.r, p.alpha, p.a, p.b))
        here = (alpha + T) ** -(r + x)
        gone = a / (b + x - 1) * (alpha + t_x) ** -(r + x) if x else mpmath.mpf(0)
        constant = mpmath.loggamma(r + x) - mpmath.loggamma(r) + r * mpmath.log(alpha)
        constant += mpmath.log(mpmath.beta(a, b + x) / mpmath.beta(a, b))
        return float(constant + mpmath.log(here + gone)), float(here / (here + gone))


@pytest.mark.parametrize("p", CORNERS)
def test_log_likelihood_and_p_active_agree_with_sixty_digits(p):
    logs, chances = np.array([exact(p, *h) for h in HISTORIES]).T
    np.testing.assert_allclose(bgnbd.log_likelihood(p, **arrays(HISTORIES)), logs, rtol=1e-10, atol=1e-9)
    np.testing.assert_allclose(bgnbd.active(p, **arrays(HISTORIES)), chances, rtol=1e-8, atol=1e-300)


@pytest.mark.parametrize("p", CORNERS)
def test_the_fused_value_is_the_sum_and_its_gradient_is_its_slope(p):
    rows, _ = by_repeats(as_cells([*HISTORIES, (3, 3, 9), (30, 31, 365)], 2.0))
    objective = bgnbd.objective(rows)
    theta = np.log([p.r, p.alpha, p.a, p.b])
    value, gradient = objective(theta)
    x = np.repeat(rows.repeats, np.diff(rows.start))
    assert value == pytest.approx(2 * bgnbd.log_likelihood(p, x=x, t_x=rows.recency, T=rows.age).sum(), rel=1e-10)
    for i, h in enumerate(1e-4 * np.eye(4)):
        slope = (objective(theta + h)[0] - objective(theta - h)[0]) / 2e-4
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-5 * (1 + abs(gradient).max()))


@pytest.mark.parametrize(
    ("p", "x", "age", "days"),
    [(DAILY, 0, 0, 365), (DAILY, 4, 500, 365), (DAILY, 60, 700, 365), (DAILY, 2, 300, 9000), (CORNERS[4], 3, 50, 200)],
)
def test_the_distribution_agrees_with_adaptive_quadrature(p, x, age, days):
    one = np.ones(1)
    start, pmf = counts.stopped(
        (p.r + x) * one, (p.alpha + age) * one, p.a, (p.b + x) * one, days * one, np.ones((1, 1)), 1e-9
    )
    with mpmath.workdps(40):
        n, scale, a, b, t = (mpmath.mpf(v) for v in (p.r + x, p.alpha + age, p.a, p.b + x, days))

        def count(k):
            return mpmath.binomial(n + k - 1, k) * (scale / (scale + t)) ** n * (t / (scale + t)) ** k

        mean = int(sum(np.arange(len(pmf)) * pmf))
        for k in {0, 1, 2, mean, 2 * mean} & set(range(int(start[1]) - 1)):
            whole = mpmath.beta(a, b)
            wanted = mpmath.beta(a, b + k) / whole * count(k)
            if k:
                wanted += mpmath.beta(a + 1, b + k - 1) / whole * (1 - mpmath.fsum(count(j) for j in range(k)))
            assert pmf[k] == pytest.approx(float(wanted), abs=1e-12)


def test_the_expectation_is_that_of_the_paper():
    # Fader, Hardie & Lee (2005), equation 10, in 40 digits.
    for p, (x, t_x, T), t in [(CDNOW, (2, 30.43, 38.86), 39), (DAILY, (7, 600, 700), 365), (DAILY, (0, 0, 90), 365)]:
        with mpmath.workdps(40):
            r, alpha, a, b = (mpmath.mpf(v) for v in (p.r, p.alpha, p.a, p.b))
            series = mpmath.hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + T + t))
            rest = 1 - ((alpha + T) / (alpha + T + t)) ** (r + x) * series
            wanted = (a + b + x - 1) / (a - 1) * rest * exact(p, x, t_x, T)[1]
        got = bgnbd.expected(p, x=np.array([float(x)]), t_x=np.array([float(t_x)]), T=np.array([float(T)]), t=float(t))
        assert got[0] == pytest.approx(float(wanted), rel=1e-9)


def test_counts_and_discounted_purchases_are_those_of_simulated_customers():
    rng, people, x, age, days, delta = np.random.default_rng(8), 200_000, 3, 200, 1500, 1e-3
    buying = rng.gamma(DAILY.r + x, 1 / (DAILY.alpha + age), people)
    leaving = rng.beta(DAILY.a, DAILY.b + x, people)
    here, clock, orders, worth = np.arange(people), np.zeros(people), np.zeros(people, int), np.zeros(people)
    while len(here):
        clock[here] += rng.exponential(1, len(here)) / buying[here]
        here = here[clock[here] <= days]
        orders[here] += 1
        worth[here] += np.exp(-delta * clock[here])
        here = here[rng.random(len(here)) > leaving[here]]
    cells = as_cells([(x, age, age)])
    forecast = bgnbd.predict(DAILY, cells, days=days, rate=delta)
    size = len(forecast.pmf)
    seen = np.bincount(orders, minlength=size)[:size] / people
    # Six standard errors: one in a hundred million for each count.
    assert (np.abs(seen - forecast.pmf) < 6 * np.sqrt(forecast.pmf / people) + 1e-4 * (forecast.pmf < 1e-4)).all()
    chance = forecast.p_active[0]
    assert forecast.orders[0] == pytest.approx(chance * orders.mean(), abs=5 * orders.std() / people**0.5)
    assert forecast.discounted[0] == pytest.approx(chance * worth.mean(), abs=5 * worth.std() / people**0.5)


@pytest.mark.parametrize("clock", [False, True])
def test_the_mean_of_the_distribution_is_the_expectation(clock):
    cells = as_cells(HISTORIES)
    forecast = bgnbd.predict(DAILY, cells, days=3650, rate=3e-4, clock=clock)
    k = np.concatenate([np.arange(size) for size in np.diff(forecast.start)])
    mean = np.add.reduceat(k * forecast.pmf, forecast.start[:-1])[forecast.group] * forecast.p_active
    wanted = forecast.discounted if clock else forecast.orders
    # The last entry holds less than 1e-9 of the whole, which may lie some hundreds of purchases further up.
    np.testing.assert_allclose(mean, wanted, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(np.add.reduceat(forecast.pmf, forecast.start[:-1]), 1, atol=1e-12)


def test_no_discount_is_the_limit_of_a_small_one():
    history = arrays(HISTORIES)
    plain = bgnbd.expected(DAILY, **history, t=365.0)
    np.testing.assert_allclose(bgnbd.discounted(DAILY, **history, delta=0.0, t=365.0), plain, rtol=1e-12)
    # 1e-11 a day makes 4e-9 over a year; what is left is the error of the quadrature.
    np.testing.assert_allclose(bgnbd.discounted(DAILY, **history, delta=1e-11, t=365.0), plain, rtol=1e-8)


def test_the_next_order_comes_by_that_day_with_the_asked_chance():
    cells = as_cells(HISTORIES)
    for q in (0.1, 0.5, 0.9):
        days = bgnbd.next_order_days(DAILY, cells, q)
        for i in np.flatnonzero(np.isfinite(days)):
            forecast = bgnbd.predict(DAILY, as_cells(HISTORIES[i : i + 1]), days=days[i])
            assert forecast.p_active[0] * (1 - forecast.pmf[0]) == pytest.approx(q, rel=1e-9)
        assert (bgnbd._active_cells(DAILY, cells)[np.isinf(days)] <= q).all()


def test_the_truth_is_recovered(bg_customers):
    fit = bgnbd.fit(bg_customers(DAILY, 60_000, 5))
    assert fit.converged
    for name in ("r", "alpha", "a", "b"):
        # Purchases of one day merged into one put r and alpha a little up at this rate; three sd covers both.
        assert abs(getattr(fit.params, name) - getattr(DAILY, name)) < 3 * fit.sd[name]


def test_five_random_starts_reach_the_same_likelihood(bg_customers):
    cells = bg_customers(DAILY, 3000, 2)
    best = bgnbd.fit(cells)
    rng = np.random.default_rng(1)
    for _ in range(5):
        again = bgnbd.fit(cells, start=BGNBD(*np.exp(rng.normal(np.log([1, 50, 1, 2]), 1.5))))
        assert again.log_likelihood == pytest.approx(best.log_likelihood, rel=1e-12)
        assert again.params.b == pytest.approx(best.params.b, rel=1e-4)


def test_the_distributions_of_new_customers_sum_to_the_expectation():
    pmf = bgnbd.pmf_new(CDNOW, 39.0, np.arange(3000))
    assert pmf.sum() == pytest.approx(1, abs=1e-11)
    assert pmf @ np.arange(3000) == pytest.approx(float(bgnbd.expected_new(CDNOW, 39.0)), rel=1e-9)


history = st.tuples(st.integers(0, 60), st.floats(0, 1), st.integers(61, 900)).map(
    lambda h: (h[0], max(h[0], round(h[1] * h[2])) if h[0] else 0, h[2])
)
params = st.builds(BGNBD, r=st.floats(0.05, 20), alpha=st.floats(1, 500), a=st.floats(0.05, 20), b=st.floats(0.05, 20))


@settings(max_examples=60, deadline=None)
@given(p=params, h=history, c=st.floats(0.01, 100))
def test_a_change_of_time_unit_shifts_it_by_x_log_c(p, h, c):
    scaled = replace(p, alpha=c * p.alpha)
    x, t_x, T = np.array([h], float).T
    here = bgnbd.log_likelihood(p, x=x, t_x=t_x, T=T)
    there = bgnbd.log_likelihood(scaled, x=x, t_x=c * t_x, T=c * T)
    np.testing.assert_allclose(there, here - x * np.log(c), rtol=1e-9, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(p=params, h=history)
def test_silence_lowers_the_chance_of_being_active(p, h):
    x, t_x, _ = h
    ages = t_x + np.array([0.0, 1.0, 10.0, 100.0, 1000.0])
    chances = bgnbd.active(p, x=np.full(5, float(x)), t_x=np.full(5, float(t_x)), T=ages)
    assert ((chances >= 0) & (chances <= 1)).all()
    assert (np.diff(chances) <= 1e-12).all()
    assert x > 0 or (chances == 1).all()


@settings(max_examples=30, deadline=None)
@given(p=params, h=history, days=st.integers(1, 1000), rate=st.floats(0, 0.01))
def test_a_longer_horizon_and_a_lower_discount_never_forecast_less(p, h, days, rate):
    cells = as_cells([h])
    near = bgnbd.predict(p, cells, days=days, rate=rate)
    far = bgnbd.predict(p, cells, days=days + 30, rate=rate)
    assert near.orders[0] <= far.orders[0] * (1 + 1e-12)
    assert near.discounted[0] <= near.orders[0] * (1 + 1e-9)
    assert near.discounted[0] <= far.discounted[0] * (1 + 1e-9)
    assert (near.pmf >= 0).all()
