"""What comes in: read aside, then taken into the inbox, all or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from keepwell.errors import ConfigError, DataError
from keepwell.loop.tombstones import without_forgotten
from keepwell.progress import Tell
from keepwell.settings import Settings
from keepwell.store import Mode, Standing, Workspace, entries, known, next_moment, put, standing
from keepwell.unify import RawFile, Recognition, recognised
from keepwell.unify.formats import FORMATS, plain
from keepwell.unify.reading import Told, read_file
from keepwell.unify.recognise import nearest

SOURCE = "main"  # overlapping exports are told by their source, and files given without one are of one source


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is to come in: what `keepwell add` was told."""

    source: str = ""  # '': as before, else 'main'
    mode: Mode | None = None  # None: files are appended; of tables, what fits
    key: tuple[str, ...] = ()  # columns that tell a row, for mode 'correct'
    tables: tuple[str, ...] = ()  # of a database
    cursor: str = ""  # its column that tells what is new
    told: Told = field(default_factory=Told)


PLAIN = Manner()


@dataclass(frozen=True, slots=True)
class Coming:
    """A file that was read aside, and how it is to come in."""

    raw: RawFile
    mode: Mode = "append"
    key: tuple[str, ...] = ()
    pull: Mapping[str, Any] = field(default_factory=dict)  # of a table: what the next pull has to know


def check_files_exist(files: Sequence[Path]) -> None:
    """Refuse before anything is made.

    Raises:
        DataError: A file is not there; names those like it.
    """
    for path in files:
        if not path.exists():
            raise DataError("there is no such file", str(path), _others(path))
        if path.is_dir():
            raise DataError("this is a folder, not a file", str(path), "Give the files in it.")


def read_aside(
    workspace: Workspace,
    files: Sequence[Path],
    settings: Settings,
    *,
    now: datetime,
    tell: Tell,
    manner: Manner = PLAIN,
) -> list[Coming]:
    """Read and recognise files in one's turn, without adding them yet; the same bytes twice are one file.

    The order given is the order of arrival; a file that came in before keeps its first arrival, and what was told of
    it then, where nothing else is told now.

    Raises:
        DataError: A file cannot be read, is of no known kind, or came in from another source.
        ConfigError: A column that was named is not there.
    """
    staged = staging(workspace)
    came = entries(workspace.inbox)
    read: dict[str, Coming] = {}
    for number, path in enumerate(files):
        tell(f"reading {path.name}")
        raw = read_file(
            path,
            reading=settings.reading,
            into=staged,
            source=manner.source or SOURCE,
            arrived=now + timedelta(microseconds=number),
            memory=settings.compute.memory,
            tell=tell,
        )
        raw = as_known(raw, manner.told, workspace)
        check_one_source(raw, came)
        coming = understood(raw, manner, settings)
        _check_correctable(coming, came, workspace)
        raw = without_forgotten(coming.raw, workspace, settings, keys=coming.key)
        read.setdefault(raw.digest, replace(coming, raw=raw))
    return list(read.values())


def staging(workspace: Workspace) -> Path:
    """Return the folder where what comes in is read, made if missing."""
    folder = workspace.scratch / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def as_known(raw: RawFile, told: Told, workspace: Workspace) -> RawFile:
    """Return a file with its first arrival, and with what is told of it now or was before."""
    before = known(workspace.inbox, source=raw.source, digest=raw.digest)
    if before is None:
        return replace(raw, told=told)
    told = told if told != Told() else Told.from_json(before.get("told", {}))
    return replace(raw, told=told, arrived=datetime.fromisoformat(before["arrived"]))


