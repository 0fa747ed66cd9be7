"""Rows that two files share: pulls of one table share none, whatever they look like."""

import json
from dataclasses import replace
from decimal import Decimal

ROWS = "customer_id,date,amount\na,2024-01-01,5\na,2024-01-01,5\n"


def as_pull(raw, feed):
    return replace(raw, kind="database", feed=feed)


def test_equal_rows_of_two_pulls_of_one_table_are_facts_all(duckdb, raw_file, ran):
    pulls = [as_pull(raw_file(ROWS, name=name), "db#orders") for name in ("one", "two")]
    tables = ran(duckdb, *pulls)
    assert (len(tables["order_lines"]), len(tables["duplicates"])) == (4, 0)


def test_a_file_that_overlaps_them_all_adds_only_what_it_has_more(duckdb, raw_file, ran):
    pulls = [as_pull(raw_file(ROWS, name=name), "db#orders") for name in ("one", "two")]
    export = raw_file(ROWS + "a,2024-01-01,5\n" * 3, name="export.csv")
    tables = ran(duckdb, *pulls, export)
    assert (len(tables["order_lines"]), len(tables["duplicates"])) == (5, 4)
    assert {row["file"] for row in tables["duplicates"]} == {export.digest}


def test_pulls_of_two_tables_may_hold_the_same_rows(duckdb, raw_file, ran):
    pulls = [as_pull(raw_file(ROWS, name=name), f"db#{name}") for name in ("orders", "archive")]
    tables = ran(duckdb, *pulls)
    assert (len(tables["order_lines"]), len(tables["duplicates"])) == (2, 2)


SALES = "order_id,customer,date,product,amount\n"
PAYOUT = "Transaction Date,Type,Order,Payout ID,Amount,Fee,Net\n"
TOUCH = "date,kind,customer_id,order_id,minutes\n2024-01-09,ticket,eve,1001,5\n"


def fees(tables):
    return {row["order_id"]: row["payment_fee"] for row in tables["order_lines"]}


def test_facts_name_the_orders_of_their_own_source(duckdb, raw_file, ran):
    shop = raw_file(SALES + "1001,ann,2024-01-01,pot,10\n", name="shop.csv", source="shop")
    till = raw_file(SALES + "1001,eve,2024-01-02,cup,20\n", name="till.csv", source="till")
    payouts = [
        raw_file(PAYOUT + "2024-01-03,charge,1001,7,20,0.70,19.30\n", name="till payouts.csv", source="till"),
        raw_file(PAYOUT + "2024-01-03,charge,1001,8,10,0.30,9.70\n", name="shop payouts.csv", source="shop"),
    ]
    tables = ran(duckdb, shop, till, *payouts, raw_file(TOUCH, name="tickets.csv", source="till"))
    assert fees(tables) == {"1001": Decimal("0.3"), "till:1001": Decimal("0.7")}
    assert [row["order_id"] for row in tables["touches"]] == ["till:1001"]


def test_facts_of_one_source_name_the_orders_of_their_vendor(duckdb, raw_file, ran):
    own = raw_file(SALES + "1001,ann,2024-01-01,pot,10\n", name="own.csv")
    shopify = raw_file(
        "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price,Subtotal,Total\n"
        "1001,eve@x.org,paid,2024-01-02 10:00:00 +0000,1,cup,20,20,20\n",
        name="orders_export.csv",
    )
    payout = raw_file(PAYOUT + "2024-01-03,charge,1001,7,20,0.70,19.30\n", name="payouts.csv")
    assert fees(ran(duckdb, own, shopify, payout)) == {"1001": None, "shopify orders:1001": Decimal("0.7")}


def notes_of(tables, name):
    return next(json.loads(row["notes"]) for row in tables["files"] if row["name"] == name)


def test_a_file_that_tells_of_the_same_orders_otherwise_is_said_to(engine, raw_file, ran):
    head = "order_id,customer_id,date,amount\n"
    one = raw_file(head + "".join(f"{n},c{n % 3},2024-01-0{n},5\n" for n in range(1, 8)), name="one.csv")
    two = raw_file(head + "1,c1,2024-01-01,5\n2,c2,2024-01-02,9\n3,c0,2024-01-03,9\n", name="two.csv")
    tables = ran(engine, one, two)
    assert len(tables["order_lines"]) == 9
    assert [n for n in notes_of(tables, "two.csv") if "other rows" in n] == [
        "2 orders stand in one.csv too, with other rows, and all of them count: if two.csv corrects them, "
        "add it with --mode correct --key order_id"
    ]
    assert not any("other rows" in n for n in notes_of(tables, "one.csv"))


def test_equal_rows_of_two_files_are_no_other_version(duckdb, raw_file, ran):
    head = "order_id,customer_id,date,amount\n"
    one = raw_file(head + "1,a,2024-01-01,5\n1,a,2024-01-01,7\n2,b,2024-01-02,5\n", name="one.csv")
    two = raw_file(head + "1,a,2024-01-01,7\n1,a,2024-01-01,5\n3,b,2024-01-03,5\n", name="two.csv")
    tables = ran(duckdb, one, two)
    assert len(tables["duplicates"]) == 2
    assert not any("other rows" in n for n in notes_of(tables, "two.csv"))
