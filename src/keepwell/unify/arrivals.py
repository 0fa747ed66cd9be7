"""The order in which rows arrived: that of their files, then of their lines.

Every row has a place, a whole number that grows with its arrival: the rank of its file, then its line. So the
earliest of many rows is the least of their places, which needs no sorting on any engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from keepwell.engine import Engine
from keepwell.unify.typed import Readings, Seen, plain_utc

if TYPE_CHECKING:
    import ibis.expr.types as ir

LINES = 10**13  # more than any row of a file has for its line
FIRST = ("first_arrived", "first_file", "first_line")  # when and where the row came that a later one corrects
_COLUMNS: dict[str, pa.DataType] = {
    "arrival": pa.int64(),
    "file": pa.string(),
    "source": pa.string(),
    "format": pa.string(),
    "arrived": pa.timestamp("us"),
}
_SCHEMA = pa.schema(_COLUMNS)


def told(found: Sequence[tuple[Seen, Readings]], engine: Engine) -> ir.Table:
    """Return one row per file, the earliest first: its rank `arrival`, `file`, `source`, `format` and `arrived`."""
    rows = [
        {
            "arrival": rank,
            "file": file.raw.digest,
            "source": file.raw.source,
            "format": file.recognition.format,
            "arrived": plain_utc(file.raw.arrived),
        }
        for rank, (file, _how) in enumerate(found)
    ]
    return engine.table(pa.Table.from_pylist(rows, schema=_SCHEMA).to_batches(), _SCHEMA)


def firsts(found: Sequence[tuple[Seen, Readings]], engine: Engine) -> ir.Table | None:
    """Return `file_order`, `line` and `FIRST` of the rows that correct earlier ones; None where no file has such."""
    parts = [
        engine.read(*file.raw.firsts).mutate(file_order=ibis.literal(rank).cast("int64"))
        for rank, (file, _how) in enumerate(found)
        if file.raw.firsts
    ]
    return ibis.union(*parts) if len(parts) > 1 else next(iter(parts), None)
