import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepwell.models.quadrature import gauss, interpolated, interpolated_twice, lasting, panels


def test_panels_integrate_what_one_rule_cannot():
    def sharp(u):
        return np.exp(-200 * u)

    wanted = -np.expm1(-200) / 200
    nodes, weights = panels(40, 8)
    assert sharp(nodes) @ weights == pytest.approx(wanted, rel=1e-12)
    nodes, weights = gauss(8)
    assert sharp(nodes) @ weights != pytest.approx(wanted, rel=1e-3)


@given(st.floats(-20, 600))
def test_the_lasting_share_agrees_with_many_digits(z):
    wanted = mpmath.expm1(-mpmath.mpf(z)) / -mpmath.mpf(z) if z else 1
    assert lasting(np.array([z]))[0] == pytest.approx(float(wanted), rel=1e-12)


def test_interpolation_asks_at_few_places_and_keeps_eleven_digits():
    asked = []

    def decays(kind, place):
        asked.append(len(kind))
        return np.column_stack([1 / (1 + place) ** kind, np.exp(-place / 1e4) * (kind + 1)])

    kind = np.repeat([0.0, 3.0, 40.0, 41.0], [900, 900, 900, 2])
    place = np.concatenate([np.linspace(2, 4000, 900)] * 3 + [[7.0, 7.0]])
    got = interpolated(decays, kind, place)
    assert asked[0] < 200
    np.testing.assert_allclose(got, decays(kind, place), rtol=1e-10)


def test_interpolation_asks_at_the_places_themselves_where_they_are_few():
    seen = []

    def keep(kind, place):
        seen.extend(place)
        return place[:, None] * kind[:, None]

    got = interpolated(keep, np.array([1.0, 1.0, 2.0]), np.array([5.0, 9.0, 5.0]))
    np.testing.assert_allclose(got[:, 0], [5, 9, 10])
    np.testing.assert_allclose(seen, [5, 9, 5])


def test_two_places_at_once_are_interpolated_to_eight_digits_and_few_are_asked_as_they_are():
    asked = []

    def smooth(a, b):
        asked.append(len(a))
        return np.column_stack([a**0.3 / (a + b), np.exp(-1 / (a + 3 * b))])

    rng = np.random.default_rng(3)
    a, b = rng.uniform(10, 400, 5000), rng.uniform(200, 730, 5000)
    np.testing.assert_allclose(interpolated_twice(smooth, a, b), smooth(a, b), rtol=2e-8)
    assert asked[0] < 500
    few = interpolated_twice(smooth, a[:20], b[:20])
    assert few.tolist() == smooth(a[:20], b[:20]).tolist()
    same = interpolated_twice(smooth, np.full(900, 20.0), b[:900])
    np.testing.assert_allclose(same, smooth(np.full(900, 20.0), b[:900]), rtol=2e-8)
