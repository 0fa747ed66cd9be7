"""Workbooks: the first sheet that holds a table, its cells as exact text."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from keepwell.errors import DataError
from keepwell.progress import Tell
from keepwell.unify.reading.incoming import ZIP, head_of
from keepwell.unify.reading.layout import header_place
from keepwell.unify.reading.names import numbered_names, unique_names
from keepwell.unify.reading.raw import Outcome
from keepwell.unify.reading.sink import Sink, text_schema

LOOKED_AT = 100  # rows that decide on the header
AT_ONCE = 8192  # rows made Arrow at a time
Row = tuple[int, list[str | None]]  # sheet row, cells


def read_sheet(path: Path, *, into: Path, tell: Tell) -> Outcome:
    """Read a workbook's first sheet that is not empty into Parquet.

    Raises:
        DataError: The workbook is damaged or protected, or has no table.
    """
    tell(f"{path.name}: opening the workbook")
    name, others, rows = _first_table(path)
    begun = list(islice(rows, LOOKED_AT))
    width = max(len(cells) for _, cells in begun)
    if width < 2:
        problem = f"the sheet {name!r} has one column only"
        raise DataError(problem, path.name, "Give a sheet with at least two columns, as the first one.")
    header, header_line, notes, begin = _header(begun, width)
    with Sink(into, text_schema(header)) as sink:
        left = chain(begun[begin:], rows)
        while batch := list(islice(left, AT_ONCE)):
            sink.write(_columns(batch, len(header)))
        if not sink.rows:
            raise DataError("the sheet holds a header and no rows", path.name, "Export it again, with its rows.")
        count = sink.rows
    if others:
        listed = ", ".join(repr(other) for other in others)
        notes = (f"Read from the sheet {name!r}; not read: {listed}. Save another one as its own file.", *notes)
    return Outcome("xlsx", header, header_line, count, notes=notes)


def _header(begun: Sequence[Row], width: int) -> tuple[tuple[str, ...], int, tuple[str, ...], int]:
    """Return names, the header's sheet row, notes, and where among `begun` the data begin."""
    filled = max(sum(map(bool, cells)) for _, cells in begun)
    place = header_place([cells for _, cells in begun], min(width, max(2, filled)))
    if place is None:
        note = "The first row looks like data, so the columns are called c1, c2 and so on; a row of names changes it."
        return numbered_names(width), 0, (note,), 0
    line, cells = begun[place]
    names, notes = unique_names(cells + [None] * (width - len(cells)))
    if place:
        notes = (f"What stands above the header in row {line} is left out as a preamble.", *notes)
    return names, line, notes, place + 1


def _columns(batch: Sequence[Row], width: int) -> list[pa.Array[Any]]:
    lines = pa.array([line for line, _ in batch], pa.int64())
    cells = zip(*(cells for _, cells in batch), strict=True)
    columns = [pa.array(list(column), pa.string()) for column in cells]
    return [lines, *columns[:width]]


def _first_table(path: Path) -> tuple[str, list[str], Iterator[Row]]:
    """Return the first sheet's name that holds cells, the names of the others that do, and its rows."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    if head_of(path).startswith(ZIP) and not zipfile.is_zipfile(path):
        raise DataError("the workbook is damaged or cut off", path.name, "Save or fetch it again.")
    try:
        book = CalamineWorkbook.from_path(path)
        sheets = [book.get_sheet_by_name(name) for name in book.sheet_names]
    except PasswordError as error:
        raise DataError("the workbook has a password", path.name, "Save it without one.") from error
    except (CalamineError, OSError, ValueError) as error:
        problem = f"the workbook is damaged or is none: {error}"
        raise DataError(problem, path.name, "Save it again as XLSX, or as CSV.") from error
    full = [sheet for sheet in sheets if sheet.start is not None]
    if not full:
        raise DataError("the workbook holds no cells", path.name, "Export it again.")
    first = full[0]
    rows = first.iter_rows()
    return first.name, [sheet.name for sheet in full[1:]], _filled(rows)


def _filled(rows: Iterable[Sequence[Any]]) -> Iterator[Row]:
    """Yield the rows that are not blank, with their sheet rows."""
    for line, row in enumerate(rows, start=1):
        cells = [cell_text(value) for value in row]
        if any(cells):
            yield line, cells


def cell_text(value: object) -> str | None:
    """Return a cell as exact text: dates ISO, whole numbers without a point; None where nothing is left.

    >>> [cell_text(value) for value in (12.0, 0.1, 1e-7, " x ", "", True)]
    ['12', '0.1', '0.0000001', 'x', None, 'TRUE']
    """
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        number = format(Decimal(repr(value)), "f")
        return number[:-2] if number.endswith(".0") else number
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    return str(value) or None  # dates and times are ISO by themselves
