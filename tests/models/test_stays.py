"""The models of staying agree with slow plain versions, find known truths, and say what they cannot know."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from keepwell.errors import DataError, FitError
from keepwell.models import betaweibull, exponentialgamma, sbg, stays, weibullgamma
from keepwell.models.betaweibull import BetaWeibull
from keepwell.models.exponentialgamma import ExponentialGamma
from keepwell.models.sbg import SBG
from keepwell.models.shapes import parameters
from keepwell.models.weibullgamma import WeibullGamma

DISCRETE = [
    (sbg, SBG(0.668, 3.806)),
    (sbg, SBG(1e-4, 1e-4)),
    (sbg, SBG(1e-4, 1e5)),
    (sbg, SBG(1e5, 2e5)),
    (betaweibull, BetaWeibull(0.214, 1.427, 1.724)),
    (betaweibull, BetaWeibull(3e4, 1e5, 0.6)),
    (betaweibull, BetaWeibull(1e-3, 1e-3, 3.0)),
]
CONTINUOUS = [
    (exponentialgamma, ExponentialGamma(0.7, 3.0)),
    (exponentialgamma, ExponentialGamma(1e4, 1e5)),
    (weibullgamma, WeibullGamma(0.7, 3.0, 1.7)),
    (weibullgamma, WeibullGamma(40.0, 9.0, 0.4)),
]
ALL = [*DISCRETE, *CONTINUOUS]


def slow_survival(p, t):
    """S(t) by fifty digits of mpmath, from the definition."""
    v = {name: mpmath.mpf(value) for name, value in parameters(p).items()}
    t = mpmath.mpf(t)
    if isinstance(p, SBG):
        return mpmath.beta(v["alpha"], v["beta"] + t) / mpmath.beta(v["alpha"], v["beta"])
    if isinstance(p, BetaWeibull):
        return mpmath.beta(v["gamma"], v["delta"] + t ** v["c"]) / mpmath.beta(v["gamma"], v["delta"])
    return (1 + (t / v["alpha"]) ** v.get("c", 1)) ** -v["r"]


@pytest.mark.parametrize(("model", "p"), ALL, ids=repr)
def test_the_likelihood_agrees_with_fifty_digits(model, p):
    time, ended, seen = [1, 2, 7, 60, 60], [True, True, False, True, False], [0, 1, 3, 0, 59]
    with mpmath.workdps(50):
        slow = []
        for t, end, u in zip(time, ended, seen, strict=True):
            if not end:
                chance = slow_survival(p, t)
            elif isinstance(p, (SBG, BetaWeibull)):
                chance = slow_survival(p, t - 1) - slow_survival(p, t)
            else:
                chance = -mpmath.diff(lambda u: slow_survival(p, u), t)
            slow.append(float(mpmath.log(chance / slow_survival(p, u))))
    # The chance of one end is a difference of two survivals that may be equal to ten digits.
    found = model.log_likelihood(p, time=time, ended=ended, seen_from=seen)
    np.testing.assert_allclose(found, slow, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(("model", "p"), ALL, ids=repr)
def test_the_gradient_is_that_of_the_likelihood(model, p):
    found = stays.stays([1, 2, 7, 60, 9], [True, True, False, True, False], [5, 3, 20, 1, 2], [0, 1, 0, 2, 8])
    asked = stays.objective(found, alive=model._alive, ending=model._ending)
    theta = stays.logs(p)
    slope = approx_fprime(theta, lambda there: asked(there)[0], 1e-6)
    # Forward differences of a millionth lose half of the digits, the more the larger the value.
    np.testing.assert_allclose(asked(theta)[1], slope, rtol=2e-4, atol=2e-4)
    each = model.log_likelihood(p, time=found.time, ended=found.ended, seen_from=found.seen_from)
    assert asked(theta)[0] == pytest.approx(float(each @ found.count), rel=1e-9)


@pytest.mark.parametrize(("model", "p"), ALL, ids=repr)
def test_predict_is_survival_given_survival(model, p):
    there = model.predict(p, [0, 4], [1, 5])
    with mpmath.workdps(50):
        slow = [[float(slow_survival(p, a + h) / slow_survival(p, a)) for h in (1, 5)] for a in (0, 4)]
    np.testing.assert_allclose(there, slow, rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(model.retention(p, [1.0, 5.0]), np.diag(model.predict(p, [0, 4], [1, 1])), rtol=1e-10)


def drawn(p, rng, n):
    """Draw lengths of stay: the chance to leave of each, and then when."""
    u = rng.uniform(size=n)
    if isinstance(p, SBG):
        return rng.geometric(rng.beta(p.alpha, p.beta, n))
    if isinstance(p, BetaWeibull):
        power = np.log(u) / np.log1p(-rng.beta(p.gamma, p.delta, n))
        return np.floor(power ** (1 / p.c)) + 1
    waits = rng.exponential(size=n) / rng.gamma(p.r, 1.0, n)
    return p.alpha * waits ** (1 / getattr(p, "c", 1.0))


@pytest.mark.parametrize(
    ("model", "p"),
    [
        (sbg, SBG(0.7, 2.5)),
        (betaweibull, BetaWeibull(0.7, 4.0, 1.5)),
        (exponentialgamma, ExponentialGamma(0.8, 6.0)),
        (weibullgamma, WeibullGamma(0.9, 8.0, 1.4)),
    ],
    ids=repr,
)
def test_parameters_are_recovered_from_simulation(model, p):
    """Lengths watched for 30 periods at most, a third of them only from the age of 2 on."""
    rng = np.random.default_rng(11)
    time = drawn(p, rng, 60_000)
    seen = np.where(rng.uniform(size=len(time)) < 1 / 3, 2.0, 0.0)
    until = np.floor(rng.uniform(3, 30, len(time)))
    kept = time > seen
    ended = (time <= until)[kept]
    fit = model.fit(stays.stays(np.minimum(time, until)[kept], ended, 1.0, seen[kept]))
    assert fit.converged
    for name, truth in parameters(p).items():
        assert abs(getattr(fit.params, name) - truth) < 4 * fit.sd[name], name


@pytest.mark.parametrize("model", [sbg, betaweibull, exponentialgamma, weibullgamma])
def test_no_random_start_finds_a_higher_likelihood(model):
    rng = np.random.default_rng(5)
    time = drawn(SBG(0.6, 1.8), rng, 3_000)
    found = stays.stays(np.minimum(time, 12), time <= 12)
    fit = model.fit(found)
    asked = stays.objective(found, alive=model._alive, ending=model._ending)
    for _ in range(5):
        theta = np.log(list(parameters(fit.params).values())) + rng.normal(0, 1.5, len(parameters(fit.params)))
        value, _ = stays.searched(asked, theta, [(-9, 12), (-9, 12), (-3, 3)][: len(theta)])[::-1]
        assert value <= fit.log_likelihood + 1e-5


@given(unit=st.floats(0.01, 400))
@settings(max_examples=10, deadline=None)
def test_continuous_fits_do_not_depend_on_the_unit_of_time(unit):
    time = drawn(WeibullGamma(0.9, 8.0, 1.4), np.random.default_rng(3), 800)
    plain, scaled = (weibullgamma.fit(stays.stays(np.minimum(time, 30) * u, time <= 30)) for u in (1.0, unit))
    assert scaled.params.r == pytest.approx(plain.params.r, rel=1e-6)
    assert scaled.params.alpha == pytest.approx(plain.params.alpha * unit, rel=1e-6)
    ends = float((time <= 30).sum())
    assert scaled.log_likelihood == pytest.approx(plain.log_likelihood - ends * np.log(unit), rel=1e-9)


def test_with_c_1_the_flexible_models_are_the_simple_ones():
    t = np.arange(0.0, 40.0)
    np.testing.assert_allclose(
        betaweibull.survival(BetaWeibull(0.7, 2.5, 1.0), t), sbg.survival(SBG(0.7, 2.5), t), rtol=1e-12
    )
    np.testing.assert_allclose(
        weibullgamma.survival(WeibullGamma(0.7, 2.5, 1.0), t),
        exponentialgamma.survival(ExponentialGamma(0.7, 2.5), t),
        rtol=1e-12,
    )


def test_many_short_periods_are_continuous_time():
    """With the period cut into n, Beta(r, n alpha) at n t renewals tends to the exponential-gamma."""
    n, t = 100_000, np.array([0.5, 3.0, 20.0])
    discrete = sbg.survival(SBG(0.8, n * 5.0), n * t)
    np.testing.assert_allclose(discrete, exponentialgamma.survival(ExponentialGamma(0.8, 5.0), t), rtol=1e-4)


def test_the_discounted_residual_lifetime_is_the_closed_form():
    """Fader & Hardie (2010): (beta+n-1)/(alpha+beta+n-1) 2F1(1, beta+n; alpha+beta+n; 1/(1+d))."""
    p = SBG(0.668, 3.806)
    for n, d in ((1, 0.1), (6, 0.1), (3, 0.002)):
        front = (p.beta + n - 1) / (p.alpha + p.beta + n - 1)
        closed = front * mpmath.hyp2f1(1, p.beta + n, p.alpha + p.beta + n, 1 / (1 + d))
        assert sbg.residual(p, n, rate=d) == pytest.approx(float(closed), rel=1e-9)
    assert sbg.residual(p, 1, rate=0.0, periods=2) == pytest.approx(sbg.survival(p, np.array([1.0, 2.0])).sum())


def test_the_continuous_residual_lifetime_is_the_integral():
    for model, p in CONTINUOUS:
        slow = mpmath.quad(
            lambda u, p=p: slow_survival(p, 2 + u) / slow_survival(p, 2) * mpmath.exp(-0.01 * u),
            [0, 0.1, 1, 10, 100, 1000, 4000],
        )
        assert model.residual(p, 2.0, delta=0.01) == pytest.approx(float(slow), rel=1e-6)


def test_left_truncation_told_gives_the_survival_after_it():
    p, t = SBG(0.668, 3.806), np.arange(3.0, 60.0)
    ends = 1e5 * (sbg.survival(p, t - 1) - sbg.survival(p, t))
    late = stays.stays([*t, 59.0], [True] * len(t) + [False], [*ends, 1e5 * sbg.survival(p, 59)], 2.0)
    fit = sbg.fit(late)
    assert [fit.params.alpha, fit.params.beta] == pytest.approx([p.alpha, p.beta], rel=1e-4)


@pytest.mark.parametrize("model", [sbg, betaweibull, exponentialgamma, weibullgamma])
def test_nobody_having_left_is_said_and_not_fitted(model):
    with pytest.raises(FitError, match="nobody has left"):
        model.fit(stays.stays([3, 5], ended=False, count=[10, 20]))


@pytest.mark.parametrize("model", [sbg, betaweibull])
def test_alike_subscribers_are_said_to_be_alike(model):
    """Everybody has the chance .2: the shapes rise without end, and only their mean is known."""
    ends = 1e4 * 0.2 * 0.8 ** np.arange(6)
    fit = model.fit(stays.stays([1, 2, 3, 4, 5, 6, 6], [True] * 6 + [False], [*ends, 1e4 * 0.8**6]))
    assert not fit.converged
    assert "cannot be" in fit.ending
    assert model.retention(fit.params, 3.0) == pytest.approx(0.8, abs=2e-3)


@pytest.mark.parametrize("model", [sbg, betaweibull])
def test_after_one_period_only_the_mean_is_known(model):
    fit = model.fit(stays.stays([1, 1], [True, False], [131, 869]))
    assert not fit.converged
    assert "13.1%" in fit.ending
    assert model.survival(fit.params, 1.0) == pytest.approx(0.869, abs=1e-6)
    assert any(np.isnan(sd) for sd in fit.sd.values())


def test_a_base_that_hardly_leaves_keeps_its_share():
    fit = sbg.fit(stays.stays([3, 12], [True, False], [1, 9_999]))
    assert not fit.converged
    assert 1 - sbg.survival(fit.params, 12.0) == pytest.approx(1e-4, rel=0.05)


def test_rows_and_their_order_do_not_matter():
    time, ended, count = [1.0, 2.0, 3.0, 3.0], [True, True, True, False], [30.0, 20.0, 10.0, 60.0]
    whole = betaweibull.fit(stays.stays(time, ended, count))
    parts = betaweibull.fit(stays.stays(time[::-1] * 2, ended[::-1] * 2, [c / 2 for c in count[::-1]] * 2))
    assert parts.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-12)
    assert parts.params.gamma == pytest.approx(whole.params.gamma, rel=1e-6)


def test_aic_counts_parameters_and_its_weights_sum_to_one():
    found = stays.stays([1, 2, 3, 3], [True, True, True, False], [300, 150, 80, 470])
    fits = [sbg.fit(found), betaweibull.fit(found)]
    better = replace(fits[1], log_likelihood=fits[0].log_likelihood + 1.0)  # one more parameter, one more nat
    assert stays.weights([fits[0], better]) == pytest.approx([0.5, 0.5])
    assert stays.chosen([fits[0], better]) is fits[0]


@pytest.mark.parametrize(
    ("time", "ended", "seen", "words"),
    [
        ([0.0], [True], [0.0], "before any time"),
        ([-1.0], [False], [0.0], "below 0"),
        ([2.0], [True], [2.0], "after its last day"),
        ([np.nan], [False], [0.0], "not finite"),
    ],
)
def test_impossible_lengths_are_refused_with_their_row(time, ended, seen, words):
    with pytest.raises(DataError, match=words) as caught:
        stays.stays(time, ended, 1.0, seen)
    assert "row 1" in str(caught.value)


def test_broken_periods_are_refused_where_renewals_are_counted():
    with pytest.raises(DataError, match="whole number of periods"):
        sbg.fit(stays.stays([1.5, 2.0], [True, False]))


def test_an_endless_sum_without_discount_is_refused():
    with pytest.raises(DataError, match="no end"):
        sbg.residual(SBG(0.5, 1.0), 1, rate=0.0)
    with pytest.raises(DataError, match="no end"):
        exponentialgamma.residual(ExponentialGamma(0.5, 1.0), 1.0, delta=0.0)
