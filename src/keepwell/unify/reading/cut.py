"""Cutting bytes into records and fields with the compiled scan: windows in, Arrow batches out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from keepwell.unify.reading import scan as rules

if TYPE_CHECKING:
    import pyarrow as pa

CAP = 1 << 20  # bytes of the longest record
FIELDS = 1 << 20  # fields found in one call
ROWS = 122_880  # records found in one call: a row group of Parquet
TEXT = 200  # signs kept of a bad record


@dataclass(frozen=True, slots=True)
class Piece:
    """A record of the sample: its physical line, its bytes, its fields."""

    line: int
    begin: int
    end: int
    fields: int
    lines: int  # physical lines that it spans


@dataclass(slots=True)
class Scanner:
    """The compiled scan with its state and the arrays it fills."""

    delimiter: str
    columns: int
    state: Any
    lines: Any
    froms: Any
    tos: Any
    doubles: Any
    bads: Any
    stop: Any

    @classmethod
    def ready(cls, delimiter: str, columns: int, *, line: int = 1, rows: int = ROWS) -> Scanner:
        """Return a scanner that begins with physical line `line` at the window's first byte."""
        rows = max(1, min(rows, FIELDS // max(1, columns)))
        state = np.zeros(rules.STATES, dtype=np.int64)
        state[rules.LINE] = line
        return cls(
            delimiter=delimiter,
            columns=columns,
            state=state,
            lines=np.empty(rows, dtype=np.int64),
            froms=np.empty(rows * columns, dtype=np.int32),
            tos=np.empty(rows * columns, dtype=np.int32),
            doubles=np.empty(rows * columns, dtype=np.uint8),
            bads=np.empty((min(rows, 8192), 5), dtype=np.int64),
            stop=rules.stops(ord(delimiter)),
        )

    def step(self, window: Any, end: int, *, final: bool) -> bool:
        """Find the next records; return whether there are more in this window."""
        parts = (self.state, self.lines, self.froms, self.tos, self.doubles, self.bads)
        full = rules.scan(window, end, final, ord(self.delimiter), self.columns, CAP, self.stop, *parts)
        return bool(full)

    def count(self, what: int) -> int:
        """Return one number of the state."""
        return int(self.state[what])

    def arrow(self, window: Any) -> list[pa.Array[Any]]:
        """Return the good records of the last step: their lines, then column by column."""
        import pyarrow as pa

        rows = self.count(rules.GOOD)
        columns = [self._column(window, rows, column) for column in range(self.columns)]
        return [pa.array(self.lines[:rows].copy()), *columns]

    def _column(self, window: Any, rows: int, column: int) -> pa.Array[Any]:
        ends = slice(column, rows * self.columns, self.columns)
        size = int((self.tos[ends] - self.froms[ends]).sum())
        offsets = np.empty(rows + 1, dtype=np.int32)
        data, valid = np.empty(size, dtype=np.uint8), np.empty(rows, dtype=np.uint8)
        parts = (self.froms, self.tos, self.doubles, rows, self.columns, column)
        rules.gather(window, *parts, offsets, data, valid)
        return _strings(offsets, data, valid)

    def bad(self, window: Any, encoding: str) -> list[pa.Array[Any]]:
        """Return line, reason and text of the bad records of the last step."""
        import pyarrow as pa

        found = self.bads[: self.count(rules.BAD)]
        kinds, which = np.unique(found[:, 3:], axis=0, return_inverse=True)
        reasons = pa.array(
            [_reason(why, fields, self.columns, encoding) for why, fields in kinds.tolist()], pa.string()
        )
        told = pa.DictionaryArray.from_arrays(which.reshape(-1), reasons).cast(pa.string())
        begins, ends = found[:, 1], found[:, 2]
        ends = ends - (window[ends - 1] == rules.RETURN)  # a bad record is never empty
        return [pa.array(found[:, 0].copy()), told, _texts(window, begins, ends)]


def _texts(window: Any, begins: Any, ends: Any) -> pa.Array[Any]:
    """Return the first signs of each stretch of the window."""
    import pyarrow as pa

    if len(begins) and window[begins[0] : ends[-1]].tobytes().isascii():
        return _joined(window, begins, np.minimum(ends, begins + TEXT))
    stretches = zip(begins.tolist(), np.minimum(ends, begins + 4 * TEXT).tolist(), strict=True)
    return pa.array([_text(window[begin:end].tobytes()) for begin, end in stretches], pa.string())


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")[:TEXT]


def _joined(window: Any, begins: Any, ends: Any) -> pa.Array[Any]:
    rows = len(begins)
    froms, tos = begins.astype(np.int32), ends.astype(np.int32)
    offsets, valid = np.empty(rows + 1, dtype=np.int32), np.empty(rows, dtype=np.uint8)
    data = np.empty(int((tos - froms).sum()), dtype=np.uint8)
    rules.gather(window, froms, tos, np.zeros(rows, dtype=np.uint8), rows, 1, 0, offsets, data, valid)
    return _strings(offsets, data, valid)


def _strings(offsets: Any, data: Any, valid: Any) -> pa.Array[Any]:
    import pyarrow as pa

    bits = None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little").data)
    return pa.StringArray.from_buffers(len(valid), pa.py_buffer(offsets.data), pa.py_buffer(data.data), bits)


def _reason(why: int, fields: int, columns: int, encoding: str) -> str:
    if why == rules.COUNT:
        return f"{fields} {'field' if fields == 1 else 'fields'} where the header has {columns}"
    return {
        rules.NUL: "a zero byte",
        rules.DAMAGE: f"bytes that are no {encoding.upper()}",
        rules.UNCLOSED: "a quote that is never closed",
        rules.AFTER: "text after a closing quote",
        rules.LONG: f"a line longer than {CAP >> 20} MB",
    }[why]


def cut_pieces(sample: bytes, delimiter: str, *, whole: bool, most: int) -> tuple[Piece, ...]:
    """Return the first records of a text, blank ones left out, at most `most`."""
    scanner = Scanner.ready(delimiter, 0, rows=most)
    window = np.frombuffer(bytearray(sample), dtype=np.uint8)
    scanner.step(window, len(window), final=whole)
    found = scanner.bads[: scanner.count(rules.BAD), [0, 1, 2, 4]].tolist()
    return tuple(
        Piece(line, begin, end, max(fields, 1), sample.count(b"\n", begin, end) + 1)
        for line, begin, end, fields in found
    )


def cut_fields(sample: bytes, piece: Piece, delimiter: str, columns: int) -> list[str | None]:
    """Return the stripped fields of one record; nothing where they cannot be cut."""
    scanner = Scanner.ready(delimiter, columns, rows=1)
    window = np.frombuffer(bytearray(sample[piece.begin : piece.end]), dtype=np.uint8)
    scanner.step(window, len(window), final=True)
    if not scanner.count(rules.GOOD):
        return [_text(sample[piece.begin : piece.end])]
    return [column.to_pylist()[0] for column in scanner.arrow(window)[1:]]
