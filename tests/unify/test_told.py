"""What was told of a file when it was added holds for it alone, and goes before the settings."""

from dataclasses import replace
from datetime import date, datetime

import pyarrow as pa
import pytest

from keepwell.errors import ConfigError, DataError
from keepwell.settings import Reading
from keepwell.unify.reading import RawFile, Told
from keepwell.unify.recognise import format_named, recognised

TEXT = "who,when,what\nann,05/06/2024,10\n"
MAP = (("who", "customer_id"), ("when", "date"), ("what", "amount"))


def told(raw, **said):
    return replace(raw, told=Told(**said))


def test_columns_and_order_of_days_told_of_one_file_leave_the_other_alone(duckdb, raw_file, ran):
    odd = told(raw_file(TEXT), columns=MAP, date_order="mdy")
    other = raw_file("customer_id,date,amount\nbob,05/06/2024,10\n", name="b.csv", source="till")
    lines = {r["file"]: r["order_date"] for r in ran(duckdb, odd, other, reading={"date_order": "dmy"})["order_lines"]}
    assert lines == {odd.digest: date(2024, 5, 6), other.digest: date(2024, 6, 5)}


def test_a_word_on_a_file_goes_before_the_settings_for_the_same_field(raw_file):
    raw = raw_file("customer,date,net,gross amount\nann,2024-01-05,8,10\n")
    reading = Reading(columns={"net": "amount"})
    assert recognised(raw, reading).mapping["amount"] == "net"
    assert recognised(told(raw, columns=(("gross amount", "amount"),)), reading).mapping["amount"] == "gross amount"


def test_a_format_told_is_the_format_and_has_to_have_what_it_needs(raw_file):
    raw = raw_file("customer_id,name,country\n1,Ann,FR\n")
    assert recognised(told(raw, format="generic customers"), Reading()).role == "customers"
    with pytest.raises(DataError, match="no column was found for the date"):
        recognised(told(raw, format="generic"), Reading())
    assert format_named("Shopify_Orders") == "shopify orders"
    with pytest.raises(ConfigError, match=r"no format is called 'shopfy'.*shopify"):
        format_named("shopfy")


def test_a_file_that_is_not_what_it_was_said_to_be_is_told_what_it_lacks(raw_file):
    raw = raw_file("order_id,customer_id,date,amount\n1,a,2024-01-05,10\n")
    lacking = r"no export of Shopify orders: it lacks Name, Financial Status, Created at.* Leave --as out"
    with pytest.raises(DataError, match=lacking):
        recognised(told(raw, format="shopify orders"), Reading())
    with pytest.raises(DataError, match=r"no column was found for product_id.* these names: .*\bsku\b.*=product_id"):
        recognised(told(raw, format="generic products"), Reading())


def test_a_clock_without_a_zone_is_of_the_zone_told_and_a_day_is_a_day(duckdb, native_file, ran):
    stamps = pa.array([datetime(2024, 6, 30, 23, 30)], pa.timestamp("us"))
    days = pa.array([date(2024, 6, 30)], pa.date32())
    tables = []
    for column in (stamps, days):
        table = pa.table({"line": pa.array([1], pa.int64()), "customer_id": ["a"], "date": column, "amount": [5]})
        raw = told(native_file(table, name=str(column.type)), timezone="UTC")
        tables.append(ran(duckdb, raw, shop={"timezone": "Europe/Paris"})["order_lines"][0])
    assert (tables[0]["ordered_at"], tables[0]["order_date"]) == (datetime(2024, 6, 30, 23, 30), date(2024, 7, 1))
    assert tables[1]["order_date"] == date(2024, 6, 30)


def test_a_currency_told_is_that_of_rows_that_name_none(duckdb, raw_file, ran):
    text = "customer_id,date,amount,currency\nann,2024-01-05,10,\nann,2024-01-06,10,USD\n"
    rows = ran(duckdb, told(raw_file(text), currency="USD"), shop={"currency": "USD"})["order_lines"]
    assert [row["currency"] for row in rows] == ["USD", "USD"]


def test_what_was_told_survives_the_inbox(raw_file, tmp_path):
    raw = told(raw_file(TEXT), columns=MAP, date_order="mdy", format="generic", timezone="UTC", currency="EUR")
    assert RawFile.from_json(raw.to_json(raw.path.parent) | {"arrivals": []}, raw.path.parent) == raw
