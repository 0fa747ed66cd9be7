"""Files in: read aside, then taken into the inbox, all or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from keepwell.errors import DataError
from keepwell.loop.tombstones import without_forgotten
from keepwell.progress import Tell
from keepwell.settings import Settings
from keepwell.store import Workspace, entries, known, put
from keepwell.unify import RawFile, recognised
from keepwell.unify.reading import read_file

SOURCE = "main"  # overlapping exports are told by their source, and files given without one are of one source


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
    workspace: Workspace, files: Sequence[Path], settings: Settings, *, now: datetime, tell: Tell
) -> list[RawFile]:
    """Read and recognise files in one's turn, without adding them yet; the same bytes twice are one file.

    The order given is the order of arrival; a file that came in before keeps its first arrival.

    Raises:
        DataError: A file cannot be read, or is of no known kind.
    """
    staged = _staged(workspace)
    staged.mkdir(parents=True, exist_ok=True)
    read: dict[str, RawFile] = {}
    for number, path in enumerate(files):
        tell(f"reading {path.name}")
        raw = read_file(
            path,
            reading=settings.reading,
            into=staged,
            source=SOURCE,
            arrived=now + timedelta(microseconds=number),
            memory=settings.compute.memory,
            tell=tell,
        )
        recognised(raw, settings.reading)
        raw = without_forgotten(raw, workspace, settings)
        before = known(workspace.inbox, source=SOURCE, digest=raw.digest)
        arrived = datetime.fromisoformat(before["arrived"]) if before else raw.arrived
        read.setdefault(raw.digest, replace(raw, arrived=arrived))
    return list(read.values())


def taken_in(workspace: Workspace, raws: Sequence[RawFile]) -> list[RawFile]:
    """Move what was read aside into the inbox, and return it as it stands there."""
    staged = _staged(workspace)
    return [
        raw  # it stands there already, without the people who were forgotten
        if workspace.inbox in raw.path.parents
        else _opened(put(workspace.inbox, raw.to_json(staged), staged=staged), workspace)
        for raw in raws
    ]


def all_of(workspace: Workspace) -> list[RawFile]:
    """Return all that came in, the earliest arrival first.

    Raises:
        DataError: Nothing ever came in.
    """
    found = [_opened(entry, workspace) for entry in entries(workspace.inbox)]
    if not found:
        mend = "Add files with `keepwell add FILES`, or name them: `keepwell run FILES`."
        raise DataError("the inbox is empty", str(workspace.folder), mend)
    return found


def _staged(workspace: Workspace) -> Path:
    return workspace.scratch / "incoming"


def _opened(entry: dict[str, Any], workspace: Workspace) -> RawFile:
    values = {name: value for name, value in entry.items() if name != "earlier"}
    return RawFile.from_json(values, workspace.inbox)


def _others(path: Path) -> str:
    from difflib import get_close_matches

    there = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, there, n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(repr(name) for name in near)}?" if near else "Check the name and the folder."
