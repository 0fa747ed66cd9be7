"""JSON files as rows: names within names, a row for each line of an order, nothing lost."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepwell.errors import DataError
from keepwell.unify.reading.json_records import Record
from keepwell.unify.reading.json_rows import FURTHER, rows_of

ORDER = {"id": 7, "total": 12.50, "who": {"name": " Ann "}, "products": [{"sku": "A"}, {"sku": "B", "n": 2}]}


def test_an_order_is_a_row_a_product_each_with_what_is_the_orders(shelf, rows_of):
    raw = shelf.bytes(json.dumps(ORDER).encode() + b'\n{"id": 8, "total": null}\n', name="orders.jsonl")
    assert raw.header == ("id", "total", "who.name", "products.sku", "products.n")
    assert rows_of(raw) == [
        (1, "7", "12.5", "Ann", "A", None),
        (1 + FURTHER, "7", "12.5", "Ann", "B", "2"),
        (2, "8", None, None, None, None),
    ]
    assert (raw.kind, raw.rows, raw.bad_rows, "3 rows from 2 records" in raw.notes[0]) == ("json", 3, 0, True)


def test_money_keeps_its_last_zero(shelf, rows_of):
    raw = shelf.bytes(b'{"id": 1, "total": 10.10}\n{"id": 2, "total": 1e2}\n')
    assert [row[2] for row in rows_of(raw)] == ["10.10", "1e2"]


def test_damaged_lines_are_told_with_their_place(shelf, bad_of):
    raw = shelf.bytes(b'{"id": 1, "x": 2}\n{"id": 2, "x"\n{"id": 3, "x": 4}\n')
    assert (raw.rows, raw.bad_rows) == (2, 1)
    ((line, reason, text),) = bad_of(raw)
    assert (line, reason.startswith("no JSON"), text) == (2, True, '{"id": 2, "x"')


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_any_encoding_and_gzip_are_read(shelf, rows_of, codec):
    data = '{"id": 1, "who": "Zoë"}\n{"id": 2, "who": "Ann"}\n'.encode(codec)
    for name, held in (("a.jsonl", data), ("b.jsonl.gz", gzip.compress(data, mtime=0))):
        assert [row[2] for row in rows_of(shelf.bytes(held, name=name))] == ["Zoë", "Ann"]


def test_names_that_differ_by_case_only_stay_apart(shelf, rows_of):
    raw = shelf.bytes(b'{"SKU": 1, "sku": 2, "line": 3}\n{"SKU": 4}\n')
    assert raw.header == ("SKU", "sku_2", "line_2")
    assert rows_of(raw) == [(1, "1", "2", "3"), (2, "4", None, None)]


def test_more_names_than_a_table_can_have_are_refused(shelf):
    with pytest.raises(DataError, match="more than 16384"):
        shelf.bytes(json.dumps({f"n{i}": i for i in range(20_000)}).encode() + b'\n{"a": 1}\n')


def test_properties_are_kept_whole_besides(shelf, rows_of):
    raw = shelf.bytes(b'{"event": "View", "properties": {"a": {"b": 1.50}, "c": [1, 2]}}\n{"event": "x"}\n')
    assert raw.header == ("event", "properties", "properties.a.b", "properties.c")
    ((_, _, whole, inner, listed), _) = rows_of(raw)
    assert (json.loads(whole), inner, listed) == ({"a": {"b": 1.5}, "c": [1, 2]}, "1.50", "[1, 2]")


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
OBJECTS = st.dictionaries(st.text(min_size=1, max_size=3), VALUES, min_size=1, max_size=4)


@given(record=OBJECTS, items=st.lists(OBJECTS, max_size=4))
def test_a_record_gives_as_many_rows_as_its_list_has_objects(record, items):
    rows = list(rows_of(Record(5, {**record, "items": items})))
    assert [line for line, _ in rows] == [5 + n * FURTHER for n in range(max(1, len(items)))]
    for key, value in record.items():
        if key != "items" and isinstance(value, int) and not isinstance(value, bool):
            assert all(row[key.encode("utf-8", "replace").decode()] == str(value) for _, row in rows)
