"""Won deals as sales: where they count, and where they would count twice."""

from datetime import date

import pytest

from keepwell.errors import DataError
from keepwell.settings import Facts
from keepwell.unify.deals import are_sales

DEALS = """
Record ID,Deal Name,Deal Stage,Amount,Create Date,Close Date,Associated Contact IDs
1,Mill,Closed Won,500,2024-01-02,2024-02-03,A1
2,Barn,Closed Lost,900,2024-01-02,2024-02-04,A1
3,Yard,Closed Won,200,2024-01-05,,A2
4,Shed,Closed Won,,2024-01-05,2024-02-05,A2
"""
ORDERS = "order_id,customer,date,amount\n9,eve,2024-01-01,10\n"


def by_order(tables):
    return {row["order_id"]: (row["money"], row["order_date"]) for row in tables["order_lines"]}


def test_without_other_sales_won_deals_are_the_sales(engine, raw_file, ran):
    tables = ran(engine, raw_file(DEALS, name="deals.csv"))
    assert by_order(tables) == {"deal:1": (500, date(2024, 2, 3)), "deal:3": (200, date(2024, 1, 5))}
    assert [(row["line"], row["reason"]) for row in tables["quarantine"]] == [(5, "a won deal without an amount")]
    file = tables["files"][0]
    assert (file["rows"], file["facts"], file["money_in"]) == (4, 3, 700)
    assert len({row["customer_id"] for row in tables["order_lines"]}) == 2


def test_beside_orders_deals_are_facts_unless_the_setting_says_otherwise(duckdb, raw_file, ran):
    files = raw_file(ORDERS), raw_file(DEALS, name="deals.csv")
    tables = ran(duckdb, *files)
    assert set(by_order(tables)) == {"9"}
    assert len(tables["deals"]) == 4
    assert set(by_order(ran(duckdb, *files, facts={"deals": "sales"}))) == {"9", "deal:1", "deal:3"}


def test_deals_that_are_only_facts_are_no_sales(duckdb, raw_file, ran):
    with pytest.raises(DataError, match="no file of sales"):
        ran(duckdb, raw_file(DEALS, name="deals.csv"), facts={"deals": "facts"})
    assert [are_sales(Facts(deals=d), sold=s) for d in ("auto", "sales", "facts") for s in (False, True)] == [
        *(True, False), *(True, True), *(False, False),
    ]  # fmt: skip
