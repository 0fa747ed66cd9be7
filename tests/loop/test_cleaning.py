"""Raw rows made anonymous: what the sums need stays, whatever else goes."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepwell.loop.cleaning import Cleaned, Cleaning, clean, is_stand_in, noted, stand_in
from keepwell.unify import RawFile
from keepwell.unify.whose import layout

MAPPING = {"order_id": "no", "customer_id": "who", "date": "day", "amount": "sum"}


@pytest.fixture
def cleaned(tmp_path):
    """Clean lines of a table of raw rows; return what is left and what was counted."""

    def do(columns, lines, *, words=(), bad=None, format_="generic", keys=()):
        table = pa.table({"line": pa.array(range(2, 2 + len(next(iter(columns.values())))), pa.int64()), **columns})
        pq.write_table(table, tmp_path / "raw.parquet", row_group_size=2)
        if bad is not None:
            pq.write_table(pa.table(bad), tmp_path / "raw.bad.parquet")
        raw = RawFile(
            digest="d", name="f.csv", source="main", kind="text", path=tmp_path / "raw.parquet",
            bad_path=None if bad is None else tmp_path / "raw.bad.parquet", encoding="", delimiter="",
            header=tuple(columns), header_line=1, rows=table.num_rows, bad_rows=0, arrived=datetime.now(UTC), notes=(),
        )  # fmt: skip
        how = layout(format_, {f: c for f, c in MAPPING.items() if c in columns}, keys=keys)
        what = Cleaning(frozenset(lines), tuple(words), "salt")
        into, bad_into = tmp_path / "new.parquet", tmp_path / "new.bad.parquet"
        done = clean(raw, how, what, into=into, bad_into=bad_into)
        return pq.read_table(into), pq.read_table(bad_into) if bad is not None else None, done

    return do


def test_rows_keep_their_order_and_others_are_untouched(cleaned):
    columns = {
        "no": ["1", "2", "1"],
        "who": ["a", "b", "a"],
        "day": ["x", "y", "z"],
        "sum": ["1", "2", "3"],
        "note": ["n"] * 3,
    }
    left, _, done = cleaned(columns, [2, 4])
    assert left.column("line").to_pylist() == [2, 3, 4]
    assert left.column("sum").to_pylist() == ["1", "2", "3"]
    assert left.column("day").to_pylist() == ["x", "y", "z"]
    assert left.column("who").to_pylist() == [None, "b", None]
    assert left.column("note").to_pylist() == [None, "n", None]
    assert left.column("no").to_pylist() == [stand_in("salt", "1"), "2", stand_in("salt", "1")]
    assert done == Cleaned(cleared=(2, 4), taken_out=(), mentions=0, bad=0)


@pytest.mark.parametrize("kind", [pa.int64(), pa.int32(), pa.string(), pa.float64(), pa.large_string()])
def test_a_number_of_an_order_has_one_stand_in_whatever_its_type(cleaned, kind):
    left, _, _ = cleaned(
        {"no": pa.array([17, 18]).cast(kind), "who": ["a", "b"], "day": ["x", "y"], "sum": ["1", "2"]}, [2]
    )
    first, second = (str(value) for value in left.column("no").to_pylist())
    assert first == stand_in("salt", "17")
    assert second.removesuffix(".0") == "18"


def test_cleaning_twice_changes_nothing_more(cleaned):
    columns = {"no": ["7"], "who": ["a"], "day": ["x"], "sum": ["1"]}
    once, _, _ = cleaned(columns, [2])
    again, _, _ = cleaned({name: once.column(name) for name in columns}, [2])
    assert again.equals(once)
    assert is_stand_in(once.column("no").to_pylist()[0])


def test_what_others_wrote_of_them_is_cleared_and_counted(cleaned):
    columns = {
        "no": ["1", "2"],
        "who": ["a", "b"],
        "day": ["x", "y"],
        "sum": ["1", "2"],
        "note": ["", "for ANN@x.com!"],
    }
    left, _, done = cleaned(columns, [], words=["ann@x.com"])
    assert left.column("note").to_pylist() == ["", None]
    assert (done.mentions, done.cleared) == (1, ())


def test_damaged_records_that_name_them_lose_their_text(cleaned):
    bad = {"line": pa.array([5, 6], pa.int64()), "reason": ["r", "r"], "text": ['7,ann@x.com,"', "8,b"]}
    _, torn, done = cleaned({"no": ["1"], "who": ["a"], "day": ["x"], "sum": ["1"]}, [], words=["ann@x.com"], bad=bad)
    assert torn.column("text").to_pylist() == ["", "8,b"]
    assert torn.column("reason").to_pylist() == ["r", "r"]
    assert done.bad == 1


def test_a_file_that_only_says_who_somebody_is_loses_the_row(cleaned):
    left, _, done = cleaned({"who": ["a", "b"], "town": ["t", "u"]}, [2], format_="generic customers")
    assert left.to_pylist() == [{"line": 3, "who": "b", "town": "u"}]
    assert done.taken_out == (2,)


def test_a_column_that_tells_rows_for_corrections_gets_stand_ins(cleaned):
    columns = {"no": ["1", "2"], "who": ["a", "b"], "day": ["x", "y"], "sum": ["1", "2"], "row id": ["r1", "r2"]}
    left, _, _ = cleaned(columns, [2], keys=["row id"])
    assert left.column("row id").to_pylist() == [stand_in("salt", "r1"), "r2"]


def test_the_note_on_a_file_counts_all_who_were_forgotten():
    once = noted(("another note",), Cleaned((2, 3), (), 0, 0))
    twice = noted(once, Cleaned((), (9,), 0, 0))
    assert twice == ("another note", "1 rows of forgotten people were taken out, 2 keep their money only")
    assert noted(("another note",), Cleaned((), (), 1, 0)) == ("another note",)


def test_an_address_that_only_ends_or_begins_like_theirs_is_left_to_whom_it_belongs(cleaned):
    told = ["joann@example.com", "Ann@Example.com, please", "ann@example.com.au", None]
    left, bad, done = cleaned(
        {"no": ["1", "2", "3", "4"], "who": told, "day": ["x"] * 4, "sum": ["1"] * 4, "ean": ["5901632960001"] * 4},
        [],
        words=["ann@example.com", "1632960001"],
        bad={"line": [9, 10], "reason": ["r", "r"], "text": ["x,joann@example.com", "x,ann@example.com"]},
    )
    assert left.column("who").to_pylist() == ["joann@example.com", None, "ann@example.com.au", None]
    assert left.column("ean").to_pylist() == ["5901632960001"] * 4
    assert bad.column("text").to_pylist() == ["x,joann@example.com", ""]
    assert (done.mentions, done.bad) == (1, 1)
