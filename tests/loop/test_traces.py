"""Whoever was forgotten stands in no damaged record, in no name of a file and in no header."""

import pyarrow.parquet as pq
import pytest

from keepwell import loop
from keepwell.loop.forgetting import forget
from keepwell.settings import Settings
from keepwell.store import Workspace, entries

ORDERS = """order id,customer id,customer name,email,date,amount
1,K1,Ann Archer,ann@example.com,2024-01-05,10
2,K2,Bob Archer,bob@example.com,2024-01-06,20
3,K1,x,,2024-01-07,30,too,many
4,,"Archer, Ann",,2024-01-08,40,too,many
5,K11,Joann Archer,,2024-01-09,50,too,many
6,,,ANN@example.com,2024-01-10,60,too,many
""" + "".join(f"{order},K{order},,,2024-01-11,5\n" for order in range(20, 40))
# What should be in her row stands in the header.
BARE = """order id,customer id,date,amount,Ann Archer,to Ann Archer,K1
7,K7,2024-02-05,70,,,
8,K8,2024-02-06,80,,,
"""


@pytest.fixture
def given(tmp_path):
    """Two files: one of orders, one called after Ann."""
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "ann@example.com.csv").write_text(BARE)
    return [tmp_path / "orders.csv", tmp_path / "ann@example.com.csv"]


@pytest.fixture
def folder(tmp_path, given):
    """A workspace in which Ann was forgotten."""
    loop.add(tmp_path / "w", given, settings=Settings())
    forget(tmp_path / "w", ["K1"], settings=Settings(), to=tmp_path / "list.csv")
    return tmp_path / "w"


def held(folder):
    inbox = Workspace.open(folder).inbox
    return {entry["name"]: entry for entry in entries(inbox)}, inbox


def test_damaged_records_that_name_them_by_number_or_name_lose_their_text(folder):
    files, inbox = held(folder)
    bad = pq.read_table(inbox / files["orders.csv"]["bad_path"]).to_pylist()
    assert [row["line"] for row in bad] == [4, 5, 6, 7]
    assert [bool(row["text"]) for row in bad] == [False, False, True, False]


def test_names_of_files_and_headers_name_them_no_more(folder):
    files, inbox = held(folder)
    assert set(files) == {"orders.csv", "(forgotten).csv"}
    bare = files["(forgotten).csv"]
    header = ["order id", "customer id", "date", "amount", "(forgotten) 1", "(forgotten) 2", "(forgotten) 3"]
    assert bare["header"] == header
    assert pq.read_schema(inbox / bare["path"]).names == ["line", *header]
    assert pq.read_table(inbox / bare["path"]).column("amount").to_pylist() == ["70", "80"]
    texts = [path.read_bytes().lower() for path in folder.rglob("*") if path.is_file()]
    assert not [text for text in texts if b"ann@example.com" in text]


def test_given_again_they_change_nothing(folder, given):
    before, _inbox = held(folder)
    loop.add(folder, given, settings=Settings())
    assert held(folder)[0] == before
