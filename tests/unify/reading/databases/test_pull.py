"""Pulls from real databases: every row once, every value exactly, only what is new."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepwell.errors import ConfigError, DataError
from keepwell.unify.reading.databases import (
    address_of,
    connected,
    found,
    value_from_json,
    value_to_json,
)
from keepwell.unify.reading.databases import pull as module
from keepwell.unify.reading.databases.table import check_named

AT = "2024-03-01 10:00:{:02d}"


def orders(done, url, rows):
    """Make a table of orders: (id, at as seconds of one minute or None, amount)."""
    told = ", ".join(f"({n}, {'null' if at is None else repr(AT.format(at))}, {amount})" for n, at, amount in rows)
    done(
        url,
        "drop table if exists orders",
        "create table orders (id integer, changed timestamp null, amount numeric(10,2))",
    )
    if told:
        done(url, f"insert into orders values {told}")


def amounts(pulled):
    return {row["id"]: row["amount"] for row in pq.read_table(pulled.raw.path).to_pylist()}


def test_every_row_comes_once_in_batches(url, done, pull, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 7)
    orders(done, url, [(n, n % 60, f"{n}.25") for n in range(100)])
    new = pull(url, "orders")
    assert amounts(new) == {n: Decimal(f"{n}.25") for n in range(100)}
    assert (new.raw.rows, new.raw.bad_rows, new.raw.header) == (100, 0, ("id", "changed", "amount"))
    assert pq.read_table(new.raw.path)["line"].to_pylist() == list(range(1, 101))


def test_a_cursor_brings_what_is_new_and_nothing_twice(url, done, pull):
    orders(done, url, [(1, 10, "1.00"), (2, 20, "2.00"), (3, 20, "3.00")])
    first = pull(url, "orders", cursor="changed")
    assert pull(url, "orders", first, cursor="changed") is None
    # One more row at the very end of the last pull, one equal to a row there, and one later.
    done(
        url,
        "insert into orders values "
        + ", ".join(
            f"({n}, '{AT.format(at)}', {a})" for n, at, a in [(4, 20, "4.00"), (3, 20, "3.00"), (5, 30, "5.00")]
        ),
    )
    second = pull(url, "orders", first, cursor="changed")
    assert sorted(row["id"] for row in pq.read_table(second.raw.path).to_pylist()) == [3, 4, 5]
    assert pull(url, "orders", first, second, cursor="changed") is None


def test_a_row_with_nothing_in_the_cursor_comes_once(url, done, pull):
    orders(done, url, [(1, None, "1.00"), (2, 20, "2.00")])
    first = pull(url, "orders", cursor="changed")
    assert set(amounts(first)) == {1, 2}
    done(url, "insert into orders values (3, null, 3.00)")
    second = pull(url, "orders", first, cursor="changed")
    assert set(amounts(second)) == {3}


def test_rows_that_come_while_it_is_pulled_wait_for_the_next_pull(url, done, pull, monkeypatch):
    orders(done, url, [(1, 10, "1.00"), (2, 20, "2.00")])
    highest = module._highest

    def and_meanwhile(connection, *args):
        value = highest(connection, *args)
        if connection.dialect.name != "sqlite":  # which lets nobody write while it is read
            done(url, f"insert into orders values (3, '{AT.format(30)}', 3.00)")
        return value

    with monkeypatch.context() as patched:
        patched.setattr(module, "_highest", and_meanwhile)
        first = pull(url, "orders", cursor="changed")
    assert set(amounts(first)) == {1, 2}
    done(url, f"insert into orders values (4, '{AT.format(40)}', 4.00)")
    second = pull(url, "orders", first, cursor="changed")
    assert set(amounts(second)) >= {4}


def test_the_name_of_a_pull_says_its_rows_and_not_their_order(url, done, pull):
    orders(done, url, [(1, 10, "1.00"), (2, 20, "2.00")])
    first = pull(url, "orders").raw.digest
    orders(done, url, [(2, 20, "2.00"), (1, 10, "1.00")])
    assert pull(url, "orders").raw.digest == first
    orders(done, url, [(2, 20, "2.00"), (1, 10, "1.01")])
    assert pull(url, "orders").raw.digest != first


def test_postgres_types_come_exactly(postgres_url, done, pull):
    done(
        postgres_url,
        "drop table if exists everything",
        "create table everything (id bigint, price numeric(12,2), free numeric, rate real, ok boolean, day date, "
        "wall timestamp, moment timestamptz, words text, tags text[], doc jsonb, who uuid, till timestamptz)",
        "insert into everything values (9007199254740993, 12345678.90, 0.123456789012345678, 0.1, true, '2024-02-29', "
        "'2024-06-01 12:00:00.123456', '2024-06-01 12:00:00+02', 'Zoë', '{a,b}', '{\"a\": 1.50}', "
        "'00000000-0000-0000-0000-000000000001', 'infinity'), "
        "(null, null, 7, null, null, null, null, null, null, null, null, null, null)",
    )
    table = pq.read_table(pull(postgres_url, "everything").raw.path)
    assert table.schema.field("price").type == pa.decimal128(12, 2)
    assert table.schema.field("free").type == pa.decimal128(19, 18)
    assert table.schema.field("moment").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("wall").type == pa.timestamp("us")
    row, empty = table.to_pylist()
    assert json.loads(row.pop("doc")) == {"a": 1.5}
    assert row == {
        "line": 1,
        "id": 9007199254740993,
        "price": Decimal("12345678.90"),
        "free": Decimal("0.123456789012345678"),
        "rate": 0.1,
        "ok": True,
        "day": date(2024, 2, 29),
        "wall": datetime(2024, 6, 1, 12, 0, 0, 123456),
        "moment": datetime(2024, 6, 1, 10, tzinfo=UTC),
        "words": "Zoë",
        "tags": '["a", "b"]',
        "who": "00000000-0000-0000-0000-000000000001",
        "till": None,
    }
    assert empty["free"] == 7
    assert all(value is None for name, value in empty.items() if name not in ("line", "free"))


def test_a_value_that_no_column_can_hold_sets_its_row_aside_with_the_reason(postgres_url, done, pull):
    done(
        postgres_url,
        "drop table if exists odd",
        "create table odd (id int, amount numeric(9,2), day date)",
        "insert into odd values (1, 5, '2024-01-01'), (2, 'NaN', '2024-01-01'), (3, 5, '20240-01-01'), (4, 6, null)",
    )
    raw = pull(postgres_url, "odd").raw
    assert [row["id"] for row in pq.read_table(raw.path).to_pylist()] == [1, 4]
    bad = pq.read_table(raw.bad_path).to_pylist()
    assert [(row["line"], row["reason"].split(":")[0]) for row in bad] == [(2, "amount"), (3, "day")]
    assert (raw.rows, raw.bad_rows) == (2, 2)


def test_mysql_types_come_exactly(mysql_url, done, pull):
    done(
        mysql_url,
        "drop table if exists everything",
        "set sql_mode = ''",
        "create table everything (id bigint unsigned, price decimal(12,2), day date, wall datetime(6), "
        "moment timestamp null, words varchar(20) character set utf8mb4, took time, kind enum('a','b'))",
        "set time_zone = '+02:00'",
        "insert into everything values (18446744073709551615, 12345678.90, '0000-00-00', '2024-06-01 12:00:00.123456', "
        "'2024-06-01 12:00:00', 'Zoë', '10:30:00', 'b')",
    )
    table = pq.read_table(pull(mysql_url, "everything").raw.path)
    assert table.to_pylist() == [{
        "line": 1,
        "id": Decimal(18446744073709551615),
        "price": Decimal("12345678.90"),
        "day": None,
        "wall": datetime(2024, 6, 1, 12, 0, 0, 123456),
        "moment": datetime(2024, 6, 1, 10, tzinfo=UTC),
        "words": "Zoë",
        "took": "10:30:00",
        "kind": "b",
    }]  # fmt: skip


def test_sqlites_values_count_more_than_its_types(sqlite_url, done, pull):
    done(
        sqlite_url,
        "create table loose (id integer, price decimal(10,2), weight real, day datetime, anything)",
        "insert into loose values (1, 12.1, 1, '2024-01-01 10:00:00', 5), (2, 7, 0.5, null, 'five')",
    )
    table = pq.read_table(pull(sqlite_url, "loose").raw.path)
    assert [str(kind) for kind in table.schema.types] == [
        "int64",
        "int64",
        "decimal128(3, 1)",
        "double",
        "string",
        "string",
    ]
    assert table["price"].to_pylist() == [Decimal("12.1"), Decimal("7.0")]
    assert table["anything"].to_pylist() == ["5", "five"]


def test_a_table_or_column_that_is_not_there_names_those_there_are(url, done):
    orders(done, url, [])
    address = address_of(url)
    with connected(address) as connection:
        with pytest.raises(DataError, match=r"no table 'ordrs'.*Did you mean 'orders'\?"):
            found(connection, "ordrs", address)
        with pytest.raises(ConfigError, match=r"no table is named.*Its tables are: .*orders"):
            check_named(connection, address, ())
        table = found(connection, "ORDERS", address)
        with pytest.raises(ConfigError, match=r"no column 'change'.*Did you mean 'changed'.*id, changed, amount"):
            table.column_named("change", option="--cursor")
        assert table.column_named("Changed", option="--cursor") == "changed"


def test_a_view_and_a_table_of_another_schema_are_found(postgres_url, done, pull):
    done(
        postgres_url,
        "drop schema if exists till cascade",
        "create schema till",
        "create table till.sales (id int primary key, amount numeric(9,2))",
        "insert into till.sales values (1, 5)",
        "create or replace view big as select id, amount, current_date as day from till.sales",
    )
    assert amounts(pull(postgres_url, "till.sales")) == amounts(pull(postgres_url, "big")) == {1: Decimal(5)}
    with connected(address_of(postgres_url)) as connection:
        assert found(connection, "till.sales", address_of(postgres_url)).primary == ("id",)


def test_an_empty_table_is_refused_the_first_time(url, done, pull):
    orders(done, url, [])
    with pytest.raises(DataError, match="holds no rows"):
        pull(url, "orders")


def test_a_column_of_other_things_cannot_tell_what_is_new(postgres_url, done, pull):
    done(
        postgres_url,
        "drop table if exists ends",
        "create table ends (id int, till date)",
        "insert into ends values (1, 'infinity')",
    )
    with pytest.raises(ConfigError, match="'infinity' in 'till' cannot tell what is new"):
        pull(postgres_url, "ends", cursor="till")


@pytest.mark.parametrize(
    "value",
    [
        7,
        Decimal("1.50"),
        0.1,
        "2024-01-01",
        date(2024, 1, 1),
        datetime(2024, 1, 1, 10),
        datetime(2024, 1, 1, tzinfo=UTC),
        None,
    ],
)
def test_a_cursors_value_is_kept_exactly(value):
    back = value_from_json(json.loads(json.dumps(value_to_json(value))))
    assert (back, type(back)) == (value, type(value))
