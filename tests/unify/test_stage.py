"""The stage as a whole: conservation, duplicates, customers, products, refusals; on both engines."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepwell.engine import collected
from keepwell.errors import ConfigError, DataError
from keepwell.settings import Settings
from keepwell.tables import CONTRACTS, offences
from keepwell.unify import run

ORDERS = """
order_id,customer_id,order_date,amount
1,ann,2024-01-05,10.00
2,bob,2024-01-06,20.50
3,ann,2024-02-01,5.25
4,,2024-02-02,7.00
"""


HEADERS = [
    ("customer", "date", "amount", "discount"),
    ("email", "order date", "quantity", "unit price"),
    ("order_id", "customer", "date", "order total"),
]


def conserved(tables):
    """Return whether every file's rows and money are in one place each, by counting the rows themselves."""
    for file in tables["files"]:
        mine = {
            t: [r for r in tables[t] if r["file"] == file["file"]] for t in ("order_lines", "quarantine", "duplicates")
        }
        if file["format"].endswith(("products", "customers")):
            continue
        assert file["facts"] == len(mine["order_lines"])
        assert file["quarantined"] == len(mine["quarantine"])
        assert file["duplicates"] == len(mine["duplicates"])
        assert file["rows"] == file["facts"] + file["quarantined"] + file["duplicates"]
        for place, table in (("facts", "order_lines"), ("quarantined", "quarantine"), ("duplicates", "duplicates")):
            assert file[f"money_{place}"] == sum((r["money"] or 0 for r in mine[table]), Decimal(0))
    return True


UNIFIED = {
    "files", "order_lines", "products", "customers", "people", "merges", "aliases", "groups", "consents",
    "subscriptions", "touches", "feedback", "events", "spend", "payouts", "deals", "quarantine", "duplicates",
}  # fmt: skip


def test_all_tables_keep_their_contracts(duckdb, raw_file, ran):
    overlap = raw_file(ORDERS + "5,cy,2024-02-03,1.00\n6,dee,nonsense,2\n", name="later.csv")
    goods = raw_file("sku,name,cost\nA,Apple,1\n", name="goods.csv")
    people = raw_file("customer_id,email,country\nann,ann@x.org,FR\n", name="people.csv")
    tables = run([raw_file(ORDERS), overlap, goods, people], Settings(), duckdb)
    assert set(tables) == UNIFIED
    for name, table in tables.items():
        assert table.schema().names == CONTRACTS[name].schema.names
        broken = collected(duckdb, offences(name, table)).to_pylist()[0]
        assert not any(n for rule, n in broken.items() if rule != "rows"), (name, broken)


def test_overlapping_exports_come_out_once_and_all_rows_are_accounted_for(duckdb, raw_file, ran):
    first = raw_file(ORDERS)
    second = raw_file(ORDERS + "5,cy,2024-02-03,1.00\n6,dee,nonsense,2\n", name="later.csv", bad=[(9, "torn", "x")])
    tables = ran(duckdb, first, second)
    assert conserved(tables)
    by_name = {f["name"]: f for f in tables["files"]}
    assert by_name["orders.csv"]["facts"] == 4
    assert by_name["later.csv"] | {"facts": 1, "quarantined": 2, "duplicates": 4, "rows": 7} == by_name["later.csv"]
    assert {d["of_file"] for d in tables["duplicates"]} == {first.digest}
    assert sum(r["money"] for r in tables["order_lines"]) == Decimal("43.75")
    assert by_name["later.csv"]["unknown_money"] == 1


def test_a_customer_has_one_row_and_nobody_has_one_too(duckdb, raw_file, ran):
    known = "customer_id,email,first_name,last_name,country\nann,ANN@x.org,Ann,Lee,FR\nzoe,z@x.org,Zoe,Day,DE\n"
    people = raw_file(known, name="people.csv")
    tables = ran(duckdb, raw_file(ORDERS), people)
    found = {c["customer_key"]: c for c in tables["customers"]}
    assert set(found) == {"ann", "bob", "zoe", "unknown"}
    assert found["ann"]["records"] == 3
    assert found["ann"]["name"] == "Ann Lee"
    assert found["ann"]["email"] == "ann@x.org"
    assert (found["ann"]["first_seen"], found["ann"]["last_seen"]) == (date(2024, 1, 5), date(2024, 2, 1))
    assert found["zoe"]["first_seen"] is None
    assert found["unknown"]["customer_id"] == "unknown"
    assert found["ann"]["customer_id"] == "cab3918629603516"  # by md5sum, of 'id|ann'


