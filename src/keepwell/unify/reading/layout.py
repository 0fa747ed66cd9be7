"""How a text is laid out, from its first part: delimiter, preamble, header or none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from keepwell.errors import ConfigError, DataError
from keepwell.unify.reading.cut import Piece, cut_fields, cut_pieces
from keepwell.unify.reading.names import numbered_names, unique_names

SAMPLE = 256 << 10  # bytes looked at
RECORDS = 500  # records looked at
DELIMITERS = ("\t", ";", "|", ",")  # where two fit equally well, the earlier
NAMED = {"tab": "\t", r"\t": "\t", "space": " ", "whitespace": " ", "comma": ",", "semicolon": ";", "pipe": "|"}
WIDEST = 16_384  # columns; a sheet of Excel has no more
Cells = Sequence[str | None]

# Numbers with their money signs, dates and times, e-mail addresses: what a header does not consist of.
NUMBER = re.compile(r"[-+(]?\s?[^\w\s.,(+-]?\s?-?\d[\d.,' \u00a0]*([eE][-+]?\d+)?\s?[%)\u20ac$\u00a3-]?")
DATE = re.compile(
    r"\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}([T ].*)?|\d{1,2}:\d{2}(:\d{2}.*)?|\d{1,2}[- ][A-Za-z]{3,9}[- ]\d+"
)
MAIL = re.compile(r"[^@\s]+@[^@\s]+\.\w+")
YEAR = re.compile(r"(19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Layout:
    """How to cut the text into records and fields, and where the records begin."""

    delimiter: str
    header: tuple[str, ...]
    header_line: int  # 0: none
    start: int  # bytes before the first record, in UTF-8
    line: int  # physical line of the first record
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well a delimiter cuts the sample."""

    score: float
    columns: int
    delimiter: str
    pieces: tuple[Piece, ...]


def layout_of(sample: bytes, *, whole: bool, delimiter: str, where: str) -> Layout:
    """Find delimiter and header.

    Args:
        sample: The first UTF-8 bytes of the text.
        whole: Whether they are all of it.
        delimiter: As the user gave it; empty: find it.
        where: The file's name, for errors.

    Raises:
        DataError: The text is no table, or has one column only.
        ConfigError: The delimiter is none.
    """
    named = _announced(sample)
    given = check_delimiter(delimiter) or named
    fit = _fit(sample, given, whole=whole) if given else _best_fit(sample, whole=whole, where=where)
    _check_is_table(fit, sample, given=given, where=where)
    first = _first_row(fit, sample)
    if first is None:
        return Layout(fit.delimiter, numbered_names(fit.columns), 0, 0, 1, (_no_header(),))
    piece, header, notes = first
    start = min(piece.end + 1, len(sample))
    return Layout(fit.delimiter, header, piece.line, start, piece.line + piece.lines, notes)


def _no_header() -> str:
    return (
        "The first line looks like data, so the columns are called c1, c2 and so on; a line of names above changes it."
    )


def check_delimiter(delimiter: str) -> str:
    """Return the delimiter as one sign; empty where none is given.

    Raises:
        ConfigError: It is longer, a quote, a line end or beyond ASCII.
    """
    sign = NAMED.get(delimiter.lower(), delimiter)
    if sign and (len(sign) > 1 or not sign.isascii() or sign in '"\n\r\0'):
        mend = "Give one sign, or one of tab, space, comma, semicolon, pipe."
        raise ConfigError(f"{delimiter!r} is no delimiter", "--delimiter", mend)
    return sign


def _announced(sample: bytes) -> str:
    """Return the delimiter of a first line 'sep=;', as Excel writes it."""
    told = re.match(rb'"?sep=([^\w"\s]|\t)"?\r?\n', sample, re.IGNORECASE)
    return told[1].decode("ascii", "ignore") if told else ""


def _fit(sample: bytes, delimiter: str, *, whole: bool) -> _Fit:
    """Cut the sample and score how evenly that goes: 1 where all records have the same number of fields."""
    pieces = cut_pieces(sample, delimiter, whole=whole, most=RECORDS)
    counts = [piece.fields for piece in pieces]
    tally = Counter(count for count in counts if count > 1)
    if not tally:
        return _Fit(0.0, min(1, len(counts)), delimiter, pieces)
    columns = max(tally, key=lambda count: (tally[count], count))
    # What stands above the first full record may be a preamble, so it counts less than unevenness below.
    below = counts[counts.index(columns) :]
    even, share = tally[columns] / len(below), tally[columns] / len(counts)
    return _Fit(even * share**0.5, columns, delimiter, pieces)


