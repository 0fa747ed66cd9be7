"""The compiled scan against a slow plain reading of the same grammar."""

import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keepwell.unify.reading import scan as rules
from keepwell.unify.reading.cut import Scanner

WHITE = " \t\r\n\v\f"
QUOTED = re.compile(r'"((?:[^"]|"")*+)"')


def plain(text, columns):
    """Cut `text` at commas and line feeds, record by record, with regular expressions.

    Returns the good records with their lines, and the lines of the bad ones with why.
    """
    good, bad, pos, line = [], [], 0, 1
    while pos < len(text):
        end, why, cells, alike = plain_record(text, pos, columns)
        if why in (rules.UNCLOSED, rules.AFTER) or (alike and len(used(cells, columns)) != columns):
            why = rules.AFTER if why == rules.AFTER else rules.UNCLOSED
            end = (text + "\n").index("\n", pos)
        fields = used(cells, columns)
        if why or (any(fields) and len(fields) != columns):
            bad.append((line, why or rules.COUNT))
        elif any(fields):
            good.append((line, *fields))
        line += text.count("\n", pos, end + 1)
        pos = end + 1
    return good, bad


def used(cells, columns):
    """Leave out the empty fields beyond the columns."""
    return cells[:columns] if not any(cells[columns:]) else cells


def plain_record(text, pos, columns):
    cells, alike, why = [], 0, 0
    while True:
        pos += len(re.compile(r"[ \t\r\v\f]*").match(text, pos)[0])
        if text.startswith('"', pos):
            whole = QUOTED.match(text, pos)
            if whole is None:
                return len(text), rules.UNCLOSED, cells, alike
            lines = text[pos + 1 : whole.end() - 1].replace('""', "").split("\n")[1:-1]
            alike += sum(line.count(",") == columns - 1 for line in lines)
            pos = whole.end() + len(re.compile(r"[ \t\r\v\f]*").match(text, whole.end())[0])
            if pos < len(text) and text[pos] not in ",\n":
                return pos, rules.AFTER, cells, alike
            cells.append(whole[1].strip(WHITE).replace('""', '"'))
        else:
            bare = re.compile(r"[^,\n]*").match(text, pos)[0]
            pos += len(bare)
            cells.append(bare.strip(WHITE))
        if "\0" in (cells[-1]):
            why = rules.NUL
        if pos >= len(text) or text[pos] == "\n":
            return pos, why, cells, alike
        pos += 1


def compiled(text, columns, window=None):
    """Cut `text` with the scan, handing over `window` bytes more at a time."""
    data = np.frombuffer(bytearray(text.encode()), dtype=np.uint8)
    scanner = Scanner.ready(",", columns, rows=7)  # so few that the outputs are often full
    good, bad = [], []
    for end in [*range(window, len(data), window), len(data)] if window else [len(data)]:
        more = True
        while more:
            more = scanner.step(data, end, final=end == len(data))
            good += zip(*(column.to_pylist() for column in scanner.arrow(data)), strict=True)
            bad += scanner.bads[: scanner.count(rules.BAD)][:, [0, 3]].tolist()
    return [(line, *(cell or "" for cell in cells)) for line, *cells in good], [tuple(pair) for pair in bad]


@settings(max_examples=1500, deadline=None)
@given(text=st.text(alphabet='ab"",,\n\n \r\0', min_size=1, max_size=40), columns=st.integers(1, 3))
@example(text='a,"b\n,\n",c', columns=2)
@example(text='"a"\n"', columns=1)
@example(text='a,"""",', columns=3)
def test_it_cuts_as_the_plain_reading_does(text, columns):
    assert compiled(text, columns) == plain(text, columns)


@settings(max_examples=500, deadline=None)
@given(text=st.text(alphabet='ab"",,\n\n \r\u00e9', min_size=1, max_size=40), window=st.integers(1, 9))
def test_where_the_windows_end_changes_nothing(text, window):
    assert compiled(text, 2, window) == compiled(text, 2)


@pytest.mark.parametrize(("lines", "good", "bad"), [(4, 3, []), (5, 7, [1, 7])])
def test_lines_in_quotes_that_look_like_records_are_records_from_five_on(lines, good, bad):
    # Four are the text of one field. Of five, the first line is bad, and so is the last with its one field too few.
    text = 'a,"b\n' + "1,2,3\n" * lines + 'd",e\n1,2,3\n1,2,3\n'
    found, set_aside = compiled(text, 3)
    assert (len(found), [line for line, _ in set_aside]) == (good, bad)


@pytest.mark.parametrize("byte", [0, 255])
def test_a_spoilt_byte_spoils_its_record_only(byte):
    data = np.frombuffer(bytearray(b"1,2\n3,X\n5,6\n".replace(b"X", bytes([byte]))), dtype=np.uint8)
    scanner = Scanner.ready(",", 2)
    scanner.step(data, len(data), final=True)
    assert (scanner.count(rules.GOOD), scanner.bads[0, 0]) == (2, 2)
    assert scanner.bads[0, 3] == (rules.NUL if byte == 0 else rules.DAMAGE)


def test_white_space_runs_part_fields():
    data = np.frombuffer(bytearray(b'  1\t2  3 \n\n4 "5 6" 7\n8 9\n'), dtype=np.uint8)
    scanner = Scanner.ready(" ", 3)
    scanner.step(data, len(data), final=True)
    columns = [column.to_pylist() for column in scanner.arrow(data)]
    assert columns == [[1, 3], ["1", "4"], ["2", "5 6"], ["3", "7"]]
    assert scanner.bads[0].tolist()[3:] == [rules.COUNT, 2]
