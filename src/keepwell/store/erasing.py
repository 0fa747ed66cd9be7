"""Rewriting what was finished, the one time that is allowed: a person is to be forgotten.

All that is new is made aside first. Then the journal is written, and from that moment the work will be finished: by
this writer, or by the next one where this one is killed. It holds digests, ids and paths, and nothing that tells who
the person is. Runs get new names, so that a reader sees a run as it was or as it is, never some of each.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from keepwell.errors import WorkspaceError
from keepwell.store.faults import around
from keepwell.store.files import PART, read_json, removed, renamed, replaced_json, synced, synced_below
from keepwell.store.inbox import Entry
from keepwell.store.records import RecordBook
from keepwell.store.runs import Draft, Run, stem
from keepwell.store.workspace import Workspace

JOURNAL = "forgetting.json"
FOLDER = "forgetting"  # below the writer's scratch: what the inbox will hold


@dataclass(frozen=True, slots=True)
class Journal:
    """What is to be done, in plain values."""

    forgetting: str  # its name, which says nothing of the person
    at: str  # ISO, UTC
    by: str
    ids: list[str]  # of their records and customers
    digests: list[str]  # salted, of their keys
    runs: dict[str, str]  # old id -> new id
    current: str | None  # the run to become current; None: it stays
    moves: dict[str, str]  # file in the scratch folder -> path in the inbox
    entries: list[Entry]  # of the inbox, as they will be
    stale: list[str]  # files of the inbox to delete

    @classmethod
    def read(cls, workspace: Workspace) -> Self | None:
        """Return the journal that a killed writer left, if there is one."""
        path = workspace.folder / JOURNAL
        return cls(**read_json(path)) if path.exists() else None


def staging(workspace: Workspace) -> Path:
    """Return the folder for what the inbox will hold, made new."""
    folder = workspace.scratch / FOLDER
    removed(folder)
    folder.mkdir(parents=True)
    return folder


def revised(workspace: Workspace, run: Run) -> Draft:
    """Return an empty draft of a run that will take the place of `run`; its id follows on that one's."""
    first, number = stem(run.id)
    new = f"{first}-{number + 1}"
    folder = workspace.runs / f".{new}{PART}"
    removed(folder)
    folder.mkdir()
    return Draft(new, folder)


def commit(workspace: Workspace, journal: Journal) -> None:
    """Make the drafts sure, write the journal, and do what it says."""
    for new in journal.runs.values():
        synced_below(workspace.runs / f".{new}{PART}")
    for name in journal.moves:
        synced(workspace.scratch / FOLDER / name)
    if journal.moves:
        synced(workspace.scratch / FOLDER)
    replaced_json(workspace.folder / JOURNAL, asdict(journal), what="journal")
    resume(workspace)


def resume(workspace: Workspace) -> bool:
    """Do what the journal says, whatever of it was done before; return whether there was one. Only in one's turn.

    Raises:
        WorkspaceError: Something that was made aside is lost; nothing was deleted.
    """
    journal = Journal.read(workspace)
    if journal is None:
        return False
    _check_whole(workspace, journal)
    _take_in(workspace, journal)
    _rename_runs(workspace, journal)
    if journal.current is not None:
        workspace.make_current(journal.current)
    at = datetime.fromisoformat(journal.at)
    book = RecordBook(workspace.folder)
    book.forget(journal.ids, journal.digests, forgetting=journal.forgetting, at=at, by=journal.by)
    _delete_old(workspace, journal)
    with around("journal removed"):
        removed(workspace.folder / JOURNAL)
        synced(workspace.folder)
    return True


def pending(workspace: Workspace) -> bool:
    """Return whether a forgetting still has to be finished, with what was made aside."""
    return (workspace.folder / JOURNAL).exists()


def _check_whole(workspace: Workspace, journal: Journal) -> None:
    """Refuse to delete what was, where what is to take its place is neither aside nor in place."""
    places = [(workspace.scratch / FOLDER / name, workspace.inbox / path) for name, path in journal.moves.items()]
    places += [(workspace.runs / f".{new}{PART}", workspace.runs / new) for new in journal.runs.values()]
    for aside, place in places:
        if not aside.exists() and not place.exists():
            problem = "a forgetting was cut short, and what it had made is lost"
            raise WorkspaceError(problem, str(aside), f"Delete {JOURNAL}, and forget the person again.")


def _take_in(workspace: Workspace, journal: Journal) -> None:
    for name, target in journal.moves.items():
        staged, path = workspace.scratch / FOLDER / name, workspace.inbox / target
        if staged.exists():
            renamed(staged, path, what="cleaned rows")
    for entry in journal.entries:
        path = workspace.inbox / entry["source"] / f"{entry['digest']}.json"
        replaced_json(path, entry, what="cleaned entry")


def _rename_runs(workspace: Workspace, journal: Journal) -> None:
    for new in journal.runs.values():
        draft = workspace.runs / f".{new}{PART}"
        if draft.exists():
            renamed(draft, workspace.runs / new, what="rewritten run")


def _delete_old(workspace: Workspace, journal: Journal) -> None:
    """Delete the old runs, the old rows, and the pages, which may name anybody."""
    with around("old rows deleted"):
        for name in journal.stale:
            removed(workspace.inbox / name)
    for old in journal.runs:
        with around("old run deleted"):
            _vanish(workspace.runs / old)
    with around("reports deleted"):
        for path in pages(workspace) if journal.runs else []:
            removed(path)


def _vanish(run: Path) -> None:
    """Delete a run so that nobody ever sees a part of it: hide it first."""
    hidden = run.with_name(f".{run.name}{PART}")
    if run.exists():
        run.rename(hidden)
        synced(run.parent)
    removed(hidden)


def pages(workspace: Workspace) -> list[Path]:
    """Return all pages in the folder of reports."""
    return sorted(path for path in workspace.reports.glob("*") if path.is_file())


def with_manifest(values: dict[str, Any], *, of: str, new: str, at: str) -> dict[str, Any]:
    """Return run.json of a rewritten run."""
    summary = values["summary"] | {"run": new, "report": None}
    return values | {"run": new, "summary": summary, "rewritten": {"of": of, "at": at, "why": "a person was forgotten"}}