def check_one_source(raw: RawFile, came: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a file that another source has: its rows would count twice.

    Raises:
        DataError: It is so.
    """
    for held in standing(came):
        if held.entry["digest"] == raw.digest and held.entry["source"] != raw.source:
            mend = f"Take it out there first: keepwell drop {held.entry['name']!r} --source {held.entry['source']}."
            raise DataError(f"this file is in the source {held.entry['source']!r} already", raw.name, mend)


def understood(raw: RawFile, manner: Manner, settings: Settings) -> Coming:
    """Recognise a file, and say how it comes in.

    Raises:
        DataError: It is of no known kind, or nothing tells its rows and they are to correct others.
        ConfigError: A column that was named is not there.
    """
    for column, filled in raw.told.columns:
        column_of(raw.header, column, where=f"--map {column}={filled}")
    recognition = recognised(raw, settings.reading)
    mode = manner.mode or "append"
    key = tuple(column_of(raw.header, name, where="--key") for name in manner.key)
    if mode == "correct" and not key:
        key = own_key(raw, recognition)
    feed = raw.feed or recognition.format
    return Coming(replace(raw, feed=feed), mode, key if mode == "correct" else ())


def own_key(raw: RawFile, recognition: Recognition) -> tuple[str, ...]:
    """Return the columns that tell a row of a file, as far as its format says.

    Raises:
        ConfigError: It does not.
    """
    mapping, format_ = recognition.mapping, FORMATS[recognition.format]
    if format_.same == "order" and "order_id" in mapping:
        return (mapping["order_id"],)
    if "line_id" in mapping:
        return tuple(mapping[name] for name in ("order_id", "line_id") if name in mapping)
    wanted = {"products": ("product_id",), "customers": ("customer_id", "email"), "subscriptions": ("subscription_id",)}
    found = [mapping[name] for name in wanted.get(recognition.role, ()) if name in mapping]
    if not found:
        columns = ", ".join(raw.header)
        mend = f"Say which column does: --key COLUMN. There are: {columns}."
        raise ConfigError("nothing says which of its rows corrects which", raw.name, mend)
    return (found[0],)


def column_of(header: Sequence[str], name: str, *, where: str) -> str:
    """Return a file's column by its name; signs and case do not matter.

    Raises:
        ConfigError: There is no such column; names those there are.
    """
    found = next((column for column in header if plain(column) == plain(name)), None)
    if found is None:
        mend = f"Did you mean {nearest(name, header)!r}? There are: {', '.join(header)}."
        raise ConfigError(f"there is no column {name!r}", where, mend)
    return found


def _check_correctable(coming: Coming, came: Sequence[Mapping[str, Any]], workspace: Workspace) -> None:
    """Refuse a correction that could not reach an earlier file of its kind.

    Raises:
        DataError: One has no such column.
    """
    group = coming.raw.source, coming.raw.feed
    for held in standing(came) if coming.mode == "correct" else ():
        header = opened(held.entry, workspace).header
        missing = [column for column in coming.key if column not in header]
        if held.group == group and held.entry["digest"] != coming.raw.digest and missing:
            mend = f"Name columns that both have by --key. It has: {', '.join(header)}."
            raise DataError(
                f"{held.entry['name']} has no column {missing[0]!r} to be corrected by", coming.raw.name, mend
            )


def taken_in(workspace: Workspace, coming: Sequence[Coming], *, now: datetime) -> list[RawFile]:
    """Move what was read aside into the inbox, and return it as it stands there."""
    now = next_moment(entries(workspace.inbox), now)
    batch = now.isoformat()
    taken = []
    for number, one in enumerate(coming):
        raw = one.raw
        # What forgotten people were taken out of stands in the inbox already, and stays as it is.
        folder = workspace.inbox if workspace.inbox in raw.path.parents else staging(workspace)
        asked: dict[str, Any] = {"key": list(one.key)} if one.key else {}
        asked |= {"pull": dict(one.pull)} if one.pull else {}
        at = (now + timedelta(microseconds=number)).isoformat()
        entry = put(workspace.inbox, raw.to_json(folder) | asked, staged=folder, at=at, mode=one.mode, batch=batch)
        taken.append(opened(entry, workspace))
    return taken


def all_of(workspace: Workspace, *, known_by: date | None = None) -> list[tuple[RawFile, Standing]]:
    """Return all that came in and counts, the earliest arrival first, and how each came.

    Raises:
        DataError: Nothing ever came in, or nothing had by that day.
    """
    came = entries(workspace.inbox)
    found = standing(came, known_by=known_by)
    if not found:
        mend = "Add files with `keepwell add FILES`, or name them: `keepwell run FILES`."
        if came:
            mend = "All that came in was taken out again, or came later than --known-by."
        raise DataError(
            "the inbox is empty" if not came else "nothing in the inbox counts", str(workspace.folder), mend
        )
    return [(opened(held.entry, workspace), held) for held in found]


def opened(entry: Mapping[str, Any], workspace: Workspace) -> RawFile:
    """Return an entry's file as it stands in the inbox."""
    return RawFile.from_json(dict(entry), workspace.inbox)


def _others(path: Path) -> str:
    from difflib import get_close_matches

    there = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, there, n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(repr(name) for name in near)}?" if near else "Check the name and the folder."
