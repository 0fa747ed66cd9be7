"""Parquet in: types kept, damage said."""

import random
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepwell.errors import DataError

TABLE = pa.table(
    {
        " id ": pa.array([1, 2, 3], pa.int32()),
        "amount": pa.array([Decimal("1.50"), None, Decimal("-3.00")], pa.decimal128(12, 2)),
        "day": pa.array([date(2024, 1, 1), date(2024, 1, 2), None]),
        "ID": pa.array(["a", " b ", ""]),
    }
)


def test_types_and_values_are_kept(shelf):
    path = shelf.folder / "orders.parquet"
    pq.write_table(TABLE, path)
    raw = shelf.file(path)
    assert (raw.kind, raw.header, raw.rows, raw.bad_path) == ("parquet", ("id", "amount", "day", "ID_2"), 3, None)
    read = pq.read_table(raw.path)
    assert read["line"].to_pylist() == [1, 2, 3]
    assert read.drop_columns("line").equals(TABLE.rename_columns(list(raw.header)))


def test_many_row_groups_are_numbered_through(shelf):
    path = shelf.folder / "orders.parquet"
    pq.write_table(pa.table({"a": range(100_000), "b": range(100_000)}), path, row_group_size=7_000)
    read = pq.read_table(shelf.file(path).path)
    assert read["line"].to_pylist() == list(range(1, 100_001))
    assert read["a"].to_pylist() == list(range(100_000))


@pytest.mark.parametrize("keep", [0.01, 0.5, 0.9, 0.999])
def test_a_cut_off_file_is_refused_in_a_sentence(shelf, keep):
    path = shelf.folder / "orders.parquet"
    pq.write_table(pa.table({"a": range(10_000), "b": range(10_000)}), path)
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    with pytest.raises(DataError, match="damaged or cut off"):
        shelf.file(path)
    assert not list(shelf.folder.glob("inbox/*"))


def test_mutated_bytes_are_read_or_refused(shelf):
    path = shelf.folder / "orders.parquet"
    pq.write_table(TABLE, path)
    original, chance = path.read_bytes(), random.Random(1)  # noqa: S311 - nothing secret
    refused = 0
    for _ in range(100):
        data = bytearray(original)
        data[chance.randrange(4, len(data))] = chance.randrange(256)
        try:
            shelf.bytes(bytes(data), name="orders.parquet")
        except DataError:
            refused += 1
    assert refused > 10


@pytest.mark.parametrize(
    ("table", "said"), [(TABLE.slice(0, 0), "holds no rows"), (TABLE.select(["day"]), "one column only")]
)
def test_a_file_without_a_table_is_refused(shelf, table, said):
    path = shelf.folder / "orders.parquet"
    pq.write_table(table, path)
    with pytest.raises(DataError, match=said):
        shelf.file(path)
