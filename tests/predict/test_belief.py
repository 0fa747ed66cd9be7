"""The doubt about an assumed margin."""

import numpy as np
import pytest

from keepwell.predict.belief import margin_belief
from keepwell.predict.spend import Money
from keepwell.settings import Assumptions

U = (np.arange(1000) + 0.5) / 1000


def money(**changes):
    plain = {"orders": 100, "losing": 0, "nothing": 0, "contribution": 300.0, "assumed_sales": 1000.0}
    return Money(**{**plain, **changes})


def test_contribution_at_another_margin_is_what_it_would_have_been():
    shared = margin_belief(money(), Assumptions(margin=0.3, margin_low=0.2, margin_high=0.4)).shared(U)
    assert shared.factor[0] == pytest.approx(0.2 / 0.3, abs=0.001)
    assert shared.factor[-1] == pytest.approx(0.4 / 0.3, abs=0.001)
    assert (shared.per_order == 0).all()


def test_half_of_the_belief_lies_on_either_side_of_the_margin():
    shared = margin_belief(money(), Assumptions(margin=0.3, margin_low=0.25, margin_high=0.5)).shared(U)
    assert np.median(shared.factor) == pytest.approx(1, abs=0.001)


def test_measured_costs_leave_no_doubt():
    shared = margin_belief(money(assumed_sales=0.0), Assumptions()).shared(U)
    assert (shared.factor == 1).all()
    assert (shared.per_order == 0).all()


def test_a_shop_that_earns_hardly_anything_doubts_by_the_order():
    belief = margin_belief(
        money(contribution=-20.0, losing=40), Assumptions(margin=0.3, margin_low=0.2, margin_high=0.4)
    )
    shared = belief.shared(U)
    assert (shared.factor == 1).all()
    assert shared.per_order[-1] == pytest.approx(0.1 * 10, abs=0.01)  # a tenth of $10 of sales an order


def test_measured_and_assumed_costs_mix_by_their_sales():
    shared = margin_belief(money(contribution=600.0), Assumptions(margin=0.3, margin_low=0.2, margin_high=0.4)).shared(
        U
    )
    assert shared.factor[-1] == pytest.approx(1 + 0.1 * 1000 / 600, abs=0.001)
