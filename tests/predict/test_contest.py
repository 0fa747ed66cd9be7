"""Who wins the backtest, and by how much."""

import numpy as np
import pytest

from keepwell.predict.contest import Scored, lead, means, verdict

BOTH = {"bgnbd": "BG/NBD", "paretonbd": "Pareto/NBD"}


def rounds(*means, customers=1000.0, methods=("bgnbd", "paretonbd"), sd=0.01):
    size = len(methods)
    return [Scored(methods, customers, np.array(m), sd**2 * np.eye(size)) for m in means]


def test_the_lowest_mean_score_wins():
    found = verdict(rounds([0.6, 0.5], [0.61, 0.5], [0.59, 0.5]), BOTH)
    assert found.champion == "paretonbd"
    assert "lowest mean CRPS over 3 origins" in found.reason


def test_within_one_standard_error_the_simpler_wins():
    found = verdict(rounds([0.53, 0.5], [0.47, 0.5], [0.505, 0.5]), BOTH)
    assert found.champion == "bgnbd"
    assert "simpler" in found.reason


def test_where_the_models_are_one_the_simpler_is_taken():
    best = 0.5 * (1 - 1e-9)
    assert verdict(rounds([0.5, best], [0.5, best], [0.5, best]), BOTH).champion == "bgnbd"


def test_an_origin_counts_by_its_customers():
    many, few = rounds([0.60, 0.5], customers=9000.0)[0], rounds([0.2, 0.5], customers=10.0)[0]
    assert verdict([many, many, few], BOTH).champion == "paretonbd"


@pytest.mark.parametrize(("sd", "champion"), [(0.001, "paretonbd"), (0.1, "bgnbd")])
def test_with_one_origin_the_error_is_that_over_customers(sd, champion):
    assert verdict(rounds([0.51, 0.5], sd=sd), BOTH).champion == champion


def test_an_origin_at_which_a_model_failed_does_not_count():
    lone = rounds([0.1], methods=("bgnbd",))
    assert verdict([*lone, *rounds([0.6, 0.5], [0.6, 0.51])], BOTH).champion == "paretonbd"
    assert verdict(lone, BOTH).champion == "bgnbd"  # the only one there was
    assert verdict([], BOTH) is None


def test_a_method_that_was_absent_at_hard_origins_gains_nothing_by_it():
    """The third is the worst wherever it was; its plain mean is the lowest."""
    three = ("a", "b", "c")
    hard, easy = rounds([0.9, 0.8], methods=three[:2]), rounds([0.3, 0.2, 0.35], methods=three)
    found = means([*hard, *easy], three)
    assert np.argsort(found).tolist() == [1, 0, 2]
    assert found[:2] == pytest.approx([0.6, 0.5])
    assert found[2] - found[1] == pytest.approx(0.15)


def test_means_over_all_origins_are_plain_where_everybody_was_there():
    few, many = rounds([0.2, 0.4], customers=100.0)[0], rounds([0.6, 0.5], customers=300.0)[0]
    assert means([few, many], list(BOTH)) == pytest.approx([0.5, 0.475])


def test_the_lead_is_a_share_of_the_others_score_with_its_error():
    found = lead(rounds([0.4, 0.5], [0.5, 0.5]), "bgnbd", "paretonbd")
    assert found.share == pytest.approx(0.1)
    assert found.se == pytest.approx(np.std([0.1, 0.0], ddof=1) / np.sqrt(2) / 0.5)
    assert lead([], "bgnbd", "paretonbd") is None
