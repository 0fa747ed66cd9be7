"""What comes in and goes out of the inbox: `keepwell add`, `keepwell inbox` and `keepwell drop`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keepwell
from keepwell.cli.workflows import Options, answered, talk, workspace_meant
from keepwell.errors import WorkspaceError


def add(sources: Sequence[str], workspace: Path | None, options: Options, *, json: bool) -> None:
    """Put files and tables of databases into the inbox; without any, what is new in the tables added before."""
    shop = keepwell.open(_place(sources, workspace), create=bool(sources))
    with talk(quiet=json) as tell:
        added = shop.add(*sources, tell=tell, **options)
    told = f"`keepwell run --workspace {shop.folder}` uses all that was added."
    answered({"files": added}, "\n".join([*(_added(one) for one in added), told]), json=json)


def inbox(workspace: Path | None, *, json: bool) -> None:
    """List what came in."""
    held = keepwell.open(workspace_meant(workspace, ())).inbox()
    answered({"files": held}, "\n".join(_held(one) for one in held) or "The inbox is empty.", json=json)


def drop(names: Sequence[str], source: str, workspace: Path | None, *, json: bool) -> None:
    """Take files and tables out of the inbox again."""
    shop = keepwell.open(workspace_meant(workspace, ()))
    with talk(quiet=json) as tell:
        gone = shop.drop(*names, source=source, tell=tell)
    lines = [f"{one['name']}: {one['rows']:,} rows taken out; runs that used them keep them" for one in gone]
    answered({"files": gone}, "\n".join(lines), json=json)


def _place(sources: Sequence[str], workspace: Path | None) -> Path:
    """Return the workspace meant: of a database alone, the only one here, else one that is called as it is."""
    from keepwell.unify.reading.databases import address_of, is_url

    files = [Path(one) for one in sources if not is_url(one)]
    if workspace is not None or files or not sources:
        return workspace_meant(workspace, files)
    try:
        return workspace_meant(None, ())
    except WorkspaceError:
        if sorted(Path().glob("*.keepwell/workspace.json")):
            raise
        return Path(f"{address_of(sources[0]).name}.keepwell")


def _added(one: dict[str, Any]) -> str:
    rows = f"{one['name']}: {one['rows']:,} rows"
    if one["unreadable"]:
        records = "1 record" if one["unreadable"] == 1 else f"{one['unreadable']:,} records"
        rows += f" ({records} could not be read, and will be in quarantine)"
    if not one["new"]:
        return rows + ", there already" if one["rows"] else f"{one['name']}: nothing new"
    does = {"replace": ", in place of all that came earlier", "correct": ", in place of earlier rows with their key"}
    return rows + does.get(one["mode"], "")


def _held(one: dict[str, Any]) -> str:
    ends = [f"up to {one['cursor']} {one['up_to']}"] if one["cursor"] and one["up_to"] else []
    ends += [] if one["counts"] else ["does not count"]
    told = (
        f"  {one['digest']}  {one['arrived'][:16]}  {one['source']}: {one['name']}, {one['rows']:,} rows, {one['mode']}"
    )
    return ", ".join([told[2:], *ends])
