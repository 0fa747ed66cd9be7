"""Who earns the profit."""

from decimal import Decimal

import pytest

from keepwell.charts.whale import POINTS, answer, concentration, figure, whale_data
from keepwell.engine import collected


def curve(made, earned):
    rows = [{"customer_id": f"c{i}", "contribution": Decimal(v)} for i, v in enumerate(earned)]
    return made.arrow("whale", made.whale(rows))


def shown(engine, made, earned):
    table = curve(made, earned)
    return collected(engine, whale_data({"whale": engine.table(table.to_batches(), table.schema)}))


def test_the_best_fifth_is_counted_exactly_however_many_customers(engine, made):
    earned = [1009 - i for i in range(1009)]
    said = concentration(shown(engine, made, earned))
    assert said.best_customers == 201  # the largest whole number within 1009 / 5
    assert said.best == sum(earned[:201])
    assert said.worst == sum(earned[-said.worst_customers :])
    assert abs(said.worst_customers - 1009 / 5) <= 1009 / POINTS


def test_few_points_are_kept_and_the_last_and_the_peak_are_among_them(duckdb, made):
    earned = [5] * 1337 + [-1] * 2663
    data = shown(duckdb, made, earned)
    customers = data["customers"].to_pylist()
    assert len(customers) <= POINTS + 1
    assert customers[-1] == 4000
    assert 1337 in customers


def test_losses_show_as_a_share_of_the_profit(duckdb, made):
    data = shown(duckdb, made, [100, 50, 20, 5, -75])
    assert answer(data, currency="EUR") == (
        "The best fifth of customers earn 100% of the profit; the worst fifth lose 75% of it"
    )
    assert [trace.line.dash for trace in figure(data, currency="EUR").data[:2]] == ["solid", "dash"]


def test_a_shop_that_loses_money_gets_money_instead_of_shares(duckdb, made):
    data = shown(duckdb, made, [10, -5, -10, -20, -75])
    said = answer(data, currency="EUR")
    assert said == "All customers together lose €100; the best fifth of them bring €10.00"
    assert "EUR" in figure(data, currency="EUR").layout.yaxis.title.text


@pytest.mark.parametrize("customers", [0, 1, 4])
def test_fewer_than_five_customers_have_no_fifth(duckdb, made, customers):
    data = shown(duckdb, made, [10] * customers)
    assert concentration(data) is None
    assert not figure(data, currency="EUR").data


def test_nobody_earns_or_costs_anything_is_no_error(duckdb, made):
    data = shown(duckdb, made, [0] * 10)
    assert answer(data, currency="EUR") == "All 10 customers together earned nothing and cost nothing"
    assert figure(data, currency="EUR").data
