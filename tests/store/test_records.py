"""The record book: what people decided, of several words the latest, and nothing of whom was forgotten."""

import sqlite3
from datetime import UTC, date, datetime

import pytest

from keepwell.decided import NOTHING, Consent, Decision
from keepwell.errors import WorkspaceError
from keepwell.store.records import RecordBook, digest


def at(day, hour=12):
    return datetime(2024, 1, day, hour, tzinfo=UTC)


@pytest.fixture
def book(tmp_path):
    return RecordBook(tmp_path)


def test_reading_makes_no_file(book):
    assert book.decided() == NOTHING
    assert book.history("decisions") == []
    assert not book.path.exists()


def test_of_several_words_on_a_pair_the_latest_counts_whichever_way_round(book):
    book.decide("same", [("a", "b"), ("c", "d")], at=at(1), by="me")
    book.decide("never", [("b", "a")], at=at(2), by="you")
    standing = {frozenset((d.left_record, d.right_record)): d.verdict for d in book.decided().decisions}
    assert standing == {frozenset("ab"): "never", frozenset("cd"): "same"}
    assert [(row["verdict"], row["by"]) for row in book.history("decisions")] == [
        ("same", "me"),
        ("same", "me"),
        ("never", "you"),
    ]


def test_a_run_that_knows_less_replays_less_but_forgets_the_same(book):
    book.decide("same", [("a", "b")], at=at(1), by="me")
    book.decide("refused", [("a", "b")], at=at(3), by="me")
    book.consent([Consent("a", "email", given=True, at=at(2))], by="me")
    book.forget([], [digest("", "email", "x")], forgetting="f1", at=at(4), by="me")
    early = book.decided(known_by=date(2024, 1, 1))
    assert [d.verdict for d in early.decisions] == ["same"]
    assert early.consents == ()
    assert early.forgotten == book.decided().forgotten != frozenset()
    assert book.decided(known_by=date(2024, 1, 2)).consents == book.decided().consents
    assert [d.verdict for d in book.decided().decisions] == ["refused"]


