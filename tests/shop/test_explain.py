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
