"""JSON files: every record becomes a row, or one row for each of the lines it holds, nothing lost.

A name within a name becomes 'outer.inner'. The lists that hold an order's lines (`products`, `items`...) give a row an
object, each with what belongs to the whole record; other lists stay as JSON. The first row of a record has its line,
the n-th after it n x 1,000,000,000 more, so that every row has a number of its own and can be found in the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from keepwell.errors import ConservationError, DataError
from keepwell.progress import Tell
from keepwell.settings import Reading
from keepwell.unify.reading import json_records as cutting
from keepwell.unify.reading.encoding import Encoding, chosen, found, utf8
from keepwell.unify.reading.incoming import chunks, head_of
from keepwell.unify.reading.json_records import ITEMS, Number, Record
from keepwell.unify.reading.layout import WIDEST
from keepwell.unify.reading.names import unique_names
from keepwell.unify.reading.raw import Outcome
from keepwell.unify.reading.sink import BadSink, Sink, text_schema

FURTHER = 1_000_000_000  # added to the line for each further row of a record
KEPT = frozenset(["properties", "event_properties"])  # objects that are kept as JSON too
AT_ONCE = 2_000  # records in memory
Row = tuple[int, dict[str, str | None]]


@dataclass(frozen=True, slots=True)
class _Source:
    """A JSON file and how its records are found."""

    path: Path
    encoding: Encoding
    lines: bool
    array: bool

    def records(self) -> Iterator[Record]:
        """Yield its records."""
        pieces = _text_of(self.path, self.encoding)
        if self.lines:
            return cutting.of_lines(pieces)
        if self.array:
            return cutting.of_array(_marked(pieces))
        return cutting.of_document(b"".join(pieces), where=self.path.name)


def _text_of(path: Path, encoding: Encoding) -> Iterator[bytes]:
    return (piece for piece in utf8(chunks(path), encoding) if piece)


def _marked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield pieces that end between signs."""
    held = b""
    for piece in pieces:
        data = held + piece
        cut = next((n for n in range(1, min(4, len(data)) + 1) if data[-n] & 0xC0 != 0x80), 0)
        cut = cut if cut and data[-cut] >= 0xC0 else 0
        held = data[len(data) - cut :]
        yield data[: len(data) - cut]
    yield held


def read_json(path: Path, *, reading: Reading, into: Path, bad_into: Path, memory: int, tell: Tell) -> Outcome:
    """Read a file of JSON lines, an array of objects or one object that holds a list, into Parquet.

    Raises:
        DataError: None of it can be read, it has one name only or too many, or is one object too large for `memory`.
        ConservationError: A record was lost.
    """
    source = _begun(path, reading, memory)
    tell(f"{path.name}: finding the names in it")
    names, seen = _names(source)
    header, notes = _checked(names, seen, where=path.name)
    with Sink(into, text_schema(header)) as sink, BadSink(bad_into) as bad_sink:
        good = _written(source, tuple(names), sink, bad_sink, tell)
        if (good, good + bad_sink.rows) != (seen.good, seen.records):
            problem = f"of {seen.records} records {good} + {bad_sink.rows} were read the second time"
            raise ConservationError(problem, path.name, "Nothing was kept. Please report this with the file.")
        rows, bad = sink.rows, bad_sink.rows
    if rows > good:
        lines = f"{rows:,} rows from {good:,} records: one for each object of {', '.join(seen.lists)}"
        notes = (f"{lines}; a further row of a record has its line + {FURTHER:,}, and so on.", *notes)
    told = (source.encoding.note,) if source.encoding.note else ()
    return Outcome("json", header, 0, rows, bad, source.encoding.codec, notes=(*told, *notes))


def _begun(path: Path, reading: Reading, memory: int) -> _Source:
    head = head_of(path)
    encoding = chosen(reading.encoding, head) if reading.encoding else found(chunks(path), head, where=path.name)
    lines = cutting.by_lines(line for _number, line in cutting.lines_of(_text_of(path, encoding)))
    array = next(_text_of(path, encoding), b"").lstrip()[:1] == b"["
    if not lines and not array and path.stat().st_size > memory // 16:
        problem = "the file is one JSON object, too large to be held in memory"
        raise DataError(problem, path.name, "Give it as JSON lines: one object a line.")
    return _Source(path, encoding, lines, array and not lines)


