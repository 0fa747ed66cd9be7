"""Runs: written aside, then renamed, then never changed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from keepwell.errors import DataError, WorkspaceError
from keepwell.store.files import PART, read_json, renamed, replaced_json, synced_below
from keepwell.store.workspace import Workspace
from keepwell.tables import CONTRACTS

MANIFEST = "run.json"
_TIME = "%Y%m%dT%H%M%S"


@dataclass(frozen=True, slots=True)
class Draft:
    """A run that is being written; nobody sees it."""

    id: str
    folder: Path

    def path(self, table: str) -> Path:
        """Return where the table belongs."""
        return self.folder / f"{table}.parquet"


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run."""

    id: str
    folder: Path

    def manifest(self) -> dict[str, Any]:
        """Return run.json: inputs, settings, dates, seed, versions, seconds and the summary."""
        return read_json(self.folder / MANIFEST)

    def tables(self) -> list[str]:
        """Return the names of its tables."""
        return sorted(path.name.removesuffix(".parquet") for path in self.folder.glob("*.parquet"))

    def path(self, table: str) -> Path:
        """Return the table's Parquet file, or its folder of parts.

        Raises:
            DataError: There is no such table; says which the run has.
            WorkspaceError: There is, but an earlier version made the run and did not know it.
        """
        path = self.folder / f"{table}.parquet"
        if not path.exists() and table in CONTRACTS and self.folder.is_dir():
            problem = f"an earlier version of Keepwell made this run: it has no table {table!r}"
            mend = "Run again: `keepwell run` without files uses all that was added."
            raise WorkspaceError(problem, str(self.folder), mend)
        if not path.exists():
            raise DataError(f"there is no table {table!r} in run {self.id}", mend=_nearest(table, self.tables()))
        return path


def begin(workspace: Workspace, *, now: datetime) -> Draft:
    """Start a run, in one's turn; `now` is in UTC."""
    workspace.runs.mkdir(exist_ok=True)
    run_id = _new_id(workspace, now)
    folder = workspace.runs / f".{run_id}{PART}"
    folder.mkdir()
    return Draft(run_id, folder)


def finish(workspace: Workspace, draft: Draft, manifest: dict[str, Any], *, current: bool) -> Run:
    """Write run.json, give the run its name and, if it is to be `current`, let readers see it."""
    replaced_json(draft.folder / MANIFEST, manifest, what=MANIFEST)
    synced_below(draft.folder)
    run = Run(draft.id, workspace.runs / draft.id)
    renamed(draft.folder, run.folder, what="run folder")
    workspace.reports.mkdir(exist_ok=True)
    if current:
        workspace.make_current(run.id)
    return run


def finished(workspace: Workspace) -> list[Run]:
    """Return all finished runs, the oldest first."""
    names = sorted(p.parent.name for p in workspace.runs.glob(f"*/{MANIFEST}") if not p.parent.name.startswith("."))
    return [Run(name, workspace.runs / name) for name in names]


def find(workspace: Workspace, run_id: str | None = None) -> Run:
    """Return the run `run_id`, or the one that was current when the workspace was opened.

    Raises:
        WorkspaceError: There is no such run, or none is current yet.
    """
    wanted = run_id or workspace.current
    known = {run.id: run for run in finished(workspace)}
    rewritten = [] if wanted is None else [run for run in known if stem(run)[0] == stem(wanted)[0]]
    if wanted not in known and rewritten:  # a person was forgotten meanwhile; see `erasing`
        return known[max(rewritten, key=stem)]
    if wanted is None:
        mend = "Make one with `keepwell run FILES`."
        if known:
            mend = "Too many rows were in quarantine: mend the files, or run again with --accept."
        raise WorkspaceError("no run is current yet", str(workspace.folder), mend)
    if wanted not in known:
        raise WorkspaceError(f"there is no run {wanted!r}", str(workspace.folder), _nearest(wanted, list(known)))
    return known[wanted]


def stem(run_id: str) -> tuple[str, int]:
    """Split 'time-random-revision'; a run that was never rewritten has the revision 1."""
    parts = run_id.split("-")
    revision = int(parts[2]) if len(parts) > 2 and parts[2].isdecimal() else 1
    return "-".join(parts[:2]), revision


def _new_id(workspace: Workspace, now: datetime) -> str:
    """Return an id later, as text, than every other, whatever the clock does."""
    last = max((run.id for run in finished(workspace)), default="")
    if last and last[: len(now.strftime(_TIME))] >= now.strftime(_TIME):
        now = datetime.strptime(last.split("-")[0], _TIME).replace(tzinfo=UTC) + timedelta(seconds=1)
    return f"{now.strftime(_TIME)}-{secrets.token_hex(3)}"


def _nearest(wanted: str, names: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(wanted, names, n=1)
    guess = f"Did you mean {near[0]!r}? " if near else ""
    return f"{guess}There {'are' if len(names) != 1 else 'is'}: {', '.join(names) or 'none'}."
