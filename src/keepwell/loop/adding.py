"""Adding to the inbox, taking out of it, and saying what is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keepwell.errors import DataError
from keepwell.loop.intake import PLAIN, Coming, Manner, read_aside, taken_in
from keepwell.loop.pulls import known_urls, pulled_aside
from keepwell.loop.steps import writing
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings
from keepwell.store import Workspace, drop, entries, next_moment, standing
from keepwell.store.standing import arrivals
from keepwell.unify.reading.databases import Address, address_of, is_url


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one file or table that was added."""

    name: str
    rows: int  # of the file, or new ones of the table
    new: bool  # False: it stood there already, or nothing was new
    source: str = ""
    mode: str = ""  # 'append', 'replace' or 'correct'; '' where nothing was new, as of the source
    unreadable: int = 0  # rows that no reader could take apart; they are among `rows`, and go to quarantine


def add(
    folder: Path,
    files: Sequence[Path | str],
    *,
    settings: Settings,
    manner: Manner = PLAIN,
    tell: Tell = quiet,
) -> list[Added]:
    """Add files and tables to the inbox of the workspace at `folder`, all or none; made where there is no workspace.

    Args:
        folder: The workspace.
        files: Files, and URLs of databases; none: what is new in all tables that were added before.
        settings: To read them with.
        manner: How they are to come in.
        tell: Hears what is being done.

    Raises:
        DataError: A file or a table cannot be read; nothing was added.
        ConfigError: What was told of them does not fit; nothing was added.
    """
    paths = [Path(one) for one in files if not is_url(str(one))]
    addresses = [address_of(str(one)) for one in files if is_url(str(one))]
    what = " ".join(["add", *(address.shown for address in addresses)])
    with writing(folder, what=what, files=paths, tell=tell) as workspace:
        now = datetime.now(UTC)
        if not files:
            addresses = _known(workspace, manner)
        coming = read_aside(workspace, paths, settings, now=now, tell=tell, manner=manner)
        nothing: list[str] = []
        for address in addresses:
            new, none = pulled_aside(workspace, address, settings, now=now, tell=tell, manner=manner)
            coming += new
            nothing += none
        return [*_taken(workspace, coming, now), *(Added(name, 0, new=False) for name in nothing)]


def _known(workspace: Workspace, manner: Manner) -> list[Address]:
    urls = known_urls(workspace, source=manner.source)
    if not urls:
        of = f" of the source {manner.source!r}" if manner.source else ""
        mend = "Name a file, or a database with its table: keepwell add postgresql://host/shop --table orders."
        raise DataError(f"no table{of} was added before that could be pulled again", str(workspace.folder), mend)
    return [address_of(url) for url in urls]


def _taken(workspace: Workspace, coming: Sequence[Coming], now: datetime) -> list[Added]:
    before = {held.entry["digest"]: arrivals(held.entry) for held in standing(entries(workspace.inbox))}
    raws = taken_in(workspace, coming, now=now)
    after = {held.entry["digest"]: arrivals(held.entry) for held in standing(entries(workspace.inbox))}
    return [
        Added(
            name=raw.name,
            rows=raw.rows + raw.bad_rows,
            new=before.get(raw.digest) != after.get(raw.digest),
            source=raw.source,
            mode=one.mode,
            unreadable=raw.bad_rows,
        )
        for raw, one in zip(raws, coming, strict=True)
    ]


def take_out(folder: Path, names: Sequence[str], *, source: str = "", tell: Tell = quiet) -> list[dict[str, Any]]:
    """Take files and tables out of the inbox; later runs do not use them, and their rows stay for the runs that did.

    Args:
        folder: The workspace.
        names: Names of files or tables, or digests, as `held` lists them.
        source: Only of this source; '' for all.
        tell: Hears whose turn it is.

    Raises:
        DataError: A name means nothing that counts; names what does.
    """
    Workspace.open(folder)
    with writing(folder, what=f"drop {' '.join(names)}", files=(), tell=tell) as workspace:
        there = [one.entry for one in standing(entries(workspace.inbox)) if source in ("", one.entry["source"])]
        meant = [(name, [e for e in there if name in (e["name"], e["digest"])]) for name in names]
        for name, found in meant:
            if not found:
                raise DataError(f"nothing in the inbox is called {name!r}", str(folder), _those(there))
        chosen = {(e["source"], e["digest"]): e for _name, found in meant for e in found}
        now = next_moment(entries(workspace.inbox), datetime.now(UTC)).isoformat()
        return [_in_short(drop(workspace.inbox, dict(entry), at=now), counts=False) for entry in chosen.values()]


def held(folder: Path) -> list[dict[str, Any]]:
    """Return all that ever came into the inbox, the earliest first, and whether it counts today."""
    came = entries(Workspace.open(folder).inbox)
    counting = {(one.entry["source"], one.entry["digest"]) for one in standing(came)}
    return [_in_short(entry, counts=(entry["source"], entry["digest"]) in counting) for entry in came]


def _in_short(entry: Mapping[str, Any], *, counts: bool) -> dict[str, Any]:
    last = arrivals(entry)[-1]
    pull = entry.get("pull", {})
    return {
        "name": entry["name"],
        "digest": entry["digest"],
        "source": entry["source"],
        "rows": entry["rows"] + entry["bad_rows"],
        "arrived": entry["arrived"],
        "mode": last["mode"],
        "counts": counts,
        "database": pull.get("url"),
        "table": pull.get("table"),
        "cursor": pull.get("cursor") or None,
        "up_to": (pull.get("last") or {}).get("value"),
        "told": entry.get("told", {}),
    }


def _those(there: Sequence[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(entry["name"] for entry in there))
    return f"There {'is' if len(names) == 1 else 'are'}: {', '.join(names)}." if names else "It is empty."
