"""Whom a row speaks of, and the ids that follow from it."""

import hashlib

import pyarrow as pa
import pytest

from keepwell.engine import collected
from keepwell.unify.formats import FORMATS
from keepwell.unify.formats.shape import WHO
from keepwell.unify.who import COLUMNS, with_who


@pytest.fixture
def read(duckdb):
    """Read rows (field -> text) as a format's, added under a source; all rows have the fields of the first."""

    def go(*rows, format_="generic", source="main"):
        there = set(rows[0])
        columns = {name: [row.get(name) for row in rows] for name in (*WHO, "born")}
        schema = pa.schema([(name, pa.date32() if name == "born" else pa.string()) for name in columns])
        table = pa.table({"line": range(len(rows)), **columns}).cast(pa.schema([("line", pa.int64()), *schema]))
        typed = with_who(duckdb.table(table.to_batches(), table.schema), there, format_=FORMATS[format_], source=source)
        return collected(duckdb, typed.order_by("line")).to_pylist()

    return go


def digest(text):
    """Return the id of a key, made by hand."""
    return "c" + hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:15]


def test_a_number_alone_and_an_e_mail_alone_are_their_own_records(read):
    number, email = read({"customer_id": "7", "email": None}, {"email": " ANN@x.org "})
    assert (number["record_id"], number["own_id"], number["customer_id"]) == (digest("id|7"),) * 3
    assert email["record_id"] == email["own_id"] == digest("email|ann@x.org")
    assert (number["number"], email["email"]) == ("7", "ann@x.org")


def test_a_number_with_an_e_mail_is_another_record_of_the_same_number(read):
    (both,) = read({"customer_id": "7", "email": "ann@x.org"})
    assert both["own_id"] == both["customer_id"] == digest("id|7")
    assert both["record_id"] not in {digest("id|7"), digest("email|ann@x.org")}


def test_every_different_saying_is_a_record_and_the_same_is_one(read):
    rows = read(
        {"name": "Ann Lee", "street": "1 High St", "email": None},
        {"name": "Ann Lee", "street": "1 High St"},
        {"name": "Ann Lee", "street": "2 High St"},
    )
    assert rows[0]["record_id"] == rows[1]["record_id"] != rows[2]["record_id"]
    assert [row["own_id"] for row in rows] == [row["record_id"] for row in rows]


@pytest.mark.parametrize("row", [{"city": "York", "country": "GB"}, {"name": " Guest "}, {"customer_id": "unknown"}])
def test_an_address_alone_or_a_word_for_nobody_names_nobody(read, row):
    (found,) = read(row)
    assert (found["record_id"], found["own_id"], found["customer_id"]) == (None, None, "unknown")


def test_a_country_makes_no_record_of_a_customer_number(read):
    rows = read({"customer_id": "7", "country": "GB"}, {"customer_id": "7", "country": "FR"})
    assert {row["record_id"] for row in rows} == {digest("id|7")}


def test_numbers_of_vendors_and_named_sources_are_in_counts_of_their_own(read):
    row = {"customer_id": "7"}
    ids = [
        read(row)[0]["own_id"],
        read(row, format_="stripe payments v1")[0]["own_id"],
        read(row, source="till")[0]["own_id"],
        read(row, source="till", format_="stripe payments v1")[0]["own_id"],
    ]
    assert ids == [digest("id|7"), digest("id|stripe|7"), digest("id|till|7"), digest("id|till|7")]
    assert read({"email": "a@x.org"}, source="till")[0]["own_id"] == digest("email|a@x.org")


def test_a_company_has_another_count_than_people_have(read):
    company, person = read({"company_id": "7", "customer_id": None}, {"customer_id": "7"}, format_="hubspot deals")
    assert company["number"] == person["number"] == "7"
    assert company["own_id"] != person["own_id"]


def test_a_mobile_stands_in_for_a_phone_and_a_second_line_goes_on_with_the_street(read):
    (row,) = read({"phone": None, "mobile": "07700 900123", "street": "Mill House", "street_2": "2 Mill Lane"})
    assert (row["phone"], row["street"]) == ("07700 900123", "Mill House 2 Mill Lane")
    assert set(COLUMNS) <= set(row)


def test_first_and_last_name_make_a_name(read):
    (row,) = read({"first_name": "Ann", "last_name": "Lee"})
    assert (row["name"], row["customer_key"]) == ("Ann Lee", "Ann Lee")
