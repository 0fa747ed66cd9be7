"""Trees on arrays: what they learn, that they are the same each time, and that their reasons add up."""

import sys

import numpy as np
import pytest

from keepwell.errors import FitError
from keepwell.predict import boosted
from keepwell.predict.boosted import Examples

NAMES, KINDS = ("loyal", "noise", "channel"), ("channel",)


def examples(seed, *, effect=1.0, rows=6000):
    """Draw counts whose mean is the expectation times exp(effect) for the loyal and channel 2 half of that."""
    rng = np.random.default_rng(seed)
    loyal, channel = rng.integers(0, 2, rows), rng.integers(0, 4, rows)
    expected = rng.gamma(2.0, 0.3, rows)
    mean = expected * np.exp(effect * loyal - 0.5 * effect * (channel == 2))
    x = np.column_stack([loyal, rng.normal(size=rows), np.where(channel == 3, np.nan, channel)]).astype(np.float32)
    return Examples(x, expected, rng.poisson(mean), np.ones(rows)), mean


def grown(one, rounds=160, seed=1):
    return boosted.grown(one, names=NAMES, kinds=KINDS, rounds=rounds, seed=seed)


def test_trees_find_the_factors_that_made_the_counts():
    learned, _ = examples(1)
    fresh, mean = examples(2)
    forecast = fresh.expected * grown(learned).factor(fresh.x)
    ratio = np.log(forecast / mean)
    assert abs(ratio.mean()) < 0.05
    assert ratio.std() < 0.2  # the factors themselves spread by 0.55


def test_the_number_of_trees_is_none_where_the_expectation_is_the_truth():
    early, late = examples(1, effect=0.0)[0], examples(2, effect=0.0)[0]
    nothing = boosted.rounds_in_time(early, late, names=NAMES, kinds=KINDS, seed=1)
    early, late = examples(1)[0], examples(2)[0]
    something = boosted.rounds_in_time(early, late, names=NAMES, kinds=KINDS, seed=1)
    assert nothing <= 5 < something


def test_no_trees_change_nothing():
    one, _ = examples(1)
    none = grown(one, rounds=0)
    assert none.model == ""
    np.testing.assert_array_equal(none.factor(one.x), np.ones(len(one.x)))


def test_nothing_is_learned_of_customers_of_whom_nobody_came():
    """A shop that was closed: LightGBM itself refuses counts that are all 0."""
    one, late = examples(1)[0], examples(2)[0]
    closed = Examples(one.x, one.expected, np.zeros_like(one.came), one.weight)
    assert boosted.rounds_in_time(closed, late, names=NAMES, kinds=KINDS, seed=1) == 0
    trees = grown(closed)
    assert (trees.rounds, trees.model) == (0, "")
    np.testing.assert_array_equal(trees.factor(one.x), np.ones(len(one.x)))


def test_the_same_examples_give_the_same_trees():
    one, _ = examples(3)
    assert grown(one).model == grown(one).model
    np.testing.assert_array_equal(grown(one).factor(one.x), grown(one, seed=2).factor(one.x))  # nothing is drawn


def test_reasons_multiply_to_the_factor():
    one, _ = examples(4)
    trees = grown(one)
    for row in one.x[:20]:
        parts = boosted.reasons(trees.model, row.tolist(), NAMES)
        assert {name for name, _ in parts} == {*NAMES, ""}
        whole = trees.factor(row.reshape(1, -1))[0]
        assert np.prod([factor for _, factor in parts]) == pytest.approx(whole, rel=1e-6)


def test_the_strongest_reason_is_the_one_that_made_it():
    trees = grown(examples(5)[0])
    strongest = [name for name, _ in boosted.reasons(trees.model, [1.0, 0.0, 0.0], NAMES) if name]
    assert strongest[0] == "loyal"


def test_without_lightgbm_it_is_said_in_words(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(FitError, match="LightGBM cannot be loaded"):
        grown(examples(6)[0])
