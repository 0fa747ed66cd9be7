"""A customer explained, beside the tables that it is read from."""

from dataclasses import replace

import pytest

from keepwell.settings import from_dict
from keepwell.shop.explain import explained

SPEND = {"p": 6.2, "q": 3.7, "gamma": 15.0}


@pytest.fixture(scope="module")
def tables(duckdb, arrow, place, made):
    row = {"model": "gammagamma", "origin": made.AS_OF, "sd": None, "lower": None, "upper": None, "diagnostics": "made"}
    spend = [{**row, "parameter": name, "estimate": value} for name, value in SPEND.items()]
    return place(duckdb, {**arrow, "fits": made.arrow("fits", spend)})


def test_what_a_payment_brings_is_not_told_as_a_mean_of_past_orders(duckdb, tables, arrow, made):
    settings = from_dict({"as_of": made.AS_OF})
    rows = [row for row in arrow["values"].to_pylist() if row["horizon"] == "12m"]
    payer = next(row for row in rows if row["p_leave"] is not None)
    buyer = next(row for row in rows if row["p_leave"] is None)
    told = [explained(row["customer_id"], tables, settings, duckdb) for row in (payer, buyer)]
    assert "chance that the subscription ends within" in told[0].text()
    for one, mean in zip(told, (False, True), strict=True):
        assert all((value["of_late"] is not None) == mean for value in one.values)
        assert ("  one order: (" in one.text()) == mean
        assert ("What moved it" in one.text()) == mean
    assert told[0].values[2]["discounted_orders"] * payer["spend"] == pytest.approx(payer["expected_contribution"])


def test_a_subscriber_who_never_bought_has_a_value(duckdb, tables, arrow, made):
    payer = next(row for row in arrow["values"].to_pylist() if row["p_leave"] is not None)
    told = explained(payer["customer_id"], tables, from_dict({"as_of": made.AS_OF}), duckdb)
    alone = replace(told, history=None, moved=None)
    assert "their subscription" in alone.text()
    assert "no value can be told" not in alone.text()
    assert "no value can be told" in replace(alone, values=()).text()


def test_where_a_customer_is_heading_is_told_with_the_month_of_the_turn(duckdb, tables, arrow, made):
    settings = from_dict({"as_of": made.AS_OF})
    rows = {row["turn"]: row for row in arrow["trends"].to_pylist()}
    for turn, words in (("growing", "since"), ("gone", "the last one in")):
        row = rows[turn]
        told = explained(row["customer_id"], tables, settings, duckdb)
        assert told.to_dict()["trend"]["turned"] == str(row["turned"])
        heading = told.text().partition("Where they are heading")[2]
        assert f"{words} {row['turned']:%B %Y}" in heading
        assert f"last 12 months {row['recent']:,.2f}, 12 before {row['before']:,.2f}" in heading
        assert "+1.50" in heading
    new = explained(rows["new"]["customer_id"], tables, settings, duckdb).text()
    assert "new: first seen in the last 12 months\n" in new


def test_why_a_customer_costs_more_than_they_bring_is_told(duckdb, tables, arrow, made):
    row = arrow["loss_makers"].to_pylist()[0]
    told = explained(row["customer_id"], tables, from_dict({"as_of": made.AS_OF}), duckdb)
    assert f"most of all by {row['reason']}: {row['words']}" in told.text()
    assert told.to_dict()["loss"]["contribution"] == str(row["contribution"])
