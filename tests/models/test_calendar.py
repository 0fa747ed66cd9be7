import numpy as np
import pytest
from scipy.optimize import minimize

from keepwell.models import calendar
from keepwell.models.calendar import Clock, Event, Frame

FIRST = 738_000  # in 2021
WEEKDAYS = np.array([0.3, 0.2, 0.1, 0.0, -0.1, -0.3, -0.2])


def counted(days, *, seed=1, level=60.0, events=(), year=0.5, shake=None):
    """Draw counts of days with weekdays, a year and a sale: frame, counts, what was expected, true logs."""
    rng = np.random.default_rng(seed)
    at = np.arange(FIRST, FIRST + days)
    truth = WEEKDAYS[(at + 6) % 7] + year * np.sin(2 * np.pi * at / 365.2425)
    for event in events:
        truth = truth + np.log(2.5) * ((at >= event.first) & (at <= (event.last or np.inf)))
    expected = np.linspace(level / 2, level, days)
    luck = 1.0 if shake is None else rng.gamma(shake, 1 / shake, days)
    return Frame(FIRST, FIRST + days - 1, tuple(events)), rng.poisson(expected * np.exp(truth) * luck), expected, truth


def fitted(frame, came, expected):
    return calendar.fitted(frame, came=came.astype(float), expected=expected)


def part(found, name):
    return next(p for p in calendar.parts(found) if p.name == name)


@pytest.fixture(scope="module")
def three_years():
    sale = Event("sale", FIRST + 400, FIRST + 413)
    frame, came, expected, truth = counted(1095, events=(sale,))
    return fitted(frame, came, expected), truth


def test_weekdays_are_found_within_their_errors(three_years):
    found, _ = three_years
    for i, true in enumerate(WEEKDAYS - WEEKDAYS.mean()):
        one = part(found, f"weekday {i + 1}")
        assert one.factor == pytest.approx(np.exp(true), abs=4 * one.sd)
        # 1095/7 days of about 45 purchases: a relative sd of 1.2%.
        assert one.sd / one.factor == pytest.approx(0.012, rel=0.3)


def test_time_of_year_is_found_day_by_day(three_years):
    found, truth = three_years
    days = np.arange(found.frame.first, found.frame.last + 1)
    error = np.log(calendar.factors(found, days)) - (truth - np.log(np.mean(np.exp(truth))))
    assert error.std() < 0.02
    assert part(found, "month 4").factor > 1.5 * part(found, "month 10").factor


def test_a_sale_is_found_within_its_error(three_years):
    one = part(three_years[0], "event sale")
    assert one.factor == pytest.approx(2.5, abs=4 * one.sd)
    assert one.sd < 0.2


def test_factors_of_the_log_have_mean_1(three_years):
    found, _ = three_years
    days = np.arange(found.frame.first, found.frame.last + 1)
    assert calendar.factors(found, days).mean() == pytest.approx(1, rel=1e-12)


def test_a_sale_to_come_is_what_sales_of_its_name_were():
    sales = (Event("sale", FIRST + 100, FIRST + 120), Event("sale", FIRST + 500, FIRST + 520))
    frame, came, expected, _ = counted(400, events=sales, year=0)
    found = fitted(frame, came, expected)
    within, before = calendar.factors(found, np.array([FIRST + 507, FIRST + 493]))
    assert within / before == pytest.approx(part(found, "event sale").factor, rel=1e-9)
    assert within / before > 2


def test_a_sale_of_an_unknown_name_to_come_changes_nothing():
    frame, came, expected, _ = counted(400)
    plain = fitted(frame, came, expected)
    told = fitted(Frame(frame.first, frame.last, (Event("new", FIRST + 500, FIRST + 520),)), came, expected)
    days = np.arange(FIRST, FIRST + 600)
    np.testing.assert_allclose(calendar.factors(told, days), calendar.factors(plain, days), rtol=1e-6)


def test_a_closed_month_is_nearly_nothing():
    frame, came, expected, _ = counted(400, events=())
    came[200:231] = 0
    shut = Event("closed", FIRST + 200, FIRST + 230)
    found = fitted(Frame(frame.first, frame.last, (shut,)), came, expected)
    assert part(found, "event closed").factor < 0.02


def test_prices_that_last_are_one_step():
    rise = Event("prices", FIRST + 300, None)
    frame, came, expected, _ = counted(400, events=(rise,), year=0)
    found = fitted(frame, came, expected)
    one = part(found, "event prices")
    assert one.factor == pytest.approx(2.5, abs=4 * one.sd)
    after, before = calendar.factors(found, np.array([FIRST + 2000, FIRST + 2000 - 7 * 260]))
    assert after / before == pytest.approx(one.factor, rel=1e-9)


def test_a_short_log_knows_no_time_of_year_and_no_trend():
    frame, came, expected, _ = counted(500)
    assert [kind for kind, _ in frame.kinds] == ["weekday"]
    found = fitted(frame, came, expected)
    days = np.arange(FIRST, FIRST + 497)
    week = calendar.factors(found, days).reshape(71, 7)
    np.testing.assert_allclose(week, np.broadcast_to(week[:1], week.shape), rtol=1e-12)


