"""Writing Parquet so that a file is either whole or not there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from keepwell.errors import DataError
from keepwell.unify.reading.names import LINE

ROWS = 122_880  # rows of a row group, as DuckDB likes them
BYTES = 16 << 20  # but no more than this at a time in memory
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def text_schema(names: Sequence[str]) -> pa.Schema:
    """Return `line` and a string column for each name."""
    columns: dict[str, pa.DataType] = {LINE: pa.int64()}
    return pa.schema(columns | dict.fromkeys(names, pa.string()))


BAD = text_schema(("reason", "text"))


class Sink:
    """A Parquet file that appears under its name only once it is whole and on the disk."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path, self.schema = path, schema
        self.rows = 0
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._writer: Any = None
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = self._waiting_bytes = 0

    def __enter__(self) -> Self:
        with space_on_disk(self.path.parent):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self._temporary, self.schema, compression="zstd", compression_level=1)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            with space_on_disk(self.path.parent):
                if kind is None:
                    self._flush()
                self._writer.close()
                if kind is None:
                    settle(self._temporary, self.path)
        finally:
            self._temporary.unlink(missing_ok=True)

    def write(self, arrays: Sequence[pa.Array[Any]]) -> None:
        """Add rows, column by column."""
        batch = pa.RecordBatch.from_arrays(list(arrays), schema=self.schema)
        if batch.num_rows:
            self._waiting.append(batch)
            self._waiting_rows += batch.num_rows
            self._waiting_bytes += batch.nbytes
            self.rows += batch.num_rows
        if self._waiting_rows >= ROWS or self._waiting_bytes >= BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            with space_on_disk(self.path.parent):
                self._writer.write_table(pa.Table.from_batches(self._waiting, self.schema), row_group_size=ROWS)
        self._waiting, self._waiting_rows, self._waiting_bytes = [], 0, 0


class BadSink:
    """The bad records' file, begun with the first of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._stack = ExitStack()
        self._sink: Sink | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def write(self, arrays: Sequence[pa.Array[Any]]) -> None:
        """Add line, reason and text of bad records."""
        if not len(arrays[0]):
            return
        if self._sink is None:
            self._sink = self._stack.enter_context(Sink(self.path, BAD))
        self._sink.write(arrays)
        self.rows += len(arrays[0])


@contextmanager
def space_on_disk(folder: Path) -> Iterator[None]:
    """Turn a full disk, or a folder that takes no files, into a sentence.

    Raises:
        DataError: It is so.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            mend = "Make room there, or choose another place by --workspace."
            raise DataError("there is no space left on the disk", str(folder), mend) from error
        why = error.strerror or str(error)
        mend = "Choose another place by --workspace."
        raise DataError(f"nothing can be written: {why}", str(folder), mend) from error


def settle(temporary: Path, path: Path) -> None:
    """Give a finished file its name, safe against a power cut."""
    _sync(temporary)
    temporary.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def rows_in(path: Path) -> int:
    """Return the number of rows that a finished Parquet file says it has."""
    return int(pq.read_metadata(path).num_rows)
