"""How a method takes part, and how it is told that one cannot."""

from dataclasses import replace

import numpy as np
import pytest

from keepwell.errors import FitError
from keepwell.models import purchases
from keepwell.models.shapes import Cells
from keepwell.predict.methods import LABELS, Method, Scene, answers, by_cell, methods, pooled, purchase_model
from keepwell.predict.past import Past
from keepwell.settings import Predict

CELLS = Cells(*(np.array(a) for a in ([0, 1, 3, 4], [0, 9, 50, 70], [90, 80, 90, 85])), np.full(4, 20.0))


def scene(cells=CELLS):
    return Scene(None, None, Past(cells, *(np.ones(len(cells.count)) for _ in range(3))), None, {}, None)


def test_the_settings_name_the_purchase_models_and_the_simplest_comes_first():
    named = [m.name for m in methods(Predict(models=("bgnbd", "paretonbd")))]
    assert [name for name in named if name in LABELS] == ["paretonbd", "bgnbd"]


def test_a_purchase_model_answers_by_cell_and_keeps_its_fit():
    ready, failed = answers([purchase_model("paretonbd")], scene())
    assert not failed
    found = ready["paretonbd"]
    assert (found.per, found.one.name) == ("cell", "paretonbd")
    assert found.forecast(91).orders == pytest.approx(found.one.predict(CELLS, days=91).orders)
    discounted = found.forecast(91, rate=0.001).discounted
    assert (discounted < found.forecast(91).orders).all()


def test_a_method_finds_the_answers_of_the_simpler():
    def lean(scene):
        return scene.answers["first"]

    first = Method("first", "first", lambda scene: pooled(scene.cells))
    ready, _ = answers([first, Method("second", "second", lean)], scene())
    assert ready["second"] is ready["first"]


def test_a_method_that_cannot_takes_no_part_and_says_why():
    def refuse(_):
        raise FitError("nothing is known", "", "Know more.")

    ready, failed = answers([Method("wise", "the wise one", refuse), purchase_model("paretonbd")], scene())
    assert list(ready) == ["paretonbd"]
    assert failed == ["the wise one could not be fitted: nothing is known"]


@pytest.mark.parametrize("unknown", [(), (0,)])
def test_a_search_that_stopped_early_takes_no_part(monkeypatch, unknown):
    whole = purchases.polished

    def stopped(*given, **named):
        return replace(whole(*given, **named), settled=False, unknown=unknown)

    both = [purchase_model("bgnbd"), purchase_model("paretonbd")]
    assert len(answers(both, scene())[0]) == 2
    monkeypatch.setattr(purchases, "polished", stopped)
    ready, failed = answers(both, scene())
    assert not ready
    assert all("stopped before it reached a peak" in sentence for sentence in failed)


def test_too_few_are_not_fitted_and_it_is_said():
    few = Cells(*(np.array(a) for a in ([1], [5], [90])), np.array([10.0]))
    ready, failed = answers([purchase_model("paretonbd")], scene(few))
    assert not ready
    assert failed == ["10 customers with 10 repeat purchases are too few to tell customers apart"]


def test_an_answer_by_cell_is_that_of_its_model():
    one = pooled(CELLS).one
    assert by_cell(one, CELLS).forecast(10).orders == pytest.approx(one.predict(CELLS, days=10).orders)
