"""Text files: encoding, layout, then every record cut and written, window by window."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from keepwell.errors import ConservationError, DataError
from keepwell.progress import Tell
from keepwell.settings import Reading
from keepwell.unify.reading import scan as rules
from keepwell.unify.reading.cut import CAP, Scanner
from keepwell.unify.reading.encoding import Encoding, chosen, found, utf8
from keepwell.unify.reading.incoming import CHUNK, chunks, head_of
from keepwell.unify.reading.layout import SAMPLE, Layout, layout_of
from keepwell.unify.reading.raw import Outcome
from keepwell.unify.reading.sink import BadSink, Sink, text_schema

WINDOW = 8 << 20  # bytes of text in memory; must be longer than two records


@dataclass(slots=True)
class _Tally:
    """What was counted on the way, by the scan and, apart from it, by the feed."""

    rows: int = 0
    bad: int = 0
    blank: int = 0
    hollow: int = 0  # nothing but delimiters
    inner: int = 0  # line feeds in quotes
    fed_feeds: int = 0
    fed_open: bool = False  # the last line has no line feed


@dataclass(slots=True)
class _Feed:
    """The text as UTF-8 with line feeds, and how much of it there was."""

    path: Path
    encoding: Encoding
    returns: bool = False  # lines end with a carriage return only
    tally: _Tally = field(default_factory=_Tally)

    def pieces(self) -> Iterator[bytes]:
        for piece in utf8(chunks(self.path), self.encoding):
            if piece:
                yield piece.replace(b"\r", b"\n") if self.returns else piece

    def counted(self) -> Iterator[bytes]:
        for piece in self.pieces():
            self.tally.fed_feeds += piece.count(b"\n")
            self.tally.fed_open = piece[-1:] != b"\n"
            yield piece


def read_text(path: Path, *, reading: Reading, into: Path, bad_into: Path, memory: int, tell: Tell) -> Outcome:
    """Read a text file, whatever its encoding, into Parquet.

    Args:
        path: The file, which may be a gzip.
        reading: What the user knows better than we find.
        into: The Parquet file of the good records.
        bad_into: The one of the bad.
        memory: Bytes that may be used.
        tell: Hears how far it is.

    Raises:
        DataError: The file is no table.
        ConservationError: A record was lost.
    """
    head = head_of(path)
    tell(f"{path.name}: finding the encoding")
    encoding = chosen(reading.encoding, head) if reading.encoding else found(chunks(path), head, where=path.name)
    feed, sample, whole = _begun(path, encoding)
    layout = layout_of(sample, whole=whole, delimiter=reading.delimiter, where=path.name)
    with Sink(into, text_schema(layout.header)) as sink, BadSink(bad_into) as bad_sink:
        tally = _read_records(feed, layout, sink, bad_sink, memory=memory, tell=tell)
        _check_conserved(tally, layout, sink.rows, bad_sink.rows, where=path.name)
        if not tally.rows + tally.bad:
            raise DataError("the file holds a header and no rows", path.name, "Export it again, with its rows.")
    notes = tuple(note for note in (encoding.note, *layout.notes, _hollow_note(tally.hollow)) if note)
    return Outcome(
        "text", layout.header, layout.header_line, tally.rows, tally.bad, encoding.codec, layout.delimiter, notes
    )


def _hollow_note(hollow: int) -> str:
    if not hollow:
        return ""
    return f"{hollow} {'line holds' if hollow == 1 else 'lines hold'} nothing but delimiters and count as blank."


def _begun(path: Path, encoding: Encoding) -> tuple[_Feed, bytes, bool]:
    """Return the feed, the text's first part, and whether that is all."""
    sample, whole = b"", True
    for piece in _Feed(path, encoding).pieces():
        sample += piece
        if len(sample) > SAMPLE:
            sample, whole = sample[:SAMPLE], False
            break
    if not sample.strip():
        raise DataError("the file holds nothing but blank lines", path.name, "Export it again.")
    returns = _ends_with_returns(sample)
    return _Feed(path, encoding, returns), sample.replace(b"\r", b"\n") if returns else sample, whole


def _ends_with_returns(sample: bytes) -> bool:
    """Tell whether lines end as on an old Macintosh: no line feed stands outside quotes."""
    bare = re.sub(rb'"[^"]*"', b"", sample)
    return b"\n" not in bare and b"\r" in bare


def _read_records(feed: _Feed, layout: Layout, sink: Sink, bad_sink: BadSink, *, memory: int, tell: Tell) -> _Tally:
    tally = feed.tally
    scanner = Scanner.ready(layout.delimiter, len(layout.header), line=layout.line)
    scanner.state[rules.POS] = layout.start
    for window, end, final, done in _windows(feed, scanner, size=_window_size(memory)):
        more = True
        while more:
            more = scanner.step(window, end, final=final)
            _add(tally, scanner)
            sink.write(scanner.arrow(window))
            bad_sink.write(scanner.bad(window, feed.encoding.codec))
        if not final:
            tell(f"{feed.path.name}: {done >> 20} MB read")
    return tally


def _window_size(memory: int) -> int:
    return min(WINDOW, max(2 * CAP + CHUNK // 4, memory // 32))


def _windows(feed: _Feed, scanner: Scanner, *, size: int) -> Iterator[tuple[Any, int, bool, int]]:
    """Yield the window, the bytes in it, whether they are the last, and the bytes done so far.

    What the scanner leaves over is moved to the window's beginning.
    """
    window, end, done = np.empty(size, dtype=np.uint8), 0, 0
    for piece in feed.counted():
        left = memoryview(piece)
        while left:
            if end == size:
                yield window, end, False, done
                begin = scanner.count(rules.POS)
                window[: end - begin] = window[begin:end].copy()
                end, scanner.state[rules.POS] = end - begin, 0
            taken = min(len(left), size - end)
            window[end : end + taken] = np.frombuffer(left[:taken], dtype=np.uint8)
            end, left, done = end + taken, left[taken:], done + taken
    yield window, end, True, done


def _add(tally: _Tally, scanner: Scanner) -> None:
    tally.rows += scanner.count(rules.GOOD)
    tally.bad += scanner.count(rules.BAD)
    tally.blank += scanner.count(rules.BLANK)
    tally.hollow += scanner.count(rules.HOLLOW)
    tally.inner += scanner.count(rules.INNER)


def _check_conserved(tally: _Tally, layout: Layout, rows: int, bad_rows: int, *, where: str) -> None:
    """Compare what the scan found with the line feeds counted apart, and with what was written.

    Raises:
        ConservationError: They differ.
    """
    lines = tally.fed_feeds + tally.fed_open - (layout.line - 1)
    told = tally.rows + tally.bad + tally.blank + tally.hollow + tally.inner
    if lines != told or (rows, bad_rows) != (tally.rows, tally.bad):
        problem = f"of {lines} lines below the header {told} were accounted for, {rows} + {bad_rows} written"
        raise ConservationError(problem, where, "Nothing was kept. Please report this with the file.")
