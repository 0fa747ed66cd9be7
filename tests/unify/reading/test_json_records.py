"""The records of JSON files: found with their lines, the damaged ones apart, and none lost."""

import json

import pytest

from keepwell.errors import DataError
from keepwell.unify.reading.json_records import by_lines, lines_of, list_in, of_array, of_document, of_lines


def told(records):
    return [(r.line, r.value if r.value is not None else r.reason.split(":")[0]) for r in records]


def test_each_line_is_a_record_with_its_number():
    data = b'{"a": 1}\n\n  \n{"a": 2}\r\n{"a": 3}'
    assert told(of_lines([data])) == [(1, {"a": 1}), (4, {"a": 2}), (5, {"a": 3})]


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_pieces_may_end_anywhere(size):
    data = '{"a": "é€😀"}\n{"b": 2}\n'.encode() * 3
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    assert [line for line, _ in lines_of(pieces)] == [1, 2, 3, 4, 5, 6]
    assert told(of_lines(pieces)) == told(of_lines([data]))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": 1', "no JSON"),
        (b"[1, 2]", "no JSON object, or an empty one"),
        (b"{}", "no JSON object, or an empty one"),
        (b"7", "no JSON object, or an empty one"),
        (b'{"a": "\xff"}', "bytes that are no text"),
        (b'{"a": "\\u0000"}', "a zero byte"),
        (b'{"a": ' + b"[" * 100_000, "no JSON that can be read"),
        (b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}", "objects within objects, more than 100 deep"),
    ],
)
def test_a_damaged_line_takes_no_other_with_it(line, reason):
    found = told(of_lines([b'{"a": 1}\n' + line + b'\n{"a": 2}\n']))
    assert found == [(1, {"a": 1}), (2, reason), (3, {"a": 2})]


def test_numbers_keep_their_text():
    (record,) = of_lines([b'{"a": 10.10, "b": 123456789012345678901234567890, "c": 1e400, "d": NaN}'])
    assert record.value["a"].text == "10.10"
    assert record.value["b"] == 123456789012345678901234567890
    assert (record.value["c"].text, record.value["d"].text) == ("1e400", "NaN")


@pytest.mark.parametrize("size", [1, 3, 7, 10_000])
@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_is_its_objects(size, indent):
    objects = [{"id": n, "products": [{"sku": "é"}], "text": "a],[{}"} for n in range(5)]
    text = json.dumps(objects, indent=indent, ensure_ascii=False)
    pieces = [text[i : i + size].encode() for i in range(0, len(text), size)]
    assert told(of_array(pieces)) == [(n + 1, one) for n, one in enumerate(objects)]


def test_after_a_damaged_object_an_array_goes_on_at_the_next_line_that_begins_one():
    text = '[\n{"id": 1},\n{"id": , "in": [{"id": 9}]},\n{"id": 3}\n]\n'
    found = told(of_array([text.encode()]))
    assert found == [(1, {"id": 1}), (2, "a JSON object that is damaged, too long or cut off"), (3, {"id": 3})]


def test_a_cut_off_array_ends_in_one_bad_record():
    assert told(of_array([b'[{"id": 1}, {"id": 2}, {"id"'])) == [
        (1, {"id": 1}),
        (2, {"id": 2}),
        (3, "a JSON object that is damaged, too long or cut off"),
    ]


def test_a_document_is_the_list_in_it_or_itself():
    assert told(of_document(b'{"data": [{"id": 1}, {"id": 2}], "links": {}}', where="x")) == [
        (1, {"id": 1}),
        (2, {"id": 2}),
    ]
    order = {"order_id": 7, "total": 3, "products": [{"sku": "A"}]}
    assert told(of_document(json.dumps(order).encode(), where="x")) == [(1, order)]
    with pytest.raises(DataError, match="damaged JSON"):
        list(of_document(b'{"data": [', where="x"))


def test_lines_are_told_from_one_document():
    def told_of(data):
        return by_lines(line for _, line in lines_of([data]))

    assert told_of(b'{"a": 1}\n{"a": 2}\n')
    assert told_of(b'oops\n{"a": 1}\n{"a": 2}\n{"a": 3}\n')
    assert not told_of(json.dumps([{"a": 1}, {"a": 2}], indent=1).encode())
    assert not told_of(b'{"data": [\n{"a": 1},\n{"a": 2}\n]}')
    assert list_in({"a": [1, 2]}) is None
