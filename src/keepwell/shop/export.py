"""A table into a file for others: CSV, Parquet or XLSX, a batch at a time, money exact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from keepwell.errors import ConfigError, DataError

EXCEL_ROWS = 1_048_576  # the header's row included
_EXCEL_DIGITS = 15  # a spreadsheet's number holds no more; money with more goes in as text
_WIDTH = 16  # characters a column
_WORDS = 60  # characters of a column that holds sentences
_SENTENCES = frozenset({"basis", "words", "reason", "diagnostics", "notes"})

Put = Callable[[pa.RecordBatch], None]


def exported(batches: Iterable[pa.RecordBatch], schema: pa.Schema, to: Path, *, title: str) -> int:
    """Write batches to `to`, in the format its name ends with, and return how many rows were written.

    The file appears when it is whole. `title` names the sheet of a workbook.

    Raises:
        ConfigError: The name ends otherwise, the folder is not there, or `to` is a folder itself.
        DataError: More rows than a worksheet holds.
    """
    opened = _WRITERS.get(to.suffix.lower())
    if opened is None:
        mend = f"End the name with {', '.join(_WRITERS)}."
        raise ConfigError(f"{to.suffix or 'a name without an ending'!r} is no format to export to", str(to), mend)
    check_place(to)
    aside = to.with_name(f".{to.name}.part")
    rows = 0
    try:
        with opened(aside, schema, title) as put:
            for batch in batches:
                rows += batch.num_rows
                put(batch)
        aside.replace(to)
    finally:
        aside.unlink(missing_ok=True)
    return rows


def check_place(to: Path) -> None:
    """Refuse a place where no file can be written.

    Raises:
        ConfigError: The folder is not there, or `to` is a folder itself.
    """
    if not to.parent.is_dir():
        raise ConfigError("there is no such folder", str(to.parent), "Make it first, or choose another.")
    if to.is_dir():
        raise ConfigError("this is a folder, not a file", str(to), "Give the name of a file to write.")


@contextmanager
def _csv(path: Path, schema: pa.Schema, _: str) -> Iterator[Put]:
    from pyarrow import csv

    plain = pa.schema([pa.field(f.name, pa.string() if pa.types.is_decimal(f.type) else f.type) for f in schema])
    options = csv.WriteOptions(quoting_style="needed")
    with csv.CSVWriter(path, plain, write_options=options) as writer:
        yield lambda batch: writer.write_batch(batch.cast(plain))


@contextmanager
def _parquet(path: Path, schema: pa.Schema, _: str) -> Iterator[Put]:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        yield writer.write_batch


@contextmanager
def _xlsx(path: Path, schema: pa.Schema, title: str) -> Iterator[Put]:
    import xlsxwriter

    # Text stays text: a name like '=2+3' must not become a formula on somebody's desk.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet(title[:31])
        styles = {
            "head": book.add_format({"bold": True}),
            "money": book.add_format({"num_format": "#,##0.0000"}),
            "share": book.add_format({"num_format": "0.0%"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
            "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }
        sheet.freeze_panes(1, 0)
        for column, field in enumerate(schema):
            sheet.set_column(column, column, _wide(field))
        sheet.write_row(0, 0, schema.names, styles["head"])
        yield _Sheet(sheet, styles, schema).put


def _wide(field: pa.Field[Any]) -> int:
    """Return how many characters of a column are shown: its name whole, its sentences as far as they are useful."""
    return max(_WORDS if field.name in _SENTENCES else _WIDTH, len(field.name) + 2)


def _is_share(name: str) -> bool:
    return name.startswith("p_") or name.endswith("_share") or name in {"spend_weight", "pays_back", "right"}


class _Sheet:
    """Writes batches below each other into one worksheet."""

    def __init__(self, sheet: Any, styles: dict[str, Any], schema: pa.Schema) -> None:
        self._sheet, self._styles, self._row = sheet, styles, 1
        self._shares = frozenset(i for i, name in enumerate(schema.names) if _is_share(name))

    def put(self, batch: pa.RecordBatch) -> None:
        if self._row + batch.num_rows > EXCEL_ROWS:
            problem = f"the table has more than the {EXCEL_ROWS - 1:,} rows that a worksheet holds"
            raise DataError(problem, mend="Export it to a name ending in .csv or .parquet.")
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            for column, value in enumerate(values):
                self._cell(column, value)
            self._row += 1

    def _cell(self, column: int, value: Any) -> None:
        sheet, row, styles = self._sheet, self._row, self._styles
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        elif isinstance(value, Decimal) and len(value.as_tuple().digits) <= _EXCEL_DIGITS:
            sheet.write_number(row, column, float(value), styles["money"])
        elif isinstance(value, datetime):
            sheet.write_datetime(row, column, value.replace(tzinfo=None), styles["time"])
        elif isinstance(value, date):
            sheet.write_datetime(row, column, value, styles["day"])
        elif isinstance(value, (int, float)) and value == value and abs(value) != float("inf"):  # noqa: PLR0124 not NaN
            sheet.write_number(row, column, value, styles["share"] if column in self._shares else None)
        elif value is not None:
            sheet.write_string(row, column, str(value))


_Writer = Callable[[Path, pa.Schema, str], AbstractContextManager[Put]]
_WRITERS: dict[str, _Writer] = {".csv": _csv, ".parquet": _parquet, ".xlsx": _xlsx}
