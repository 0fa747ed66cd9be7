"""The records that rows carry, and the order in which they arrived."""

from datetime import UTC, date, datetime, timedelta

from keepwell.engine import collected
from keepwell.settings import Settings
from keepwell.unify import run

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
SALES = "order_id,customer_id,date,amount,channel\n1,7,2024-01-05,5,web\n2,7,2024-01-09,6,till\n3,,2024-01-10,7,web\n"
LIST = "customer_id,email,name,city\n7,ann@x.org,Ann Lee,York\n9,bob@x.org,Bob Day,\n"


def rows_of(engine, table, *names):
    """Return a table's rows as tuples, sorted."""
    return sorted(collected(engine, table.select(*names)).to_pylist(), key=str)


def test_a_record_tells_where_it_stood_first_and_when_it_was_seen_last(engine, raw_file):
    again = raw_file(SALES + "4,7,2024-02-01,1,web\n", name="later.csv", arrived=FIRST + timedelta(days=1))
    first = raw_file(SALES, arrived=FIRST)
    tables = run([again, first], Settings(), engine)
    (row,) = rows_of(engine, tables["people"], "number", "file", "line", "arrived", "seen", "rows", "format")
    assert (row["file"], row["line"], row["arrived"]) == (first.digest, 2, FIRST.replace(tzinfo=None))
    assert (row["seen"], row["rows"], row["format"]) == (date(2024, 2, 1), 3, "generic")
    customers = rows_of(engine, tables["customers"], "customer_id", "channel", "people", "records", "first_seen")
    known, nobody = sorted(customers, key=lambda c: c["customer_id"] == "unknown")
    assert (known["channel"], known["people"], known["records"], known["first_seen"]) == (
        "web", 1, 3, date(2024, 1, 5),
    )  # fmt: skip
    assert (nobody["channel"], nobody["people"], nobody["records"]) == (None, 0, 1)


def test_a_list_gives_records_of_their_own_without_a_day(duckdb, raw_file):
    tables = run([raw_file(SALES), raw_file(LIST, name="people.csv")], Settings(), duckdb)
    people = rows_of(duckdb, tables["people"], "number", "email", "name", "city", "seen", "rows")
    assert {(p["number"], p["email"], p["city"], p["seen"], p["rows"]) for p in people} == {
        ("7", None, None, date(2024, 1, 9), 2),
        ("7", "ann@x.org", "York", None, 1),
        ("9", "bob@x.org", None, None, 1),
    }
    ids = {row["customer_id"] for row in rows_of(duckdb, tables["order_lines"], "customer_id")}
    assert len(ids) == 2  # number 7, and nobody


def test_the_earliest_arrived_file_says_first_who_somebody_is_whatever_the_order_given(duckdb, raw_file):
    late = raw_file(SALES, arrived=FIRST + timedelta(days=2))
    early = raw_file("order_id,customer_id,date,amount\n9,7,2024-01-05,1\n", name="b.csv", arrived=FIRST)
    tables = run([late, early], Settings(), duckdb)
    places = {r["number"]: (r["file"], r["line"], r["arrived"]) for r in
              rows_of(duckdb, tables["people"], "number", "file", "line", "arrived")}  # fmt: skip
    assert places["7"] == (early.digest, 2, FIRST.replace(tzinfo=None))


def test_what_happens_after_the_day_of_the_run_makes_no_record(duckdb, raw_file):
    text = SALES + "4,99,2024-03-01,1,web\n"
    tables = run([raw_file(text)], Settings(as_of=date(2024, 2, 1)), duckdb)
    assert {row["number"] for row in rows_of(duckdb, tables["people"], "number")} == {"7"}
