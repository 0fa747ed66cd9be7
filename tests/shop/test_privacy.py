"""What a person may ask of a shop: all that is held on them, and what they allowed."""

import csv
import io
import json
import shutil
import zipfile
from datetime import UTC, datetime

import ibis
import pytest

import keepwell
from keepwell.decided import Consent, Decided
from keepwell.engine import collected
from keepwell.errors import ConfigError, DataError, WorkspaceError
from keepwell.loop.person import customer
from keepwell.loop.replayed import RECORDS, with_told
from keepwell.shop.held import Held, write_held
from keepwell.store.records import RecordBook


@pytest.fixture(scope="module")
def shop(peopled_once, tmp_path_factory):
    folder = tmp_path_factory.mktemp("privacy") / "people.keepwell"
    shutil.copytree(peopled_once, folder)
    shop = keepwell.open(folder)
    people = shop.table("people").to_pylist()
    ann, dee = (next(r["record_id"] for r in people if r["number"] == key) for key in ("K1", "K4"))
    RecordBook(folder).decide("never", [(ann, dee)], at=datetime(2024, 1, 1, tzinfo=UTC), by="me")
    return shop


@pytest.fixture(scope="module")
def exported(shop, tmp_path_factory):
    """All that is held on Ann, out of a zip: file name -> text."""
    to = tmp_path_factory.mktemp("exported") / "ann.zip"
    names = shop.export_person("K1", to)
    with zipfile.ZipFile(to) as file:
        assert file.namelist() == names
        return {name: file.read(name).decode() for name in names}


def test_everything_held_is_handed_over_row_for_row(exported, shop, peopled):
    tables = {name.rpartition("/")[2]: text for name, text in exported.items() if name.startswith("runs/")}
    lines = list(csv.DictReader(io.StringIO(tables["order_lines.csv"])))
    assert [row["money"] for row in lines] == ["10.5000", "4.5000", "20.0000", "40.2500", "-5.2500"]
    for name in ("customers", "people", "values", "ledger", "feedback", "touches", "quarantine", "payouts"):
        assert f"{name}.csv" in tables, name
    assert "never" in exported["record book/decisions.csv"]
    raw = next(text for name, text in exported.items() if name.endswith("orders.csv.csv"))
    given = [line for line in peopled.ORDERS.splitlines() if ",K1," in line]
    assert [row["notes"] for row in csv.DictReader(io.StringIO(raw))] == [line.split(",")[9] for line in given]


def test_nothing_of_anybody_else_is_handed_over(exported):
    whole = "\n".join(exported.values())
    assert "Ann Archer" in whole
    for trace in ("Bob Archer", "cem@example.com", "9 Oak Road", "dee@example.com", "K3"):
        assert trace not in whole


def test_it_is_said_in_plain_words_and_as_json(exported):
    words = exported["README.txt"]
    assert words.startswith("Everything held on customer K1\n\n  name: Ann Archer\n")
    assert "rows of the file orders.csv (orders or order lines) as it came in; 6 rows" in words
    assert "What each customer will earn us, per horizon" in words
    whole = json.loads(exported["person.json"])
    assert set(whole["held"]) == {name.removesuffix(".csv") for name in exported if name.endswith(".csv")}


def test_a_place_that_is_taken_is_refused(tmp_path):
    nothing = Held({"customer_key": "K1"}, {}, {})
    (tmp_path / "there").mkdir()
    with pytest.raises(ConfigError, match="something of that name"):
        write_held(nothing, tmp_path / "there")
    with pytest.raises(ConfigError, match="no such folder"):
        write_held(nothing, tmp_path / "nowhere" / "k1")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_customer_is_meant_by_id_key_record_mail_or_phone(shop):
    with shop.reading(None, "customers", "people", "aliases") as (tables, engine):
        ann = customer("K1", tables, engine)
        assert ann["name"] == "Ann Archer"
        people = collected(engine, tables["people"]).to_pylist()
        record = next(r["record_id"] for r in people if r["customer_id"] == ann["customer_id"])
        for asked in (ann["customer_id"], record, "k1", "ANN@example.com", "01632 960001", "+44 1632 960001"):
            assert customer(asked, tables, engine) == ann, asked
        with pytest.raises(DataError, match="is more than one customer"):
            customer("family@example.com", tables, engine)
        assert customer("K9", tables, engine) is None


