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

import numpy as np
from numba import njit

# Why a record is bad.
COUNT, NUL, DAMAGE, UNCLOSED, AFTER, LONG = 1, 2, 3, 4, 5, 6
# The scan's state, an int64 array of STATES numbers that goes from call to call. POS: next byte. LINE: its physical
# line. SKIP: 1 inside a line that is too long. The others count what this call found; INNER counts line feeds in quotes.
POS, LINE, SKIP, GOOD, BAD, BLANK, HOLLOW, INNER = 0, 1, 2, 3, 4, 5, 6, 7
STATES = 8
NEWLINE, QUOTE, SPACE, TAB, RETURN = 10, 34, 32, 9, 13


@njit(cache=True, nogil=True)
def _is_space(byte):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return byte == SPACE or (TAB <= byte <= RETURN)


@njit(cache=True, nogil=True)
def _trim(buf, start, end):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
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


@njit(cache=True, nogil=True)
def _line_end(buf, start, end):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    while start < end and buf[start] != NEWLINE:
        start += 1
    return start


@njit(cache=True, nogil=True)
def _looks_swallowed(alike, whole, columns):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    # Lines inside quotes that split like records are records, once there are enough of them to exclude chance.
    if columns >= 3:
        return alike >= 5 and alike * 5 >= whole * 4
    return columns == 2 and alike >= 20 and alike * 10 >= whole * 9


@njit(cache=True, nogil=True)
def _quoted(buf, quote, start, end, final, delimiter, columns, cap):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, C901, PLR0912
    """Follow a quoted field from its opening quote.

    Returns the closing quote's position (-1: the window ends first), why it is bad (0: it is not), whether quotes are
    doubled in it, its line feeds, and how many whole lines in it split like records.
    """
    pos, why, doubled = quote + 1, 0, False
    inner = whole = alike = signs = 0
    while pos < end:
        byte = buf[pos]
        if byte == QUOTE:
            if pos + 1 < end:
                if buf[pos + 1] != QUOTE:
                    return pos, why, doubled, inner, alike
                doubled = True
                pos += 2
                continue
            if final:
                return pos, why, doubled, inner, alike
            return -1, why, doubled, inner, alike
        if byte == NEWLINE:
            if inner > 0:
                whole += 1
                if signs == columns - 1:
                    alike += 1
            inner += 1
            signs = 0
            if _looks_swallowed(alike, whole, columns) or pos - start > cap:
                return pos, UNCLOSED, doubled, inner, alike
        elif byte == delimiter:
            signs += 1
        elif byte == 0:
            why = NUL
        elif byte == 255:
            why = DAMAGE
        pos += 1
    if final:
        return end, UNCLOSED, doubled, inner, alike
    return -1, why, doubled, inner, alike


