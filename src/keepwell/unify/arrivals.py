"""The order in which rows arrived: that of their files, then of their lines.

Every row has a place, a whole number that grows with its arrival: the rank of its file, then its line. So the
earliest of many rows is the least of their places, which needs no sorting on any engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from keepwell.engine import Engine
from keepwell.unify.typed import Readings, Seen, plain_utc

if TYPE_CHECKING:
    import ibis.expr.types as ir

LINES = 10**13  # more than any row of a file has for its line
_COLUMNS: dict[str, pa.DataType] = {
    "arrival": pa.int64(),
    "file": pa.string(),
    "source": pa.string(),
    "format": pa.string(),
    "arrived": pa.timestamp("us"),
}
_SCHEMA = pa.schema(_COLUMNS)


def ranks(found: Sequence[tuple[Seen, Readings]]) -> list[int]:
    """Return each file's rank, 0 for the earliest arrived; of those that arrived together, the first named."""
    moments = [plain_utc(file.raw.arrived) for file, _how in found]
    ranked = sorted(range(len(found)), key=lambda order: (moments[order], order))
    return [ranked.index(order) for order in range(len(found))]


def told(found: Sequence[tuple[Seen, Readings]], engine: Engine) -> ir.Table:
    """Return one row per file: `arrival` (its rank), `file`, `source`, `format` and `arrived`."""
    rows = [
        {
            "arrival": rank,
            "file": file.raw.digest,
            "source": file.raw.source,
            "format": file.recognition.format,
            "arrived": plain_utc(file.raw.arrived),
        }
        for rank, (file, _how) in zip(ranks(found), found, strict=True)
    ]
    return engine.table(pa.Table.from_pylist(rows, schema=_SCHEMA).to_batches(), _SCHEMA)
