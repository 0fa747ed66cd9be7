"""Parquet files: their own types kept, the row number put in front, streamed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from keepwell.errors import DataError
from keepwell.progress import Tell
from keepwell.unify.reading.names import LINE, unique_names
from keepwell.unify.reading.raw import Outcome
from keepwell.unify.reading.sink import Sink

AT_ONCE = 32_768  # rows in memory


def read_columns(path: Path, *, into: Path, tell: Tell) -> Outcome:
    """Copy a Parquet file with `line`, the row number from 1, in front.

    Raises:
        DataError: The file is damaged, cut off or empty, or has one column only.
    """
    try:
        with pq.ParquetFile(path) as file:
            schema, expected = file.schema_arrow, file.metadata.num_rows
            header, notes = _checked_header(schema, expected, where=path.name)
            columns: dict[str, pa.DataType] = {LINE: pa.int64()}
            columns |= dict(zip(header, schema.types, strict=True))
            with Sink(into, pa.schema(columns)) as sink:
                for batch in file.iter_batches(batch_size=AT_ONCE):
                    batch.validate(full=True)  # text that is no UTF-8 would stop every later reader
                    lines = pa.array(range(sink.rows + 1, sink.rows + batch.num_rows + 1), pa.int64())
                    sink.write([lines, *batch.columns])
                    tell(f"{path.name}: {sink.rows} of {expected} rows read")
                if sink.rows != expected:
                    _refuse(path, f"it has {sink.rows} rows and says {expected}")
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from error
    return Outcome("parquet", header, 0, expected, notes=notes)


def _refuse(path: Path, why: str) -> None:
    raise _damaged(path, why)


def _damaged(path: Path, why: str) -> DataError:
    first = " ".join(why.partition(". ")[0].split())[:200]
    return DataError(f"the Parquet file is damaged or cut off: {first}", path.name, "Write or fetch it again.")


def _checked_header(schema: pa.Schema, rows: int, *, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not rows:
        raise DataError("the Parquet file holds no rows", where, "Write it again, with its rows.")
    if len(schema) < 2:
        raise DataError("the Parquet file has one column only", where, "Give one with at least two columns.")
    return unique_names(schema.names)
