"""Keep or stop."""

import pytest

from keepwell.charts.keep import answer, at, figure, keep_data
from keepwell.engine import collected
from keepwell.settings import Assumptions

ASSUMED = Assumptions()


def curve(engine, made, rows, judged):
    values = [{"customer_id": f"c{i}", "horizon": "12m", "expected_contribution": 10.0} for i in range(judged)]
    arrow = {"break_even": made.arrow("break_even", rows), "plan": made.arrow("plan", made.plan(values))}
    return collected(engine, keep_data({n: engine.table(t.to_batches(), t.schema) for n, t in arrow.items()}))


def rows(stopped):
    return [{"share": s / 10, "stopped": stopped, "saves": 100.0 - s, "highest_cost": 2.0 * s / 10} for s in range(11)]


def test_with_verdicts_it_says_what_stopping_saves(engine, made):
    data = curve(engine, made, rows(7), judged=9)
    assert answer(data, currency="EUR", assumed=ASSUMED) == (
        "If contact causes 20% of orders, it does not pay on 7 customers of 9; stopping it there saves €98.00 "
        "in 12 months"
    )


def test_without_a_contact_cost_it_says_what_contact_may_cost(duckdb, made):
    data = curve(duckdb, made, rows(0), judged=0)
    said = answer(data, currency="EUR", assumed=ASSUMED)
    assert "contact may cost up to €0.40 a customer and year" in said
    assert list(figure(data, currency="EUR", assumed=ASSUMED).data[0].y) == [2.0 * s / 10 for s in range(11)]


def test_nobody_to_stop_is_said(duckdb, made):
    assert answer(curve(duckdb, made, rows(0), judged=9), currency="EUR", assumed=ASSUMED).endswith(
        "it pays on all of 9 customers: stop nobody"
    )


def test_the_range_thought_possible_is_shaded(duckdb, made):
    shape = figure(curve(duckdb, made, rows(7), judged=9), currency="EUR", assumed=ASSUMED).layout.shapes[0]
    assert (shape.x0, shape.x1) == (ASSUMED.contact_share_low, ASSUMED.contact_share_high)


@pytest.mark.parametrize(("wanted", "share"), [(0.0, 0.0), (0.24, 0.2), (0.26, 0.3), (2.0, 1.0)])
def test_the_nearest_share_of_the_curve_is_read(duckdb, made, wanted, share):
    assert at(curve(duckdb, made, rows(7), judged=9), wanted)["share"] == share
