"""Pulling a table: all of it, or what a cursor column says is new, in batches, as a Parquet file of raw rows.

A cursor is a column that only grows: a serial number, or the time of the last change. A pull takes the rows from the
last pull's highest value on, that value included, because more rows may have got the same one since; those that were
pulled already are left out by comparing them whole. Rows with nothing in the cursor column are looked at every time.
The upper end is read first, so that a pull is the same whatever is written meanwhile.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from keepwell.errors import ConfigError, ConservationError, DataError
from keepwell.progress import Tell
from keepwell.unify.reading.databases.since import BATCH, Since, mark
from keepwell.unify.reading.databases.table import Table
from keepwell.unify.reading.databases.values import TEXT, Kinds, array, as_text, fits, same_text
from keepwell.unify.reading.names import LINE, unique_names
from keepwell.unify.reading.raw import RawFile, Told
from keepwell.unify.reading.sink import BadSink, Sink, rows_in

if TYPE_CHECKING:
    import sqlalchemy as sa

Row = Sequence[object]


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull brought."""

    raw: RawFile
    last: object  # the highest value of the cursor column; None: no cursor, or nothing in it


def pulled(
    connection: sa.Connection,
    table: Table,
    *,
    cursor: str,
    since: Since | None,
    into: Path,
    source: str,
    arrived: datetime,
    told: Told,
    tell: Tell,
) -> Pulled | None:
    """Read a table into `<into>/<digest>.parquet`, and the rows that cannot be held beside it; None: nothing is new.

    Args:
        connection: From `connected`.
        table: From `found`.
        cursor: The column that tells what is new; '' for all rows.
        since: Where the earlier pulls ended; None: this is the first, or all rows are wanted.
        into: The folder to write in.
        source: The name of where the rows come from.
        arrived: When, UTC.
        told: What was said of it.
        tell: Hears what is being done.

    Raises:
        DataError: The table has no rows, or one column only.
        ConfigError: The column cannot be a cursor.
        ConservationError: A row was lost; nothing was kept.
    """
    import sqlalchemy as sa

    if len(table.columns) < 2:
        raise DataError(f"{table.title} has one column only", table.address.shown, "Name a table with more of them.")
    last = _highest(connection, table, cursor) if cursor else None
    statement = sa.select(table.selected)
    if cursor:
        statement = statement.where(*_window(table, cursor, since, last))
    streamed = connection.execution_options(stream_results=True, yield_per=BATCH).execute(statement)
    rows: Iterator[list[Row]] = (list(part) for part in streamed.partitions(BATCH))
    writing = _Writing(table, into, tell)
    raw = writing.written(_without_known(rows, table, cursor, since), source=source, arrived=arrived, told=told)
    if raw is None and since is None:
        raise DataError(f"{table.title} holds no rows", table.address.shown, "Pull it when it does.")
    return None if raw is None else Pulled(raw, last)


def _highest(connection: sa.Connection, table: Table, cursor: str) -> object:
    import sqlalchemy as sa

    value = connection.execute(sa.select(sa.func.max(table.selected.c[cursor]))).scalar()
    kind = table.columns[_place(table, cursor)].arrow
    fitting = isinstance(value, (int, Decimal, float, str, date)) and not isinstance(value, bool)
    no_day = isinstance(value, str) and kind is not None and pa.types.is_temporal(kind)
    if value is not None and (not fitting or no_day):
        mend = "Name a column of whole numbers or of times that only grows: a serial number, the time of the change."
        raise ConfigError(f"{as_text(value)!r} in {cursor!r} cannot tell what is new", "--cursor", mend)
    return value


def _window(table: Table, cursor: str, since: Since | None, last: object) -> Iterator[Any]:
    """Yield the conditions on the rows to read: from the last pull's end to what is there now."""
    import sqlalchemy as sa

    # SQLite keeps whatever it is given, so its values are compared as they are.
    typed = table.address.dialect != "sqlite"
    column = sa.column(cursor, table.kinds[_place(table, cursor)]) if typed else sa.column(cursor)
    if last is not None:
        yield (column <= last) | column.is_(None)
    if since is not None and since.last is not None:
        yield (column >= since.last) | column.is_(None)


def _place(table: Table, name: str) -> int:
    return [column.name for column in table.columns].index(name)


def _without_known(batches: Iterator[list[Row]], table: Table, cursor: str, since: Since | None) -> Iterator[list[Row]]:
    """Leave out the rows that earlier pulls brought; as often as they did."""
    if since is None:
        yield from batches
        return
    left = Counter(since.rows)
    kinds = {column.name: column.arrow for column in table.columns}
    at, places = _place(table, cursor), [table.header.index(name) for name in since.columns]
    edge = {same_text(None, None), same_text(since.last, kinds[cursor])}
    for batch in batches:
        kept = []
        for row in batch:
            if same_text(row[at], kinds[cursor]) in edge:
                name = mark(((row[place], table.columns[place].arrow) for place in places), since.salt)
                if left[name] > 0:
                    left[name] -= 1
                    continue
            kept.append(row)
        yield kept


