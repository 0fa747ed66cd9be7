"""What is not known of the parameters, in the distributions of customers."""

from dataclasses import replace

import numpy as np
import pytest

from keepwell.models import bgnbd, mbgcnbdk, paretonbd, priors
from keepwell.models.histories import sorted_rows
from keepwell.models.mbgcnbdk import MBGCNBDk
from keepwell.models.posterior import Posterior, of_covariance
from keepwell.models.posterior import posterior as drawn
from keepwell.models.shapes import Cells, Fit
from keepwell.predict import doubt, horizon, pooled
from keepwell.predict.fitted import Fitted

RATE = horizon.rate_a_day(0.10)
NAMES = ("r", "alpha", "s", "beta")
MIDDLE = np.array([0.7, 60.0, 0.6, 180.0])
CELLS = Cells(
    np.array([0, 0, 1, 1, 4, 12]),
    np.array([0, 0, 30, 300, 200, 390]),
    np.array([100, 400, 350, 310, 260, 400]),
    np.arange(1.0, 7.0),
)


def one(spread=0.1):
    covariance = tuple(tuple(row) for row in (np.eye(4) * spread**2).tolist())
    return Fitted("paretonbd", paretonbd, Fit(paretonbd.ParetoNBD(*MIDDLE), 0.0, {}, covariance, True, "", 21.0, 6, 1))


def known(draws):
    draws = np.asarray(draws)
    return Posterior(NAMES, draws, np.full(len(draws), 1 / len(draws)), 0.1, len(draws), "")


def distribution(ahead, cell):
    """P(k) of one cell, k = 0, 1, 2 ..."""
    group = ahead.group[cell]
    pmf = ahead.p_active[cell] * ahead.pmf[ahead.start[group] : ahead.start[group + 1]]
    pmf[0] = ahead.none[cell]
    return pmf


def test_the_mixture_is_that_of_the_draws_one_by_one(monkeypatch):
    """Every cell is a group of its own here, so that the mixture is exact."""
    draws = MIDDLE * np.exp(np.random.default_rng(1).normal(0, 0.4, (5, 4)))
    monkeypatch.setattr(doubt, "FEWEST", 5)
    monkeypatch.setattr(doubt, "MOST", 5)
    plain = horizon.ahead(one(), CELLS, name="12m", days=365, rate=RATE)
    found = doubt.mixed(one(), CELLS, plain, known(draws), rate=RATE)
    aheads = [
        horizon.ahead(
            replace(one(), fit=replace(one().fit, params=paretonbd.ParetoNBD(*row))),
            CELLS, name="12m", days=365, rate=RATE,
        )
        for row in draws
    ]  # fmt: skip
    assert found.draws == 5
    for cell in range(6):
        whole = np.zeros(400)
        for each in aheads:
            part = distribution(each, cell)
            whole[: len(part)] += part / 5
        mine = distribution(found, cell)
        assert mine == pytest.approx(whole[: len(mine)], abs=1e-9)
    discounted = np.array([each.discounted for each in aheads])
    assert found.discounted == pytest.approx(discounted.mean(axis=0))
    assert (found.moves**2).sum(axis=0) == pytest.approx(discounted.var(axis=0), rel=1e-6)


@pytest.mark.parametrize(("name", "days"), [("12m", 365), ("life", 3650)])
def test_what_is_drawn_keeps_the_mean(name, days):
    draws = MIDDLE * np.exp(np.random.default_rng(2).normal(0, 0.3, (40, 4)))
    (found,) = doubt.ahead(one(), CELLS, known(draws), spans={name: days}, rate=RATE)
    assert found.draws > 0
    assert doubt.moments(found)[0] * found.discount == pytest.approx(found.discounted)
    lengths = np.diff(found.start)
    assert np.add.reduceat(found.pmf, found.start[:-1]) == pytest.approx(np.ones(len(lengths)))


