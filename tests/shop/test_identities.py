"""The review queue: pairs with their evidence, and words on them, against tables made by hand."""

import json
import shutil
import threading
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import pytest

import keepwell
from keepwell.cli.evidence import pair_words, waterfall
from keepwell.errors import DataError
from keepwell.report.review import review_page, shown
from keepwell.shop.identities import (
    Step,
    apart,
    between,
    changed,
    held_back,
    named,
    pairs,
    records_of,
    said_of_pairs,
    short,
    write,
)
from keepwell.store import turn
from keepwell.store.records import RecordBook
from keepwell.tables import CONTRACTS

WHO = {"r1": "c1", "r2": "c1", "r3": "c1", "r4": "c4", "r5": "c5"}
EVIDENCE = [
    {"what": "prior", "left": None, "right": None, "bits": -13.0},
    {"what": "name", "left": "Ann <i>Archer", "right": "Anne Archer", "bits": 9.0},
    {"what": "street", "left": "7 Elm Lane", "right": "7 Elm Ln", "bits": 8.0},
]


def placed(engine, name, rows):
    schema = CONTRACTS[name].schema.to_pyarrow()
    full = [dict.fromkeys(schema.names) | row for row in rows]
    return engine.table(pa.Table.from_pylist(full, schema=schema).to_batches(), schema)


@pytest.fixture
def engine(duckdb):
    """A shop reads with DuckDB, whichever engine wrote the run."""
    return duckdb


@pytest.fixture
def tables(engine):
    when = datetime(2024, 1, 1)
    people = [
        {
            "record_id": record,
            "customer_id": customer,
            "own_id": f"c{record[1:]}",
            "source": "main",
            "format": "generic",
            "file": "f",
            "line": 10 - place,
            "arrived": when.replace(day=1 + place),
            "rows": 1,
            "name": f"Name of {record}",
            "email": f"{record}@example.com",
        }
        for place, (record, customer) in enumerate(WHO.items())
    ]
    merges = [
        {"left_record": "r1", "right_record": "r2", "kind": "email", "state": "merged", "evidence": "[]"},
        {"left_record": "r2", "right_record": "r3", "kind": "matched", "state": "merged", "probability": 0.999},
        {"left_record": "r1", "right_record": "r4", "kind": "matched", "state": "proposed", "probability": 0.85},
        {"left_record": "r4", "right_record": "r5", "kind": "matched", "state": "proposed", "probability": 0.95},
        {"left_record": "r3", "right_record": "r5", "kind": "matched", "state": "refused", "probability": 0.9},
    ]
    weighed = {"evidence": json.dumps(EVIDENCE), "bits": 4.0}
    merges = [{**weighed, **row} if row["kind"] == "matched" else row for row in merges]
    customers = [
        {"customer_id": one, "customer_key": one.upper(), "people": 1, "records": 1, "email": f"r{one[1:]}@example.com"}
        for one in sorted(set(WHO.values()))
    ]
    aliases = [{"alias": "c2", "customer_id": "c1"}, {"alias": "c3", "customer_id": "c1"}]
    made = {"people": people, "merges": merges, "customers": customers, "aliases": aliases}
    return {name: placed(engine, name, rows) for name, rows in made.items()}


def test_pairs_come_with_both_records_and_the_likeliest_first(tables, engine):
    found = pairs(tables, engine, (), state="proposed")
    assert [(p.left["record_id"], p.right["record_id"]) for p in found.pairs] == [("r4", "r5"), ("r1", "r4")]
    assert found.pairs[0].right["email"] == "r5@example.com"
    assert found.pairs[0].evidence[1] == Step("name", "Ann <i>Archer", "Anne Archer", 9.0)
    assert found.counts == {"proposed": 2, "merged": 2, "refused": 1}
    assert found.total == 2


def test_a_list_that_is_cut_says_how_many_there_are(tables, engine):
    found = pairs(tables, engine, (), limit=2)
    assert (len(found.pairs), found.total) == (2, 5)
    with pytest.raises(DataError, match="no state 'maybe'"):
        pairs(tables, engine, (), state="maybe")


def test_a_pair_has_the_same_name_in_the_engine_and_here(tables, engine):
    for pair in pairs(tables, engine, ()).pairs:
        assert pair.id == short(pair.right["record_id"], pair.left["record_id"])
        assert named([pair.id[:6]], tables, engine)[0].left == pair.left
    with pytest.raises(DataError, match="names no pair"):
        named(["zzzz"], tables, engine)
    with pytest.raises(DataError, match="names 5 pairs"):
        named([""], tables, engine)


def test_what_was_said_leaves_the_queue_and_stands_beside_the_pair(tables, engine, tmp_path):
    book = RecordBook(tmp_path)
    first = pairs(tables, engine, (), state="proposed").pairs[0]
    book.decide("refused", said_of_pairs([first]), at=datetime(2024, 1, 1))
    said = book.decided().decisions
    left = pairs(tables, engine, said, state="proposed", open_only=True)
    assert [p.id for p in left.pairs] == [short("r1", "r4")]
    assert pairs(tables, engine, said, state="proposed").pairs[0].word == "refused"


