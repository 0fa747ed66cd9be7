"""Numbers that others have printed about what orders and customers are worth, on the CDNOW data."""

from datetime import date

import numpy as np
import pytest

from keepwell.models import gammagamma, paretonbd
from keepwell.models.gammagamma import GammaGamma
from keepwell.models.paretonbd import ParetoNBD

FIRST_TEN = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]


def purchase_days(lines, until, *, customer, day, dollars):
    """Return per customer (in order of number) the dollars of each purchase day up to `until`."""
    found = {}
    for line in lines:
        cells = line.split()
        if not cells or not cells[0].isdigit():
            continue
        when = date(int(cells[day][:4]), int(cells[day][4:6]), int(cells[day][6:]))
        if when <= until:
            days = found.setdefault(int(cells[customer]), {})
            days[when] = days.get(when, 0.0) + float(cells[dollars])
    return [dict(sorted(found[key].items())) for key in sorted(found)]


def repeats(customers):
    """Return the number of repeats and their dollars, shape (customers,) each."""
    n = np.array([len(days) - 1.0 for days in customers])
    return n, np.array([sum(list(days.values())[1:]) for days in customers])


@pytest.fixture
def fitted(shared_data):
    lines = (shared_data / "cdnow" / "CDNOW_sample.txt").read_text().splitlines()
    n, total = repeats(purchase_days(lines, date(1997, 9, 30), customer=1, day=2, dollars=4))
    some = n > 0
    return n, total, gammagamma.fit(n=n[some], mean=total[some] / n[some])


def test_fader_and_hardie_2013_gamma_gamma_on_the_cdnow_sample(fitted):
    """Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value: 946 repeaters, their means average $35.08."""
    n, total, fit = fitted
    some = n > 0
    assert some.sum() == 946
    assert (total[some] / n[some]).mean() == pytest.approx(35.08, abs=0.005)
    assert [fit.params.p, fit.params.q, fit.params.gamma] == pytest.approx([6.25, 3.74, 15.44], abs=0.006)
    assert fit.log_likelihood == pytest.approx(-4055.92, abs=0.005)
    assert fit.params.mean == pytest.approx(35.17, abs=0.005)
    assert fit.converged


def test_fader_and_hardie_2013_expected_spend_of_the_first_ten_customers(fitted):
    n, total, fit = fitted
    spend = gammagamma.predict(fit.params, n=n[:10], total=total[:10])
    assert spend.mean == pytest.approx(FIRST_TEN, abs=0.006)


def test_fader_hardie_and_lee_2005_value_of_the_whole_cohort(shared_data):
    """Fader, Hardie & Lee (2005), Journal of Marketing Research 42: about $1.1M, 12,054 zero repeaters hold $53,000."""
    lines = (shared_data / "cdnow" / "CDNOW_master.txt").read_text().splitlines()
    end = date(1998, 6, 30)
    everybody = purchase_days(lines, end, customer=0, day=1, dollars=3)
    customers = [days for days in everybody if sum(days.values()) <= 4000]
    assert (len(everybody), len(customers)) == (23_570, 23_558)
    x, total = repeats(customers)
    t_x = np.array([(max(days) - min(days)).days / 7 for days in customers])
    T = np.array([(end - min(days)).days / 7 for days in customers])
    buying = ParetoNBD(r=0.5907, alpha=13.34, s=0.4023, beta=9.934)
    orders = paretonbd.discounted(buying, x=x, t_x=t_x, T=T, delta=np.log(1.15) / 52)
    spend = gammagamma.predict(GammaGamma(6.25, 3.74, 15.44), n=x, total=total)
    value = 0.30 * orders * spend.mean
    never = x == 0
    assert never.sum() == 12_054
    assert value.sum() == pytest.approx(1_096_900, rel=0.002)
    assert value.mean() == pytest.approx(46.56, rel=0.002)
    assert value[never].sum() == pytest.approx(53_070, rel=0.002)
    assert value[never].mean() == pytest.approx(4.40, abs=0.005)
    best = np.sort(value)[-len(value) // 5 :].sum() / value.sum()
    assert 0.815 < best < 0.835
