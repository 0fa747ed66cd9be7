"""A row that a pull brought comes once, though a person in it was forgotten since."""

import sqlite3
from contextlib import closing

import pyarrow.parquet as pq
import pytest

from keepwell import loop
from keepwell.errors import DataError
from keepwell.loop.forgetting import forget
from keepwell.loop.intake import Manner
from keepwell.settings import Settings
from keepwell.store import Workspace, entries


@pytest.fixture
def till(tmp_path):
    """Execute statements in a table without a key; two rows have the highest `changed`, two have none."""

    def go(*statements):
        with closing(sqlite3.connect(tmp_path / "till.db")) as file, file:
            for statement in statements:
                file.execute(statement)

    go(
        "create table sales (number integer, email text, day text, amount decimal(9,2), note text, changed integer)",
        """insert into sales values
            (1, 'ann@example.com', '2024-01-01', 10, null, 1), (2, 'bob@example.com', '2024-01-02', 20, null, 2),
            (3, 'ann@example.com', '2024-01-03', 30, null, 2), (4, 'ann@example.com', '2024-01-04', 40, null, null),
            (5, 'bob@example.com', '2024-01-05', 50, 'for ann@example.com', null)""",
    )
    return go


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "till.keepwell"


@pytest.fixture
def add(folder, tmp_path):
    """Pull the table as it was pulled before; return how many rows came."""

    def go(**how):
        url = f"sqlite:///{tmp_path}/till.db"
        manner = Manner(tables=("sales",), **how)
        return sum(one.rows for one in loop.add(folder, [url], settings=Settings(), manner=manner))

    return go


def amounts(folder):
    inbox = Workspace.open(folder).inbox
    return sorted(row["amount"] for e in entries(inbox) for row in pq.read_table(inbox / e["path"]).to_pylist())


def test_rows_of_whoever_was_forgotten_come_once(add, till, folder, tmp_path):
    assert add(cursor="changed") == 5
    forget(folder, ["ann@example.com"], settings=Settings(), to=tmp_path / "list.csv")
    assert "ann@" not in "".join(path.read_text() for path in folder.rglob("*.json"))
    assert add() == 0
    till("insert into sales values (6, 'ann@example.com', '2024-01-06', 60, null, 2)")
    till("insert into sales values (7, 'ann@example.com', '2024-01-07', 70, null, null)")
    assert add() == 2  # they come without her, as she is known
    assert add() == 0
    forget(folder, ["bob@example.com"], settings=Settings(), to=tmp_path / "list.csv")
    assert add() == 0
    assert amounts(folder) == [10, 20, 30, 40, 50, 60, 70]


def test_a_row_that_is_what_is_left_of_a_forgotten_one_is_new(add, till, folder, tmp_path):
    add(cursor="changed")
    forget(folder, ["ann@example.com"], settings=Settings(), to=tmp_path / "list.csv")
    entry = entries(folder / "inbox")[0]
    cleaned = next(row for row in pq.read_table(folder / "inbox" / entry["path"]).to_pylist() if row["amount"] == 40)
    cleaned = {name: str(value) if value is not None else None for name, value in cleaned.items() if name != "line"}
    with closing(sqlite3.connect(tmp_path / "till.db")) as file, file:
        file.execute("insert into sales values (:number, :email, :day, :amount, :note, :changed)", cleaned)
    assert add() == 1


def test_without_the_columns_that_rows_are_known_by_the_table_is_pulled_anew(add, till, folder, tmp_path):
    add(cursor="changed")
    forget(folder, ["ann@example.com"], settings=Settings(), to=tmp_path / "list.csv")
    till("alter table sales drop column note")
    with pytest.raises(DataError, match=r"other columns than when a person was forgotten.*--mode replace"):
        add()
    assert add(mode="replace") == 5
    assert add() == 0
