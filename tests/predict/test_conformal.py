"""Distributions mended by what the backtest saw, and only where later origins confirm it."""

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import nbinom, poisson

from keepwell.models.shapes import Cells, Forecast
from keepwell.predict import conformal
from keepwell.predict.conformal import Past, adjusted, adjustment, gain, learned, tally
from keepwell.predict.horizon import Ahead
from keepwell.predict.score import Outcomes

MEANS = np.array([0.5, 2.0, 6.0])
REPEATS = np.array([0, 3, 8])  # of the three kinds of customers
LONG = 80


def forecast(pmf):
    """A forecast of three kinds, everybody active; `pmf` has shape (3, LONG)."""
    start = np.arange(4) * LONG
    orders = pmf @ np.arange(LONG)
    return Forecast(365, np.ones(3), orders, orders, np.arange(3), start, pmf.ravel())


def plain(scale=1.0):
    return np.array([poisson.pmf(np.arange(LONG), m * scale) for m in MEANS])


def wide(shape=1.0):
    return np.array([nbinom.pmf(np.arange(LONG), shape, shape / (shape + m)) for m in MEANS])


def seen(rng, pmf, customers=4_000):
    """Outcomes of customers of the three kinds, drawn from `pmf`."""
    kind = rng.integers(0, 3, customers)
    counts = np.concatenate([rng.choice(LONG, (kind == i).sum(), p=p / p.sum()) for i, p in enumerate(pmf)])
    return Outcomes(np.sort(kind), counts, np.ones(customers))


def tallied(rng, told, truth, customers=4_000):
    outcomes = seen(rng, truth, customers)
    return tally(forecast(told), outcomes, np.array([0, 2, 3])[outcomes.cell])


def pasts(told, truth, *, origins=6, seed=1, customers=4_000):
    rng = np.random.default_rng(seed)
    return [Past(91 * i, 91 * (i + 1), tallied(rng, told, truth, customers)) for i in range(origins)]


def ahead(pmf):
    f = forecast(pmf)
    return Ahead(
        "12m", 365, f.p_active, f.orders, f.orders, pmf[:, 0], f.group, f.start, f.pmf, np.ones(3), np.zeros((0, 3))
    )


def held(found, of):
    """The adjusted distribution of one kind."""
    group = found.group[of]
    pmf = found.pmf[found.start[group] : found.start[group + 1]].copy()
    pmf[1:] *= (1 - found.none[of]) / (1 - pmf[0])
    pmf[0] = found.none[of]
    return pmf


CELLS = Cells(REPEATS, np.where(REPEATS > 0, 50, 0), np.full(3, 100), np.ones(3))


def test_what_is_right_is_left_alone():
    for seed in range(4):
        assert adjustment(pasts(plain(), plain(), seed=seed)) is None
    assert adjusted(ahead(plain()), CELLS, None).pmf is not None


def test_counts_that_vary_more_than_was_said_are_widened_toward_the_truth():
    found = adjustment(pasts(plain(), wide()))
    assert found is not None
    assert found.gain > 0.05
    mended, truth = adjusted(ahead(plain()), CELLS, found), wide()
    for kind in range(3):
        was, now = (np.abs(np.cumsum(p) - np.cumsum(truth[kind])).max() for p in (plain()[kind], held(mended, kind)))
        assert now < 0.5 * was
        assert held(mended, kind).sum() == pytest.approx(1.0)


def test_the_mended_intervals_hold_what_they_say():
    found = adjustment(pasts(plain(), wide(4.0)))
    mended = adjusted(ahead(plain()), CELLS, found)
    rng = np.random.default_rng(9)
    for kind in (1, 2):
        came = rng.choice(LONG, 20_000, p=wide(4.0)[kind] / wide(4.0)[kind].sum())
        inside = []
        for pmf in (plain()[kind], held(mended, kind)):
            reached = np.cumsum(pmf)
            # The randomised transform: its share between 5% and 95%.
            u = np.r_[0.0, reached][came] + rng.random(20_000) * pmf[came]
            inside.append(np.mean((u >= 0.05) & (u < 0.95)))
        # What lies between the parts' edges, and beyond the last, stays as the forecast has it.
        assert abs(inside[1] - 0.9) < 0.5 * abs(inside[0] - 0.9)


def test_the_shift_is_that_of_the_odds():
    rng = np.random.default_rng(3)
    moved = plain()
    none = expit(logit(moved[:, 0]) + 0.4)
    moved[:, 1:] *= ((1 - none) / (1 - moved[:, 0]))[:, None]
    moved[:, 0] = none
    found = learned([tallied(rng, plain(), moved, 200_000)])
    assert found.shift[[0, 2]] == pytest.approx([0.4, 0.4], abs=0.05)  # of the third kind hardly anybody has none
    assert found.parts[2] == pytest.approx(np.full(20, 0.05), abs=0.01)


def test_the_gain_is_that_of_the_chances_themselves():
    rng = np.random.default_rng(4)
    outcomes = seen(rng, wide())
    group = np.array([0, 2, 3])[outcomes.cell]
    of = learned([tally(forecast(plain()), outcomes, group)])
    later = seen(rng, wide())
    mended = adjusted(ahead(plain()), CELLS, of)
    chance = [np.array([held(mended, kind) for kind in range(3)]), plain()]
    # What the forecast held for next to impossible has lost its digits.
    able = chance[1][later.cell, later.actual] > 1e-9
    logs = [np.log(p[later.cell, later.actual][able]) for p in chance]
    direct = (logs[0] - logs[1]).sum() / len(able)
    told = gain(of, tally(forecast(plain()), later, np.array([0, 2, 3])[later.cell]))
    # The parts spread a count over its width of the transform: the gain is near, and of one sign.
    assert told == pytest.approx(direct, rel=0.35)


def test_only_what_was_known_is_learned_from():
    """Origins a quarter apart that look a year ahead: the first four know nothing of each other."""
    late = [Past(91 * i, 91 * i + 364, p.tally) for i, p in enumerate(pasts(plain(), wide(), origins=6))]
    assert adjustment(late) is None
    assert adjustment([*late, *(Past(91 * i, 91 * i + 364, late[0].tally) for i in (6, 7))]) is not None


def test_a_habit_that_does_not_last_is_not_followed():
    """Now too many came, now too few: what was learned helps no more than it harms."""
    rng = np.random.default_rng(6)
    rows = [Past(91 * i, 91 * (i + 1), tallied(rng, plain(), plain(1.5 if i % 2 else 0.6))) for i in range(7)]
    assert adjustment(rows) is None


def test_the_chance_of_an_order_soon_moves_with_that_of_none():
    of = learned([past.tally for past in pasts(plain(), wide())])
    mended = adjusted(ahead(plain()), CELLS, of)
    assert conformal.sooner(1 - plain()[:, 0], CELLS, of) == pytest.approx(1 - mended.none)
    assert conformal.sooner(np.ones(3), CELLS, None).tolist() == [1, 1, 1]


def test_few_customers_change_little():
    few = pasts(plain(), wide(), origins=1, customers=12)
    of = learned([past.tally for past in few])
    assert np.abs(of.shift).max() < 0.5
    assert of.parts == pytest.approx(np.full((4, 20), 0.05), abs=0.05)


def test_nobody_at_all_changes_nothing():
    nothing = conformal.Tally(*(np.zeros((4, 20)) for _ in range(3)), np.zeros((4, 20)))
    of = learned([nothing])
    assert (of.shift == 0).all()
    assert of.parts == pytest.approx(np.full((4, 20), 0.05))