def _best_fit(sample: bytes, *, whole: bool, where: str) -> _Fit:
    fits = [_fit(sample, delimiter, whole=whole) for delimiter in DELIMITERS]
    best = max(fits, key=lambda fit: (fit.score, fit.columns))
    if best.score >= 0.5:
        return best
    spaced = _fit(sample, " ", whole=whole)
    if spaced.score >= 0.7 and spaced.columns > 1:
        return spaced
    if not best.pieces and whole:
        raise DataError("the file holds nothing but blank lines", where, "Export it again.")
    if not best.pieces:
        problem = f"the file is no table: its first line is longer than {SAMPLE >> 10} KB"
        raise DataError(problem, where, "Export it as CSV, XLSX or Parquet.")
    return best


def _check_is_table(fit: _Fit, sample: bytes, *, given: str, where: str) -> None:
    if fit.columns < 2:
        told = f"with the delimiter {given!r}" if given else "whatever the delimiter: , ; tab | or white space"
        name = (cut_fields(sample, fit.pieces[0], fit.delimiter, 1)[0] or "")[:60] if fit.pieces else ""
        mend = "Give its delimiter by --delimiter, or export it as CSV with at least two columns."
        raise DataError(f"the file has one column only, {name!r}, {told}", where, mend)
    if fit.columns > WIDEST:
        raise DataError(f"the file has {fit.columns} columns", where, f"At most {WIDEST} can be read.")
    counts = [piece.fields for piece in fit.pieces]
    alone = len(counts) > 2 and counts.count(fit.columns) == 1
    if (fit.score < 0.15 or alone) and not given:
        problem = f"the file is no table: its lines have from {min(counts)} to {max(counts)} fields"
        raise DataError(problem, where, "Give its delimiter by --delimiter, or export it as CSV.")


def _first_row(fit: _Fit, sample: bytes) -> tuple[Piece, tuple[str, ...], tuple[str, ...]] | None:
    """Return the header's piece, its names and notes; None where the file begins with data."""
    rows = [cut_fields(sample, piece, fit.delimiter, piece.fields) for piece in fit.pieces[:100]]
    place = header_place(rows, fit.columns)
    if place is None:
        return None
    names, notes = unique_names(_without_empty_end(rows[place], fit.columns))
    piece = fit.pieces[place]
    if place:
        above = f"{piece.line - 1} lines" if piece.line > 2 else "1 line"
        notes = (f"The {above} above the header in line {piece.line} are left out as a preamble.", *notes)
    return piece, names, notes


def _without_empty_end(header: Cells, columns: int) -> Cells:
    """Cut off a header's nameless last fields where the rows are shorter by them."""
    cells = list(header)
    while len(cells) > columns and not cells[-1]:
        cells.pop()
    return cells


def header_place(rows: Sequence[Cells], columns: int) -> int | None:
    """Return which row is the header: the first that is as wide as the table and well filled.

    None where that row looks like data: a number, a date or an address stands in it, in a column that goes on so.

    Args:
        rows: The first rows, nothing left out.
        columns: The table's width.
    """
    width = min(columns - 1, _usual_width([row for row in rows if len(row) == columns]))
    needed = max(2, -(-min(columns, width + 1) * 6 // 10))
    wide = [i for i, row in enumerate(rows) if len(row) >= width and sum(map(bool, row)) >= needed]
    if not wide:
        return 0
    place = wide[0]
    return None if _is_data(rows[place], rows[place + 1 :]) else place


def _usual_width(rows: Sequence[Cells]) -> int:
    """Return up to which cell rows are filled: some exports end each row with delimiters that the header lacks."""
    widths = sorted(max((place for place, cell in enumerate(row, start=1) if cell), default=0) for row in rows)
    # Three quarters, as the rows of a preamble may be filled up with delimiters too.
    return max(2, widths[3 * len(widths) // 4]) if widths else WIDEST


def _is_data(row: Cells, later: Sequence[Cells]) -> bool:
    told = [place for place, cell in enumerate(row) if cell and looks_like_data(cell)]
    if not told:
        return False
    words = len([cell for cell in row if cell]) - len(told)
    years = [row[place] or "" for place in told]
    if words and len(set(years)) == len(years) and all(map(YEAR.fullmatch, years)):
        return False  # customer, 2019, 2020: a header of years
    if not later:
        return True
    return any(_goes_on(place, later) for place in told)


def _goes_on(place: int, later: Sequence[Cells]) -> bool:
    cells = [row[place] for row in later if len(row) > place and row[place]]
    return not cells or 2 * sum(looks_like_data(cell or "") for cell in cells) >= len(cells)


def looks_like_data(cell: str) -> bool:
    """Tell whether a cell is a number, a date or an address.

    >>> [looks_like_data(cell) for cell in ("12.50", "$1,234", "2024-01-31", "Amount ($)", "c1")]
    [True, True, True, False, False]
    """
    return any(pattern.fullmatch(cell) for pattern in (NUMBER, DATE, MAIL))
