"""The byte scan: where records and fields begin and end, compiled, one pass, in bounded memory.

A record ends with a line feed outside quotes. A field may stand in double quotes, inside which a
doubled quote is one quote and a line feed is text; elsewhere a quote is an ordinary sign. What
breaks this grammar costs one physical line: the scan starts anew on the next one, so a quote that
is never closed cannot swallow the file. White space around a field is cut off (space, tab, line
ends, no-break space).

The caller hands over a window of UTF-8 bytes again and again; a record that is cut by the window's
end is left for the next one. Byte 0 and byte 255 (which UTF-8 never has: it marks damage) make a
record bad.
"""

from typing import TypeAlias

import numpy as np
from numba import njit

Bytes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]
Ints: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int32]]
Longs: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
Table: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.int64]]

# Why a record is bad.
COUNT, NUL, DAMAGE, UNCLOSED, AFTER, LONG = 1, 2, 3, 4, 5, 6
# The scan's state, an int64 array of STATES numbers that goes from call to call. POS: next byte. LINE: its physical
# line. SKIP: 1 inside a line that is too long. The others count what this call found; INNER: line feeds in quotes.
POS, LINE, SKIP, GOOD, BAD, BLANK, HOLLOW, INNER = 0, 1, 2, 3, 4, 5, 6, 7
STATES = 8
NEWLINE, QUOTE, SPACE, TAB, RETURN = 10, 34, 32, 9, 13

# Without reference counts, which the kernels do not need and which would double their time.
_compiled = njit(cache=True, nogil=True, _nrt=False)


@_compiled
def _is_space(byte: int) -> bool:
    return byte == SPACE or (TAB <= byte <= RETURN)


@_compiled
def _trim(buf: Bytes, start: int, end: int) -> tuple[int, int]:
    """Cut white space and no-break spaces (C2 A0) off both ends."""
    while start < end:
        if _is_space(buf[start]):
            start += 1
        elif buf[start] == 0xC2 and start + 1 < end and buf[start + 1] == 0xA0:
            start += 2
        else:
            break
    while start < end:
        if _is_space(buf[end - 1]):
            end -= 1
        elif buf[end - 1] == 0xA0 and end - 2 >= start and buf[end - 2] == 0xC2:
            end -= 2
        else:
            break
    return start, end


@_compiled
def _line_end(buf: Bytes, start: int, end: int) -> int:
    while start < end and buf[start] != NEWLINE:
        start += 1
    return start


@_compiled
def _past_space(buf: Bytes, pos: int, end: int, delimiter: int) -> int:
    """Return the first place that is no white space, a delimiter or a line feed."""
    runs = delimiter == SPACE
    while pos < end and buf[pos] != NEWLINE and _is_space(buf[pos]) and (runs or buf[pos] != delimiter):
        pos += 1
    return pos


@_compiled
def _looks_swallowed(alike: int, whole: int, columns: int) -> bool:
    # Lines inside quotes that split like records are records, once there are enough of them to exclude chance.
    if columns >= 3:
        return alike >= 5 and alike * 5 >= whole * 4
    return columns == 2 and alike >= 20 and alike * 10 >= whole * 9


@_compiled
def _quote_end(
    buf: Bytes, quote: int, start: int, end: int, delimiter: int, columns: int, cap: int
) -> tuple[int, int, bool, int, int]:
    """Follow a quoted field from its opening quote.

    Returns the closing quote's place (-1: it is not in the window), what is wrong, whether quotes are doubled in the
    field, its line feeds, and how many whole lines in it split like records.
    """
    pos, why, doubled = quote + 1, 0, False
    inner = whole = alike = signs = 0
    while pos < end:
        byte = buf[pos]
        if byte == QUOTE:
            if pos + 1 >= end or buf[pos + 1] != QUOTE:
                return pos, why, doubled, inner, alike
            doubled = True
            pos += 1
        elif byte == NEWLINE:
            if inner > 0:
                whole += 1
                alike += signs == columns - 1
            inner += 1
            signs = 0
            if _looks_swallowed(alike, whole, columns) or pos - start > cap:
                return pos, UNCLOSED, doubled, inner, alike
        elif byte == delimiter:
            signs += 1
        elif byte in (0, 255):
            why = NUL if byte == 0 else DAMAGE
        pos += 1
    return -1, why, doubled, inner, alike


@_compiled
def _bare_end(buf: Bytes, pos: int, end: int, stop: Bytes) -> tuple[int, int]:
    """Follow a field without quotes; return where it ends and what is wrong in it."""
    why = 0
    while pos < end:
        kind = stop[buf[pos]]
        if kind == 1:
            break
        if kind == 2:
            why = NUL if buf[pos] == 0 else DAMAGE
        pos += 1
    return pos, why


