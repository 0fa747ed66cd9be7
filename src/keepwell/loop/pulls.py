"""Tables of databases in: what is new since the last pull, as the inbox tells.

What the next pull has to know (the table, the cursor and its highest value, the key) stands in the entry of the last
one, so that the state of a source is the inbox itself: a pull that was killed has not been, and one that was taken
out again is pulled again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from keepwell.errors import ConfigError, DataError
from keepwell.loop.edges import earlier, edge_marks, lost
from keepwell.loop.intake import SOURCE, Coming, Manner, as_known, opened, staging, understood
from keepwell.loop.tombstones import without_forgotten
from keepwell.progress import Tell
from keepwell.settings import Settings
from keepwell.store import Mode, Standing, Workspace, entries, standing
from keepwell.store.records import RecordBook
from keepwell.unify.reading import Told
from keepwell.unify.reading.databases import (
    Address,
    Since,
    Table,
    check_named,
    connected,
    found,
    pulled,
    since_of,
    value_from_json,
    value_to_json,
)

if TYPE_CHECKING:
    import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Asking:
    """How a table is pulled: as it is asked now, else as it was before."""

    source: str
    mode: Mode
    cursor: str  # '': all rows, each time
    key: tuple[str, ...]
    told: Told
    mates: tuple[Standing, ...]  # earlier pulls that it goes on from; none: all rows


def known_urls(workspace: Workspace, *, source: str = "") -> list[str]:
    """Return the URLs, without secrets, of the databases that rows came from, of one source or of all."""
    return list(dict.fromkeys(one.entry["pull"]["url"] for one in _pulls(workspace, source)))


def _pulls(workspace: Workspace, source: str) -> list[Standing]:
    """Return the pulls that count, of one source or of all."""
    held = [one for one in standing(entries(workspace.inbox)) if "pull" in one.entry]
    return [one for one in held if source in ("", one.entry["source"])]


def pulled_aside(
    workspace: Workspace, address: Address, settings: Settings, *, now: datetime, tell: Tell, manner: Manner
) -> tuple[list[Coming], list[str]]:
    """Pull tables in one's turn without adding them yet; return what came, and the titles of those with nothing new.

    Without a table, all are pulled that were before.

    Raises:
        DataError: The database cannot be read, or has no such table; a table has no rows, or came in from another
            source.
        ConfigError: No table is named, a column is not there, or the mode does not go with them.
    """
    counting = [one for one in _pulls(workspace, "") if one.entry["pull"]["place"] == address.place]
    held = [one for one in counting if manner.source in ("", one.entry["source"])]
    names = manner.tables or tuple(dict.fromkeys(one.entry["pull"]["table"] for one in held))
    coming: list[Coming] = []
    nothing: list[str] = []
    with connected(address) as connection:
        check_named(connection, address, names)
        for number, name in enumerate(names):
            tell(f"looking at {name}")
            table = found(connection, name, address)
            mates = [one for one in counting if one.entry["feed"] == table.feed]
            _check_one_source(table, manner, mates)
            asking = _asking(table, manner, mates)
            arrived = now + timedelta(microseconds=number)
            new = _pull(workspace, connection, table, asking, settings, arrived=arrived, tell=tell)
            if new is None:
                nothing.append(table.title)
            else:
                coming.append(new)
    return coming, nothing


def _asking(table: Table, manner: Manner, held: Sequence[Standing]) -> Asking:
    """Say how to pull a table that was pulled before as in `held`.

    Raises:
        ConfigError: A column is not there, or the mode does not go with the cursor and the key.
    """
    source = manner.source or (held[-1].entry["source"] if held else SOURCE)
    mates = [one for one in held if one.entry["source"] == source]
    before = mates[-1].entry if mates else {}
    pull = before.get("pull", {})
    cursor = manner.cursor or pull.get("cursor", "")
    key = manner.key or tuple(pull.get("key", ())) or table.primary
    cursor = table.column_named(cursor, option="--cursor") if cursor else ""
    key = tuple(table.column_named(name, option="--key") for name in key)
    anew = cursor != pull.get("cursor", cursor)  # another cursor: no pull can go on from the earlier ones
    mode: Mode = manner.mode or ("replace" if anew or not cursor else "correct" if key else "append")
    _check_mode(table, mode, cursor=cursor, key=key, again=bool(mates))
    told = manner.told if manner.told != Told() else Told.from_json(before.get("told", {}))
    goes_on = bool(cursor) and not anew and mode != "replace"
    return Asking(source, mode, cursor, key, told, tuple(mates) if goes_on else ())


def _check_one_source(table: Table, manner: Manner, held: Sequence[Standing]) -> None:
    """Refuse a table that another source has: its rows would count twice.

    Raises:
        DataError: It is so.
    """
    others = [one.entry for one in held if manner.source not in ("", one.entry["source"])]
    if others:
        name, source = others[-1]["name"], others[-1]["source"]
        mend = f"Take it out there first: keepwell drop {name!r} --source {source}."
        raise DataError(f"this table is in the source {source!r} already", table.title, mend)


def _check_mode(table: Table, mode: Mode, *, cursor: str, key: tuple[str, ...], again: bool) -> None:
    if mode == "correct" and not key:
        mend = "Name the columns that tell a row: --key id."
        raise ConfigError(f"{table.title} has no primary key to correct rows by", "--mode correct", mend)
    if mode == "append" and not cursor and again:
        mend = "Say what tells new rows, --cursor COLUMN, or let the table replace what came before: --mode replace."
        raise ConfigError(f"all rows of {table.title} would come in a second time", "--mode append", mend)


def _pull(
    workspace: Workspace,
    connection: sa.Connection,
    table: Table,
    asking: Asking,
    settings: Settings,
    *,
    arrived: datetime,
    tell: Tell,
) -> Coming | None:
    """Pull one table; None: nothing is new."""
    decided = RecordBook(workspace.folder).decided()
    new = pulled(
        connection,
        table,
        cursor=asking.cursor,
        since=_since(workspace, table, asking, decided.salt),
        into=staging(workspace),
        source=asking.source,
        arrived=arrived,
        told=asking.told,
        tell=tell,
    )
    if new is None:
        return None
    pull = {
        "url": table.address.shown,
        "place": table.address.place,
        "table": table.full_name,
        "cursor": asking.cursor,
        "column": _in_header(table, asking.cursor),
        "last": value_to_json(new.last),
        "key": list(asking.key),
    }
    raw = as_known(replace(new.raw, feed=table.feed), asking.told, workspace)
    key = tuple(_in_header(table, name) for name in asking.key)
    manner = Manner(mode=asking.mode, key=key if asking.mode == "correct" else ())
    coming = understood(raw, manner, settings)
    was = edge_marks(coming.raw, pull, decided.salt) if decided.forgotten else {}
    clean = without_forgotten(coming.raw, workspace, settings, keys=coming.key)
    changed = lost(was, edge_marks(clean, pull, decided.salt)) if was and clean is not coming.raw else {}
    return replace(coming, raw=clean, pull=pull | ({"edge": changed} if changed else {}))


def _in_header(table: Table, column: str) -> str:
    """Return the name that a column has in the rows pulled; '' for no column."""
    return next((name for name, one in zip(table.header, table.columns, strict=True) if one.name == column), "")


def _since(workspace: Workspace, table: Table, asking: Asking, salt: str) -> Since | None:
    """Return where the earlier pulls ended; None where all rows are wanted."""
    if not asking.mates:
        return None
    told = [one.entry["pull"]["last"] for one in asking.mates]
    last = value_from_json(next((value for value in reversed(told) if value is not None), None))
    pulls = [earlier(one.entry, opened(one.entry, workspace)) for one in asking.mates]
    return since_of(pulls, table, cursor=asking.cursor, last=last, salt=salt)
