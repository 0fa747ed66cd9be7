"""Numbers that others have printed about how long subscriptions last and what they are worth."""

import csv

import numpy as np
import pytest

from keepwell.models import betaweibull, renewals, sbg, stays

# Fader & Hardie (2007): of 1,000 subscribers, those left after each of 7 years, and the share left in years 8 to 12.
COHORTS = {
    "highend": [1000, 869, 743, 653, 593, 551, 517, 491],
    "regular": [1000, 631, 468, 382, 326, 289, 262, 241],
}
LATER = {"highend": [0.468, 0.445, 0.427, 0.409, 0.394], "regular": [0.223, 0.207, 0.194, 0.183, 0.173]}
YEARS = np.arange(8.0, 13.0)


def cohort(left):
    """Return the lengths of stay of a cohort, from how many are left after each period."""
    counts = np.array(left, float)
    last = len(left) - 1
    return stays.stays([*range(1, last + 1), last], [True] * last + [False], [*-np.diff(counts), counts[-1]])


@pytest.mark.parametrize(
    ("name", "alpha", "beta", "value", "year_12"),
    [("highend", 0.668, 3.806, -1611.16, 0.3780), ("regular", 0.704, 1.182, -1680.27, 0.1700)],
)
def test_fader_and_hardie_2007_sbg_of_both_cohorts(name, alpha, beta, value, year_12):
    """Fader & Hardie (2007), Journal of Interactive Marketing 21(1): estimates, log-likelihood a 1,000, S(12)."""
    fit = sbg.fit(cohort(COHORTS[name]))
    assert [fit.params.alpha, fit.params.beta] == pytest.approx([alpha, beta], abs=0.0006)
    assert fit.log_likelihood == pytest.approx(value, abs=0.006)
    assert fit.converged
    assert sbg.survival(fit.params, 12) == pytest.approx(year_12, abs=0.0001)


def test_the_file_holds_the_cohorts_as_published(shared_data):
    rows = list(csv.DictReader((shared_data / "sbg_cohorts" / "sbg_survival.csv").read_text().splitlines()))
    assert {name: [int(row[name]) for row in rows] for name in COHORTS} == COHORTS


@pytest.mark.parametrize(("name", "simple", "flexible"), [("highend", -0.041, 0.025), ("regular", -0.017, 0.025)])
def test_errors_of_year_12_from_seven_years_are_those_published(name, simple, flexible):
    """Fader & Hardie (2007) and Fader, Hardie, Liu, Davin & Steenburgh (2018): S(12) over the actual, less 1."""
    found = cohort(COHORTS[name])
    there = [model.survival(model.fit(found).params, 12.0) for model in (sbg, betaweibull)]
    assert np.array(there) / LATER[name][-1] - 1 == pytest.approx([simple, flexible], abs=0.0006)


@pytest.mark.parametrize(("name", "limit"), [("highend", 0.03), ("regular", 0.02)])
def test_the_choice_by_aic_and_the_average_by_akaike_weights_stay_within_the_limits(name, limit):
    """Both rules look at years 1 to 7 only; the limits are 3% and 2% in each of years 8 to 12."""
    found = cohort(COHORTS[name])
    fits = [sbg.fit(found), betaweibull.fit(found)]
    each = np.array([sbg.survival(fits[0].params, YEARS), betaweibull.survival(fits[1].params, YEARS)])
    best = each[fits.index(stays.chosen(fits))]
    for forecast in (best, stays.weights(fits) @ each):
        assert np.abs(forecast / LATER[name] - 1).max() <= limit


def test_fader_and_hardie_2010_residual_lifetimes_of_the_high_end_cohort():
    """Fader & Hardie (2010), Marketing Science 29(1): 10% discount, at renewals 1 to 6."""
    left = sbg.residual(sbg.fit(cohort(COHORTS["highend"])).params, np.arange(1, 7), rate=0.1)
    assert left == pytest.approx([5.414, 5.901, 6.294, 6.620, 6.897, 7.136], abs=0.0012)


def test_fader_and_hardie_2010_value_of_a_contractual_base():
    """A third stay with .9, two thirds with .5; $100 a period, 10%: $7.941M, which one rate puts at $4,945,049."""
    count = [10_000, 6_334, 4_367, 3_264, 2_604]
    truth = renewals.base_value(renewals.mixed([1 / 3, 2 / 3], [0.9, 0.5]), range(5), count, payment=100, rate=0.1)
    naive = renewals.naive_value(count, renewals.average_retention(count), payment=100, rate=0.1)
    assert truth == pytest.approx(7.941e6, abs=1e3)
    assert naive == pytest.approx(4_945_049, abs=0.5)
    assert 1 - naive / truth == pytest.approx(0.38, abs=0.005)


def test_an_sbg_fitted_to_the_ages_of_that_base_is_nearer_to_the_truth_than_one_rate():
    """The two segments are no beta distribution; the fit is to the survival that the cohorts' sizes show."""
    count = [10_000, 6_334, 4_367, 3_264, 2_604]
    fit = sbg.fit(cohort(count))
    value = renewals.base_value(lambda t: sbg.log_survival(fit.params, t), range(5), count, payment=100, rate=0.1)
    assert value > 4_945_049
    assert abs(value / 7.941e6 - 1) < 0.1


@pytest.mark.parametrize(("retention", "rate", "multiple"), [(0.9, 0.12, 4.09), (0.8, 0.12, 2.50), (0.6, 0.16, 1.07)])
def test_gupta_and_lehmann_2003_margin_multiples(retention, rate, multiple):
    """Gupta & Lehmann (2003), Journal of Interactive Marketing 17(1), table of margin multiples."""
    assert renewals.margin_multiple(retention, rate) == pytest.approx(multiple, abs=0.005)


@pytest.mark.parametrize(("retention", "answer"), [(0.7, 2.67), (0.8, 3.50), (0.9, 5.09)])
def test_elasticity_of_value_to_retention_at_12_percent(retention, answer):
    assert renewals.elasticity(retention, 0.12) == pytest.approx(answer, abs=0.005)


@pytest.mark.parametrize(
    ("retention", "answer"), [(0.60, 0.204), (0.70, 0.224), (0.80, 0.275), (0.85, 0.324), (0.90, 0.407)]
)
def test_what_five_points_of_retention_are_worth_at_10_percent(retention, answer):
    """The often quoted '25% to 95% more profit' is a sum of this kind, at a constant margin, and no measurement."""
    assert renewals.gain(retention, 0.10) == pytest.approx(answer, abs=0.0006)