def test_two_customers_that_nobody_compared_can_be_told_one_or_apart(tables, engine):
    assert between("C1", "c5", tables, engine, every=False) == [("r1", "r5")]
    assert between("c1", "r5@example.com", tables, engine, every=True) == [("r1", "r5"), ("r2", "r5"), ("r3", "r5")]
    with pytest.raises(DataError, match="are one customer"):
        between("c1", "c2", tables, engine, every=True)  # a former id
    with pytest.raises(DataError, match="no customer 'c9'"):
        between("c1", "c9", tables, engine, every=True)


def test_a_customer_comes_apart_whole_or_a_record_leaves_all_others(tables, engine):
    assert apart("c1", tables, engine) == [("r1", "r2"), ("r1", "r3"), ("r2", "r3")]
    assert apart("c1", tables, engine, records=["r3"]) == [("r3", "r1"), ("r3", "r2")]
    with pytest.raises(DataError, match="one record only"):
        apart("c4", tables, engine)
    with pytest.raises(DataError, match="none would stay"):
        apart("c1", tables, engine, records=["r1", "r2", "r3"])
    with pytest.raises(DataError, match="names no records"):
        apart("c1", tables, engine, records=["r4"])


def test_records_are_in_the_order_of_their_arrival(tables, engine):
    assert records_of("c1", tables, engine) == ["r1", "r2", "r3"]
    assert records_of("r5", tables, engine) == ["r5"]


def test_what_merging_changed_is_counted(tables, engine):
    assert changed(tables, engine) == {"records": 5, "alone": 5, "customers": 3}


def test_the_terminal_shows_both_sides_and_a_waterfall(tables, duckdb_pairs):
    text = pair_words(duckdb_pairs.pairs[0])
    assert text.startswith(f"{short('r4', 'r5')}  proposed, 95.0% one person")
    assert "Name of r4" in text
    bars = waterfall((Step("prior", "", "", -4.0), Step("name", "a", "a", 8.0)))
    prior, name, whole = (line[23:] for line in bars)
    assert (prior.index("▒"), len(prior.strip())) == (0, 15)
    assert (name.index("█"), len(name.strip())) == (0, 30)
    assert (whole.index("█"), len(whole.strip())) == (15, 15)


@pytest.fixture
def shop(peopled_once, tmp_path):
    folder = tmp_path / "people.keepwell"
    shutil.copytree(peopled_once, folder)
    return keepwell.open(folder)


def test_a_word_stands_with_the_ids_that_stay_when_a_record_is_corrected(shop):
    people = {row["record_id"]: row for row in shop.table("people").to_pylist()}
    cem, dee = (next(r for r, row in people.items() if row["number"] == key) for key in ("K3", "K4"))
    write(shop, "never", [(cem, dee)])
    (said,) = RecordBook(shop.folder).decided().decisions
    assert (said.left_own, said.right_own) == (people[cem]["own_id"], people[dee]["own_id"])
    assert {cem, dee}.isdisjoint({said.left_own, said.right_own})


@pytest.mark.parametrize("table", ["decisions", "consents"])
def test_what_is_said_waits_for_its_turn(shop, table):
    book, told = RecordBook(shop.folder), []
    first, other = (row["record_id"] for row in shop.table("people").slice(0, 2).to_pylist())
    speaking = {
        "decisions": lambda: write(shop, "never", [(first, other)], tell=told.append),
        "consents": lambda: shop.consent("K3", "email", given=True, tell=told.append),
    }
    waiting = threading.Thread(target=speaking[table])
    with turn(shop.folder, what="run"):
        waiting.start()
        waiting.join(0.5)
        assert "it is the turn of `run`" in told[0]
        assert book.history(table) == []
    waiting.join(30)
    assert len(book.history(table)) == 1


@pytest.fixture
def duckdb_pairs(tables, engine):
    return pairs(tables, engine, (), state="proposed")


def test_the_page_needs_nothing_else_and_takes_no_text_for_markup(duckdb_pairs, tmp_path):
    path = review_page(duckdb_pairs, title="My shop", run="r", to=tmp_path / "review.html")
    page = path.read_text()
    assert page.count('class="plot"') == 2
    assert "<i>Archer" not in page
    assert f"keepwell identities accept {short('r4', 'r5')}" in page
    assert "2 pairs of records. All of them stand here" in page
    assert [p.name for p in tmp_path.iterdir()] == ["review.html"]


def test_what_holds_a_likely_pair_back_is_named_and_no_chance_is_quite_100(duckdb_pairs, tmp_path):
    likely = replace(duckdb_pairs.pairs[0], probability=0.99999)
    left = {**likely.left, "number": "id|1", "email": "a@example.com", "born": None}
    assert held_back(replace(likely, left=left, right={**left, "email": "A@example.com "})) == ""
    other = replace(likely, left=left, right={**left, "email": "b@example.com", "number": "stripe|1"})
    assert held_back(other) == "held back, as their e-mails differ"
    assert held_back(replace(other, probability=0.9)) == held_back(replace(other, state="merged")) == ""
    assert held_back(replace(likely, left=left, right={**left, "number": "id|2"})).endswith("number of its own")
    assert ">99.9% one person; held back, as their e-mails differ" in pair_words(other)
    page = review_page(replace(duckdb_pairs, pairs=(other,)), title="My shop", run="r", to=tmp_path / "review.html")
    assert "It was held back, as their e-mails differ." in page.read_text()
    assert "100%" not in shown(other).plot.answer