@njit(cache=True, nogil=True)
def scan(  # type: ignore[no-untyped-def]  # noqa: ANN201, C901, PLR0912, PLR0915
    buf,  # noqa: ANN001
    end,  # noqa: ANN001
    final,  # noqa: ANN001, FBT001
    delimiter,  # noqa: ANN001
    columns,  # noqa: ANN001
    cap,  # noqa: ANN001
    stop,  # noqa: ANN001
    state,  # noqa: ANN001
    lines,  # noqa: ANN001
    froms,  # noqa: ANN001
    tos,  # noqa: ANN001
    doubles,  # noqa: ANN001
    bads,  # noqa: ANN001
):
    """Find the records of `buf[state[POS]:end]`; return 1 where the outputs are full, 0 where more bytes are needed.

    Args:
        buf: The window, uint8.
        end: Bytes in the window.
        final: Whether the file ends with the window.
        delimiter: The byte between fields; a space means runs of white space.
        columns: Fields of a good record; 0: none is good, `bads` lists them all with their counts.
        cap: Longest record, in bytes; the window must be longer.
        stop: From `stops(delimiter)`.
        state: See above.
        lines: Out, int64 (rows,): the physical line of each good record.
        froms: Out, int32 (rows x columns): where each field begins in the window.
        tos: Out, int32 (rows x columns): where it ends.
        doubles: Out, uint8 (rows x columns): 1 where doubled quotes stand for one.
        bads: Out, int64 (any, 5): line, begin, end, why, fields of each bad record.
    """
    spaces = delimiter == SPACE
    pos, line = state[POS], state[LINE]
    good = bad = blank = hollow = inners = 0
    full = 0
    if state[SKIP] == 1:
        pos = _line_end(buf, pos, end)
        if pos < end:
            pos, line = pos + 1, line + 1
            state[SKIP] = 0
    while pos < end:
        if good == len(lines) or bad == len(bads):
            full = 1
            break
        start = p = pos
        row = good * columns
        count = why = inner = alike = 0
        cut = filled = beyond = False
        while True:  # a field a turn
            while p < end and buf[p] != delimiter and buf[p] != NEWLINE and _is_space(buf[p]):
                p += 1
            if spaces:
                while p < end and buf[p] != NEWLINE and _is_space(buf[p]):
                    p += 1
            if p == end and not final:
                cut = True
                break
            if spaces and (p == end or buf[p] == NEWLINE):
                break
            twice = False
            if p < end and buf[p] == QUOTE:
                first = p + 1
                last, ill, twice, feeds, same = _quoted(buf, p, start, end, final, delimiter, columns, cap)
                inner += feeds
                alike += same
                if ill != 0:
                    why = ill
                if last < 0:
                    cut = True
                    break
                if ill == UNCLOSED:
                    break
                p = last + 1
                while p < end and buf[p] != delimiter and buf[p] != NEWLINE and _is_space(buf[p]):
                    p += 1
                if p == end and not final:
                    cut = True
                    break
                if p < end and buf[p] != delimiter and buf[p] != NEWLINE and not (spaces and _is_space(buf[p - 1])):
                    why = AFTER
                    break
            else:
                first = p
                while p < end:
                    byte = buf[p]
                    if stop[byte] == 0:
                        p += 1
                    elif stop[byte] == 1:
                        break
                    else:
                        why = NUL if byte == 0 else DAMAGE
                        p += 1
                if p == end and not final:
                    cut = True
                    break
                last = p
            first, last = _trim(buf, first, last)
            if last > first:
                filled = True
                if count >= columns:
                    beyond = True
            if count < columns:
                froms[row + count] = first
                tos[row + count] = last
                doubles[row + count] = 1 if twice else 0
            count += 1
            if p >= end or buf[p] == NEWLINE:
                break
            if not spaces:
                p += 1
        if cut:
            if end - start <= cap:
                break
            why = UNCLOSED
        elif p - start > cap:
            why = UNCLOSED
        if why == 0 and alike > 0 and count != columns and (beyond or count < columns):
            why = UNCLOSED
        if why == UNCLOSED or why == AFTER:
            p = _line_end(buf, start, end)
            inner = 0
            if p - start > cap:
                why = LONG
                if p == end and not final:
                    state[SKIP] = 1
        if why == 0 and not filled:
            if count <= 1:
                blank += 1
            else:
                hollow += 1
        elif why == 0 and columns > 0 and (count == columns or (count > columns and not beyond)):
            lines[good] = line
            good += 1
        else:
            bads[bad, 0], bads[bad, 1], bads[bad, 2] = line, start, p
            bads[bad, 3], bads[bad, 4] = (why if why != 0 else COUNT), count
            bad += 1
        inners += inner
        line += inner
        pos = p
        if p < end:
            pos, line = p + 1, line + 1
    state[POS], state[LINE] = pos, line
    state[GOOD], state[BAD], state[BLANK], state[HOLLOW], state[INNER] = good, bad, blank, hollow, inners
    return full


@njit(cache=True, nogil=True)
def gather(buf, froms, tos, doubles, rows, columns, column, offsets, data, valid):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Copy one column's fields together, doubled quotes made one; return the bytes written.

    Args:
        buf: The window.
        froms: From `scan`, as `tos` and `doubles`.
        tos: See `froms`.
        doubles: See `froms`.
        rows: Good records.
        columns: Fields of each.
        column: Which one, from 0.
        offsets: Out, int32 (rows + 1,): where each value begins in `data`.
        data: Out, uint8: the values, long enough for all.
        valid: Out, uint8 (rows,): 0 where nothing is left.
    """
    at = 0
    for row in range(rows):
        field = row * columns + column
        start, end = froms[field], tos[field]
        offsets[row] = at
        valid[row] = 1 if end > start else 0
        if doubles[field] == 0:
            for pos in range(start, end):
                data[at] = buf[pos]
                at += 1
        else:
            pos = start
            while pos < end:
                data[at] = buf[pos]
                at += 1
                pos += 2 if buf[pos] == QUOTE else 1
    offsets[rows] = at
    return at


def stops(delimiter: int) -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    """Return for each byte what it does to a field without quotes: 0 nothing, 1 ends it, 2 spoils it."""
    table = np.zeros(256, dtype=np.uint8)
    table[[0, 255]] = 2
    table[[delimiter, NEWLINE]] = 1
    if delimiter == SPACE:
        table[[TAB, 11, 12, RETURN]] = 1
    return table
