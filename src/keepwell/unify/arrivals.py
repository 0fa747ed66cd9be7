"""The order in which rows arrived: by file, or by the piece of one that came in piece by piece.

Every row has a place, a whole number that grows with its arrival: the rank of its piece, then its line. So the
earliest of many rows is the least of their places, which needs no sorting on any engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa

from keepwell.engine import Engine
from keepwell.unify.typed import Readings, Seen

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


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one file that arrived together: those from `first` on, up to the next piece."""

    order: int  # the file's place among the files
    first: int
    arrived: datetime  # UTC, without a zone


def pieces(found: Sequence[tuple[Seen, Readings]]) -> list[Piece]:
    """Return the pieces of all files, the earliest arrived first; their places in the list are the ranks."""
    told = [
        Piece(order, first, _utc(moment))
        for order, (file, _how) in enumerate(found)
        for first, moment in (file.raw.pieces or ((0, file.raw.arrived),))
    ]
    return sorted(told, key=lambda piece: (piece.arrived, piece.order, piece.first))


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def ranked(rows: ir.Table, order: int, of: Sequence[Piece]) -> ir.Table:
    """Set `file_order` of a file's typed rows to the rank of the piece they came in."""
    own = sorted(((piece.first, rank) for rank, piece in enumerate(of) if piece.order == order), reverse=True)
    *later, (_first, earliest) = own
    rank: Any = ibis.literal(earliest)
    if later:
        rank = ibis.cases(*((rows.line >= first, ibis.literal(at)) for first, at in later), else_=rank)
    return rows.mutate(file_order=rank.cast("int64"))


def told(found: Sequence[tuple[Seen, Readings]], of: Sequence[Piece], engine: Engine) -> ir.Table:
    """Return one row per piece: `arrival` (its rank), `file`, `source`, `format` and `arrived`."""
    rows = []
    for rank, piece in enumerate(of):
        file = found[piece.order][0]
        rows.append(
            {
                "arrival": rank,
                "file": file.raw.digest,
                "source": file.raw.source,
                "format": file.recognition.format,
                "arrived": piece.arrived,
            }
        )
    return engine.table(pa.Table.from_pylist(rows, schema=_SCHEMA).to_batches(), _SCHEMA)
