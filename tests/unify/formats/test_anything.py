"""All formats together: consistent as data, and written down."""

from pathlib import Path

import pytest

from keepwell.unify.facts import KINDS
from keepwell.unify.formats import FIELDS, FORMATS, GENERIC, SPECIAL
from keepwell.unify.formats.anything import ANYTHING, LOG

DOCS = (Path(__file__).resolve().parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
ROLES = {"sales", "products", "customers", "subscriptions", *KINDS}


@pytest.mark.parametrize("format_", FORMATS.values(), ids=lambda f: f.name)
def test_a_format_has_known_fields_and_a_known_role(format_):
    assert set(format_.fields) <= set(FIELDS)
    assert format_.role in ROLES
    assert set(format_.required) <= {*format_.fields, "customer"}
    assert not format_.rest or FORMATS[format_.rest].role in ROLES


def test_every_format_and_every_field_is_written_down():
    assert [name for name in FORMATS if f"`{name}`" not in DOCS] == []
    assert [name for name in FIELDS if f"`{name}`" not in DOCS and name[-2] != "_"] == []


def test_formats_without_a_signature_are_told_by_their_fields():
    assert {f.name for f in FORMATS.values() if not f.signatures} == {
        *(f.name for f in (*GENERIC, *ANYTHING)),
        *(f.rest for f in (*SPECIAL, LOG) if f.rest),
    }


def test_purchases_of_a_log_are_sales_until_another_file_has_them(duckdb, raw_file, ran):
    log = "event_time,event_type,product_id,price,user_id\n2024-01-05,view,p1,9.50,7\n2024-01-06,purchase,p1,9.50,7\n"
    alone = ran(duckdb, raw_file(log, name="log.csv"))
    assert [line["money"] for line in alone["order_lines"]] == [9.5]
    assert [event["kind"] for event in alone["events"]] == ["view"]
    beside = ran(
        duckdb, raw_file(log, name="log.csv"), raw_file("order_id,customer_id,date,amount\n1,7,2024-01-06,9.50\n")
    )
    assert len(beside["order_lines"]) == 1
    assert [event["kind"] for event in beside["events"]] == ["view", "purchase"]
    assert all(f["rows"] == f["facts"] for f in (*alone["files"], *beside["files"]))