def test_parameters_known_to_a_hair_leave_the_distributions_alone():
    draws = MIDDLE * np.exp(np.random.default_rng(2).normal(0, 1e-3, (40, 4)))
    spans = {"12m": 365, "life": 3650}
    found = doubt.ahead(one(), CELLS, known(draws), spans=spans, rate=RATE)
    for each, (name, days) in zip(found, spans.items(), strict=True):
        plain = horizon.ahead(one(), CELLS, name=name, days=days, rate=RATE)
        assert each.draws == 0
        np.testing.assert_array_equal(each.pmf, plain.pmf)
        assert 0 < doubt.added(each) < doubt.VISIBLE
    assert "taken for known" in doubt.words(found[0])


def test_doubt_widens_the_distributions():
    draws = MIDDLE * np.exp(np.random.default_rng(2).normal(0, 0.5, (60, 4)))
    (found,) = doubt.ahead(one(), CELLS, known(draws), spans={"12m": 365}, rate=RATE)
    plain = horizon.ahead(one(), CELLS, name="12m", days=365, rate=RATE)
    wide, narrow = (s - m**2 for m, s in (doubt.moments(found), doubt.moments(plain)))
    assert (wide / doubt.moments(found)[0] ** 2 > narrow / doubt.moments(plain)[0] ** 2).all()
    assert "mixed over" in doubt.words(found)


def test_what_the_backtest_mends_is_not_mixed_too():
    draws = MIDDLE * np.exp(np.random.default_rng(2).normal(0, 0.5, (60, 4)))
    spans = {"3m": 91, "12m": 365}
    near, far = doubt.ahead(one(), CELLS, known(draws), spans=spans, rate=RATE, whole={"3m"})
    assert (near.draws, far.draws > 0) == (0, True)
    np.testing.assert_array_equal(near.pmf, horizon.ahead(one(), CELLS, name="3m", days=91, rate=RATE).pmf)
    assert (near.moves**2).sum() > 0  # it stays in `sd_mean`


def test_ragged_rows_add_up():
    first = np.array([0, 2, 3]), np.array([1.0, 2.0, 3.0])
    second = np.array([0, 1, 4]), np.array([10.0, 20.0, 30.0, 40.0])
    start, whole = doubt.merged(first, second)
    assert start.tolist() == [0, 2, 5]
    assert whole.tolist() == [11.0, 2.0, 23.0, 30.0, 40.0]


def test_the_chance_of_an_order_soon_rises_with_the_days():
    draws = MIDDLE * np.exp(np.random.default_rng(2).normal(0, 0.5, (20, 4)))
    spans = {"3m": 91}
    for of in (known(draws), known(MIDDLE * np.exp(1e-4 * np.random.default_rng(2).normal(size=(9, 4))))):
        (near,) = doubt.ahead(one(), CELLS, of, spans=spans, rate=RATE)
        found = doubt.soon(one(), CELLS, of, near)
        assert found.shape == (3, 6)
        assert (np.diff(found, axis=0) > 0).all()
        assert (found[2] < 1 - near.none).all()


def test_a_rate_for_all_has_its_doubt_too():
    fit = pooled.fit(CELLS)
    found = doubt.posterior(Fitted("pooled", pooled, fit), CELLS, seed=1)
    assert found.mean[0] == pytest.approx(fit.params.rate, rel=0.05)
    assert found.sd[0] == pytest.approx(fit.sd["rate"], rel=0.2)


