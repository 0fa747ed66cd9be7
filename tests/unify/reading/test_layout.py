"""Delimiters, preambles and headers as real exports have them."""

import pytest

from keepwell.errors import ConfigError, DataError
from keepwell.unify.reading.layout import check_delimiter, layout_of, looks_like_data


def laid(text, delimiter=""):
    return layout_of(text.encode(), whole=True, delimiter=delimiter, where="orders.csv")


@pytest.mark.parametrize(
    ("text", "delimiter", "header"),
    [
        ("a,b\n1,2\n", ",", ("a", "b")),
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";", ("a", "b")),
        ("id;name;price\n1;Ann, Bob;2,50\n2;Cy, Di;3,50\n", ";", ("id", "name", "price")),
        ("a\tb c\n1\tx, y\n", "\t", ("a", "b c")),
        ("a|b\n1|2\n", "|", ("a", "b")),
        (" customer_id  date cds\n 1 19970101 2\n 2 19970101 3\n", " ", ("customer_id", "date", "cds")),
        ('"a;x","b;y"\n"1;2","3"\n', ",", ("a;x", "b;y")),
        ("sep=;\nname;amount\nann, of x;5,5\n", ";", ("name", "amount")),
        ("name , amount\nann,5\n", ",", ("name", "amount")),
        ("date and time,amount in euro\n2024-01-01 10:00,5\n", ",", ("date and time", "amount in euro")),
        (",name,amount\n0,ann,5\n1,bob,6\n", ",", ("c1", "name", "amount")),
        ("customer,2019,2020\nann,1,2\n", ",", ("customer", "2019", "2020")),
        ("name,town\nann,Bern\nbob,Rome\n", ",", ("name", "town")),
        ("id,date,amount,\n1,2024-01-01,5,\n2,2024-01-01,6,\n", ",", ("id", "date", "amount", "c4")),
        ("id,date,amount\n1,2024-01-01,5,\n2,2024-01-01,6,\n", ",", ("id", "date", "amount")),
        ("id,date,amount\n1,2024-01-01,5,,\n2,2024-01-01,6,,\n", ",", ("id", "date", "amount")),
    ],
)
def test_delimiter_and_header_are_found(text, delimiter, header):
    found = laid(text)
    assert (found.delimiter, found.header) == (delimiter, header)
    assert found.header_line > 0


AMAZON = (
    '"Includes Amazon Marketplace, Fulfillment by Amazon (FBA), and Amazon Webstore transactions"\n'
    '"All amounts in USD, unless specified"\n'
    '"Definitions:"\n'
    '"Sales tax collected: Includes sales tax collected from buyers for product sales, shipping, and gift wrap."\n'
    "\n"
    '"date/time","settlement id","type","order id","sku","description","quantity","total"\n'
    '"Jan 1, 2024 1:00:00 AM PST","123","Order","114-1","A1","A pot, blue","1","12.50"\n'
    '"Jan 2, 2024 1:00:00 AM PST","123","Order","114-2","A1","A pot, blue","1","12.50"\n'
)
EBAY = (
    "Transaction report,,,,\n"
    "Start date,1 Jan 2024,,,\n"
    "--,,,,\n"
    "Transaction creation date,Type,Order number,Buyer username,Net amount\n"
    "1 Jan 2024,Order,12-345,ann,12.50\n"
    "2 Jan 2024,Order,12-346,bob,--\n"
)


@pytest.mark.parametrize(("text", "line", "first"), [(AMAZON, 6, "date/time"), (EBAY, 4, "Transaction creation date")])
def test_a_preamble_is_left_out_and_said_so(text, line, first):
    found = laid(text)
    assert (found.header_line, found.header[0], found.line) == (line, first, line + 1)
    assert f"above the header in line {line}" in found.notes[0]


@pytest.mark.parametrize(
    "text",
    ["00004 0001 19970101 2 29.33\n00004 0001 19970118 2 29.73\n", "ann,2024-01-01,5\nbob,2024-01-02,6\n", "1,2\n"],
)
def test_a_first_line_of_data_is_no_header(text):
    found = laid(text)
    assert (found.header_line, found.start, found.line, found.header[0]) == (0, 0, 1, "c1")
    assert "looks like data" in found.notes[0]


def test_data_begin_right_below_the_header_even_if_it_has_two_lines():
    found = laid('\n"two\nlines",b\n1,2\n')
    assert (found.header, found.header_line, found.line) == (("two lines", "b"), 2, 4)


def test_a_given_delimiter_wins():
    assert laid("a,b;c,d\n1,2;3,4\n", delimiter=",").header == ("a", "b;c", "d")
    with pytest.raises(DataError, match="one column only"):
        laid("a,b\n1,2\n", delimiter=";")


@pytest.mark.parametrize(("given", "sign"), [("tab", "\t"), (r"\t", "\t"), ("Space", " "), (";", ";"), ("", "")])
def test_delimiters_have_names(given, sign):
    assert check_delimiter(given) == sign


@pytest.mark.parametrize("given", [",,", '"', "\n", "\u00a7"])
def test_what_cannot_part_fields_is_refused(given):
    with pytest.raises(ConfigError, match="is no delimiter"):
        check_delimiter(given)


def test_a_first_line_without_end_is_no_table():
    with pytest.raises(DataError, match="first line is longer"):
        layout_of(b"x" * 1000, whole=False, delimiter="", where="x")


def test_more_columns_than_any_sheet_has_are_refused():
    with pytest.raises(DataError, match="20000 columns"):
        laid(",".join(f"c{i}" for i in range(20_000)) + "\n" + ",".join("1" * 20_000))


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "5",
            "-5.00",
            "(50.00)",
            "$1,234.56",
            "-$3.00",
            "1.234,56",
            "12 %",
            "1e-5",
            "\u20ac 5",
            "5\u20ac",
            "19970101",
        ),
        *("2024-01-31", "31.01.2024", "1/2/24", "2024-01-31T10:00:00Z", "10:30", "1 Jan 2024", "ann@example.org"),
    ],
)
def test_these_are_data(cell):
    assert looks_like_data(cell)


@pytest.mark.parametrize(
    "cell", ["date/time", "Order #", "Amount ($)", "Tax 1 Name", "c1", "Item # #1", "1st name", "E-mail", "--", "2nd"]
)
def test_these_are_names(cell):
    assert not looks_like_data(cell)
