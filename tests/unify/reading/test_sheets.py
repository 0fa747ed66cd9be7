"""Workbooks: the cells as exact text, the sheet's own row numbers."""

from datetime import date, datetime, time

import pytest
import xlsxwriter

from keepwell.errors import DataError
from keepwell.unify.reading.sheets import cell_text

ROWS = [
    ["id", "date", "amount", "note"],
    [1, datetime(2024, 1, 31), 12.5, " a\nb "],
    [2, datetime(2024, 2, 1, 13, 5), 0.1, None],
]


def workbook(path, sheets, **options):
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm", **options}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for line, row in enumerate(rows):
                for column, value in enumerate(row):
                    sheet.write(line, column, value)
    return path


def test_cells_become_exact_text_with_their_sheet_rows(shelf, rows_of):
    raw = shelf.file(workbook(shelf.folder / "orders.xlsx", {"Orders": ROWS}))
    assert (raw.kind, raw.header, raw.header_line, raw.notes) == ("xlsx", ("id", "date", "amount", "note"), 1, ())
    assert rows_of(raw) == [
        (2, "1", "2024-01-31", "12.5", "a\nb"),
        (3, "2", "2024-02-01 13:05:00", "0.1", None),
    ]


def test_blank_rows_are_left_out_and_preambles_said(shelf, rows_of):
    rows = [["Sales of January"], [], *ROWS[:2], [], ROWS[2], []]
    raw = shelf.file(workbook(shelf.folder / "orders.xlsx", {"Orders": rows}))
    assert [row[0] for row in rows_of(raw)] == [4, 6]
    assert raw.notes == ("What stands above the header in row 3 is left out as a preamble.",)


def test_the_first_sheet_with_cells_is_read_and_the_others_are_named(shelf):
    sheets = {"Empty": [], "Orders": ROWS, "Costs": [["a", "b"], [1, 2]]}
    raw = shelf.file(workbook(shelf.folder / "orders.xlsx", sheets))
    assert raw.rows == 2
    assert raw.notes == ("Read from the sheet 'Orders'; not read: 'Costs'. Save another one as its own file.",)


def test_a_sheet_without_names_gets_numbered_ones(shelf, rows_of):
    raw = shelf.file(workbook(shelf.folder / "orders.xlsx", {"Orders": [["ann", 5], ["bob", 6]]}))
    assert (raw.header, raw.header_line) == (("c1", "c2"), 0)
    assert rows_of(raw) == [(1, "ann", "5"), (2, "bob", "6")]


def test_many_rows_keep_their_numbers(shelf, rows_of):
    rows = [["id", "amount"], *([i, i / 4] for i in range(20_000))]
    raw = shelf.file(workbook(shelf.folder / "orders.xlsx", {"Orders": rows}))
    assert [(row[0], int(row[1])) for row in rows_of(raw)] == [(i + 2, i) for i in range(20_000)]


@pytest.mark.parametrize(
    ("sheets", "said"),
    [
        ({"Orders": []}, "holds no cells"),
        ({"Orders": [["id", "date"]]}, "header and no rows"),
        ({"Orders": [["id"], [1], [2]]}, "one column only"),
    ],
)
def test_a_workbook_without_a_table_is_refused(shelf, sheets, said):
    with pytest.raises(DataError, match=said):
        shelf.file(workbook(shelf.folder / "orders.xlsx", sheets))


@pytest.mark.parametrize("keep", [0.02, 0.3, 0.6, 0.99])
def test_a_cut_off_workbook_is_refused(shelf, keep):
    path = workbook(shelf.folder / "orders.xlsx", {"Orders": ROWS})
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    with pytest.raises(DataError, match="damaged"):
        shelf.file(path)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12.0, "12"),
        (1e20, "100000000000000000000"),
        (1e-7, "0.0000001"),
        (-0.5, "-0.5"),
        (date(2024, 1, 31), "2024-01-31"),
        (time(13, 5), "13:05:00"),
        (datetime(2024, 1, 31, 0, 0, 1), "2024-01-31 00:00:01"),
        (True, "TRUE"),
        ("  ", None),
        (7, "7"),
    ],
)
def test_a_cell_is_written_exactly(value, text):
    assert cell_text(value) == text