@pytest.mark.spark
def test_spark_gives_the_same_tables(duckdb, spark, raw_file, ran):
    overlap = raw_file(ORDERS + "5,cy,2024-02-03,1.00\n6,dee,nonsense,2\n", name="later.csv", bad=[(9, "torn", "x")])
    keyed = "order_id,line_id,email,name,date,sku,quantity\n"
    keyed += "1,1,Ann@x.org,Ann,2024-01-05,A,2\n1,2,b@x.org,Bob,2024-01-06,B,-1\n"
    lines = [raw_file(keyed, name=f"{n}.csv", source="other") for n in ("one", "two")]
    goods = raw_file("sku,price,cost\nA,2.50,1.10\nB,3,1\nA,2.75,1.10\n", name="goods.csv")
    people = raw_file("customer_id,email,country\n77,ann@x.org,FR\nbob,,DE\n", name="people.csv")
    files = [raw_file(ORDERS), overlap, *lines, goods, people]
    here, there = ran(duckdb, *files), ran(spark, *files)
    assert here == there
    assert conserved(here)
    assert len(here["duplicates"]) == 6


def test_the_same_file_twice_is_one_file(duckdb, raw_file, ran):
    tables = ran(duckdb, raw_file(ORDERS), raw_file(ORDERS))
    assert len(tables["files"]) == 1
    assert len(tables["order_lines"]) == 4


def test_identical_rows_in_one_file_are_two_facts_and_the_larger_count_is_kept(duckdb, raw_file, ran):
    row = "7,ann,2024-03-01,4.00\n"
    head = "order_id,customer_id,order_date,amount\n"
    twice, thrice = raw_file(head + row * 2), raw_file(head + row * 3, name="b.csv")
    assert len(ran(duckdb, twice)["order_lines"]) == 2
    tables = ran(duckdb, twice, thrice)
    assert [len(tables[t]) for t in ("order_lines", "duplicates")] == [3, 2]
    assert [r["line"] for r in tables["order_lines"] if r["file"] == thrice.digest] == [4]
    assert [len(ran(duckdb, thrice, twice)[t]) for t in ("order_lines", "duplicates")] == [3, 2]


def test_files_of_different_sources_share_nothing_and_their_orders_stay_apart(duckdb, raw_file, ran):
    here, there = raw_file(ORDERS), raw_file(ORDERS, name="b.csv", source="other")
    tables = ran(duckdb, here, there)
    assert len(tables["order_lines"]) == 8
    assert {r["order_id"] for r in tables["order_lines"]} == {*"1234", *(f"other:{i}" for i in range(1, 5))}


def test_files_that_arrived_too_late_are_left_out(duckdb, raw_file, ran):
    late = raw_file(ORDERS, name="late.csv", arrived=datetime(2026, 11, 25, tzinfo=UTC))
    assert len(ran(duckdb, raw_file(ORDERS), late, known_by=date(2026, 11, 24))["files"]) == 1
    with pytest.raises(DataError, match="no file to use"):
        ran(duckdb, late, known_by=date(2026, 11, 24))


def test_rows_dated_after_their_arrival_are_quarantined(duckdb, raw_file, ran):
    text = ORDERS + "9,ann,2024-06-02,3\n10,ann,2024-06-04,5\n"
    tables = ran(duckdb, raw_file(text, arrived=datetime(2024, 6, 2, 12, tzinfo=UTC)))
    (row,) = tables["quarantine"]
    assert (row["line"], row["value"], row["reason"]) == (7, "2024-06-04", "dated after the file arrived")
    assert row["money"] == 5


def test_several_currencies_are_refused_and_named(duckdb, raw_file, ran):
    text = "customer,date,amount,currency\nann,2024-01-01,5,EUR\nbob,2024-01-02,6,usd\nbob,2024-01-03,6,EUR\n"
    with pytest.raises(DataError, match=r"EUR \(2 rows\), USD \(1 rows\)"):
        ran(duckdb, raw_file(text))
    with pytest.raises(DataError, match="reporting currency is GBP"):
        ran(duckdb, raw_file(text.replace("usd", "EUR")), shop={"currency": "GBP"})


def test_a_file_of_no_known_kind_stops_all(duckdb, raw_file, ran):
    with pytest.raises(DataError, match=r"not recognised.*shades.csv"):
        ran(
            duckdb,
            raw_file(ORDERS),
            raw_file("shade,hue\nred,5\n", name="shades.csv"),
        )
    with pytest.raises(DataError, match="no file of sales"):
        ran(duckdb, raw_file("sku,cost\nA,1\n", name="goods.csv"))


def test_a_mapped_column_that_no_file_has_is_refused(duckdb, raw_file, ran):
    with pytest.raises(DataError, match="no file has a column 'Kunde'"):
        ran(duckdb, raw_file(ORDERS), reading={"columns": {"Kunde": "customer_id"}})