def test_small_shops_are_forecast_better_and_wider_than_by_the_fitted_parameters():
    """50 shops of 25 customers drawn from the prior: the log score of what came, and the 90% intervals of customers."""
    prior = priors.independent(np.log([0.6, 60.0, 0.6, 2.0]), [0.6, 0.6, 0.6, 0.6])
    rng, scores, widths, inside = np.random.default_rng(11), [], [], []
    for _ in range(50):
        r, alpha, a, b = np.exp(prior.middle + prior.sd * rng.normal(size=4))
        cells, came = shop(rng, r, alpha, a, b, customers=25)
        if cells.repeats.max() == 0:
            continue
        found = drawn(
            bgnbd.objective(sorted_rows(cells)), prior, names=("r", "alpha", "a", "b"), start=prior.middle, draws=256
        )
        model = Fitted("bgnbd", bgnbd, bgnbd.fit(cells))
        plain = horizon.ahead(model, cells, name="12m", days=365, rate=0.0)
        (wide,) = doubt.ahead(model, cells, found, spans={"12m": 365}, rate=0.0)
        scores.append([score(each, came) for each in (wide, plain)])
        inside.append(np.mean([covered(wide, i, y) for i, y in enumerate(came)]))
        widths.append([np.mean(np.sqrt(s - m**2)) for m, s in (doubt.moments(wide), doubt.moments(plain))])
    gain = np.subtract(*np.array(scores).T)
    assert gain.mean() > 2 * gain.std() / np.sqrt(len(gain))
    assert np.median(np.divide(*np.array(widths).T)) > 1.0
    assert 0.88 < np.mean(inside) < 0.98  # counts are whole, so that intervals hold a little more than 90%


def shop(rng, r, alpha, a, b, *, customers):
    """Histories of BG/NBD customers over up to 200 days, and their purchase days of the year after."""
    rows, came = [], []
    for _ in range(customers):
        rate, leave, age = rng.gamma(r, 1 / alpha), rng.beta(a, b), int(rng.integers(100, 200))
        days, at = set(), 0.0
        while True:
            at += rng.exponential(1 / rate)
            if at > age + 365:
                break
            days.add(int(np.ceil(at)))
            if rng.random() < leave:
                break
        past = [day for day in days if day <= age]
        rows.append((len(past), max(past, default=0), age))
        came.append(len(days) - len(past))
    x, t_x, age = np.array(rows).T
    return Cells(x, t_x, age, np.ones(customers)), came


def score(ahead, came):
    """The mean logarithm of the chance given to what came."""
    logs = []
    for i, y in enumerate(came):
        pmf = distribution(ahead, i)
        logs.append(np.log(max(pmf[min(y, len(pmf) - 1)], 1e-12)))
    return np.mean(logs)


def covered(ahead, cell, y):
    reached = np.cumsum(distribution(ahead, cell))
    return reached[min(y, len(reached) - 1)] >= 0.05 and (y == 0 or reached[min(y, len(reached)) - 1] < 0.95)


def test_log_normal_draws_have_the_fits_sds():
    found = of_covariance(one(0.2).fit)
    assert np.log(found.draws).std(axis=0) == pytest.approx(np.full(4, 0.2), rel=0.02)


def test_draws_that_group_the_cells_otherwise_are_mixed_in_the_groups_of_the_fit():
    """Where purchases come regularly, which cells share a distribution hangs on the parameters."""
    repeats, age = np.repeat([2, 5, 9], 20), np.full(60, 300)
    cells = Cells(repeats, np.tile(np.arange(200, 300, 5), 3), age, np.ones(60))
    params = MBGCNBDk(r=3.0, alpha=60.0, a=0.8, b=4.0, k=4)
    fit = Fit(params, 0.0, {}, ((0.0,),), converged=True, ending="", customers=60.0, cells=60, evaluations=1)
    one = Fitted("mbgcnbdk", mbgcnbdk, fit)
    plain, other = (
        horizon.ahead(replace(one, fit=replace(fit, params=p)), cells, name="12m", days=365, rate=0.0)
        for p in (params, replace(params, alpha=90.0))
    )
    assert len(plain.start) != len(other.start) or (plain.group != other.group).any()
    mended = doubt.regrouped(other, plain)
    assert (mended.group == plain.group).all()
    sums = np.add.reduceat(mended.pmf, mended.start[:-1])
    np.testing.assert_allclose(sums, 1.0, atol=1e-6)
    own, taken = (doubt.moments(each)[0] for each in (other, mended))
    # A cell takes the nearest of steps of 1/32 of a purchase, and now its group's first cell's.
    np.testing.assert_allclose(taken, own, rtol=0.1, atol=0.1)
    assert doubt.regrouped(plain, plain) is plain
