"""Adding files and tables: what counts afterwards, and that nothing half or secret is left."""

import os
import signal
import sqlite3
import subprocess
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from keepwell import loop
from keepwell.engine.duck import DuckEngine
from keepwell.errors import ConfigError, DataError
from keepwell.loop.corrections import corrected
from keepwell.loop.intake import Manner, all_of
from keepwell.progress import quiet
from keepwell.settings import Settings
from keepwell.store import Workspace, entries
from keepwell.unify.reading import Told

HEAD = "order_id,customer_id,date,amount\n"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "w"


@pytest.fixture
def add(folder):
    """Add with a manner; return what was said of it."""

    def go(*files, **manner):
        return loop.add(folder, files, settings=Settings(), manner=Manner(**manner))

    return go


@pytest.fixture
def file(tmp_path):
    """Write a file of (order, amount) rows."""

    def make(name, *rows):
        path = tmp_path / name
        path.write_text(HEAD + "".join(f"{order},K{order},2024-01-{order:02d},{amount}\n" for order, amount in rows))
        return path

    return make


@pytest.fixture
def shop(tmp_path):
    """A database of orders: execute a statement, and `shop.url` names it."""
    path = tmp_path / "shop.db"

    def go(statement):
        connection = sqlite3.connect(path)
        connection.executescript(statement)
        connection.close()

    go(
        "create table orders (id integer primary key, customer_id text, order_date date, amount decimal(9,2), "
        "changed int)"
    )
    go("insert into orders values (1,'a','2024-01-01',10,1),(2,'b','2024-01-02',20,2),(3,'c','2024-01-03',30,2)")
    go.url = f"sqlite:///{path}"
    return go


def rows(folder, tmp_path, column="amount", by="order_id"):
    """Return {key: value} of all rows that count, read as a run would; a key that counts twice is an error."""
    workspace = Workspace.open(folder)
    engine = DuckEngine(memory="512MB", threads=2)
    try:
        files = corrected(all_of(workspace), engine, into=tmp_path / "corrected", tell=quiet)
    finally:
        engine.close()
    found = [row for raw in files for row in pq.read_table(raw.path).to_pylist()]
    assert len({row[by] for row in found}) == len(found)
    return {int(row[by]): Decimal(row[column]) for row in found}


def test_a_file_that_replaces_is_all_there_is_of_its_kind(add, file, folder, tmp_path):
    add(file("a.csv", (1, 10), (2, 20)))
    assert [one.mode for one in add(file("b.csv", (2, 25), (3, 30)), mode="replace")] == ["replace"]
    assert rows(folder, tmp_path) == {2: 25, 3: 30}
    assert [one["counts"] for one in loop.held(folder)] == [False, True]


def test_a_file_that_corrects_takes_the_place_of_rows_with_its_keys(add, file, folder, tmp_path):
    add(file("a.csv", (1, 10), (2, 20), (3, 30)))
    add(file("b.csv", (2, 25), (4, 40)), mode="correct", key=("Order ID",))
    add(file("c.csv", (2, 26), (1, 11)), mode="correct", key=("order_id",))
    assert rows(folder, tmp_path) == {1: 11, 2: 26, 3: 30, 4: 40}
    kept = {raw.name: (raw.rows, raw.replaced) for raw, _ in _counting(folder, tmp_path)}
    assert kept == {"a.csv": (1, 2), "b.csv": (1, 1), "c.csv": (2, 0)}


def _counting(folder, tmp_path):
    engine = DuckEngine(memory="512MB", threads=2)
    try:
        left = corrected(all_of(Workspace.open(folder)), engine, into=tmp_path / "again", tell=quiet)
        return [(raw, [row["line"] for row in pq.read_table(raw.path).to_pylist()]) for raw in left]
    finally:
        engine.close()


def test_rows_that_are_left_keep_their_lines(add, file, folder, tmp_path):
    add(file("a.csv", (1, 10), (2, 20), (3, 30)))
    add(file("b.csv", (1, 11)), mode="correct", key=("order_id",))
    assert _counting(folder, tmp_path)[0][1] == [3, 4]


def test_a_file_that_two_keys_correct_is_written_anew_for_each(add, file, folder, tmp_path):
    add(file("a.csv", (1, 10), (2, 20), (3, 30)))
    add(file("b.csv", (1, 11)), mode="correct", key=("order_id",))
    add(file("c.csv", (2, 22)), mode="correct", key=("customer_id",))
    first = _counting(folder, tmp_path)[0]
    assert (first[1], first[0].replaced) == ([4], 2)
    stems = [path.stem for path in (tmp_path / "again").rglob("*.parquet") if path.stem.startswith(first[0].digest)]
    assert len(set(stems)) == 2  # nothing is written over what the engine has read


