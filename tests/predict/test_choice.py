"""Which method a life is asked of."""

import numpy as np
import pytest

from keepwell.models.shapes import Cells
from keepwell.predict import choice
from keepwell.predict.choice import Chosen, choices
from keepwell.predict.methods import Answer, Method, pooled

CELLS = Cells(*(np.array(a) for a in ([0, 1, 3], [0, 9, 50], [90, 80, 90])), np.full(3, 20.0))


@pytest.mark.parametrize(("best", "life"), [("paretonbd", "paretonbd"), ("stack", "bgnbd")])
def test_a_life_is_asked_of_the_method_of_12_months_or_of_the_best_that_is_a_model(monkeypatch, best, life):
    """Left to themselves the models might have another winner, by whom a life is in no relation to its first year."""
    one = pooled(CELLS)
    ready = {"bgnbd": one, "paretonbd": one, "stack": Answer(one.forecast, "customer", one.one)}
    among = [Method(name, name, lambda _: one) for name in ready]

    def won(labels, ready, _failed, _tests):
        name = best if "stack" in labels else "bgnbd"
        return Chosen(name, ready[name], "")

    monkeypatch.setattr(choice, "_chosen", won)
    found = choices(among, ready, [], [], CELLS)
    assert {name: each.method for name, each in found.items()} == {"3m": best, "6m": best, "12m": best, "life": life}
    assert found["life"].answer.per == "cell"
