"""Raw files written by hand, as the reader would give them, and answers as plain rows."""

import csv
import hashlib
import io
from datetime import UTC, datetime
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepwell.engine import collected
from keepwell.settings import from_dict
from keepwell.unify import RawFile, run

ARRIVED = datetime(2026, 11, 22, 12, tzinfo=UTC)


def text_file(folder, text, *, name="orders.csv", source="main", delimiter=",", header=True, arrived=ARRIVED, bad=()):
    """Return the RawFile of a CSV text: strings, null where nothing stands; `bad` are (line, reason, text)."""
    rows = [row for row in csv.reader(io.StringIO(text.strip("\n")), delimiter=delimiter) if row]
    names = tuple(cell.strip() for cell in rows[0]) if header else tuple(f"c{i + 1}" for i in range(len(rows[0])))
    body = rows[1:] if header else rows
    columns = {n: pa.array([row[i].strip() or None for row in body], pa.string()) for i, n in enumerate(names)}
    first = 2 if header else 1
    lines = pa.array(range(first, first + len(body)), pa.int64())
    return written(folder, pa.table({"line": lines, **columns}), name=name, source=source, arrived=arrived, bad=bad,
                   header_line=int(header), salt=text)  # fmt: skip


def written(folder, table, *, name, source="main", arrived=ARRIVED, bad=(), header_line=1, kind="text", salt=""):
    """Write an Arrow table with `line` as the file that the reader would make of it."""
    digest = hashlib.sha256((name + salt).encode()).hexdigest()[:16]
    path = folder / f"{digest}.parquet"
    pq.write_table(table, path)
    bad_path = None
    if bad:
        bad_path = folder / f"{digest}.bad.parquet"
        schema = pa.schema([("line", pa.int64()), ("reason", pa.string()), ("text", pa.string())])
        pq.write_table(pa.Table.from_pylist([dict(zip(schema.names, b, strict=True)) for b in bad], schema), bad_path)
    names = tuple(n for n in table.column_names if n != "line")
    return RawFile(digest, name, source, kind, path, bad_path, "utf-8", ",", names, header_line,
                   table.num_rows, len(bad), arrived, ())  # fmt: skip


@pytest.fixture
def raw_file(tmp_path):
    """Make the RawFile of a CSV text."""
    return partial(text_file, tmp_path)


@pytest.fixture(scope="session")
def file_in():
    """Make the RawFile of a CSV text in a folder: for fixtures that several tests share."""
    return text_file


@pytest.fixture
def native_file(tmp_path):
    """Make the RawFile of an Arrow table, as Parquet comes in."""
    return partial(written, tmp_path, kind="parquet")


@pytest.fixture(scope="session")
def ran():
    """Run the stage and return its tables as lists of rows, in the order of file and line.

    Names and addresses are not matched unless asked for: that has tests of its own, and takes longest.
    """

    def go(engine, *files, **settings):
        tables = run(files, from_dict({"identity": {"match": False}, **settings}), engine)
        return {name: _ordered(collected(engine, table).to_pylist()) for name, table in tables.items()}

    return go


def _ordered(rows):
    return sorted(rows, key=lambda r: (r.get("file", ""), r.get("line", 0), str(r.get("product_id")), str(r)))
