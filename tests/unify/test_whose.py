"""Whose a raw row is: marks of its text, and which columns say nothing of a person."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepwell.engine import collected
from keepwell.unify import RawFile
from keepwell.unify.formats import FORMATS
from keepwell.unify.formats.shape import WHO
from keepwell.unify.whose import STAND_INS, layout, marks


@pytest.fixture
def marked(tmp_path, duckdb):
    def do(mapping, rows, *, format_="generic", source="main"):
        table = pa.table({"line": pa.array(range(2, 2 + len(rows)), pa.int64())})
        for place, column in enumerate(mapping.values()):
            table = table.append_column(column, [[row[place] for row in rows]])
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.parquet"
        pq.write_table(table, path)
        raw = RawFile(
            digest="d", name="f", source=source, kind="text", path=path, bad_path=None, encoding="", delimiter="",
            header=tuple(mapping.values()), header_line=1, rows=len(rows), bad_rows=0, notes=(),
            arrived=datetime.now(UTC),
        )  # fmt: skip
        found = collected(duckdb, marks(raw, layout(format_, mapping), duckdb).order_by("line"))
        return found.to_pylist()

    return do


def test_spelling_alone_hides_no_row(marked):
    mapping = {"customer_id": "no", "email": "mail", "phone": "tel", "name": "name"}
    one, other = marked(
        mapping,
        [["17.0", " Ann@X.com ", "+44 1632 960001", "Ann  Archer"], ["'17", "ann@x.com", "01632-960001", "ANN ARCHER"]],
    )
    assert [one[k] for k in ("number", "email", "phone")] == ["|17", "ann@x.com", "632960001"]
    assert [one[k] for k in ("number", "email", "phone")] == [other[k] for k in ("number", "email", "phone")]


def test_rows_of_nobody_have_no_mark_but_their_order(marked):
    (row,) = marked({"customer_id": "no", "email": "mail", "order_id": "order"}, [["guest", "n/a", "1001"]])
    assert row == {"line": 2, "number": None, "email": None, "phone": None, "row": None, "order": "1001"}


def test_numbers_are_in_their_sources_own_count(marked):
    (shop,) = marked({"customer_id": "no"}, [["17"]])
    (till,) = marked({"customer_id": "no"}, [["17"]], source="till")
    assert (shop["number"], till["number"]) == ("|17", "till|17")


def test_few_digits_are_no_phone_number(marked):
    rows = marked({"phone": "tel"}, [["12345"], ["n/a"], ["(555) 010-9999"]])
    assert [row["phone"] for row in rows] == [None, None, "550109999"]


def test_every_format_clears_what_says_who_somebody_is():
    for name, format_ in FORMATS.items():
        header = tuple(format_.fields)
        whats = layout(name, {field: field for field in header}).columns(header)
        for field in header:
            if field in STAND_INS:
                assert whats[field] == "stand-in", (name, field)
            elif field in WHO and field != "country":
                assert whats[field] == "clear", (name, field)
        assert layout(name, {}).columns(("whatever",)) == {"whatever": "clear"}


def test_a_column_that_also_says_who_it_is_goes():
    whats = layout("generic", {"name": "buyer", "channel": "buyer", "amount": "sum"}).columns(("buyer", "sum"))
    assert whats == {"buyer": "clear", "sum": "keep"}


def test_a_description_is_a_products_in_sales_and_anybodys_words_elsewhere():
    assert layout("generic", {"description": "d"}).columns(("d",)) == {"d": "keep"}
    assert layout("generic touches", {"description": "d"}).columns(("d",)) == {"d": "clear"}