def test_a_correction_needs_a_key_that_both_have(add, file, tmp_path, folder):
    add(file("a.csv", (1, 10)))
    with pytest.raises(ConfigError, match=r"nothing says which of its rows.*--key COLUMN"):
        add(file("b.csv", (1, 11)), mode="correct")
    with pytest.raises(ConfigError, match=r"no column 'order_idd'.*Did you mean 'order_id'"):
        add(file("b.csv", (1, 11)), mode="correct", key=("order_idd",))
    other = tmp_path / "c.csv"
    other.write_text("nr,customer_id,date,amount\n1,a,2024-01-01,5\n")
    with pytest.raises(DataError, match=r"a.csv has no column 'nr'"):
        add(other, mode="correct", key=("nr",))
    assert len(entries(folder / "inbox")) == 1


def test_the_same_batch_twice_changes_nothing(add, file, folder, tmp_path, shop):
    files = [file("a.csv", (1, 10)), file("b.csv", (2, 20))]
    for mode in ("append", "replace"):
        add(*files, mode=mode)
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        assert [one.new for one in add(*files, mode=mode)] == [False, False]
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    add(shop.url, tables=("orders",))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert [one.new for one in add(shop.url, tables=("orders",))] == [False]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_table_with_a_cursor_brings_what_is_new_and_what_changed(add, shop, folder, tmp_path):
    assert [one.rows for one in add(shop.url, tables=("orders",), cursor="changed")] == [3]
    assert [(one.rows, one.new) for one in add()] == [(0, False)]
    shop("update orders set amount = 25, changed = 3 where id = 2; insert into orders values (4,'d','2024-01-04',40,3)")
    assert [(one.rows, one.mode) for one in add()] == [(2, "correct")]
    assert rows(folder, tmp_path, by="id") == {1: 10, 2: 25, 3: 30, 4: 40}
    assert [(one.rows, one.new) for one in add(shop.url)] == [(0, False)]
    held = loop.held(folder)
    assert [(one["table"], one["cursor"], one["up_to"]) for one in held] == [
        ("orders", "changed", "2"),
        ("orders", "changed", "3"),
    ]


def test_a_table_without_a_cursor_is_replaced_by_the_next_pull(add, shop, folder, tmp_path):
    add(shop.url, tables=("orders",))
    shop("delete from orders where id = 1")
    assert [one.mode for one in add()] == ["replace"]
    assert rows(folder, tmp_path, by="id") == {2: 20, 3: 30}
    shop("insert into orders values (1,'a','2024-01-01',10,1)")
    add()  # the content of the first pull again
    assert rows(folder, tmp_path, by="id") == {1: 10, 2: 20, 3: 30}
    with pytest.raises(ConfigError, match=r"would come in a second time.*--cursor COLUMN"):
        add(mode="append")


def test_replacing_once_brings_a_table_anew_and_the_next_pull_goes_on(add, shop, folder, tmp_path):
    add(shop.url, tables=("orders",), cursor="changed")
    shop("delete from orders where id = 1")
    assert [one.rows for one in add(mode="replace")] == [2]
    assert rows(folder, tmp_path, by="id") == {2: 20, 3: 30}
    shop("insert into orders values (9,'z','2024-01-09',90,9)")
    assert [one.rows for one in add()] == [1]
    assert rows(folder, tmp_path, by="id") == {2: 20, 3: 30, 9: 90}


def test_what_is_taken_out_counts_no_more_and_a_table_is_pulled_anew(add, shop, file, folder, tmp_path):
    add(file("a.csv", (1, 10)))
    add(shop.url, tables=("orders",), cursor="changed")
    with pytest.raises(DataError, match=r"nothing in the inbox is called 'x'.*a.csv, orders \(shop\)"):
        loop.take_out(folder, ["x"])
    loop.take_out(folder, ["orders (shop)"])
    assert rows(folder, tmp_path) == {1: 10}
    with pytest.raises(DataError, match="no table was added before"):
        add()
    assert [one.rows for one in add(shop.url, tables=("orders",), cursor="changed")] == [3]
    loop.take_out(folder, ["a.csv"])
    assert rows(folder, tmp_path, by="id") == {1: 10, 2: 20, 3: 30}


