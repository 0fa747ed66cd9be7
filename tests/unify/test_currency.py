"""Several currencies: the rate of the day, exact parts, and errors that name the day."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest

from keepwell.errors import DataError
from keepwell.unify.currency import Rates

EUR = {"shop": {"currency": "EUR"}}
ORDERS = """
order_id,customer,date,amount,discount,shipping,tax,refund,currency
1,ann,2024-01-02,33.33,1.01,4.95,2.22,0,USD
2,ann,2024-01-03,10.00,0,0,0,3.33,USD
3,bob,2024-01-03,20.00,0,0,0,0,EUR
4,bob,2024-01-03,-7.77,0,0,0,0,USD
5,eve,2024-01-02,9.99,0.01,0.02,0.03,9.99,GBP
"""
RATES = """
date,currency,to_currency,rate
2024-01-02,USD,EUR,0.9127
2024-01-03,USD,EUR,0.9155
2024-01-02,EUR,GBP,0.8665
"""


def rounded(amount):
    return amount.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def test_each_row_is_converted_at_the_rate_of_its_day_part_by_part(engine, raw_file, ran):
    tables = ran(engine, raw_file(ORDERS), raw_file(RATES, name="rates.csv"), **EUR)
    lines = {row["order_id"]: row for row in tables["order_lines"]}
    rates = {"1": "0.9127", "2": "0.9155", "3": "1", "4": "0.9155", "5": "1.15406809"}  # 1 / 0.8665
    amounts = {"1": "33.33", "2": "10", "3": "20", "4": "-7.77", "5": "9.99"}
    for order_id, row in lines.items():
        assert row["rate"] == Decimal(rates[order_id])
        signs = {"discount": -1, "refund": -1}
        parts = ("gross", "discount", "shipping", "tax", "other", "refund")
        assert row["money"] == sum(signs.get(name, 1) * row[name] for name in parts)
        given_back = {"2": Decimal("3.33"), "5": Decimal("9.99")}.get(order_id, 0)
        assert row["source_money"] == Decimal(amounts[order_id]) - given_back
        assert abs(row["money"] - row["source_money"] * row["rate"]) <= Decimal(
            "0.0003"
        )  # six parts, each rounded once
    assert lines["1"]["tax"] == rounded(Decimal("2.22") * Decimal("0.9127"))
    assert lines["4"]["refund"] == rounded(Decimal("7.77") * Decimal("0.9155"))
    assert lines["5"]["money"] == 0  # what was given back whole stays given back whole
    assert {row["currency"] for row in lines.values()} == {"EUR", "USD", "GBP"}
    file = next(row for row in tables["files"] if row["name"] == "orders.csv")
    assert file["money_in"] == file["money_facts"] == sum(row["money"] for row in lines.values())


def test_a_missing_rate_names_its_currency_and_its_day(duckdb, raw_file, ran):
    orders, rates = raw_file(ORDERS), raw_file(RATES.replace("2024-01-03,USD,EUR,0.9155\n", ""), name="rates.csv")
    with pytest.raises(DataError, match="no rate from USD to EUR on 2024-01-03"):
        ran(duckdb, orders, rates, **EUR)
    held = ran(duckdb, orders, rates, **EUR, facts={"rate_days": 1})["order_lines"]
    assert {row["rate"] for row in held if row["currency"] == "USD"} == {Decimal("0.9127")}


def test_without_rates_several_currencies_are_refused_by_name(duckdb, raw_file, ran):
    with pytest.raises(
        DataError, match=r"several currencies: USD \(3 rows\), EUR \(1 rows\), GBP \(1 rows\)"
    ) as caught:
        ran(duckdb, raw_file(ORDERS), **EUR)
    assert "date, currency and rate" in caught.value.mend


def test_one_currency_needs_no_rates_and_no_setting(duckdb, raw_file, ran):
    only = "\n".join(row for row in ORDERS.splitlines() if "EUR" in row or "order_id" in row)
    row = ran(duckdb, raw_file(only))["order_lines"][0]
    assert (row["money"], row["rate"], row["source_money"]) == (20, 1, 20)


def test_a_row_in_quarantine_without_a_rate_is_of_unknown_money(duckdb, raw_file, ran):
    orders = raw_file(ORDERS + "6,eve,2024-13-45,50,0,0,0,0,USD\n")
    tables = ran(duckdb, orders, raw_file(RATES, name="rates.csv"), **EUR)
    assert [(row["line"], row["money"]) for row in tables["quarantine"]] == [(7, None)]
    assert next(row["unknown_money"] for row in tables["files"] if row["name"] == "orders.csv") == 1


def test_other_money_is_converted_too_and_listed_costs_are_not(duckdb, raw_file, ran):
    tables = ran(
        duckdb,
        raw_file("order_id,customer,date,product,quantity,unit price,currency\n1,ann,2024-01-02,P1,2,10,USD\n"),
        raw_file("product_id,name,cost\nP1,Pot,3\n", name="products.csv"),
        raw_file("date,channel,spend,currency\n2024-01-03,ads,100,USD\n", name="spend.csv"),
        raw_file(RATES, name="rates.csv"),
        **EUR,
    )
    assert tables["spend"][0]["amount"] == Decimal("91.55")
    line = tables["order_lines"][0]
    assert (line["gross"], line["product_cost"]) == (Decimal("18.254"), 6)


def test_a_rate_is_told_turned_round_or_against_a_third():
    day, next_day = date(2024, 1, 2), date(2024, 1, 3)
    rates = Rates({("EUR", "USD"): ([day], [Decimal("1.25")]), ("EUR", "GBP"): ([day], [Decimal("0.8")])})
    assert rates.worth("USD", "EUR", day) == Decimal("0.8")
    assert rates.worth("USD", "GBP", day) == Decimal("0.64")
    assert rates.worth("USD", "GBP", next_day) is None
    assert rates.worth("GBP", "GBP", next_day) == 1
    assert Rates(rates.pairs, days=1).worth("USD", "EUR", next_day) == Decimal("0.8")
