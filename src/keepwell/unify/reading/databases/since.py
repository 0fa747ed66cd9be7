"""Where the earlier pulls of a table ended: the highest value of its cursor, and the rows that stood there.

A row that stands at the edge (at that value, or with nothing in the cursor column) is met again by the next pull, and
is known by its mark, a digest of all that it says. What has been cleaned of a forgotten person no longer says the
same, so the salted marks of such rows are kept as they were.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from keepwell.errors import DataError
from keepwell.unify.reading.databases.table import Table
from keepwell.unify.reading.databases.values import same_text
from keepwell.unify.reading.names import LINE
from keepwell.unify.reading.raw import RawFile

BATCH = 8192  # rows in memory
_CURSORS: dict[str, type] = {"int": int, "decimal": Decimal, "float": float, "text": str}


@dataclass(frozen=True, slots=True)
class Since:
    """Where earlier pulls of a table ended."""

    last: object  # the highest value of the cursor column; None: all were empty
    rows: Counter[bytes] = field(default_factory=Counter)  # rows that have it, or nothing there, by their marks
    columns: tuple[str, ...] = ()  # of the rows pulled, of which the marks were made
    salt: str = ""  # of the marks


@dataclass(frozen=True, slots=True)
class Earlier:
    """One earlier pull, and what its edge was before it was cleaned."""

    raw: RawFile
    was: Mapping[int, bytes] = field(default_factory=dict)  # line -> mark; empty: it did not stand at the edge


def mark(values: Iterable[tuple[object, Any]], salt: str = "") -> bytes:
    """Return what tells a row from others: a digest of its (value, Arrow type) pairs."""
    text = "\x1f".join(same_text(value, arrow) for value, arrow in values)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=salt.encode()[:64]).digest()


def since_of(pulls: Sequence[Earlier], table: Table, *, cursor: str, last: object, salt: str = "") -> Since:
    """Return where earlier pulls ended, from the rows that they brought.

    Args:
        pulls: What came in from the table, and stands.
        table: The table as it is now.
        cursor: The column that tells what is new.
        last: Its highest value in them.
        salt: Of the marks that were kept.

    Raises:
        DataError: Marks were kept of other columns than are compared now.
    """
    at = next(name for name, column in zip(table.header, table.columns, strict=True) if column.name == cursor)
    shared = tuple(name for name in sorted(table.header) if all(name in pull.raw.header for pull in pulls))
    rows: Counter[bytes] = Counter()
    for pull in pulls if at in shared else ():
        if pull.was and set(shared) != set(pull.raw.header):
            problem = f"{table.title} has other columns than when a person was forgotten in it"
            mend = "Rows of that pull are known by all their columns; pull the table anew: --mode replace."
            raise DataError(problem, table.address.shown, mend)
        found = edge(pull.raw.path, shared, at=at, last=last, salt=salt)
        rows.update(name for line, name in found if line not in pull.was)
        rows.update(name for name in pull.was.values() if name)
    return Since(last, rows, shared, salt)


def edge(path: Path, columns: Sequence[str], *, at: str, last: object, salt: str = "") -> Iterator[tuple[int, bytes]]:
    """Yield line and mark of the rows of a pull that the next one meets again.

    Args:
        path: The Parquet file of the pull.
        columns: Of which the marks are made, in that order.
        at: The cursor column.
        last: Its highest value.
        salt: Of the marks.
    """
    with pq.ParquetFile(path) as file:
        kinds = dict(zip(file.schema_arrow.names, file.schema_arrow.types, strict=True))
        ends = {same_text(None, None), same_text(last, kinds[at])}
        for batch in file.iter_batches(batch_size=BATCH, columns=[LINE, *columns]):
            for row in _at_the_edge(batch, at, ends, kinds):
                yield row[LINE], mark(((row[name], kinds[name]) for name in columns), salt)


def _at_the_edge(batch: Any, at: str, ends: set[str], kinds: Mapping[str, Any]) -> list[dict[str, Any]]:
    chosen = [i for i, value in enumerate(batch.column(at).to_pylist()) if same_text(value, kinds[at]) in ends]
    rows: list[dict[str, Any]] = batch.take(pa.array(chosen, pa.int64())).to_pylist()
    return rows


def value_to_json(value: object) -> dict[str, str] | None:
    """Return a cursor's value as plain text with its kind."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return {"kind": "datetime", "value": value.isoformat()}
    if isinstance(value, date):
        return {"kind": "date", "value": value.isoformat()}
    kind = next(name for name, type_ in _CURSORS.items() if isinstance(value, type_))
    return {"kind": kind, "value": repr(value) if isinstance(value, float) else str(value)}


def value_from_json(told: Mapping[str, str] | None) -> object:
    """Return what `value_to_json` wrote.

    >>> value_from_json(value_to_json(Decimal("1.50")))
    Decimal('1.50')
    """
    if told is None:
        return None
    if told["kind"] in ("datetime", "date"):
        return {"datetime": datetime, "date": date}[told["kind"]].fromisoformat(told["value"])
    return _CURSORS[told["kind"]](told["value"])