def test_what_was_told_of_a_file_holds_for_it_alone_and_is_remembered(add, tmp_path, folder, file):
    odd = tmp_path / "odd.csv"
    odd.write_text("Nr,Wer,Tag,Wert\n1,a,05/06/2024,1.234\n")
    told = Told(
        format="generic", columns=(("Wer", "customer_id"), ("Tag", "date"), ("Wert", "amount")), date_order="mdy"
    )
    add(odd, told=told)
    add(file("a.csv", (1, 10)))
    add(odd)
    by_name = {raw.name: raw.told for raw, _ in all_of(Workspace.open(folder))}
    assert by_name == {"odd.csv": told, "a.csv": Told()}
    with pytest.raises(ConfigError, match=r"no column 'Wem'.*Did you mean 'Wer'"):
        add(odd, told=Told(columns=(("Wem", "customer_id"),)))


def test_a_file_of_another_source_is_refused(add, file):
    path = file("a.csv", (1, 10))
    add(path, source="till")
    with pytest.raises(DataError, match=r"in the source 'till' already.*keepwell drop 'a.csv' --source till"):
        add(path, source="web")


def test_a_table_of_another_source_is_refused(add, shop, folder):
    add(shop.url, tables=("orders",), source="till")
    with pytest.raises(DataError, match=r"in the source 'till' already.*keepwell drop 'orders \(shop\)' --source till"):
        add(shop.url, tables=("orders",), source="web")
    shop("insert into orders values (4,'d','2024-01-04',40,3)")
    assert [(one.source, one.rows) for one in add()] == [("till", 4)]
    loop.take_out(folder, ["orders (shop)"])
    assert [one.source for one in add(shop.url, tables=("orders",), source="web")] == ["web"]


def test_what_is_added_after_a_drop_counts_though_the_clock_went_back(add, file, folder, tmp_path, monkeypatch):
    path = file("a.csv", (1, 10))
    add(path)
    loop.take_out(folder, ["a.csv"])
    slow = SimpleNamespace(now=lambda zone: datetime.now(zone) - timedelta(hours=1))
    monkeypatch.setattr("keepwell.loop.adding.datetime", slow)
    assert [one.new for one in add(path)] == [True]
    assert rows(folder, tmp_path) == {1: 10}
    assert [gone["counts"] for gone in loop.take_out(folder, ["a.csv"])] == [False]
    assert not [one for one in loop.held(folder) if one["counts"]]


def test_a_table_that_cannot_be_read_leaves_nothing_of_the_others(add, shop, file, folder):
    with pytest.raises(DataError, match="no table 'custmers'"):
        add(file("a.csv", (1, 10)), shop.url, tables=("orders", "custmers"))
    assert not folder.exists()


DRIVER = """
import sys
from pathlib import Path
from keepwell import loop
from keepwell.loop import Manner
from keepwell.settings import Settings
loop.add(Path(sys.argv[1]), sys.argv[2:], settings=Settings(), manner=Manner(tables=("orders",), cursor="changed"))
"""


@pytest.mark.parametrize("moment", ["after inbox path", "after inbox entry"])
def test_a_killed_pull_has_not_been_or_is_whole(add, shop, folder, tmp_path, moment):
    add(shop.url, tables=("orders",), cursor="changed")
    shop("insert into orders values (4,'d','2024-01-04',40,3)")
    command = [sys.executable, "-c", DRIVER, str(folder), shop.url]
    done = subprocess.run(command, env=os.environ | {"KEEPWELL_FAULT": moment}, check=False)
    assert done.returncode == -signal.SIGKILL
    whole = {1: 10, 2: 20, 3: 30, 4: 40}
    assert rows(folder, tmp_path, by="id") == (whole if moment == "after inbox entry" else {1: 10, 2: 20, 3: 30})
    add()
    assert rows(folder, tmp_path, by="id") == whole
    files = [path.name for path in (folder / "inbox" / "main").iterdir()]
    assert len(files) == 4, files


def test_records_that_cannot_be_read_are_counted(add, tmp_path):
    good = [f'{{"order_id": {n}, "customer_id": "c{n}", "date": "2024-01-0{n}", "amount": {n}}}' for n in range(1, 8)]
    path = tmp_path / "b.jsonl"
    path.write_text("\n".join([*good, '{"order_id": 5, broken', *good[:2]]) + "\n")
    assert [(one.rows, one.unreadable) for one in add(path)] == [(10, 1)]
