"""Writing so that a crash leaves the old or the new, never a half: write aside, sync, rename, sync the folder."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from keepwell.errors import WorkspaceError
from keepwell.store.faults import around, point

PART = ".part"  # ends the name of what is still being written; such names also begin with a dot


def synced(path: Path) -> None:
    """Force a file's bytes, or a folder's list of names, onto the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def synced_below(folder: Path) -> None:
    """Force a folder and all that is in it onto the disk."""
    for path in sorted(folder.rglob("*")):
        synced(path)
    synced(folder)


def renamed(source: Path, target: Path, *, what: str) -> None:
    """Give `source` the name `target` for good: a reader sees all of it or nothing."""
    with around(what):
        source.rename(target)
        synced(target.parent)


def replaced(path: Path, text: str, *, what: str) -> None:
    """Write `text` to `path`: a reader sees the old text or the new."""
    aside = path.with_name(f".{path.name}{PART}")
    with around(what):
        with aside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        point(f"inside {what}")
        aside.replace(path)
        synced(path.parent)


def replaced_json(path: Path, values: dict[str, Any], *, what: str) -> None:
    """Write `values` to `path` as JSON for people and machines: one name a line."""
    replaced(path, json.dumps(values, indent=1, ensure_ascii=False) + "\n", what=what)


def read_json(path: Path) -> dict[str, Any]:
    """Read an object that `replaced_json` wrote.

    Raises:
        WorkspaceError: The file holds no JSON object.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        mend = "Put it back from a backup, or start a new workspace from the source files."
        raise WorkspaceError(f"{path.name} is damaged: {error}", str(path), mend) from error
    if not isinstance(values, dict):
        mend = "Put it back from a backup, or start a new workspace from the source files."
        raise WorkspaceError(f"{path.name} is damaged: it holds no object", str(path), mend)
    return values


def removed(path: Path) -> None:
    """Delete a file or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
