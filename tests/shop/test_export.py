"""Exports: every ending, money exact, text never a formula, too many rows said."""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from keepwell.errors import ConfigError, DataError
from keepwell.shop import export
from keepwell.shop.export import exported

SCHEMA = pa.schema(
    {
        "name": pa.string(),
        "money": pa.decimal128(18, 4),
        "share": pa.float64(),
        "count": pa.int64(),
        "day": pa.date32(),
        "at": pa.timestamp("us"),
        "known": pa.bool_(),
    }
)
MANY_DIGITS = Decimal("12345678901234.5678")
ROWS = [
    ("=2+3", Decimal("0.1000"), 0.25, 3, date(2024, 2, 29), datetime(2024, 2, 29, 12, 30), True),
    ('a "b", c', MANY_DIGITS, float("nan"), 2**40, None, None, False),
    (None, None, None, None, None, None, None),
]


def batches():
    return [pa.RecordBatch.from_pylist([dict(zip(SCHEMA.names, row, strict=True))], SCHEMA) for row in ROWS]


def test_csv_holds_money_to_the_last_decimal(tmp_path):
    assert exported(batches(), SCHEMA, tmp_path / "t.csv", title="t") == 3
    with (tmp_path / "t.csv").open(newline="") as file:
        head, first, second, third = csv.reader(file)
    assert head == SCHEMA.names
    assert first == ["=2+3", "0.1000", "0.25", "3", "2024-02-29", "2024-02-29 12:30:00.000000", "true"]
    assert second[:4] == ['a "b", c', "12345678901234.5678", "nan", str(2**40)]
    assert third == [""] * 7


def test_parquet_keeps_types(tmp_path):
    exported(batches(), SCHEMA, tmp_path / "t.parquet", title="t")
    assert pq.read_table(tmp_path / "t.parquet").schema == SCHEMA
    assert pq.read_table(tmp_path / "t.parquet")["money"].to_pylist() == [row[1] for row in ROWS]


def test_a_workbook_keeps_text_as_text_and_money_exact(tmp_path):
    exported(batches(), SCHEMA, tmp_path / "t.XLSX", title="a name of more than thirty-one characters")
    book = CalamineWorkbook.from_path(str(tmp_path / "t.XLSX"))
    head, first, second = book.get_sheet_by_index(0).to_python()[:3]
    assert head == SCHEMA.names
    assert first == ["=2+3", 0.1, 0.25, 3, date(2024, 2, 29), datetime(2024, 2, 29, 12, 30), True]
    assert second[1] == "12345678901234.5678"
    assert second[2] == "nan"


def test_more_rows_than_a_worksheet_holds_is_a_sentence_and_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "EXCEL_ROWS", 3)
    with pytest.raises(DataError, match=r"more than the 2 rows.*\.csv or \.parquet"):
        exported(batches(), SCHEMA, tmp_path / "t.xlsx", title="t")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["t.json", "t"])
def test_another_ending_is_a_sentence(tmp_path, name):
    with pytest.raises(ConfigError, match=r"End the name with \.csv, \.parquet, \.xlsx"):
        exported(batches(), SCHEMA, tmp_path / name, title="t")


def test_a_missing_folder_is_a_sentence(tmp_path):
    with pytest.raises(ConfigError, match="no such folder"):
        exported(batches(), SCHEMA, tmp_path / "nowhere" / "t.csv", title="t")


def test_timestamps_with_a_zone_can_be_put_into_a_workbook(tmp_path):
    schema = pa.schema({"at": pa.timestamp("us", tz="UTC")})
    rows = [pa.RecordBatch.from_pylist([{"at": datetime(2024, 5, 1, 8, tzinfo=UTC)}], schema)]
    assert exported(rows, schema, tmp_path / "t.xlsx", title="t") == 1
