"""The chance of silence against the incomplete beta function and many digits, and what is said in doubt."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc

from keepwell.models import phases
from keepwell.models.histories import by_repeats
from keepwell.models.shapes import Cells


@settings(max_examples=80, deadline=None)
@given(
    r=st.floats(0.05, 50),
    alpha=st.floats(0.5, 500),
    k=st.integers(1, 20),
    x=st.integers(0, 60),
    t=st.floats(0, 400),
    silence=st.floats(0, 400),
)
def test_the_chance_of_silence_is_an_incomplete_beta_function(r, alpha, k, x, t, silence):
    one = {"x": np.array([float(x)]), "t_x": np.array([t]), "T": np.array([t + silence])}
    share = (alpha + t) / (alpha + t + silence)
    here = np.exp(phases.log_here(r, alpha, k, **one))[0]
    assert here == pytest.approx(betainc(r + k * x, k, share), rel=1e-9, abs=1e-250)


def test_the_chance_of_silence_keeps_its_digits_where_it_is_next_to_nothing():
    with mpmath.workdps(60):
        wanted = mpmath.log(mpmath.betainc(2003, 4, 0, mpmath.mpf(110) / 1000, regularized=True))
    got = phases.log_here(3.0, 10.0, 4, x=np.array([500.0]), t_x=np.array([100.0]), T=np.array([990.0]))
    assert got[0] == pytest.approx(float(wanted), rel=1e-12)


def test_the_pass_over_the_rows_is_the_same_in_blocks():
    rng = np.random.default_rng(1)
    age = rng.integers(50, 400, 60_000)
    x = rng.integers(0, 40, len(age))
    t_x = np.where(x > 0, np.maximum(x, (age * rng.random(len(age))).astype(int)), 0)
    rows, _ = by_repeats(Cells(x, t_x, np.maximum(age, t_x), np.ones(len(age))))
    odds = 0.3 / (2.0 + rows.repeats)
    by = phases.shared(rows)
    assert len(by.ranges) > 1
    whole, left = phases.swept(0.7, 30.0, 2, rows, odds, by)
    n, T = 0.7 + 2 * x, np.maximum(age, t_x)
    here = np.exp(phases.log_here(0.7, 30.0, 2, x=x.astype(float), t_x=t_x.astype(float), T=T.astype(float)))
    slow = np.log(here + 0.3 / (2.0 + x)) - n * np.log1p(t_x / 30.0)
    assert whole[0] == pytest.approx(slow.sum(), rel=1e-12)
    gone = 0.3 / (2.0 + x) / (here + 0.3 / (2.0 + x))
    np.testing.assert_allclose(left, np.bincount(x, weights=gone)[rows.repeats], rtol=1e-10)


def test_doubt_names_what_is_not_known_and_no_more():
    both = phases.doubt(0.02, 0.3, 9.0, frozenset({"r", "alpha", "a", "b"}))
    assert "0.02 purchases a day" in both
    assert "at most its mean, 30%" in both
    assert "Hardly anyone leaves" in phases.doubt(0.02, 1e-6, 9.0, frozenset({"a", "b"}))
    assert "too alike" not in phases.doubt(0.02, 0.3, 9.0, frozenset({"a", "b"}))
