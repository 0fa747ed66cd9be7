"""Rows that two files share: pulls of one table share none, whatever they look like."""

from dataclasses import replace

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
