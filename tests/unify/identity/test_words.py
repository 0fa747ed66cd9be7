"""Words on records that were corrected since: they hold for whoever has the number, or the e-mail, now."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from keepwell.decided import Decided, Decision
from keepwell.unify.identity.words import words

CAME = {"source": "main", "format": "generic", "rows": 1}
NAMED = {"first_name": "Ann", "last_name": "Archer", "street": "9 Oak Road", "city": "Leeds", "email": "a@x.org"}
# The eldest of the number K1 tells nothing else; the other two are one person, unless somebody says otherwise.
ORDER = {**CAME, "record_id": "own K1", "own_id": "own K1", "number": "K1"}
OTHER = {**CAME, **NAMED, "record_id": "k2", "own_id": "own K2", "number": "K2"}
MOVED = {**CAME, **NAMED, "record_id": "k1 new", "own_id": "own K1", "number": "K1"}
RECORDS = [ORDER, OTHER, MOVED]  # places 0, 1 and 2
OWN = ("own K1", "own K2")
GONE = ("k1 old", "k2", *OWN)


@pytest.mark.parametrize("word", ["never", "refused"])
def test_apart_stays_apart_when_the_record_is_corrected(duckdb, find, word):
    who, tables = find(duckdb, RECORDS, [(word, *GONE)])
    assert who == {"own K1": "own K1", "k1 new": "own K1", "k2": "own K2"}
    assert word in {row["state"] for row in tables["merges"]}


def test_without_a_word_they_are_one(duckdb, find):
    who, _tables = find(duckdb, RECORDS)
    assert set(who.values()) == {"own K1"}


def spoken(engine, *said):
    """Return the pairs of places of each verdict; one word a day."""
    schema = pa.schema([("record_id", pa.string()), ("own_id", pa.string()), ("place", pa.int64())])
    rows = [{name: row[name] for name in ("record_id", "own_id")} | {"place": at} for at, row in enumerate(RECORDS)]
    clean = engine.table(pa.Table.from_pylist(rows, schema).to_batches(), schema)
    began = datetime(2026, 1, 1, tzinfo=UTC)
    told = tuple(
        Decision(verdict, left, right, began + timedelta(days=day), *own)
        for day, (verdict, left, right, *own) in enumerate(said)
    )
    found = words(Decided(decisions=told), clean, engine)
    verdicts = {name: getattr(found, name) for name in ("same", "refused", "never")}
    return {
        name: list(zip(pairs.elder.tolist(), pairs.younger.tolist(), strict=True))
        for name, pairs in verdicts.items()
        if len(pairs.elder)
    }


def test_a_record_that_is_there_is_meant_itself(duckdb):
    assert spoken(duckdb, ("never", "k1 new", "k2", *OWN)) == {"never": [(1, 2)]}


@pytest.mark.parametrize("ends", [GONE, ("k2", "k1 old", *OWN[::-1])])
def test_in_place_of_one_that_is_gone_stands_the_eldest_of_its_number(duckdb, ends):
    assert spoken(duckdb, ("never", *ends)) == {"never": [(0, 1)]}
    assert spoken(duckdb, ("same", *ends)) == {"same": [(0, 1)]}
    assert spoken(duckdb, ("refused", *ends)) == {"refused": [(0, 1), (1, 2)]}


def test_a_later_word_on_the_same_two_counts_for_what_is_no_longer_there(duckdb):
    never, same = ("never", *GONE), ("same", "k1 new", "k2", *OWN)
    assert spoken(duckdb, never, same) == {"same": [(1, 2)]}
    assert spoken(duckdb, same, never) == {"never": [(0, 1)]}
    assert spoken(duckdb, never, ("same", *GONE)) == {"same": [(0, 1)]}


def test_nothing_is_said_of_others_where_no_id_is_known_or_both_are_one(duckdb):
    assert spoken(duckdb, ("never", "gone", "k2"), ("never", "gone", "gone too")) == {}
    assert spoken(duckdb, ("never", "gone", "own K1", "own K1", "")) == {}
