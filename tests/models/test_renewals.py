"""What renewals are worth: against plain sums, and the refusals."""

import numpy as np
import pytest

from keepwell.errors import DataError
from keepwell.models import renewals


def test_a_base_is_the_plain_sum_over_ages_and_renewals():
    share, kept, count = [0.3, 0.7], [0.8, 0.6], [50.0, 20.0]
    plain = 0.0
    for age, many in enumerate(count):
        there = [sum(s * r ** (age + j) for s, r in zip(share, kept, strict=True)) for j in range(400)]
        plain += many * sum(there[j] / there[0] / 1.08 ** (j - 1) for j in range(1, 400))
    value = renewals.base_value(renewals.mixed(share, kept), [0, 1], count, payment=7.0, rate=0.08)
    assert value == pytest.approx(7.0 * plain, rel=1e-9)


def test_one_segment_is_the_naive_formula():
    value = renewals.base_value(renewals.mixed([1.0], [0.7]), [0, 3], [10, 5], payment=2.0, rate=0.1)
    assert value == pytest.approx(renewals.naive_value([10, 5], 0.7, payment=2.0, rate=0.1))


def test_the_elasticity_is_the_slope_of_the_multiple():
    r, h = 0.8, 1e-6
    slope = (renewals.margin_multiple(r + h, 0.1) - renewals.margin_multiple(r - h, 0.1)) / (2 * h)
    assert renewals.elasticity(r, 0.1) == pytest.approx(slope * r / renewals.margin_multiple(r, 0.1), rel=1e-6)


def test_the_average_of_cohorts_is_the_share_who_went_on():
    assert renewals.average_retention(100 * 0.8 ** np.arange(5)) == pytest.approx(0.8)


@pytest.mark.parametrize(("retention", "rate", "words"), [(1.2, 0.1, "no share"), (1.0, 0.0, "nobody leaves")])
def test_what_has_no_finite_multiple_is_refused(retention, rate, words):
    with pytest.raises(DataError, match=words):
        renewals.margin_multiple(retention, rate)
