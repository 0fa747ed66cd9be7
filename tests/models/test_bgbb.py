"""BG/BB against every course that a customer's chances can take, and against simulation."""

import itertools

import mpmath
import numpy as np
import pytest

from keepwell.errors import DataError
from keepwell.models import bgbb
from keepwell.models.bgbb import BGBB
from keepwell.models.shapes import Cells

DONORS = BGBB(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783)
CORNERS = [
    DONORS,
    BGBB(alpha=1e-3, beta=2e-3, gamma=1e-4, delta=3e-4),
    BGBB(alpha=3e4, beta=1e5, gamma=2e4, delta=9e4),
    BGBB(alpha=40.0, beta=0.01, gamma=0.02, delta=700.0),
]
HISTORIES = [(0, 0, 0), (0, 0, 1), (0, 0, 40), (1, 1, 1), (1, 30, 40), (3, 7, 9), (9, 9, 9), (52, 52, 104)]


def courses(p, n):
    """Return {the chances taken: likelihood} of n chances: the sum over the chance before which a customer leaves."""
    with mpmath.workdps(30):
        a, b, c, d = (mpmath.mpf(v) for v in (p.alpha, p.beta, p.gamma, p.delta))
        found = {}
        for taken in itertools.product((0, 1), repeat=n):
            total = mpmath.mpf(0)
            for had in range(n + 1):
                if any(taken[had:]):
                    continue
                x = sum(taken[:had])
                buying = mpmath.beta(a + x, b + had - x) / mpmath.beta(a, b)
                left = mpmath.beta(c, d + n) if had == n else mpmath.beta(c + 1, d + had)
                total += buying * left / mpmath.beta(c, d)
            found[taken] = total
        return found


def arrays(histories):
    return dict(zip(("x", "t_x", "T"), np.array(histories).T, strict=True))


def as_cells(histories):
    x, t_x, n = np.array(histories, np.int64).T
    return Cells(x, t_x, n, np.ones(len(x)))


def exact(p, x, t_x, n):
    """Return ln L and P(here at the next chance), in 60 digits."""
    with mpmath.workdps(60):
        a, b, c, d = (mpmath.mpf(v) for v in (p.alpha, p.beta, p.gamma, p.delta))
        buying, leaving = mpmath.beta(a, b), mpmath.beta(c, d)
        here = mpmath.beta(a + x, b + n - x) / buying * mpmath.beta(c, d + n) / leaving
        gone = mpmath.fsum(
            mpmath.beta(a + x, b + u - x) / buying * mpmath.beta(c + 1, d + u) / leaving for u in range(t_x, n)
        )
        following = mpmath.beta(a + x, b + n - x) / buying * mpmath.beta(c, d + n + 1) / leaving
        return float(mpmath.log(here + gone)), float(following / (here + gone))


def test_the_likelihood_is_the_sum_over_all_courses_and_these_sum_to_one():
    found = courses(DONORS, 5)
    assert float(sum(found.values())) == pytest.approx(1, abs=1e-12)
    for taken, chance in found.items():
        x, t_x = sum(taken), max((i + 1 for i, took in enumerate(taken) if took), default=0)
        got = bgbb.log_likelihood(DONORS, **arrays([(x, t_x, 5)]))[0]
        assert got == pytest.approx(float(mpmath.log(chance)), abs=1e-11)


@pytest.mark.parametrize("p", CORNERS)
def test_log_likelihood_and_p_active_agree_with_sixty_digits(p):
    logs, chances = np.array([exact(p, *h) for h in HISTORIES]).T
    np.testing.assert_allclose(bgbb.log_likelihood(p, **arrays(HISTORIES)), logs, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(bgbb.active(p, **arrays(HISTORIES)), chances, rtol=1e-9)


def test_what_is_to_come_is_the_share_of_the_courses_that_go_on_so():
    whole = courses(DONORS, 8)
    past = (0, 1, 0, 1, 0)
    counts = np.zeros(4)
    for taken, chance in whole.items():
        if taken[:5] == past:
            counts[sum(taken[5:])] += float(chance)
    counts /= counts.sum()
    forecast = bgbb.predict(DONORS, as_cells([(2, 4, 5)]), days=3)
    given = forecast.pmf * forecast.p_active[0]
    given[0] += 1 - forecast.p_active[0]
    np.testing.assert_allclose(given, counts, rtol=1e-10)
    assert forecast.orders[0] == pytest.approx(counts @ np.arange(4), rel=1e-10)


def test_the_discount_is_of_each_chance():
    alone = [bgbb.expected(DONORS, **arrays([(2, 4, 6)]), t=t)[0] for t in range(8)]
    wanted = np.diff(alone) @ np.exp(-0.1 * np.arange(1, 8))
    assert bgbb.discounted(DONORS, **arrays([(2, 4, 6)]), delta=0.1, t=7)[0] == pytest.approx(wanted, rel=1e-12)
    forever = bgbb.discounted(DONORS, **arrays([(2, 4, 6)]), delta=0.1, t=np.inf)[0]
    assert forever == pytest.approx(bgbb.discounted(DONORS, **arrays([(2, 4, 6)]), delta=0.1, t=2000)[0], rel=1e-9)


def test_the_next_order_is_the_first_chance_by_which_it_is_as_likely():
    histories = [(0, 0, 6), (2, 4, 6), (6, 6, 6), (3, 6, 6), (1, 1, 6)]
    chances = bgbb.next_order_days(DONORS, as_cells(histories), q=0.4)
    for history, chance in zip(histories, chances, strict=True):
        one = as_cells([history])

        def bought(m, one=one):
            forecast = bgbb.predict(DONORS, one, days=m)
            return forecast.p_active[0] * (1 - forecast.pmf[0])

        if np.isfinite(chance):
            assert bought(int(chance)) >= 0.4
            assert chance == 1 or bought(int(chance) - 1) < 0.4
        else:
            assert bought(400) < 0.4


def test_the_future_of_simulated_customers_is_met(chance_takers):
    cells, later = chance_takers(DONORS, 60_000, 4, days=5)
    forecast = bgbb.predict(DONORS, cells, days=5)
    for low, high in ((0, 0), (1, 2), (3, 12)):
        part = (cells.repeats >= low) & (cells.repeats <= high)
        error = later[part].std() * np.sqrt(part.sum())
        assert forecast.orders[part].sum() == pytest.approx(later[part].sum(), abs=4 * error)


def test_more_purchases_than_chances_are_named():
    with pytest.raises(DataError, match=r"5 purchases .* 3 chances"):
        bgbb.fit(as_cells([(0, 0, 9), (5, 3, 9)]))


def test_many_chances_take_little_memory_and_still_sum_to_one():
    forecast = bgbb.predict(DONORS, as_cells([(10, 20, 30), (0, 0, 30)]), days=600, rate=0.01, clock=True)
    np.testing.assert_allclose(np.add.reduceat(forecast.pmf, forecast.start[:-1]), 1, atol=1e-9)