def test_who_is_meant_is_told_with_where_they_stand(shop):
    rows = {row["file"]: row["rows"] for row in shop.held("K1")["files"]}
    assert rows == {"orders.csv": 6, "customers.csv": 1, "calls.csv": 1, "reviews.csv": 1, "payouts.csv": 1}


def test_a_consent_stands_with_its_history(shop):
    assert shop.consents("K3") == []
    shop.consent("K3", "email", given=True)
    shop.consent("cem@example.com", "email", given=False)
    told = shop.consents("K3")
    assert [(row["channel"], row["given"], row["from"]) for row in told] == [
        ("email", True, RECORDS),
        ("email", False, RECORDS),
    ]
    assert told[0]["at"] < told[1]["at"]
    assert shop.consents("K4") == []
    with pytest.raises(ConfigError, match="is no channel"):
        shop.consent("K3", "fax", given=True)


def test_a_consent_goes_with_its_record_to_whoever_that_is_now(shop):
    at = datetime(2024, 1, 1, 12, tzinfo=UTC)
    with shop.reading(None, "people", "customers", "consents") as (tables, engine):
        cem = next(r for r in collected(engine, tables["people"]).to_pylist() if r["number"] == "K3")
        told = [Consent(cem["record_id"], "sms", given=True, at=at), Consent("of nobody", "sms", given=True, at=at)]
        made = with_told(tables, Decided(consents=tuple(told)), engine)
        rows = collected(engine, made["consents"]).to_pylist()
        assert with_told(tables, Decided(), engine) is tables
    assert rows == [
        {
            "file": RECORDS,
            "line": 1,
            "customer_id": cem["customer_id"],
            "channel": "sms",
            "given": True,
            "at": at.replace(tzinfo=None),
        }
    ]


def test_a_consent_stays_when_the_rest_of_a_record_is_corrected(shop):
    shop.consent("K4", "post", given=False)
    told = [c for c in RecordBook(shop.folder).decided().consents if c.channel == "post"]
    with shop.reading(None, "people", "customers", "consents", "aliases") as (tables, engine):
        dee = next(r for r in collected(engine, tables["people"]).to_pylist() if r["number"] == "K4")
        people = tables["people"].mutate(record_id=tables["people"].record_id + " corrected")
        for customers, who in ((tables["customers"], dee["customer_id"]), (tables["customers"].limit(0), "elder")):
            former = (
                people.filter(people.number == "K4")
                .select(alias="own_id", customer_id=ibis.literal("elder"))
                .distinct()
            )
            now = {**tables, "people": people, "customers": customers, "aliases": former}
            rows = collected(engine, with_told(now, Decided(consents=tuple(told)), engine)["consents"]).to_pylist()
            assert [(row["customer_id"], row["channel"], row["given"]) for row in rows] == [(who, "post", False)]
    assert [row["channel"] for row in shop.consents("K4")] == ["post"]


def test_who_reads_a_run_while_somebody_is_forgotten_gets_a_sentence_or_the_new_run(peopled_once, tmp_path):
    folder = tmp_path / "people.keepwell"
    shutil.copytree(peopled_once, folder)
    stale = keepwell.open(folder)
    whole = stale.table("ledger").num_rows
    run = stale.summary()["run"]

    def read_while_it_is_renamed():
        with stale.reading() as (tables, engine):
            (folder / "runs" / run).rename(folder / "runs" / f"{run}-2")
            collected(engine, tables["ledger"])

    with pytest.raises(WorkspaceError, match="forgotten while the run was read"):
        read_while_it_is_renamed()
    assert stale.table("ledger").num_rows == whole
