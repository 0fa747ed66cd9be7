"""Text encodings: found without guessing by word lists, and made UTF-8 piece by piece.

In this order: a byte order mark; the pattern of zero bytes that UTF-16 has; strict UTF-8 over the
whole file; else Windows-1252, whose five undefined bytes are read as Latin-1 does. UTF-8 with a
few damaged bytes stays UTF-8, and the damage makes its records bad. Damage is handed on as byte
255, which no UTF-8 has.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from keepwell.errors import ConfigError, DataError

DAMAGE = b"\xff"
MARKS = (  # the longer first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the bytes become text."""

    codec: str  # as Python names it
    clean: bool  # the bytes are UTF-8 as they stand, each of them checked
    mark: bytes = b""  # byte order mark to cut off
    note: str = ""  # what was assumed, if anything


def _mark_damage(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return "\udcff", error.end
    raise error


def _damage_to_byte(error: UnicodeError) -> tuple[bytes, int]:
    if isinstance(error, UnicodeEncodeError):
        return DAMAGE * (error.end - error.start), error.end
    raise error


def _as_latin_1(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return error.object[error.start : error.end].decode("latin-1"), error.end
    raise error


codecs.register_error("keepwell-mark-damage", _mark_damage)
codecs.register_error("keepwell-damage-to-byte", _damage_to_byte)
codecs.register_error("keepwell-as-latin-1", _as_latin_1)


def chosen(name: str, head: bytes) -> Encoding:
    """Return the encoding that the user named.

    Raises:
        ConfigError: There is no such text encoding.
    """
    try:
        codec = codecs.lookup(name).name
        "a".encode(codec)  # no text encoding refuses that
        codecs.getincrementaldecoder(codec)
    except (LookupError, ValueError) as error:
        mend = "Try utf-8, windows-1252, latin-1 or utf-16."
        raise ConfigError(f"there is no text encoding {name!r}", "--encoding", mend) from error
    marked = next(((mark, found) for mark, found in MARKS if head.startswith(mark)), (b"", ""))
    family = codec.removesuffix("-sig")
    if family in {"utf-16", "utf-32"} and not marked[1].startswith(family):
        family += "-le"
    if marked[1].startswith(family):
        return Encoding(marked[1], clean=False, mark=marked[0])
    return Encoding(family, clean=False)


def found(pieces: Iterable[bytes], head: bytes, *, where: str) -> Encoding:
    """Find the encoding from all of the file's bytes.

    Args:
        pieces: The file's bytes, from its beginning.
        head: Its first bytes.
        where: The file's name, for errors.

    Raises:
        DataError: The file holds no text.
    """
    for mark, codec in MARKS:
        if head.startswith(mark):
            clean = codec == "utf-8" and _utf8_report(pieces).bad == 0
            return Encoding(codec, clean=clean, mark=mark)
    if wide := _utf16_by_zeros(head):
        note = f"Read as {wide.upper()} by the pattern of its zero bytes; --encoding changes it."
        return Encoding(wide, clean=False, note=note)
    if len(CONTROLS.findall(head)) > 0.05 * len(head):
        raise DataError("the file holds no text", where, "Export the table as CSV, XLSX or Parquet.")
    report = _utf8_report(pieces)
    if report.bad == 0:
        return Encoding("utf-8", clean=True)
    what = f"byte 0x{report.byte:02X} in line {report.line} is no UTF-8"
    if report.good > report.bad:
        note = f"Read as UTF-8 although {what}: records with such bytes are set aside; --encoding changes it."
        return Encoding("utf-8", clean=False, note=note)
    return Encoding("cp1252", clean=False, note=f"Read as Windows-1252 because {what}; --encoding changes it.")


def _utf16_by_zeros(head: bytes) -> str:
    even, odd = head[0::2], head[1::2]
    if len(head) < 4:
        return ""
    zeros_even, zeros_odd = even.count(0) / len(even), odd.count(0) / len(odd)
    if zeros_odd > 0.4 and zeros_even < 0.05:
        return "utf-16-le"
    if zeros_even > 0.4 and zeros_odd < 0.05:
        return "utf-16-be"
    return ""


@dataclass(slots=True)
class _Report:
    good: int = 0  # signs beyond ASCII that are proper UTF-8
    bad: int = 0  # places that are not
    line: int = 0  # of the first of them
    byte: int = 0


def _utf8_report(pieces: Iterable[bytes]) -> _Report:
    """Count what speaks for and against UTF-8."""
    report, line, rest = _Report(), 1, b""
    for piece in pieces:
        data = rest + piece
        whole = len(data) - _unfinished(data)
        data, rest = data[:whole], data[whole:]
        _judge(data, report, line)
        line += data.count(b"\n")
    if rest:
        _judge(rest, report, line)
    return report


def _unfinished(data: bytes) -> int:
    """Return how many last bytes may begin a sign that goes on in the next piece."""
    for back in range(1, min(4, len(data) + 1)):
        byte = data[-back]
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if back < needed else 0
        if byte < 0x80:
            return 0
    return 0


def _judge(data: bytes, report: _Report, line: int) -> None:
    bad = 0
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        if not report.bad:
            report.line = line + data.count(b"\n", 0, error.start)
            report.byte = data[error.start]
        text = data.decode(errors="keepwell-mark-damage")
        bad = text.count("\udcff")
    if len(text) != len(data) or bad:
        report.good += len(text) - bad - len(text.encode("ascii", "ignore"))
    report.bad += bad


def utf8(pieces: Iterable[bytes], encoding: Encoding) -> Iterator[bytes]:
    """Yield the text as UTF-8 without its byte order mark; byte 255 stands where it was damaged.

    Raises:
        ConfigError: The encoding that was named cannot be used on these bytes at all.
    """
    pieces = _without(encoding.mark, pieces)
    if encoding.clean:
        yield from pieces
        return
    errors = "keepwell-as-latin-1" if encoding.codec == "cp1252" else "keepwell-mark-damage"
    decoder = codecs.getincrementaldecoder(encoding.codec)(errors)
    try:
        for piece in pieces:
            yield decoder.decode(piece).encode("utf-8", "keepwell-damage-to-byte")
        yield decoder.decode(b"", final=True).encode("utf-8", "keepwell-damage-to-byte")
    except UnicodeError as error:  # a codec that knows no handlers
        problem = f"the file cannot be read as {encoding.codec}"
        raise ConfigError(problem, "--encoding", "Leave it out to have it found.") from error


def _without(mark: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    left = len(mark)
    for piece in pieces:
        yield piece[left:]
        left = max(0, left - len(piece))