@_compiled
def _record(
    buf: Bytes,
    start: int,
    end: int,
    delimiter: int,
    columns: int,
    cap: int,
    stop: Bytes,
    row: int,
    froms: Ints,
    tos: Ints,
    doubles: Bytes,
) -> tuple[int, int, int, int, bool, bool]:
    """Cut one record into fields, written from place `row` on.

    Returns where it ends (`end`: maybe only the window does), what is wrong, how many fields and line feeds are in it,
    whether any field is filled, and whether one beyond the columns is.
    """
    runs = delimiter == SPACE
    pos = start
    count = why = inner = alike = 0
    filled = beyond = False
    while True:
        pos = _past_space(buf, pos, end, delimiter)
        if runs and (pos == end or buf[pos] == NEWLINE):
            break
        twice = False
        if pos < end and buf[pos] == QUOTE:
            first = pos + 1
            last, ill, twice, feeds, same = _quote_end(buf, pos, start, end, delimiter, columns, cap)
            inner, alike = inner + feeds, alike + same
            why = ill if ill != 0 else why
            if last < 0 or ill == UNCLOSED:
                return (end if last < 0 else last), UNCLOSED, count, inner, True, False
            after = last + 1
            pos = _past_space(buf, after, end, delimiter)
            if pos < end and stop[buf[pos]] != 1 and not (runs and pos > after):
                return pos, AFTER, count, inner, True, False
        else:
            first = pos
            pos, ill = _bare_end(buf, pos, end, stop)
            why = ill if ill != 0 else why
            last = pos
        first, last = _trim(buf, first, last)
        filled = filled or last > first
        if count < columns:
            froms[row + count], tos[row + count], doubles[row + count] = first, last, twice
        else:
            beyond = beyond or last > first
        count += 1
        if pos >= end or buf[pos] == NEWLINE:
            break
        if not runs:
            pos += 1
    if alike > 0 and (beyond or count < columns):
        why = UNCLOSED  # lines that split like records, in a record that does not
    return pos, why, count, inner, filled, beyond


@_compiled
def scan(
    buf: Bytes,
    end: int,
    final: bool,  # noqa: FBT001 - compiled functions take no keywords
    delimiter: int,
    columns: int,
    cap: int,
    stop: Bytes,
    state: Longs,
    lines: Longs,
    froms: Ints,
    tos: Ints,
    doubles: Bytes,
    bads: Table,
) -> bool:
    """Find the records of `buf[state[POS]:end]`; return whether the outputs were full before its end.

    Args:
        buf: The window.
        end: Bytes in the window.
        final: Whether the file ends with the window; else a last record that is cut is left for the next one.
        delimiter: The byte between fields; a space means runs of white space.
        columns: Fields of a good record; 0: none is good, `bads` lists them all with their counts.
        cap: Longest record, in bytes; the window must be longer.
        stop: From `stops(delimiter)`.
        state: See above.
        lines: Out, shape (rows,): the physical line of each good record.
        froms: Out, shape (rows x columns,): where each field begins in the window.
        tos: Out, shape (rows x columns,): where it ends.
        doubles: Out, shape (rows x columns,): 1 where doubled quotes stand for one.
        bads: Out, shape (any, 5): line, begin, end, why, fields of each bad record.
    """
    pos, line = state[POS], state[LINE]
    good = bad = blank = hollow = inners = 0
    full = False
    if state[SKIP] == 1:
        pos = _line_end(buf, pos, end)
        if pos < end:
            pos, line = pos + 1, line + 1
            state[SKIP] = 0
    while pos < end:
        if good == len(lines) or bad == len(bads):
            full = True
            break
        start = pos
        pos, why, count, inner, filled, beyond = _record(
            buf, start, end, delimiter, columns, cap, stop, good * columns, froms, tos, doubles
        )
        cut = pos >= end and not final
        if cut and end - start <= cap:
            pos = start
            break
        if pos - start > cap or why in (UNCLOSED, AFTER):
            # One line is lost, and what follows it is read afresh.
            pos, inner = _line_end(buf, start, end), 0
            why = LONG if pos - start > cap else why if why == AFTER else UNCLOSED
            state[SKIP] = pos == end and not final
        if why == 0 and not filled:
            blank += count <= 1
            hollow += count > 1
        elif why == 0 and columns > 0 and count >= columns and not beyond:
            lines[good] = line
            good += 1
        else:
            bads[bad, 0], bads[bad, 1], bads[bad, 2] = line, start, pos
            bads[bad, 3], bads[bad, 4] = (COUNT if why == 0 else why), count
            bad += 1
        inners += inner
        line += inner
        if pos < end:
            pos, line = pos + 1, line + 1
    state[POS], state[LINE] = pos, line
    state[GOOD], state[BAD], state[BLANK], state[HOLLOW], state[INNER] = good, bad, blank, hollow, inners
    return full


@_compiled
def gather(
    buf: Bytes,
    froms: Ints,
    tos: Ints,
    doubles: Bytes,
    rows: int,
    columns: int,
    column: int,
    offsets: Ints,
    data: Bytes,
    valid: Bytes,
) -> None:
    """Copy one column's fields together, doubled quotes made one.

    Args:
        buf: The window.
        froms: From `scan`.
        tos: From `scan`.
        doubles: From `scan`.
        rows: Good records.
        columns: Fields of each.
        column: Which one, from 0.
        offsets: Out, shape (rows + 1,): where each value begins in `data`.
        data: Out: the values, long enough for all.
        valid: Out, shape (rows,): 0 where nothing is left.
    """
    at = 0
    for row in range(rows):
        field = row * columns + column
        pos, end = froms[field], tos[field]
        offsets[row], valid[row] = at, end > pos
        while pos < end:
            data[at] = buf[pos]
            at += 1
            pos += 2 if doubles[field] == 1 and buf[pos] == QUOTE else 1
    offsets[rows] = at


def stops(delimiter: int) -> Bytes:
    """Return for each byte what it does to a field without quotes: 0 nothing, 1 ends it, 2 spoils it."""
    table = np.zeros(256, dtype=np.uint8)
    table[[0, 255]] = 2
    table[[delimiter, NEWLINE]] = 1
    if delimiter == SPACE:
        table[[TAB, 11, 12, RETURN]] = 1
    return table
