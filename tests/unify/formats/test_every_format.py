"""Every format: told by its columns, every row in one place, and money in as the file says it, added up by hand."""

from decimal import Decimal

import pytest

from keepwell.settings import Reading
from keepwell.unify.formats import ADDED, FIELDS, FORMATS, RESTS, SPECIAL
from keepwell.unify.recognise import recognised

ALONE = ("amazon date range", "klaviyo orders", "segment orders")  # they stand aside where others have the sales
PARTS = ("gross", "shipping", "tax", "other")


def test_every_special_format_has_a_sample(samples):
    assert set(samples) == {format_.name for format_ in SPECIAL}


def test_formats_fill_fields_that_exist_and_no_two_share_a_name():
    assert len(FORMATS) == len({name.replace(" ", "") for name in FORMATS})
    for format_ in FORMATS.values():
        assert set(format_.fields) <= set(FIELDS), format_.name
        assert not format_.rest or format_.rest in FORMATS


def test_columns_that_are_added_up_are_the_same_amount():
    assert all(name.startswith(base) for base, names in ADDED.items() for name in names)


def test_a_sample_is_told_by_its_columns(samples, raw_of):
    for name, sample in samples.items():
        raw = raw_of(name)
        found = recognised(raw, Reading())
        assert (found.format, found.role, raw.rows, raw.bad_rows) == (name, sample.role, sample.rows, 0)


def test_every_row_of_every_format_is_a_fact(together, samples):
    files = {f["name"]: f for f in together["files"]}
    for sample in samples.values():
        file = files[sample.file]
        assert (file["rows"], file["facts"], file["quarantined"]) == (sample.rows, sample.rows, 0), sample.file


def test_money_in_is_what_the_file_says(together, samples):
    files = {f["name"]: f for f in together["files"]}
    for name, sample in samples.items():
        if name not in ALONE:
            assert files[sample.file]["money_in"] == Decimal(sample.money or 0), name


@pytest.mark.parametrize("name", ALONE)
def test_logs_of_events_and_reports_of_movements_are_sales_where_no_other_file_has_them(name, samples, alone):
    tables = alone[name]
    (file,) = tables["files"]
    assert (file["format"], file["facts"], file["money_in"]) == (name, samples[name].rows, Decimal(samples[name].money))
    assert sum(row["money"] for row in tables["order_lines"]) == Decimal(samples[name].money)


def test_beside_another_file_of_sales_they_bring_no_money_and_lose_no_row(together, samples):
    rests = {format_.name for format_ in RESTS}
    files = {f["name"]: f for f in together["files"]}
    for name in ALONE:
        file = files[samples[name].file]
        assert (file["format"] in rests, file["facts"], file["money_in"]) == (True, samples[name].rows, 0)


def test_money_is_its_parts_on_every_line(together):
    for row in together["order_lines"]:
        assert row["money"] == sum(row[part] for part in PARTS) - row["discount"] - row["refund"]
