"""The records of a JSON file: an object a line, or the objects of one array, each with where it stands.

A record that cannot be read is told with its reason and does not take others with it: in JSON lines it is its line; in
an array whose objects begin lines of their own, reading goes on at the next such line, else what follows is one record.
Numbers keep their text, so that 10.10 stays 10.10.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from keepwell.errors import DataError

LONGEST = 16 << 20  # bytes of a line, or of one object of an array
TEXT = 200  # signs kept of a bad record
ITEMS = frozenset(["products", "items", "line_items", "lineitems", "order_items", "orderitems"])  # lists of lines
LOOKED_AT = 50  # lines that decide whether each is a record
DEEPEST = 100  # objects within objects
_DAMAGE = b"\xff"  # what the decoder leaves where bytes are no text
_DAMAGED = "\udcff"  # the same as text
_BLANK = re.compile(r"\s*")


class Number(float):
    """A number that remembers how it was written."""

    text: str

    def __new__(cls, text: str) -> Number:
        """Return the number that a text says, with the text."""
        number = super().__new__(cls, text)
        number.text = text
        return number


@dataclass(frozen=True, slots=True)
class Record:
    """One record: where it begins, and its object or why there is none."""

    line: int  # physical line, or the place among the objects of an array
    value: dict[str, Any] | None
    reason: str = ""
    text: str = ""  # the first signs of what could not be read


def _whole(text: str) -> int | Number:
    return int(text) if len(text) < 4000 else Number(text)  # Python reads no longer ones


_DECODER = json.JSONDecoder(parse_float=Number, parse_int=_whole, parse_constant=Number)


def by_lines(lines: Iterable[bytes | None]) -> bool:
    """Tell whether each line is a record of its own, by the first lines of the file that are not blank.

    >>> by_lines([b'{"a": 1}', b'{"a": 2}']), by_lines([b"[", b'{"a": 1}', b"]"])
    (True, False)
    """
    found = [line is not None and _of_line(0, line).value is not None for line in islice(lines, LOOKED_AT)]
    return len(found) > 1 and (found[0] or 2 * sum(found) > len(found))


def lines_of(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Yield the physical lines that are not blank with their number; None for one that is too long."""
    number, held, skipping = 1, b"", False
    for piece in pieces:
        *lines, rest = (held + piece if held else piece).split(b"\n")
        for line in lines:
            if skipping or len(line) > LONGEST:
                yield number, None
            elif line.strip():
                yield number, line
            number, skipping = number + 1, False
        skipping = skipping or len(rest) > LONGEST
        held = b"" if skipping else rest
    if skipping or held.strip():
        yield number, None if skipping else held


def of_lines(pieces: Iterable[bytes]) -> Iterator[Record]:
    """Yield a record a line."""
    for number, line in lines_of(pieces):
        if line is None:
            yield Record(number, None, f"a line longer than {LONGEST >> 20} MB")
        else:
            yield _of_line(number, line)


def _of_line(number: int, line: bytes) -> Record:
    text = line.decode("utf-8", "replace")
    if _DAMAGE in line:
        return Record(number, None, "bytes that are no text", text[:TEXT])
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        return Record(number, None, _why(error), text[:TEXT])
    return _judged(number, value, text)