def test_the_salt_is_made_once_and_differs_between_workspaces(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    assert RecordBook(one).salt() == RecordBook(one).salt() == RecordBook(one).decided().salt
    assert RecordBook(one).salt() != RecordBook(other).salt()


def test_what_was_forgotten_stands_nowhere_in_the_file(book):
    names = [f"c{n:015x}" for n in range(400)]
    book.decide("never", list(zip(names[::2], names[1::2], strict=True)), at=at(1), by="me")
    book.consent([Consent(name, "sms", given=False, at=at(1)) for name in names], by="me")
    gone = set(names[:200])
    counts = book.forget(gone, [digest(book.salt(), "email", "ann@example.com")], forgetting="f1", at=at(2), by="me")
    data = book.path.read_bytes()
    assert counts == {"decisions": 100, "consents": 200}
    assert not [name for name in gone if name.encode() in data]
    assert all(name.encode() in data for name in names[200:])
    assert not list(book.path.parent.glob("records.sqlite-*"))


def test_forgetting_twice_under_one_name_is_forgetting_once(book):
    for _ in range(2):
        book.forget(["a"], ["d1"], forgetting="f1", at=at(1), by="me")
    assert [row["what"] for row in book.history("audit")] == ["forget"]
    assert book.decided().forgotten == {"d1"}


def test_a_word_that_failed_leaves_nothing(book):
    book.decide("same", [("a", "b")], at=at(1), by="me")
    with pytest.raises(WorkspaceError, match="cannot be used"):
        book.consent([Consent("a", "sms", given=True, at=at(2)), Consent("b", "sms", given=None, at=at(2))], by="me")
    assert book.history("consents") == []
    assert len(book.history("audit")) == 1


def test_a_file_that_a_killed_writer_left_empty_is_no_fault(book):
    book.path.touch()
    assert book.decided() == NOTHING
    book.decide("same", [("a", "b")], at=at(1), by="me")
    assert len(book.decided().decisions) == 1


def test_a_newer_or_damaged_file_is_refused_with_a_sentence(book):
    book.salt()
    with sqlite3.connect(book.path) as con:
        con.execute("UPDATE facts SET value = '99' WHERE name = 'format'")
    con.close()
    with pytest.raises(WorkspaceError, match="of format 99"):
        book.decided()
    book.path.write_bytes(b"this is no database at all, whatever its name says")
    with pytest.raises(WorkspaceError, match="not a database"):
        book.decided()


def test_the_history_of_some_records_is_theirs_alone(book):
    book.decide("same", [("a", "b"), ("c", "d")], at=at(1), by="me")
    book.consent([Consent("a", "email", given=True, at=at(1)), Consent("c", "email", given=True, at=at(1))], by="me")
    assert [row["record"] for row in book.history("consents", records=["a"])] == ["a"]
    assert [row["left_record"] for row in book.history("decisions", records=["d"])] == ["c"]


def test_the_digest_needs_the_salt():
    assert digest("s", "email", "a") != digest("t", "email", "a")
    assert digest("s", "email", "a") != digest("s", "number", "a")


OLD = """
    CREATE TABLE facts (name VARCHAR NOT NULL, value VARCHAR NOT NULL, PRIMARY KEY (name));
    CREATE TABLE decisions (id INTEGER NOT NULL, at VARCHAR NOT NULL, "by" VARCHAR NOT NULL, verdict VARCHAR NOT NULL,
        left_record VARCHAR NOT NULL, right_record VARCHAR NOT NULL, PRIMARY KEY (id));
    CREATE TABLE consents (id INTEGER NOT NULL, at VARCHAR NOT NULL, "by" VARCHAR NOT NULL, record VARCHAR NOT NULL,
        channel VARCHAR NOT NULL, given BOOLEAN NOT NULL, PRIMARY KEY (id));
    CREATE TABLE forgotten (digest VARCHAR NOT NULL, forgetting VARCHAR NOT NULL, PRIMARY KEY (digest));
    CREATE TABLE audit (id INTEGER NOT NULL, at VARCHAR NOT NULL, "by" VARCHAR NOT NULL, what VARCHAR NOT NULL,
        details VARCHAR NOT NULL, PRIMARY KEY (id));
    INSERT INTO facts VALUES ('format', '1'), ('salt', 'abc');
    INSERT INTO decisions VALUES (1, '2024-01-01T12:00:00.000000+00:00', 'me', 'never', 'a', 'b');
"""


def test_an_older_book_is_read_as_it_is_and_grows_with_the_next_word(book):
    with sqlite3.connect(book.path) as con:
        con.executescript(OLD)
    con.close()
    old = Decision("never", "a", "b", at(1))
    before = book.path.read_bytes()
    assert book.decided().decisions == (old,)
    assert book.path.read_bytes() == before
    book.decide("same", [("c", "d")], at=at(2), by="me", own={"c": "own c", "d": "own d"})
    assert book.decided().decisions == (old, Decision("same", "c", "d", at(2), "own c", "own d"))
    assert book.salt() == "abc"
    with sqlite3.connect(book.path) as con:
        assert con.execute("SELECT value FROM facts WHERE name = 'format'").fetchall() == [("2",)]
    con.close()


def test_an_id_that_two_records_have_alike_is_none_of_their_own(book):
    book.decide("never", [("a", "b"), ("a", "c")], at=at(1), by="me", own={"a": "x", "b": "x"})
    assert [(d.left_own, d.right_own) for d in book.decided().decisions] == [("", ""), ("x", "")]


def test_who_is_forgotten_is_forgotten_under_the_id_that_they_had_alone(book):
    book.decide("never", [("old", "b")], at=at(1), by="me", own={"old": "own of ann", "b": "own of bob"})
    assert book.forget(["own of ann"], [], forgetting="f1", at=at(2), by="me")["decisions"] == 1
    assert b"own of" not in book.path.read_bytes()
