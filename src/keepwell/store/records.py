"""The record book: what people decided, in records.sqlite, made by the first decision.

Words on pairs of records and consents are only ever added, so that their history stands; of several words on one
thing the latest counts. Forgetting a person deletes what names them, leaves salted digests of their keys, and empties
the free pages of the file, so that nothing of them stays in it.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from keepwell.decided import NOTHING, Consent, Decided, Decision, Verdict
from keepwell.errors import WorkspaceError
from keepwell.store.faults import around

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData, Table

FILE = "records.sqlite"
FORMAT = 2  # raised when an older Keepwell could no longer read the file rightly
WAIT = 30  # seconds for another's turn at the file
GONE = "forgotten"  # stands where an id of a forgotten person stood

Row = dict[str, Any]
_SUBJECTS = ("left_record", "right_record", "record")
_OWN = ("left_own", "right_own")
_NO_OWN: Mapping[str, str] = {}


def _tables() -> tuple[MetaData, dict[str, Table]]:
    """Return what the file holds, as SQLAlchemy tables; times are ISO text in UTC."""
    from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table

    meta = MetaData()

    def made(name: str, *columns: Column[Any]) -> Table:
        return Table(name, meta, *columns)

    def said() -> tuple[Column[Any], ...]:
        key = Column("id", Integer, primary_key=True, autoincrement=True)
        return key, Column("at", String, nullable=False), Column("by", String, nullable=False)

    tables = (
        made("facts", Column("name", String, primary_key=True), Column("value", String, nullable=False)),
        made(
            "decisions",
            *said(),
            Column("verdict", String, nullable=False),
            Column("left_record", String, nullable=False),
            Column("right_record", String, nullable=False),
            Column("left_own", String),
            Column("right_own", String),
        ),
        made(
            "consents",
            *said(),
            Column("record", String, nullable=False),
            Column("channel", String, nullable=False),
            Column("given", Boolean, nullable=False),
        ),
        made("forgotten", Column("digest", String, primary_key=True), Column("forgetting", String, nullable=False)),
        made("audit", *said(), Column("what", String, nullable=False), Column("details", String, nullable=False)),
    )
    return meta, {table.name: table for table in tables}


class RecordBook:
    """The record book of the workspace at `folder`; a file is made by the first thing written."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def decided(self, *, known_by: date | None = None) -> Decided:
        """Return all that counts, as of the day `known_by`; who was forgotten is forgotten whatever the day.

        Raises:
            WorkspaceError: The file is damaged, or a newer Keepwell wrote it.
        """
        if not self._made():
            return NOTHING
        last = (known_by or date.max).isoformat() + "T~"  # sorts after every time of that day
        with self._reading() as (con, t):
            words = [row for row in self._rows(con, t["decisions"]) if row["at"] <= last]
            told = [row for row in self._rows(con, t["consents"]) if row["at"] <= last]
            gone = frozenset(row["digest"] for row in self._rows(con, t["forgotten"], order="digest"))
            salt = self._fact(con, t, "salt")
        latest = {frozenset((row["left_record"], row["right_record"])): row for row in words}
        standing = sorted(latest.values(), key=lambda row: row["id"])
        return Decided(tuple(_decision(row) for row in standing), tuple(_consent(row) for row in told), gone, salt=salt)

    def decide(
        self,
        verdict: Verdict,
        pairs: Sequence[tuple[str, str]],
        *,
        at: datetime,
        by: str = "",
        own: Mapping[str, str] = _NO_OWN,
    ) -> None:
        """Write down a word on each pair of records, all or none.

        Args:
            verdict: The word.
            pairs: Ids of records.
            at: When, UTC.
            by: Who said it; empty: the user of this machine.
            own: Record -> the id that it would have alone, where it is theirs alone; for when a record is corrected.
        """
        rows = [
            {"verdict": verdict, "left_record": left, "right_record": right, **_own(left, right, own)}
            for left, right in pairs
        ]
        self._add("decisions", rows, at=at, by=by, what=verdict)

    def consent(self, told: Sequence[Consent], *, by: str = "") -> None:
        """Write down what somebody allowed or forbade, all or none; each stands at its own time."""
        rows = [{"record": c.record, "channel": c.channel, "given": c.given, "at": _iso(c.at)} for c in told]
        self._add("consents", rows, at=max((c.at for c in told), default=datetime.now(UTC)), by=by, what="consent")

    def history(self, table: str, *, records: Collection[str] | None = None) -> list[Row]:
        """Return all rows of 'decisions', 'consents' or 'audit', or those on one of `records`, the earliest first."""
        if not self._made():
            return []
        with self._reading() as (con, t):
            rows = self._rows(con, t[table])
        return rows if records is None else [row for row in rows if _names(row, set(records))]

    def salt(self) -> str:
        """Return the workspace's own salt, made when it is first asked for."""
        with self._writing("salt") as (con, t):
            return self._fact(con, t, "salt")

    def forget(
        self, ids: Collection[str], digests: Iterable[str], *, forgetting: str, at: datetime, by: str = ""
    ) -> dict[str, int]:
        """Delete what names one of `ids`, keep `digests`, and leave nothing in the file's free pages.

        Done twice under one name `forgetting`, it is done once.

        Args:
            ids: Of records and customers.
            digests: Salted digests of their keys; see `digest`.
            forgetting: The name of this forgetting, which says nothing of the person.
            at: When, UTC.
            by: Who did it; empty: the user of this machine.

        Returns:
            How many rows of `decisions` and `consents` were deleted.
        """
        with self._writing("forgetting") as (con, t):
            counts = {name: self._without(con, t[name], set(ids)) for name in ("decisions", "consents")}
            self._hush(con, t["audit"], set(ids))
            there = {row["digest"] for row in self._rows(con, t["forgotten"], order="digest")}
            new = sorted(set(digests) - there)
            if new:
                con.execute(t["forgotten"].insert(), [{"digest": one, "forgetting": forgetting} for one in new])
            if not any(row["details"] == json.dumps([forgetting]) for row in self._rows(con, t["audit"])):
                self._note(con, t, "forget", [forgetting], at=at, by=by)
        self.emptied()
        return counts

    def emptied(self) -> None:
        """Write the file anew without its free pages."""
        with around("records without free pages"), self._connected() as con:
            con.exec_driver_sql("VACUUM")

    def _add(self, table: str, rows: list[Row], *, at: datetime, by: str, what: str) -> None:
        if not rows:
            return
        stamped = [{"at": _iso(at), "by": by or user(), **row} for row in rows]
        subjects = sorted({row[c] for row in rows for c in _SUBJECTS if c in row})
        with self._writing(table) as (con, t):
            con.execute(t[table].insert(), stamped)
            self._note(con, t, what, subjects, at=at, by=by)

    def _note(
        self, con: Connection, t: Mapping[str, Table], what: str, on: list[str], *, at: datetime, by: str
    ) -> None:
        row = {"at": _iso(at), "by": by or user(), "what": what, "details": json.dumps(on)}
        con.execute(t["audit"].insert(), [row])

    def _without(self, con: Connection, table: Table, ids: set[str]) -> int:
        """Delete the rows that name one of `ids`; return how many."""
        keys = [row["id"] for row in self._rows(con, table) if _names(row, ids)]
        for key in keys:
            con.execute(table.delete().where(table.c.id == key))
        return len(keys)

    def _hush(self, con: Connection, table: Table, ids: set[str]) -> None:
        """Take `ids` out of the audit log; that something was done, when and by whom stays."""
        for row in self._rows(con, table):
            if _names(row, ids):
                left = [GONE if one in ids else one for one in json.loads(row["details"])]
                con.execute(table.update().where(table.c.id == row["id"]).values(details=json.dumps(left)))

    def _rows(self, con: Connection, table: Table, *, order: str = "id") -> list[Row]:
        from sqlalchemy import select

        there = _columns(con, table)  # an older book has not all, and a reader changes nothing
        columns = [column for column in table.c if column.name in there]
        return [dict(row) for row in con.execute(select(*columns).order_by(table.c[order])).mappings()]

    def _fact(self, con: Connection, t: Mapping[str, Table], name: str) -> str:
        return {row["name"]: str(row["value"]) for row in self._rows(con, t["facts"], order="name")}.get(name, "")

    def _made(self) -> bool:
        """Return whether anything was ever written; a writer that was killed may leave an empty file."""
        if not self.path.exists():
            return False
        with self._connected() as con:
            return bool(con.exec_driver_sql("SELECT count(*) FROM sqlite_master WHERE name = 'facts'").scalar())

    @contextmanager
    def _reading(self) -> Iterator[tuple[Connection, dict[str, Table]]]:
        _, tables = _tables()
        with self._connected() as con:
            self._check_format(con, tables)
            yield con, tables

    @contextmanager
    def _writing(self, what: str) -> Iterator[tuple[Connection, dict[str, Table]]]:
        """Give one transaction that is committed whole; the file is made where there is none."""
        meta, tables = _tables()
        with self._connected() as con, around(f"records {what}"):
            con.exec_driver_sql("BEGIN IMMEDIATE")
            meta.create_all(con)
            if not self._fact(con, tables, "format"):
                facts = {"format": str(FORMAT), "salt": secrets.token_hex(16)}
                con.execute(tables["facts"].insert(), [{"name": n, "value": v} for n, v in facts.items()])
            self._check_format(con, tables)
            self._grow(con, tables)
            yield con, tables
            con.exec_driver_sql("COMMIT")

    def _grow(self, con: Connection, tables: Mapping[str, Table]) -> None:
        """Add to an older book the columns that it has not, and call it of today's format."""
        facts = tables["facts"]
        if self._fact(con, tables, "format") == str(FORMAT):
            return
        for table in tables.values():
            for name in sorted({column.name for column in table.c} - _columns(con, table)):
                con.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {name} VARCHAR")
        con.execute(facts.update().where(facts.c.name == "format").values(value=str(FORMAT)))

    def _check_format(self, con: Connection, tables: Mapping[str, Table]) -> None:
        version = self._fact(con, tables, "format")
        if version.isdigit() and int(version) > FORMAT:
            problem = f"the record book is of format {version}, and this Keepwell knows formats up to {FORMAT}"
            raise WorkspaceError(problem, str(self.path), "Install a newer Keepwell: `pip install -U keepwell`.")

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Give a connection of one's own that overwrites what it deletes; transactions are begun by hand."""
        from sqlalchemy import create_engine
        from sqlalchemy.exc import DatabaseError
        from sqlalchemy.pool import NullPool

        engine = create_engine(
            f"sqlite:///{self.path}", poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"timeout": WAIT}
        )
        try:
            with engine.connect() as con:
                con.exec_driver_sql("PRAGMA secure_delete = ON")
                con.exec_driver_sql("PRAGMA synchronous = FULL")
                yield con
        except DatabaseError as error:
            mend = "If another program holds it, close that; else put the file back from a backup."
            raise WorkspaceError(f"the record book cannot be used: {error.orig}", str(self.path), mend) from error
        finally:
            engine.dispose()


