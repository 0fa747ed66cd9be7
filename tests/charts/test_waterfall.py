"""From sales to contribution."""

from decimal import Decimal

import pytest

from keepwell.charts import waterfall
from keepwell.engine import collected
from keepwell.tables import LEDGER_LINES


def totals(engine, made, **lines):
    row = {"customer_id": "a", "month": made.AS_OF.replace(day=1), "orders": 1, "assumed_sales": Decimal(0)}
    row |= dict.fromkeys((*LEDGER_LINES, "contribution_1", "contribution_2"), Decimal(0))
    row |= {k: Decimal(v) for k, v in lines.items()}
    table = made.arrow("ledger", [{"contribution": Decimal(0), **row}])
    return collected(engine, waterfall.waterfall_data({"ledger": engine.table(table.to_batches(), table.schema)}))


def test_the_stairs_end_at_the_contribution_of_the_ledger(engine, arrow, place):
    data = collected(engine, waterfall.waterfall_data({"ledger": place(engine, {"l": arrow["ledger"]})["l"]}))
    figure = waterfall.figure(data, currency="EUR")
    stairs = figure.data[0]
    level = 0.0
    for measure, step in zip(stairs.measure, stairs.x, strict=True):
        if measure == "total":
            assert level == pytest.approx(step, abs=1e-6)
        level = step if measure == "total" else level + step
    assert level == pytest.approx(float(sum(arrow["ledger"]["contribution"].to_pylist())), abs=1e-6)


def test_tax_is_no_part_of_it(duckdb, made):
    data = totals(duckdb, made, gross=100, tax=20, product_cost=60, contribution=40)
    said = waterfall.answer(data, currency="EUR")
    assert said == "€40.00 of €100 net revenue is left as contribution (40%)"


def test_an_assumed_cost_is_said_and_marked(duckdb, made):
    data = totals(duckdb, made, gross=100, product_cost=60, contribution=40, assumed_sales=50)
    assert "the cost of 50% of it is assumed" in waterfall.answer(data, currency="EUR")
    assert any("(assumed)" in label for label in waterfall.figure(data, currency="EUR").data[0].y)


def test_steps_of_nothing_are_left_out(duckdb, made):
    figure = waterfall.figure(totals(duckdb, made, gross=100, contribution=100), currency="EUR")
    assert len(figure.data[0].y) == 3  # sales, net revenue, contribution


def test_more_refunds_than_sales_is_said(duckdb, made):
    data = totals(duckdb, made, gross=10, refunds=30, contribution=-20)
    assert waterfall.answer(data, currency="EUR").startswith("Refunds and discounts exceed sales")
    assert waterfall.figure(data, currency="EUR").layout.xaxis.range[0] < 0
