"""Pareto/NBD against the closed forms in many digits, against simulation, and against itself."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepwell.models import counts, paretonbd, suffix
from keepwell.models.histories import by_repeats
from keepwell.models.paretonbd import ParetoNBD
from keepwell.models.shapes import Cells

CDNOW = ParetoNBD(r=0.5533, alpha=10.578, s=0.6062, beta=11.668)  # weeks
DAILY = ParetoNBD(r=0.7, alpha=60.0, s=0.6, beta=180.0)  # days
CORNERS = [
    CDNOW,
    DAILY,
    replace(DAILY, beta=60.0),  # alpha = beta, where the usual formula changes its branch
    replace(DAILY, beta=60.0 + 1e-9),
    ParetoNBD(r=0.01, alpha=0.3, s=0.02, beta=0.5),
    ParetoNBD(r=0.5, alpha=0.02, s=3.0, beta=900.0),
    ParetoNBD(r=40.0, alpha=5000.0, s=30.0, beta=2.0),
    ParetoNBD(r=1e4, alpha=1e6, s=1e4, beta=5e6),
    ParetoNBD(r=0.8, alpha=30.0, s=1e-4, beta=1e8),
]
HISTORIES = [(0, 0, 200), (0, 0, 1), (1, 30, 200), (1, 200, 200), (7, 35, 700), (132, 200, 200), (254, 260, 400)]
LONG = [(10_000, 7000, 7300), (10_000, 7300, 7300), (3000, 3500, 7300)]


def exact(p, x, t_x, T):
    """Return ln L and P(active) by the hypergeometric form of Fader & Hardie (2005), in 60 digits.

    At scales of a million days that series takes minutes; there the integral is so smooth that quadrature is exact.
    """
    with mpmath.workdps(60):
        r, alpha, s, beta = (mpmath.mpf(v) for v in (p.r, p.alpha, p.s, p.beta))
        n, low, high = r + x, min(alpha, beta), max(alpha, beta)
        second = s + 1 if alpha >= beta else n

        def from_on(t):
            return mpmath.hyp2f1(n + s, second, n + s + 1, (high - low) / (high + t)) / (high + t) ** (n + s)

        alive = 1 / ((alpha + T) ** n * (beta + T) ** s)
        if high < 1e5:
            gone = s / (n + s) * (from_on(t_x) - from_on(T))
        else:
            pieces = [t_x, *(t_x + (T - t_x) * 0.5**k for k in range(16, -1, -1))]
            gone = mpmath.quad(lambda u: s * (beta + u) ** -(s + 1) * (alpha + u) ** -n, pieces)
        whole = alive + gone
        constant = mpmath.loggamma(n) - mpmath.loggamma(r) + r * mpmath.log(alpha) + s * mpmath.log(beta)
        return float(constant + mpmath.log(whole)), float(alive / whole)


def arrays(histories):
    return dict(zip(("x", "t_x", "T"), np.array(histories, float).T, strict=True))


def as_cells(histories, count=1.0):
    x, t_x, T = np.array(histories).T
    return Cells(x, t_x, T, np.full(len(x), count))


@pytest.mark.parametrize("p", CORNERS)
def test_log_likelihood_and_p_active_agree_with_sixty_digits(p):
    histories = HISTORIES + (LONG if p.r < 1 else [])
    logs, chances = np.array([exact(p, *h) for h in histories]).T
    np.testing.assert_allclose(paretonbd.log_likelihood(p, **arrays(histories)), logs, rtol=1e-10, atol=1e-9)
    np.testing.assert_allclose(paretonbd.active(p, **arrays(histories)), chances, rtol=1e-8, atol=1e-300)


@pytest.mark.parametrize("p", CORNERS)
def test_the_sums_over_days_agree_with_the_integral_of_each_customer(p):
    # At huge parameters the many-digit form bounds both; here the two ways of this package meet on every corner.
    cells = as_cells([*HISTORIES, (3, 3, 9), (30, 31, 365), (364, 365, 365), *LONG[2:]])
    objective = paretonbd.objective(by_repeats(cells)[0])
    value, _ = objective(np.log([p.r, p.alpha, p.s, p.beta]))
    each = paretonbd.log_likelihood(p, x=cells.repeats, t_x=cells.recency, T=cells.age)
    assert value == pytest.approx(each.sum(), rel=1e-10)
    forecast = paretonbd.predict(p, cells, days=30)
    chances = paretonbd.active(p, x=cells.repeats, t_x=cells.recency, T=cells.age)
    np.testing.assert_allclose(forecast.p_active, chances, rtol=1e-7, atol=1e-250)


@pytest.mark.parametrize("p", CORNERS)
def test_the_gradient_is_that_of_the_value(p):
    objective = paretonbd.objective(by_repeats(as_cells(HISTORIES))[0])
    theta = np.log([p.r, p.alpha, p.s, p.beta])
    _, gradient = objective(theta)
    for i, h in enumerate(1e-4 * np.eye(4)):
        slope = (objective(theta + h)[0] - objective(theta - h)[0]) / 2e-4
        # Third derivatives times 1e-8, and rounding of the value over 1e-4.
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-5 * (1 + abs(gradient).max()))


def test_the_likelihoods_of_all_histories_of_a_week_sum_to_one():
    # Whole weeks are no continuous time: the chance of no purchase and the density of the rest are added up instead.
    none = np.exp(paretonbd.log_likelihood(CDNOW, x=np.zeros(1), t_x=np.zeros(1), T=np.array([7.0])))[0]
    nodes, weights = np.polynomial.legendre.leggauss(40)
    t = 7 * (nodes + 1) / 2
    some = 0.0
    for x in range(1, 150):
        # x - 1 purchases anywhere before the last: t^(x-1) / (x-1)! orders of them
        ln = paretonbd.log_likelihood(CDNOW, x=np.full(40, float(x)), t_x=t, T=np.full(40, 7.0))
        ways = (x - 1) * np.log(t) - np.sum(np.log(np.arange(1, x)))
        some += 3.5 * weights @ np.exp(ln + ways)
    assert none + some == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("rate", [0.0, np.log(1.1) / 365.25])
@pytest.mark.parametrize(
    ("p", "x", "age", "days"),
    [
        (DAILY, 0, 0, 365),
        (DAILY, 4, 500, 365),
        (DAILY, 40, 700, 365),
        (DAILY, 2, 300, 25_550),
        (replace(DAILY, s=1.0), 1, 100, 60),
        (ParetoNBD(r=3.0, alpha=2.0, s=50.0, beta=4000.0), 300, 320, 90),
        (ParetoNBD(r=0.1, alpha=4.0, s=0.05, beta=3.0), 1, 10, 3650),
    ],
)
def test_the_distribution_agrees_with_adaptive_quadrature(p, x, age, days, rate):
    start, pmf = paretonbd._distributions(p, np.array([float(x)]), np.array([float(age)]), days, rate=rate)
    n, a, s, b = (mpmath.mpf(v) for v in (p.r + x, p.alpha + age, p.s, p.beta + age))

    def count(k, u):
        u = -mpmath.expm1(-rate * u) / rate if rate else u
        return mpmath.binomial(n + k - 1, k) * (a / (a + u)) ** n * (u / (a + u)) ** k

    mean = int(sum(np.arange(len(pmf)) * pmf))
    pieces = [0, *(days * f for f in (0.002, 0.01, 0.03, 0.08, 0.15, 0.3, 0.5, 0.75)), days]
    for k in {0, 1, 2, mean // 2, mean, 2 * mean} & set(range(int(start[1]) - 1)):
        left = mpmath.quad(lambda u, k=k: s / b * (b / (b + u)) ** (s + 1) * count(k, u), pieces)
        assert pmf[k] == pytest.approx(float((b / (b + days)) ** s * count(k, days) + left), abs=1e-10)


def test_the_distribution_is_that_of_simulated_customers():
    rng, people, x, age, days = np.random.default_rng(8), 200_000, 3, 200, 365
    buying = rng.gamma(DAILY.r + x, 1 / (DAILY.alpha + age), people)
    leaving = rng.gamma(DAILY.s, 1 / (DAILY.beta + age), people)
    orders = rng.poisson(buying * np.minimum(days, rng.exponential(1, people) / leaving))
    start, pmf = paretonbd._distributions(DAILY, np.array([3.0]), np.array([200.0]), days, rate=0.0)
    seen = np.bincount(orders, minlength=start[1])[: start[1]] / people
    # Six standard errors: one in a hundred million for each of about fifty counts.
    assert (np.abs(seen - pmf) < 6 * np.sqrt(pmf / people) + 1e-4 * (pmf < 1e-4)).all()


@pytest.mark.parametrize("clock", [False, True])
def test_the_mean_of_the_distribution_is_the_expectation(clock):
    cells = as_cells([*HISTORIES, (3, 100, 5000)])
    forecast = paretonbd.predict(DAILY, cells, days=3650, rate=3e-4, clock=clock)
    k = np.concatenate([np.arange(size) for size in np.diff(forecast.start)])
    mean = np.add.reduceat(k * forecast.pmf, forecast.start[:-1])[forecast.group] * forecast.p_active
    wanted = forecast.discounted if clock else forecast.orders
    # The last entry holds less than 1e-9 of the whole, which may lie some hundreds of purchases further up.
    np.testing.assert_allclose(mean, wanted, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(np.add.reduceat(forecast.pmf, forecast.start[:-1]), 1, atol=1e-12)


def test_discounting_agrees_with_adaptive_quadrature():
    p, delta = CDNOW, np.log(1.15) / 52
    here = paretonbd.discounted(p, x=np.array([1.0]), t_x=np.array([30.0]), T=np.array([77.86]), delta=delta)
    b = p.beta + 77.86
    staying = mpmath.quad(lambda u: mpmath.exp(-delta * u) * (b / (b + u)) ** p.s, [0, 50, 500, 5000, mpmath.inf])
    chance = exact(p, 1, 30, 77.86)[1]
    assert here[0] == pytest.approx(float(chance * (p.r + 1) / (p.alpha + 77.86) * staying), rel=1e-9)


def test_no_discount_is_the_limit_of_a_small_one():
    history = arrays([(2, 100, 300)])
    plain = paretonbd.expected(DAILY, **history, t=365.0)
    small = paretonbd.discounted(DAILY, **history, delta=1e-9, t=365.0)
    np.testing.assert_allclose(small, plain, rtol=1e-6)


def test_the_next_order_comes_by_that_day_with_the_asked_chance():
    cells = as_cells(HISTORIES)
    for q in (0.1, 0.5, 0.9):
        days = paretonbd.next_order_days(DAILY, cells, q)
        for i in range(len(days)):
            x, age = cells.repeats[i : i + 1].astype(float), cells.age[i : i + 1].astype(float)
            chance = paretonbd.active(DAILY, x=x, t_x=cells.recency[i : i + 1].astype(float), T=age)[0]
            until = days[i] if np.isfinite(days[i]) else paretonbd.NEVER
            _, pmf = paretonbd._distributions(DAILY, x, age, until, rate=0.0)
            reached = chance * (1 - pmf[0])
            assert reached == pytest.approx(q, abs=1e-8) if np.isfinite(days[i]) else reached < q


def test_the_truth_is_recovered(pareto_customers):
    fit = paretonbd.fit(pareto_customers(DAILY, 60_000, 5))
    assert fit.converged
    for name in ("r", "alpha", "s", "beta"):
        # Purchases of one day merged into one put r and alpha a little up at this rate; three sd covers both.
        assert abs(getattr(fit.params, name) - getattr(DAILY, name)) < 3 * fit.sd[name]


def test_five_random_starts_reach_the_same_likelihood(pareto_customers):
    cells = pareto_customers(DAILY, 3000, 2)
    best = paretonbd.fit(cells)
    rng = np.random.default_rng(1)
    for _ in range(5):
        start = ParetoNBD(*np.exp(rng.normal(np.log([1, 50, 1, 100]), 1.5)))
        again = paretonbd.fit(cells, start=start)
        assert again.log_likelihood == pytest.approx(best.log_likelihood, rel=1e-12)
        assert again.params.beta == pytest.approx(best.params.beta, rel=1e-4)


def test_the_distributions_of_new_customers_sum_to_the_expectation():
    pmf = paretonbd.pmf_new(CDNOW, 39.0, np.arange(3000))
    assert pmf.sum() == pytest.approx(1, abs=1e-11)
    assert pmf @ np.arange(3000) == pytest.approx(float(paretonbd.expected_new(CDNOW, 39.0)), rel=1e-9)


def test_extreme_groups_do_not_break_the_counts():
    p = ParetoNBD(r=1e4, alpha=1e4, s=1e-4, beta=1e8)  # one purchase a day, nobody leaves
    start, pmf = paretonbd._distributions(p, np.array([10_000.0, 0.0]), np.array([1e4, 1e4]), 3650, rate=0.0)
    sums = np.add.reduceat(pmf, start[:-1])
    np.testing.assert_allclose(sums, 1, atol=1e-8)
    assert np.argmax(pmf[: start[1]]) == pytest.approx(3650, abs=5)
    assert counts.CUT == 1e-9


def test_a_long_wait_is_cut_where_nothing_is_left():
    assert np.exp(-suffix.FALLEN) < np.finfo(float).eps / 1000


history = st.tuples(st.integers(0, 60), st.floats(0, 1), st.integers(61, 900)).map(
    lambda h: (h[0], max(h[0], round(h[1] * h[2])) if h[0] else 0, h[2])
)
params = st.builds(
    ParetoNBD, r=st.floats(0.05, 20), alpha=st.floats(1, 500), s=st.floats(0.05, 20), beta=st.floats(1, 500)
)


@settings(max_examples=60, deadline=None)
@given(p=params, h=history, c=st.floats(0.01, 100))
def test_a_change_of_time_unit_shifts_it_by_x_log_c(p, h, c):
    scaled = replace(p, alpha=c * p.alpha, beta=c * p.beta)
    x, t_x, T = np.array([h], float).T
    here = paretonbd.log_likelihood(p, x=x, t_x=t_x, T=T)
    there = paretonbd.log_likelihood(scaled, x=x, t_x=c * t_x, T=c * T)
    np.testing.assert_allclose(there, here - x * np.log(c), rtol=1e-9, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(p=params, h=history)
def test_silence_lowers_the_chance_of_being_active(p, h):
    x, t_x, _ = h
    ages = t_x + np.array([0.0, 1.0, 10.0, 100.0, 1000.0])
    chances = paretonbd.active(p, x=np.full(5, float(x)), t_x=np.full(5, float(t_x)), T=ages)
    assert ((chances >= 0) & (chances <= 1)).all()
    assert (np.diff(chances) <= 1e-12).all()
    assert chances[0] == pytest.approx(1) or x == 0


@settings(max_examples=30, deadline=None)
@given(p=params, h=history, days=st.integers(1, 1000), rate=st.floats(0, 0.01))
def test_a_longer_horizon_and_a_lower_discount_never_forecast_less(p, h, days, rate):
    cells = as_cells([h])
    near = paretonbd.predict(p, cells, days=days, rate=rate)
    far = paretonbd.predict(p, cells, days=days + 30, rate=rate)
    assert near.orders[0] <= far.orders[0] * (1 + 1e-12)
    assert near.discounted[0] <= near.orders[0] * (1 + 1e-12)
    assert near.discounted[0] <= far.discounted[0] * (1 + 1e-10)
    assert (near.pmf >= 0).all()