def digest(salt: str, kind: str, value: str) -> str:
    """Return the salted digest that stands for a key of a forgotten person.

    >>> digest("salt", "email", "ann@example.com") == digest("other salt", "email", "ann@example.com")
    False
    """
    return hashlib.sha256(f"{salt}|{kind}|{value}".encode()).hexdigest()


def user() -> str:
    """Return the name of this machine's user, as far as it is known."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return "unknown"


def _names(row: Row, ids: set[str]) -> bool:
    told = json.loads(row["details"]) if "details" in row else ()
    subjects = {row.get(c) for c in (*_SUBJECTS, *_OWN)} | set(told)
    return not ids.isdisjoint(subjects)


def _decision(row: Row) -> Decision:
    verdict = cast("Verdict", row["verdict"])
    own = {name: row.get(name) or "" for name in _OWN}
    return Decision(verdict, row["left_record"], row["right_record"], datetime.fromisoformat(row["at"]), **own)


def _own(left: str, right: str, own: Mapping[str, str]) -> Row:
    """Return the ids that two records would have alone, unless it is one id."""
    ids = own.get(left), own.get(right)
    return dict(zip(_OWN, (None, None) if ids[0] == ids[1] else ids, strict=True))


def _columns(con: Connection, table: Table) -> set[str]:
    return {str(row.name) for row in con.exec_driver_sql(f"PRAGMA table_info({table.name})")}


def _consent(row: Row) -> Consent:
    return Consent(row["record"], row["channel"], bool(row["given"]), datetime.fromisoformat(row["at"]))


def _iso(at: datetime) -> str:
    """Return a time as text that sorts: UTC, microseconds always there."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="microseconds")
