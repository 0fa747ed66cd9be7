"""Delimited text: whatever can be written is read back, with its physical lines, and nothing is lost."""

import csv
import io
import random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from keepwell.errors import ConfigError, DataError
from keepwell.unify.reading import text
from keepwell.unify.reading.cut import CAP

WHITE = " \t\r\n\v\f\xa0"
# Signs that readers stumble over, and some from beyond ASCII that Windows-1252 has too.
SIGNS = st.sampled_from([*"abc019,;\t|\"'\n\r .-\u00e9\u20ac\u00a0", "\r\n", '""'])
CELLS = st.lists(SIGNS, max_size=8).map("".join)
OPTIONS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(rows, delimiter, end, quoting):
    """Return the CSV text and the physical line on which each row begins."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)
    starts = []
    for row in rows:
        starts.append(out.getvalue().count("\n") + 1)
        writer.writerow(row)
    return out.getvalue(), starts


def stripped(row):
    return tuple(cell.strip(WHITE) or None for cell in row)


@st.composite
def tables(draw):
    columns = draw(st.integers(2, 5))
    row = st.lists(CELLS, min_size=columns, max_size=columns)
    return draw(st.lists(row, min_size=1, max_size=12))


@OPTIONS
@given(
    table=tables(),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32"]),
)
def test_what_pythons_csv_module_writes_is_read_back(shelf, rows_of, bad_of, table, delimiter, end, quoting, codec):
    names = [f"name {place}" for place in range(len(table[0]))]
    content, starts = written([names, *table], delimiter, end, quoting)
    kept = [(line, stripped(row)) for line, row in zip(starts[1:], table, strict=True)]
    kept = [(line, *row) for line, row in kept if any(row)]
    assume(kept)
    raw = shelf.bytes(content.encode(codec), delimiter="tab" if delimiter == "\t" else delimiter, encoding="")
    assert list(raw.header) == names
    assert bad_of(raw) == []
    assert rows_of(raw) == kept


@OPTIONS
@given(table=tables(), delimiter=st.sampled_from(",;\t|"))
def test_the_delimiter_is_found_in_a_table_of_words_and_numbers(shelf, rows_of, table, delimiter):
    rows = [[f"w{i}", *(cell.replace(delimiter, "") for cell in row), str(i)] for i, row in enumerate(table)]
    # Cells without delimiters at all: what stands in them decides nothing, as it may split evenly by chance.
    rows = [["".join(sign for sign in cell if sign not in ',;\t|"\n\r') for cell in row] for row in rows]
    names = [f"name {place}" for place in range(len(rows[0]))]
    content, _ = written([names, *rows], delimiter, "\n", csv.QUOTE_MINIMAL)
    raw = shelf.bytes(content.encode())
    assert raw.delimiter == delimiter
    assert [row[1:] for row in rows_of(raw)] == [stripped(row) for row in rows]


def corpus():
    rows = [[f"O{i:05d}", f"2024-01-{i % 28 + 1:02d}", f"{i}.50", f'say "{i}",\nthen gÃ©o €'] for i in range(60)]
    plain, _ = written([["order", "date", "amount", "note"], *rows], ",", "\r\n", csv.QUOTE_MINIMAL)
    spaced = "".join(f" {i:05d} 199701{i % 28 + 1:02d} {i % 5} {i}.00\r\n" for i in range(100))
    return [plain.encode(), plain.encode("utf-16"), plain.encode("cp1252"), spaced.encode()]


@pytest.mark.parametrize("which", range(4))
def test_mutated_bytes_never_break_the_reader_nor_lose_a_record(shelf, rows_of, bad_of, which):
    # The reader itself compares the records with the lines counted apart: ConservationError would come through.
    original, chance = corpus()[which], random.Random(which)  # noqa: S311 - nothing secret
    read = 0
    for _ in range(100):
        data = bytearray(original)
        for _ in range(chance.choice([1, 1, 2, 5, 40])):
            place, how = chance.randrange(len(data)), chance.random()
            if how < 0.5:
                data[place] = chance.choice([0, 10, 13, 34, 44, 59, 255, 0xC3, chance.randrange(256)])
            elif how < 0.75:
                del data[place : place + chance.randrange(1, 30)]
            else:
                data[place:place] = bytes(chance.choices([34, 44, 10, 0, 65, 233], k=chance.randrange(1, 6)))
        try:
            raw = shelf.bytes(bytes(data))
        except (DataError, ConfigError):
            continue
        read += 1
        assert (raw.rows, raw.bad_rows) == (len(rows_of(raw)), len(bad_of(raw)))
    assert read > 50
    assert shelf.left_over() == []


HEADER = "id,date,amount\n"


def test_bad_records_are_set_aside_with_line_and_reason(shelf, rows_of, bad_of):
    lines = ["1,2024-01-01,5", "2,2024-01-01", "", '3,"x"y,5', "4,a,b,c", "5,\0,1", "6,2024-01-02,7"]
    raw = shelf.bytes((HEADER + "\n".join(lines)).encode())
    assert [row[0] for row in rows_of(raw)] == [2, 8]
    assert bad_of(raw) == [
        (3, "2 fields where the header has 3", "2,2024-01-01"),
        (5, "text after a closing quote", '3,"x"y,5'),
        (6, "4 fields where the header has 3", "4,a,b,c"),
        (7, "a zero byte", "5,\0,1"),
    ]


def test_a_bad_record_s_text_has_200_signs_and_no_line_end(shelf, bad_of):
    lines = ["1,2,3", "x" * 300, "\u00e9" + "\u20ac" * 300, "x", ""]
    raw = shelf.bytes((HEADER + "\r\n".join(lines)).encode())
    assert [row[2] for row in bad_of(raw)] == ["x" * 200, "\u00e9" + "\u20ac" * 199, "x"]


def test_many_bad_records_are_all_there(shelf, bad_of):
    raw = shelf.bytes(HEADER.encode() + b"1,2,3\n" * 30_001 + b"x,y\n" * 20_000 + b"1,2,3\n")
    assert (raw.rows, raw.bad_rows) == (30_002, 20_000)
    assert [row[0] for row in bad_of(raw)] == list(range(30_003, 50_003))


def test_an_unclosed_quote_costs_one_line_not_the_file(shelf, rows_of, bad_of):
    lines = [f"{i},2024-01-01,{i}" for i in range(5000)]
    lines[10] = '10,"2024-01-01,10'
    raw = shelf.bytes((HEADER + "\n".join(lines)).encode())
    assert bad_of(raw) == [(12, "a quote that is never closed", lines[10])]
    assert raw.rows == 4999
    assert [row[0] for row in rows_of(raw)][10] == 13


def test_two_stray_quotes_far_apart_do_not_make_one_field_of_what_is_between(shelf, bad_of):
    lines = [f"{i},2024-01-01,{i}" for i in range(5000)]
    lines[10], lines[4000] = '10,"2024-01-01,10', '4000,2024-01-01",4000'
    raw = shelf.bytes((HEADER + "\n".join(lines)).encode())
    assert bad_of(raw) == [(12, "a quote that is never closed", lines[10])]
    # A quote inside a field without quotes is an ordinary sign.
    assert raw.rows == 4999


def test_a_long_text_of_many_lines_is_one_field(shelf, rows_of):
    poem = "\n".join(f"line {i} of it, and more" for i in range(300))
    raw = shelf.bytes(f'{HEADER}1,"{poem}",2\n3,4,5\n'.encode())
    assert rows_of(raw) == [(2, "1", poem, "2"), (302, "3", "4", "5")]


def test_an_inch_sign_is_an_ordinary_sign(shelf, rows_of):
    raw = shelf.bytes(f'{HEADER}1,5" disk,2\n2,a 7" one,3\n'.encode())
    assert [row[2] for row in rows_of(raw)] == ['5" disk', 'a 7" one']


@pytest.mark.parametrize("size", [CAP + 1, 64 << 20])
def test_a_line_too_long_is_set_aside_and_the_rest_is_read(shelf, rows_of, bad_of, size):
    long = b"9,2024-01-01," + b"x" * size
    data = HEADER.encode() + b"1,2024-01-01,5\n" + long + b"\n2,2024-01-02,6\n"
    raw = shelf.bytes(data, memory="256MB")
    assert bad_of(raw) == [(3, "a line longer than 1 MB", long[:200].decode())]
    assert rows_of(raw) == [(2, "1", "2024-01-01", "5"), (4, "2", "2024-01-02", "6")]


def test_a_line_just_short_enough_is_read(shelf, rows_of):
    data = HEADER.encode() + b"1,2024-01-01," + b"x" * (CAP - 13) + b"\n"
    assert len(rows_of(shelf.bytes(data))[0][3]) == CAP - 13


def test_a_window_s_edge_may_fall_anywhere(shelf, rows_of, monkeypatch):
    rows = [[str(i), f'say "{i}",\r\nthen \u00e9', "x" * (i % 50)] for i in range(400)]
    content, starts = written([["a", "b", "c"], *rows], ",", "\r\n", csv.QUOTE_MINIMAL)
    expected = [(line, *stripped(row)) for line, row in zip(starts[1:], rows, strict=True)]
    monkeypatch.setattr("keepwell.unify.reading.cut.CAP", 200)
    for size in range(401, 460):
        monkeypatch.setattr(text, "_window_size", lambda _, size=size: size)
        assert rows_of(shelf.bytes(content.encode(), name=f"{size}.csv")) == expected


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_numbers_are_physical_whatever_ends_the_lines(shelf, rows_of, end):
    data = end.join(["id,note", "1,a", "", '2,"b' + end + 'b"', "3,c"])
    raw = shelf.bytes(data.encode())
    assert [row[:2] for row in rows_of(raw)] == [(2, "1"), (4, "2"), (6, "3")]


def test_lines_of_nothing_but_delimiters_are_blank_and_said_so(shelf):
    raw = shelf.bytes(b"id,date,amount\n1,2024-01-01,5\n,,\n , ,\n")
    assert (raw.rows, raw.bad_rows) == (1, 0)
    assert raw.notes == ("2 lines hold nothing but delimiters and count as blank.",)


def test_empty_fields_beyond_the_header_do_no_harm(shelf, rows_of, bad_of):
    raw = shelf.bytes(b"id,date,amount\n1,2024-01-01,5,,\n2,2024-01-01,6,,x\n" + 4 * b"3,2024-01-01,7,,\n")
    assert rows_of(raw)[0] == (2, "1", "2024-01-01", "5")
    assert raw.rows == 5
    assert bad_of(raw)[0][1] == "5 fields where the header has 3"


def test_damaged_utf8_stays_utf8_and_only_its_records_are_bad(shelf, rows_of, bad_of):
    data = "id,name\n1,J\u00e9r\u00f4me\n2,X\n3,\u00c5sa\n".encode().replace(b"X", b"\xff\xe9")
    raw = shelf.bytes(data)
    assert rows_of(raw) == [(2, "1", "J\u00e9r\u00f4me"), (4, "3", "\u00c5sa")]
    assert bad_of(raw) == [(3, "bytes that are no UTF-8", "2,\ufffd\ufffd")]
    assert "line 3" in raw.notes[0]


def test_how_far_it_is_is_told(shelf, monkeypatch):
    from keepwell.settings import Reading
    from keepwell.unify.reading.text import read_text

    path = shelf.folder / "orders.csv"
    path.write_bytes(b"id,date\n" + b"1,2024-01-01\n" * 1_000_000)
    told = []
    into = shelf.folder / "x.parquet"
    read_text(path, reading=Reading(), into=into, bad_into=into.with_suffix(".bad"), memory=1, tell=told.append)
    assert told[0] == "orders.csv: finding the encoding"
    assert told[-1].endswith("MB read")
