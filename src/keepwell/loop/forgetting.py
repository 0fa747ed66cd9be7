"""Forget a person: their rows become rows of nobody, everything that says who they are goes, every sum stays.

All is made aside first, and the sums are compared; until then nothing has changed. One journal entry later it will be
finished, by this process or by the next that writes; see `store.erasing`.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keepwell.engine import Engine, opened
from keepwell.errors import ConfigError
from keepwell.loop.cleaning import HUSHED, Cleaned, Cleaning, clean, cleaned_file, pattern_of
from keepwell.loop.deletions import deletions, held_rows, words_of, write_deletions
from keepwell.loop.edges import Marks, edge_marks, kept, lost
from keepwell.loop.person import File, Person, Places, inbox_files, person
from keepwell.loop.steps import writing
from keepwell.loop.traces import Traces, file_name, new_names, traces_of, with_damaged
from keepwell.loop.unnamed import Gone, check_sums, gone_in, without
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings
from keepwell.store import Entry, Run, Workspace, entries, find, finished
from keepwell.store.erasing import Journal, commit, pages, revised, staging, with_manifest
from keepwell.store.files import replaced_json
from keepwell.store.inbox import files_of, unused_number
from keepwell.store.records import RecordBook, digest, user
from keepwell.store.runs import MANIFEST
from keepwell.tables import Tables

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Work:
    """What is made aside, and what was counted on the way."""

    moves: dict[str, str]
    entries: list[Entry]
    stale: list[str]
    files: list[Row]
    paths: dict[str, str]  # of rows: as they were called -> as they will be


def forget(
    folder: Path,
    asked: Sequence[str],
    *,
    settings: Settings,
    to: Path | None = None,
    tell: Tell = quiet,
    by: str = "",
) -> Row:
    """Forget the people named by ids, keys, e-mails or phone numbers, all or none of them.

    Args:
        folder: The workspace.
        asked: Who.
        settings: How files are read that no run has read.
        to: Where the list for the other systems goes; None: beside the workspace. It is written first.
        tell: Hears what is being done.
        by: Who does it; empty: the user of this machine.

    Returns:
        `forgetting` (its name), `customers` (how many), `files` (what was cleaned in each), `runs` (old id -> new id),
        `reports` (pages deleted), `list` (path of the list), `kept` (what is not touched, in sentences).

    Raises:
        DataError: Nobody is meant, or somebody is meant who is several.
        ConfigError: The list cannot be written there.
        ConservationError: A sum would change; nothing was changed.
    """
    Workspace.open(folder)
    with writing(folder, what="forget", files=[], tell=tell) as workspace:
        compute = settings.compute.model_copy(update={"engine": "duckdb"})
        with closing(opened(compute, scratch=workspace.scratch)) as engine:
            return _forget(workspace, asked, settings, engine, to=to, tell=tell, by=by or user())


def _forget(
    workspace: Workspace,
    asked: Sequence[str],
    settings: Settings,
    engine: Engine,
    *,
    to: Path | None,
    tell: Tell,
    by: str,
) -> Row:
    name, now = secrets.token_hex(4), datetime.now(UTC)
    place = _place(to or workspace.folder.parent / f"{workspace.name}-forgotten-{name}.csv", workspace)
    tell("looking for every row of theirs")
    files, who = found(workspace, asked, settings, engine)
    held = {f.raw.digest: held_rows(f, who.lines.get(f.raw.digest, ()), engine) for f in files}
    salt = RecordBook(workspace.folder).salt()
    words = words_of(files, held, who.keys)
    tell("cleaning what came in")
    traces = traces_of(files, held, words, who.keys)
    lines = with_damaged(who.lines, files, traces)
    work = _cleaned(workspace, files, lines, traces, salt)
    gone = Gone(who.ids, who.records, lines, (*words, *_named_after(files, traces)), salt)
    rewritten, ids = _rewritten(workspace, gone, work, engine, at=now, tell=tell)
    listed = deletions(files, held)
    write_deletions(listed, place, aside=workspace.scratch / "list.csv")
    tell("putting it in place")
    journal = Journal(
        forgetting=name,
        at=now.isoformat(),
        by=by,
        ids=sorted(ids),
        digests=sorted(digest(salt, kind, value) for kind, values in who.keys.items() for value in values),
        runs=rewritten,
        current=rewritten.get(workspace.current or ""),
        moves=work.moves,
        entries=work.entries,
        stale=work.stale,
    )
    reports = [path.name for path in pages(workspace)] if rewritten else []
    commit(workspace, journal)
    return {
        "forgetting": name,
        "customers": len(asked),
        "files": work.files,
        "runs": rewritten,
        "reports": reports,
        "list": str(place),
        "to_delete": len(listed),
        "kept": list(KEPT),
    }


KEPT = (
    "The original files that were given to Keepwell, wherever they are kept, are not touched; they stand in the list.",
    "Exports, reports and copies of the workspace that were made before are not touched.",
    "What was summed over many customers stays as it was.",
)


def found(workspace: Workspace, asked: Sequence[str], settings: Settings, engine: Engine) -> tuple[list[File], Person]:
    """Return the files of the inbox, and the person with every row of theirs; see `person`."""
    tables = run_tables(find(workspace), engine) if workspace.current else {}
    files = inbox_files(workspace, tables, settings, engine)
    return files, person(asked, files, tables, engine)


def run_tables(run: Run, engine: Engine) -> Tables:
    """Return every table of a run as it stands, whichever version made it."""
    return {name: engine.read(run.path(name)) for name in run.tables()}


def _place(path: Path, workspace: Workspace) -> Path:
    """Refuse a place for the list where it cannot be written, or where it would stay in the workspace."""
    if not path.parent.is_dir():
        raise ConfigError("there is no such folder", str(path.parent), "Make it first, or choose another.")
    if workspace.folder in path.absolute().parents:
        problem = "the list names the person, so it cannot lie in the workspace that forgets them"
        raise ConfigError(problem, str(path), "Choose another place with --list.")
    return path


def _named_after(files: Sequence[File], traces: Traces) -> list[str]:
    """Return the names of files that name the person, in lower case."""
    return sorted({file.raw.name.lower() for file in files if file_name(file.raw.name, traces) != file.raw.name})


def _cleaned(workspace: Workspace, files: Sequence[File], lines: Places, traces: Traces, salt: str) -> Work:
    """Make the cleaned files of the inbox aside."""
    place, work = staging(workspace), Work({}, [], [], [], {})
    words = (*traces.words, *_named_after(files, traces))
    known = {(entry["source"], entry["digest"]): entry for entry in entries(workspace.inbox)}
    for number, file in enumerate(files):
        raw, entry = file.raw, known[file.raw.source, file.raw.digest]
        rows, bad = place / f"{number}.parquet", place / f"{number}.bad.parquet"
        name, columns = file_name(raw.name, traces), new_names(raw.header, traces)
        what = Cleaning(lines.get(raw.digest, frozenset()), traces.words, salt, columns)
        was = edge_marks(raw, entry.get("pull", {}), salt)
        done = clean(raw, file.how, what, into=rows, bad_into=bad)
        if not done.changed and not columns and name == raw.name:
            continue
        stem = f"{raw.source}/{raw.digest}-{unused_number(entry)}"
        work.moves[rows.name] = f"{stem}.parquet"
        if raw.bad_path is not None:
            work.moves[bad.name] = f"{stem}.bad.parquet"
        inbox = workspace.inbox
        now = cleaned_file(raw, done, path=inbox / f"{stem}.parquet", bad_path=inbox / f"{stem}.bad.parquet")
        now = replace(now, name=name, header=tuple(columns.get(one, one) for one in raw.header))
        edge = lost(was, edge_marks(replace(raw, path=rows), entry.get("pull", {}), salt))
        new = _renamed(_entry(entry, now.to_json(inbox), done, edge), columns)
        work.entries.append(new | _without_words({"notes": new["notes"]}, words, {}))
        work.stale.extend(files_of(entry))
        work.paths.update(
            {f"{path}": f"{stem}.parquet" for path in files_of(entry) if not path.endswith(".bad.parquet")}
        )
        counts = {"cleared": len(done.cleared), "taken_out": len(done.taken_out), "mentions": done.mentions}
        work.files.append({"name": raw.name, "source": raw.source, **counts, "damaged": done.bad})
    return work


def _entry(before: Entry, now: Entry, done: Cleaned, edge: Marks) -> Entry:
    """Return the entry of a cleaned file; other readings of it are deleted, for nobody can tell what they hold."""
    lines = before.get("forgotten", {"cleared": [], "taken_out": []})
    forgotten: Row = {
        "cleared": sorted({*lines["cleared"], *done.cleared}),
        "taken_out": sorted({*lines["taken_out"], *done.taken_out}),
    }
    edge = edge | kept(before)
    forgotten |= {"edge": edge} if edge else {}
    changed = {name: now[name] for name in ("name", "header", "path", "bad_path", "rows", "notes")}
    return before | changed | {"earlier": [], "forgotten": forgotten}


def _renamed(entry: Entry, columns: Mapping[str, str]) -> Entry:
    """Return an entry in which whatever was said of columns is said of their new names."""
    if not columns:
        return entry
    told = entry.get("told", {})
    mapped = {columns.get(column, column): filled for column, filled in told.get("columns", {}).items()}
    changed: Entry = {"told": told | {"columns": mapped}} if mapped else {}
    changed |= {"key": [columns.get(column, column) for column in entry["key"]]} if "key" in entry else {}
    return entry | changed


def _rewritten(
    workspace: Workspace, gone: Gone, work: Work, engine: Engine, *, at: datetime, tell: Tell
) -> tuple[dict[str, str], set[str]]:
    """Make the runs that named the person anew, aside; return old id -> new id, and every id that they went by."""
    made, ids = {}, {*gone.ids, *gone.records}
    for run in finished(workspace):
        tell(f"rewriting run {run.id}")
        tables = run_tables(run, engine)
        here = gone_in(tables, engine, gone)
        ids |= here.ids | here.records
        changed = without(tables, engine, here)
        if not changed:
            continue
        draft = revised(workspace, run)
        for name in tables:
            if name in changed:
                engine.write(changed[name], draft.path(name))
                check_sums(name, tables[name], engine.read(draft.path(name)), engine)
            else:
                _linked(run.path(name), draft.path(name))
        values = with_manifest(run.manifest(), of=run.id, new=draft.id, at=at.isoformat())
        replaced_json(
            draft.folder / MANIFEST, _without_words(values, gone.words, work.paths), what="rewritten run.json"
        )
        made[run.id] = draft.id
    return made, ids


def _linked(source: Path, target: Path) -> None:
    """Give a finished table, which never changes, a second name; where the disk cannot, copy it."""
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link)
    else:
        _link(str(source), str(target))


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _without_words(value: Any, words: Sequence[str], paths: Mapping[str, str]) -> Any:
    """Return plain values without texts that name the person, and with the inbox's new paths."""
    if isinstance(value, dict):
        return {name: _without_words(one, words, paths) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_words(one, words, paths) for one in value]
    if isinstance(value, str):
        told = bool(words) and re.search(pattern_of(words), value.lower())
        return HUSHED if told else paths.get(value, value)
    return value