def test_a_customer_of_the_customers_file_is_found_by_email(duckdb, raw_file, ran):
    sold = raw_file("email,date,amount\nAnn@x.org,2024-01-01,5\n")
    people = raw_file("customer_id,email,country\n77,ann@x.org,FR\n", name="people.csv")
    (customer,) = ran(duckdb, sold, people, identity={"match": True})["customers"]
    assert (customer["customer_key"], customer["country"], customer["records"]) == ("ann@x.org", "FR", 2)


def test_prices_and_costs_come_from_the_products_file(duckdb, raw_file, ran):
    sold = raw_file("customer,date,sku,quantity\nann,2024-01-01,A,3\nbob,2024-01-01,B,1\n")
    goods = raw_file("sku,price,cost\nA,2.50,1.10\n", name="goods.csv")
    tables = ran(duckdb, sold, goods)
    (line,) = tables["order_lines"]
    assert (line["gross"], line["product_cost"]) == (Decimal("7.5"), Decimal("3.3"))
    (bad,) = tables["quarantine"]
    assert (bad["reason"], bad["column"], bad["value"]) == ("no price for the product", "sku", "B")
    assert bad["money"] is None
    assert conserved(tables)


def test_what_numbers_went_through_a_spreadsheet_are_still_one_customer(duckdb, raw_file, ran):
    tables = ran(
        duckdb, raw_file("customer,date,amount\n17850.0,2024-01-01,5\n'17850,2024-01-02,6\n17850,2024-01-03,7\n")
    )
    assert [c["customer_key"] for c in tables["customers"]] == ["17850"]


def test_native_columns_are_taken_as_they_are(duckdb, native_file, ran):
    table = pa.table({
        "line": pa.array([1, 2, 3], pa.int64()),
        "customer_id": pa.array([17850.0, 12.0, None]),
        "date": pa.array([19970101, 19970102, 19970103]),
        "amount": pa.array([1.1, float("nan"), 3.25]),
    })  # fmt: skip
    tables = ran(duckdb, native_file(table, name="a.parquet"))
    assert [(r["order_date"], r["money"]) for r in tables["order_lines"]] == [
        (date(1997, 1, 1), Decimal("1.1")), (date(1997, 1, 3), Decimal("3.25")),
    ]  # fmt: skip
    assert [(r["line"], r["reason"]) for r in tables["quarantine"]] == [(2, "not a number (NaN)")]
    assert {c["customer_key"] for c in tables["customers"]} == {"17850", "unknown"}


def test_two_runs_give_the_same_rows(duckdb, raw_file, ran):
    files = raw_file(ORDERS), raw_file(ORDERS + "5,cy,2024-02-03,1.00\n", name="later.csv")
    assert ran(duckdb, *files) == ran(duckdb, *files)


def test_a_time_zone_that_does_not_exist_is_refused(duckdb, raw_file, ran):
    with pytest.raises(ConfigError, match="Europe/Berlin"):
        ran(duckdb, raw_file(ORDERS), shop={"timezone": "Europe/Berlinn"})


CELLS = st.one_of(
    st.none(),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
    .map(str.strip)
    .map(lambda t: t or None),
    st.sampled_from(["2024-01-05", "05/01/2024", "1e5", "-3", "(4.50)", "1.234,5", "nan", "inf", "--", "'7", "12:30"]),
)


FILES = st.lists(
    st.tuples(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=15), st.sampled_from(HEADERS)),
    min_size=4,
    max_size=6,
)


# Several files a run, each of a source of its own: a run takes as long with one.
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES)
def test_whatever_stands_in_the_cells_every_row_is_accounted_for(duckdb, native_file, ran, files):
    made = {}
    for number, (rows, names) in enumerate(files):
        columns = {n: pa.array([row[i] for row in rows], pa.string()) for i, n in enumerate(names)}
        table = pa.table({"line": pa.array(range(1, len(rows) + 1), pa.int64()), **columns})
        raw = native_file(table, name=f"{number}.parquet", source=f"shop{number}", salt=str(rows) + str(names))
        made[raw.digest] = raw
    tables = ran(duckdb, *made.values())
    assert conserved(tables)
    lines = [(r["file"], r["line"]) for t in ("order_lines", "quarantine", "duplicates") for r in tables[t]]
    assert sorted(lines) == sorted((d, line) for d, raw in made.items() for line in range(1, raw.rows + 1))
    assert not tables["duplicates"]
    for row in tables["order_lines"]:
        assert (
            row["money"] == row["gross"] - row["discount"] + row["shipping"] + row["tax"] + row["other"] - row["refund"]
        )
