"""Telephone numbers in E.164, beside the package phonenumbers reading each number by itself."""

import phonenumbers
import pyarrow as pa
import pytest

from keepwell.engine import collected
from keepwell.errors import ConfigError
from keepwell.unify.identity.phones import plan, with_e164

SCHEMA = pa.schema([("phone", pa.string()), ("country", pa.string())])
WRITTEN = [
    ("07700 900123", "united kingdom", "GB"), ("+44 (0)7700 900123", "united kingdom", "GB"),
    ("0044 7700 900123", "france", "FR"), ("(415) 555-2671", "usa", "US"), ("1-415-555-2671", "united states", "US"),
    ("030 901820", "deutschland", "DE"), ("06 12 34 56 78", "frankreich", "FR"), ("612 34 56 78", "espana", "ES"),
    ("020 624 1111", "nl", "NL"), ("+81 3-1234-5678", "gb", "GB"), ("020 7946 0111 ext. 12", "gb", "GB"),
]  # fmt: skip


def read(engine, rows, default=""):
    table = pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], SCHEMA)
    numbers = with_e164(engine.table(table.to_batches(), SCHEMA), engine, default=default)
    return {row["phone"]: row["e164"] for row in collected(engine, numbers).to_pylist()}


def test_numbers_are_read_as_the_package_reads_them(duckdb):
    answer = read(duckdb, [row[:2] for row in WRITTEN])
    for text, _country, region in WRITTEN:
        number = phonenumbers.parse(text, region)
        assert answer[text] == f"+{number.country_code}{number.national_number}"


def test_what_is_no_number_stays_unread(duckdb):
    rows = [("0000000000", "gb"), ("12345678", "gb"), ("n/a", "gb"), ("12", "gb"), ("07700 900123", None)]
    assert set(read(duckdb, rows).values()) == {None}


def test_the_country_of_the_settings_stands_in_for_a_missing_one(duckdb):
    assert read(duckdb, [("07700 900124", None)], default="GB") == {"07700 900124": "+447700900124"}


def test_a_country_that_is_none_is_named():
    with pytest.raises(ConfigError, match="'XX'"):
        plan("XX")