class _Writing:
    """The Parquet files of one pull."""

    def __init__(self, table: Table, into: Path, tell: Tell) -> None:
        self.table, self.into, self.tell = table, into, tell
        self.header, self.notes = unique_names([column.name for column in table.columns])
        stem = hashlib.sha256(table.feed.encode()).hexdigest()[:16]
        self.first, self.bad = into / f"pull-{stem}.text.parquet", into / f"pull-{stem}.bad.parquet"
        self.second = into / f"pull-{stem}.parquet"
        self.kinds = [Kinds() for _ in table.columns]
        self.rows = 0

    def written(self, batches: Iterator[list[Row]], *, source: str, arrived: datetime, told: Told) -> RawFile | None:
        """Write all rows and return the file; None where there are none."""
        first = pa.schema({LINE: pa.int64()} | dict(zip(self.header, self._types_at_first(), strict=True)))
        with Sink(self.first, first) as good, BadSink(self.bad) as bad:
            for batch in batches:
                self._write(batch, good, bad)
                self.tell(f"{self.table.title}: {self.rows:,} rows read")
            counts = good.rows, bad.rows
        if not self.rows:
            self.first.unlink()
            return None
        self._settle()
        if (rows_in(self.second), rows_in(self.bad) if counts[1] else 0) != counts or sum(counts) != self.rows:
            problem = f"{self.rows} rows were read, and {counts} written"
            raise ConservationError(problem, self.table.title, "Please report this.")
        return self._named(counts, source=source, arrived=arrived, told=told)

    def _types_at_first(self) -> list[Any]:
        return [TEXT if column.arrow is None else column.arrow for column in self.table.columns]

    def _write(self, batch: list[Row], good: Sink, bad: BadSink) -> None:
        if not batch:
            return
        lines = list(range(self.rows + 1, self.rows + len(batch) + 1))
        self.rows += len(batch)
        try:
            arrays = self._arrays(batch)
        except (pa.ArrowException, ValueError, TypeError):
            batch, lines = self._set_aside(batch, lines, bad)
            arrays = self._arrays(batch)
        good.write([pa.array(lines, pa.int64()), *arrays])

    def _arrays(self, batch: list[Row]) -> list[Any]:
        columns = list(zip(*batch, strict=True)) or [() for _ in self.table.columns]
        types = self._types_at_first()
        arrays = [array(values, arrow) for values, arrow in zip(columns, types, strict=True)]
        for values, column, kinds in zip(columns, self.table.columns, self.kinds, strict=True):
            if column.arrow is None:
                kinds.see(values)
        return arrays

    def _set_aside(self, batch: list[Row], lines: list[int], bad: BadSink) -> tuple[list[Row], list[int]]:
        """Keep the rows apart in which a value is not of its column's type, each with the reason."""
        types = self._types_at_first()
        kept: list[tuple[Row, int]] = []
        faults: list[tuple[int, str, str]] = []
        for row, line in zip(batch, lines, strict=True):
            wrong = next((i for i, value in enumerate(row) if not fits(value, types[i])), None)
            if wrong is None:
                kept.append((row, line))
            else:
                reason = f"{self.header[wrong]}: {as_text(row[wrong])} cannot be read as {types[wrong]}"
                text = ",".join(as_text(value) or "" for value in row)[:200]
                faults.append((line, reason, text))
        columns = list(zip(*faults, strict=True))
        bad.write([pa.array(columns[0], pa.int64()), *(pa.array(texts, TEXT) for texts in columns[1:])])
        return [row for row, _line in kept], [line for _row, line in kept]

    def _settle(self) -> None:
        """Give the columns that came as text the types that their values allow."""
        loose = {
            name: kinds.settled(column.advice)
            for name, column, kinds in zip(self.header, self.table.columns, self.kinds, strict=True)
            if column.arrow is None
        }
        if all(arrow == TEXT for arrow in loose.values()):
            self.first.rename(self.second)
            return
        with pq.ParquetFile(self.first) as file:
            names, types = file.schema_arrow.names, file.schema_arrow.types
            schema = pa.schema([(n, loose.get(n, t)) for n, t in zip(names, types, strict=True)])
            with Sink(self.second, schema) as sink:
                for batch in file.iter_batches(batch_size=BATCH):
                    sink.write([pc.cast(c, t) for c, t in zip(batch.columns, schema.types, strict=True)])
        self.first.unlink()

    def _named(self, counts: tuple[int, int], *, source: str, arrived: datetime, told: Told) -> RawFile:
        """Give the files the name that their content says."""
        digest = _digest(self.second, self.table.feed)
        path, bad = self.into / f"{digest}.parquet", self.into / f"{digest}.bad.parquet"
        self.second.rename(path)
        if counts[1]:
            self.bad.rename(bad)
        return RawFile(
            digest=digest,
            name=self.table.title,
            source=source,
            kind="database",
            path=path,
            bad_path=bad if counts[1] else None,
            encoding="",
            delimiter="",
            header=self.header,
            header_line=0,
            rows=counts[0],
            bad_rows=counts[1],
            arrived=arrived,
            notes=self.notes,
            told=told,
        )


def _digest(path: Path, feed: str) -> str:
    """Return what the rows are, whatever their order: databases give them in any."""
    total, count = 0, 0
    with pq.ParquetFile(path) as file:
        names = [name for name in file.schema_arrow.names if name != LINE]
        for batch in file.iter_batches(batch_size=BATCH, columns=names):
            texts = [pc.cast(_plain(column), TEXT) for column in batch.columns]
            joined = pc.binary_join_element_wise(*texts, "\x1f", null_handling="replace", null_replacement="\0")
            for text in joined.to_pylist():
                row = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16)
                total = (total + int.from_bytes(row.digest(), "big")) % 2**128
                count += 1
    told = f"{feed}|{names}|{count}|{total}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _plain(column: Any) -> Any:
    """Return a column that Arrow can write as text without a table of time zones."""
    return pc.cast(column, pa.int64()) if pa.types.is_timestamp(column.type) else column