@dataclass(slots=True)
class _Seen:
    """What the first look counted."""

    records: int = 0
    good: int = 0
    lists: dict[str, None] = field(default_factory=dict)  # names of the lists that give rows, in their order


def _names(source: _Source) -> tuple[dict[str, None], _Seen]:
    """Return the names of all values, in the order in which they first stand in the file, and the counts.

    Raises:
        DataError: There are more than a table can have.
    """
    names: dict[str, None] = {}
    seen = _Seen()
    for record in source.records():
        seen.records += 1
        if record.value is None:
            continue
        seen.good += 1
        for _line, row in rows_of(record, seen.lists):
            names.update(dict.fromkeys(row))
        if len(names) > WIDEST:
            problem = f"the file has more than {WIDEST} different names in its objects"
            raise DataError(problem, source.path.name, "Give the objects with fewer names.")
    return names, seen


def _checked(names: Mapping[str, None], seen: _Seen, *, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not seen.good:
        raise DataError("the file is damaged JSON: no record of it can be read", where, "Fetch or export it again.")
    if len(names) < 2:
        raise DataError("the JSON has one name only", where, "Give objects with at least two.")
    return unique_names(tuple(names))


def _written(source: _Source, names: tuple[str, ...], sink: Sink, bad_sink: BadSink, tell: Tell) -> int:
    """Write all rows and bad records; return how many records were good."""
    good, left = 0, source.records()
    while batch := list(islice(left, AT_ONCE)):
        rows = [row for record in batch if record.value is not None for row in rows_of(record)]
        bad = [record for record in batch if record.value is None]
        good += len(batch) - len(bad)
        lines = pa.array([line for line, _row in rows], pa.int64())
        sink.write([lines, *(pa.array([row.get(name) for _line, row in rows], pa.string()) for name in names)])
        bad_sink.write(
            [
                pa.array([record.line for record in bad], pa.int64()),
                pa.array([record.reason for record in bad], pa.string()),
                pa.array([_text(record.text) for record in bad], pa.string()),
            ]
        )
        tell(f"{source.path.name}: {sink.rows} rows read")
    return good


def rows_of(record: Record, lists: dict[str, None] | None = None) -> Iterator[Row]:
    """Yield the rows of a record; the names of lists that give rows go into `lists`."""
    values: dict[str, str | None] = {}
    inner: dict[str, list[dict[str, Any]]] = {}
    _flatten(record.value or {}, "", values, inner)
    if not inner:
        yield record.line, values
        return
    name, items = next(iter(inner.items()))
    if lists is not None:
        lists[name] = None
    for number, item in enumerate(items):
        row = dict(values)
        _flatten(item, name, row, None)
        yield record.line + number * FURTHER, row


def _flatten(
    value: Mapping[str, Any], path: str, out: dict[str, str | None], lists: dict[str, list[dict[str, Any]]] | None
) -> None:
    """Put the values within an object into `out`, by their paths, and the first list of lines into `lists`."""
    for key, inner in value.items():
        name = _text(f"{path}.{key}" if path else key) or ""
        if isinstance(inner, dict):
            if key in KEPT:
                out[name] = _text(json.dumps(inner, ensure_ascii=False))
            _flatten(inner, name, out, lists)
        elif isinstance(inner, list):
            if lists is not None and not lists and _holds_lines(key, inner):
                lists[name] = inner
            else:
                out[name] = _text(json.dumps(inner, ensure_ascii=False)) if inner else None
        else:
            out[name] = value_text(inner)


def _holds_lines(key: str, found: list[Any]) -> bool:
    return key.lower() in ITEMS and bool(found) and all(isinstance(one, dict) and one for one in found)


def value_text(value: object) -> str | None:
    """Return a value as text: numbers as written, None where nothing is left.

    >>> [value_text(v) for v in (Number("10.10"), 7, True, " x ", "", None)]
    ['10.10', '7', 'true', 'x', None, None]
    """
    if value is None:
        return None
    if isinstance(value, str):
        return _text(value.strip()) or None
    if isinstance(value, bool):
        return str(value).lower()
    return value.text if isinstance(value, Number) else str(value)


def _text(text: str) -> str:
    """Return text that UTF-8 can hold: halves of signs, which JSON can name alone, become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
