"""Encodings: found for what they are, and damage never passes for text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepwell.errors import ConfigError, DataError
from keepwell.unify.reading import encoding

TEXT = "id,name,town\r\n1,Jos\u00e9,K\u00f6ln\r\n2,Zo\u00eb,\u20ac-city\r\n"


def find(data, size=7):
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    return encoding.found(pieces, data[:65536], where="x"), pieces


@pytest.mark.parametrize(
    ("written", "codec"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32-le"),
        ("cp1252", "cp1252"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
def test_each_encoding_is_found_and_read_whatever_the_pieces(written, codec, size):
    found, pieces = find(TEXT.encode(written), size)
    assert found.codec == codec
    assert b"".join(encoding.utf8(pieces, found)).decode() == TEXT


def test_a_big_endian_mark_is_seen():
    found, pieces = find(b"\xfe\xff" + TEXT.encode("utf-16-be"))
    assert found.codec == "utf-16-be"
    assert b"".join(encoding.utf8(pieces, found)).decode() == TEXT


def test_what_was_assumed_is_said_with_its_switch():
    found, _ = find("a,b\n1,\u00e9\n".encode("latin-1"))
    assert found.note == "Read as Windows-1252 because byte 0xE9 in line 2 is no UTF-8; --encoding changes it."


def test_bytes_that_windows_1252_leaves_undefined_are_read_as_latin_1():
    found, pieces = find(b"a,b\n\xe9,\x81\x80\n")
    assert b"".join(encoding.utf8(pieces, found)).decode() == "a,b\n\u00e9,\x81\u20ac\n"


@given(text=st.text(alphabet=st.characters(blacklist_categories=("Cs",), min_codepoint=32)), cut=st.integers(1, 9))
def test_proper_utf8_is_never_read_as_anything_else(text, cut):
    data = ("a,b\n" + text).encode()
    pieces = [data[i : i + cut] for i in range(0, len(data), cut)]
    assert encoding._utf8_report(pieces).bad == 0


@given(data=st.binary(max_size=60), cut=st.integers(1, 9))
def test_utf8_is_judged_as_python_judges_it(data, cut):
    try:
        data.decode()
        proper = True
    except UnicodeDecodeError:
        proper = False
    pieces = [data[i : i + cut] for i in range(0, len(data), cut)]
    assert (encoding._utf8_report(pieces).bad == 0) == proper


@pytest.mark.parametrize("data", ["a\ud800,b".encode("utf-16-le", "surrogatepass"), "a,b".encode("utf-16-le") + b"x"])
def test_damaged_utf16_is_marked(data):
    damaged = b"".join(encoding.utf8([data], encoding.Encoding("utf-16-le", clean=False)))
    assert damaged.count(b"\xff") == 1


def test_bytes_of_no_text_are_refused():
    with pytest.raises(DataError, match="holds no text"):
        find(bytes(range(1, 32)) * 20)


@pytest.mark.parametrize(
    ("name", "head", "codec", "mark"),
    [
        ("latin-1", b"a", "iso8859-1", b""),
        ("UTF8", b"\xef\xbb\xbfa", "utf-8", b"\xef\xbb\xbf"),
        ("utf-16", b"\xfe\xff\0a", "utf-16-be", b"\xfe\xff"),
        ("utf-16", b"a\0", "utf-16-le", b""),
        ("windows-1252", b"\xff\xfe", "cp1252", b""),
    ],
)
def test_a_named_encoding_is_taken(name, head, codec, mark):
    taken = encoding.chosen(name, head)
    assert (taken.codec, taken.mark) == (codec, mark)


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13", "zip", "a\0b"])
def test_a_name_that_is_no_text_encoding_is_refused(name):
    with pytest.raises(ConfigError, match="no text encoding"):
        encoding.chosen(name, b"a")


def test_an_encoding_that_does_not_fit_marks_the_damage():
    taken = encoding.chosen("ascii", b"a")
    assert b"".join(encoding.utf8([b"a,\xe9"], taken)) == b"a,\xff"