def test_chance_alone_shrinks_to_nothing():
    rng = np.random.default_rng(3)
    frame, expected = Frame(FIRST, FIRST + 699), np.linspace(30, 60, 700)
    found = fitted(frame, rng.poisson(expected), expected)
    # A weekday's own sd is 1.5%, and there is nothing else to see.
    assert np.log(calendar.factors(found, np.arange(FIRST, FIRST + 1500))).std() < 0.02


def test_lucky_days_teach_less_than_chance_would():
    frame, came, expected, _ = counted(700, shake=5.0)
    found = fitted(frame, came, expected)
    # The variance of a day over its mean is 1 + mean / 5, the mean being about 50.
    assert found.dispersion == pytest.approx(1 + 50 / 5, rel=0.25)
    calm = fitted(*counted(700)[:3])
    assert part(found, "weekday 1").sd > 2 * part(calm, "weekday 1").sd


def test_trend_stays_where_it_was_after_the_log():
    rng = np.random.default_rng(4)
    days = np.arange(1460)
    expected = np.full(1460, 80.0)
    came = rng.poisson(expected * np.exp(0.0004 * days))  # a rise of 80% in four years
    found = fitted(Frame(FIRST, FIRST + 1459), came, expected)
    week = np.arange(FIRST + 1460 - 364, FIRST + 1460)
    ahead = calendar.factors(found, week + 364 * 20).mean()
    assert part(found, "level at the end").factor == pytest.approx(np.exp(0.0004 * 730), rel=0.12)
    assert ahead == pytest.approx(calendar.factors(found, week + 364).mean(), rel=0.01)


def test_effects_are_those_of_plain_optimisation():
    frame, came, expected, _ = counted(800)
    counts = calendar.problem(frame, came=came.astype(float), expected=expected)
    size = counts.columns.shape[1]
    sd = np.full(size - 1, 0.3)
    effects, covariance = calendar.peak(counts, np.zeros(size), sd, dispersion=1.7)

    def cost(at):
        logs = counts.columns @ at
        fits = (counts.came * logs - counts.expected * np.exp(logs)).sum() / 1.7
        return -fits + (at[1:] ** 2).sum() / (2 * 0.3**2)

    plain = minimize(cost, np.zeros(size), method="BFGS", options={"gtol": 1e-4, "maxiter": 2000})
    np.testing.assert_allclose(effects[1:], plain.x[1:], atol=2e-4)
    step = 1e-3 * np.eye(size)[3]
    bend = (cost(effects + step) + cost(effects - step) - 2 * cost(effects)) / 1e-6
    assert np.linalg.inv(covariance)[3, 3] == pytest.approx(bend, rel=1e-3)


def test_no_other_spread_of_the_effects_has_more_evidence():
    frame, came, expected, _ = counted(800)
    counts = calendar.problem(frame, came=came.astype(float), expected=expected)
    found = fitted(frame, came, expected)
    of = np.repeat(np.arange(len(frame.kinds)), [size for _, size in frame.kinds])

    def evidence(sds):
        sd = np.array(sds)[of]
        effects, covariance = calendar.peak(counts, np.zeros(len(of) + 1), sd, dispersion=found.dispersion)
        fits = counts.value(effects, np.r_[0.0, 1 / sd**2], found.dispersion)
        return fits - np.log(sd).sum() + np.linalg.slogdet(covariance)[1] / 2

    best = evidence(found.sds)
    for kind in (0, 1):  # the weekdays and the year's broad shape, which the counts show
        for factor in (0.7, 1.4):
            assert evidence([sd * (factor if i == kind else 1) for i, sd in enumerate(found.sds)]) < best


def test_clock_gives_back_the_place_it_was_asked_for(three_years):
    clock = calendar.clock(three_years[0], ahead=400)
    places = np.array([0.0, 3.25, 1094.0, 1400.5, 5000.0])
    np.testing.assert_allclose(clock.place(clock.at(places)), places, rtol=1e-9, atol=1e-6)
    assert clock.passed[clock.now] == pytest.approx(1094, abs=2)
    assert clock.place(np.array([np.inf]))[0] == np.inf


def test_expected_counts_are_the_sum_over_customers_of_what_each_day_adds():
    rng = np.random.default_rng(5)
    arrivals = rng.poisson(3, 60).astype(float)
    clock = Clock(np.arange(500.0), 59)
    growth = 2 * (1 - np.exp(-np.arange(200) / 2 / 30))
    total = calendar.without(arrivals, growth, clock)
    slow = np.zeros(60)
    for day in range(60):
        for begun in range(day):
            age = day - begun
            slow[day] += arrivals[begun] * 2 * (np.exp(-(age - 1) / 30) - np.exp(-age / 30))
    np.testing.assert_allclose(total, slow, rtol=1e-9)


def test_rate_on_the_clock_gives_the_worth_it_was_asked_for():
    rate, span = 3e-4, 700.0
    assert calendar.rate_worth((1 - np.exp(-rate * span)) / rate, span) == pytest.approx(rate, rel=1e-9)
    assert calendar.rate_worth(1 / rate, np.inf) == pytest.approx(rate, rel=1e-9)
    assert calendar.rate_worth(span, span) == 0