def _why(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"no JSON: {error.msg[0].lower()}{error.msg[1:]} at sign {error.pos + 1}"
    return "no JSON that can be read: nested too deeply" if isinstance(error, RecursionError) else "no JSON"


def _judged(number: int, value: Any, text: str) -> Record:
    """Return a record if the value is an object of proper text."""
    if isinstance(value, dict) and set(value) == {"data"} and isinstance(value["data"], dict):
        value = value["data"]
    if not isinstance(value, dict) or not value:
        return Record(number, None, "no JSON object, or an empty one", text[:TEXT])
    if "\\u0000" in text or "\0" in text:
        return Record(number, None, "a zero byte", text[:TEXT].replace("\0", ""))
    if text.count("{") + text.count("[") > DEEPEST and _depth(value) > DEEPEST:
        return Record(number, None, f"objects within objects, more than {DEEPEST} deep", text[:TEXT])
    return Record(number, value)


def _depth(value: Any) -> int:
    """Return how deep objects and lists lie within each other."""
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            inner
            for one in level
            if isinstance(one, (dict, list))
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return depth


def of_array(pieces: Iterable[bytes]) -> Iterator[Record]:
    """Yield the objects of a text that is one array."""
    left, number = iter(pieces), 0
    text, place, more = "", 0, True
    while True:
        place = _BLANK.match(text, place).end()  # type: ignore[union-attr]  # it matches nothing too
        sign = text[place : place + 1]
        if sign and sign in "[,]" and (sign != "[" or not number):
            place += 1
            if sign == "[":
                number = 1
            continue
        found = _element(text, place) if sign else None
        if found is None or (found[1] == len(text) and more):  # the piece may end in the midst of it
            if more and len(text) - place < LONGEST:
                piece = next(left, None)
                kept = _line_begin(text, place)
                text = text[kept:] + (piece or b"").decode("utf-8", "keepwell-mark-damage")
                place, more = place - kept, piece is not None
                continue
            if not sign:
                return
        value, end, reason = found or (None, 0, "a JSON object that is damaged, too long or cut off")
        if reason:
            end = _next_line(text, place)
            yield Record(number, None, reason, text[place : place + TEXT])
            if end == len(text) and more:  # without lines to go by, the rest cannot be told apart
                return
        else:
            yield _judged(number, value, text[place:end])
        number, place = number + 1, end


def _line_begin(text: str, place: int) -> int:
    """Return where the line feed before `place` stands, if nothing but blanks lies between; else `place`."""
    feed = text.rfind("\n", 0, place)
    return feed if feed >= 0 and not text[feed:place].strip() else place


def _element(text: str, place: int) -> tuple[Any, int, str] | None:
    """Return the value at a place and where it ends, None where it may go on beyond the text."""
    try:
        value, end = _DECODER.raw_decode(text, place)
    except RecursionError:
        return None, place, "no JSON that can be read: nested too deeply"
    except ValueError:
        return None
    return value, end, "bytes that are no text" if _DAMAGED in text[place:end] else ""


def _next_line(text: str, place: int) -> int:
    """Return where the next object begins that stands in its line as the one at `place` does; else the text's end."""
    begun = _line_begin(text, place)
    if begun == place:
        return len(text)
    after = text.find(text[begun : place + 1], place)
    return len(text) if after < 0 else after + place - begun


def of_document(data: bytes, *, where: str) -> Iterator[Record]:
    """Yield the records of a text that is one object: those of the list in it, or itself.

    Raises:
        DataError: It is no JSON.
    """
    record = _of_line(1, data)
    if record.value is None:
        raise DataError(f"the file is damaged JSON: {record.reason}", where, "Fetch or export it again.")
    listed = list_in(record.value)
    if listed is None:
        yield record
        return
    for number, value in enumerate(record.value[listed], start=1):
        yield _judged(number, value, json.dumps(value)[: 4 * TEXT])


def list_in(value: dict[str, Any]) -> str | None:
    """Return the name of the list that holds an object's records: the longest of objects; None where it is a record.

    >>> list_in({"data": [{"id": 1}], "links": {}}), list_in({"order_id": 7, "products": [{"sku": "A"}]})
    ('data', None)
    """
    lists = {
        name: len(found)
        for name, found in value.items()
        if isinstance(found, list) and found and all(isinstance(one, dict) for one in found)
    }
    alone = [name for name, found in value.items() if not isinstance(found, (dict, list))]
    record = len(alone) > 1 or any(name.lower().endswith("id") for name in alone)
    if not lists or (record and all(name.lower() in ITEMS for name in lists)):
        return None
    return max(lists, key=lambda name: lists[name])
