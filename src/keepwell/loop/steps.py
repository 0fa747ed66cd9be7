"""The loop: files in, one stage after the other, one finished run out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from keepwell import account, decide, predict, segment, unify
from keepwell.engine import Engine, collected, opened
from keepwell.errors import DataError
from keepwell.loop.assigned import assigned, idle_notes, unassigned_note
from keepwell.loop.books import Books
from keepwell.loop.conservation import Account, accounted
from keepwell.loop.corrections import any_correct, corrected
from keepwell.loop.intake import all_of, check_files_exist, read_aside, taken_in
from keepwell.loop.manifest import manifest
from keepwell.loop.replayed import with_told
from keepwell.loop.space import told_when_full
from keepwell.loop.summary import Summary, summary
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings
from keepwell.store import Workspace, begin, finish, turn
from keepwell.store.erasing import pending, resume
from keepwell.store.inbox import sweep
from keepwell.store.records import RecordBook
from keepwell.tables import Tables
from keepwell.unify import RawFile

STAGES = {"account": account.run, "predict": predict.run, "segment": segment.run, "decide": decide.run}


def run(
    folder: Path,
    *,
    files: Sequence[Path] | None,
    settings: Settings,
    tell: Tell = quiet,
    accept: bool = False,
) -> Summary:
    """Run the whole loop in the workspace at `folder`, made where there is none.

    Args:
        folder: The workspace.
        files: Exactly these files, added to the inbox too; None: all that was ever added.
        settings: What is assumed, and what computes.
        tell: Hears what is being done, and whose turn it is where another writer is at work.
        accept: Let the run become current although many rows are in quarantine.

    Returns:
        The summary, as it also stands in run.json.

    Raises:
        KeepwellError: Something is wrong; the workspace is as it was, but for files that came in whole.
    """
    with writing(folder, what="run", files=files or [], tell=tell) as workspace:
        return _run(workspace, files, settings, tell=tell, accept=accept)


@contextmanager
def writing(folder: Path, *, what: str, files: Sequence[Path], tell: Tell) -> Iterator[Workspace]:
    """Make or open the workspace, wait for the turn, and clear away what dead writers left, before and after.

    Where one was killed or stopped while it forgot somebody, that is finished first.
    """
    check_files_exist(files)
    Workspace.create(folder, tell=tell)
    with turn(folder, what=f"{what} {' '.join(path.name for path in files)}".strip(), tell=tell):
        workspace = Workspace.open(folder)
        if resume(workspace):
            workspace = Workspace.open(folder)  # another run may be current now
        workspace.sweep()
        sweep(workspace.inbox)
        try:
            with told_when_full(folder):
                yield workspace
        finally:
            if not pending(workspace):  # else what was made aside is still needed
                workspace.sweep()
            workspace.erase_if_unused()


def _run(
    workspace: Workspace, files: Sequence[Path] | None, settings: Settings, *, tell: Tell, accept: bool
) -> Summary:
    watch, started = Watch(), datetime.now(UTC)
    account.cost_model(settings.costs)  # a mistake in it is said before the long work
    coming = None if files is None else read_aside(workspace, files, settings, now=started, tell=tell)
    inputs = _counting(workspace, settings, tell) if coming is None else [one.raw for one in coming]
    watch.lap("read")
    decided = RecordBook(workspace.folder).decided(known_by=settings.known_by)
    engine = opened(settings.compute, scratch=workspace.scratch)
    try:
        books = Books(begin(workspace, now=started), engine)
        facts = unify.run(inputs, settings, engine, decided=decided, tell=tell)
        books.write(with_told(facts, decided, engine))
        day = last_day(books.tables, settings, engine)
        inputs = inputs if coming is None else taken_in(workspace, coming, now=started)  # only what was understood
        watch.lap("unify")
        dated = settings.model_copy(update={"as_of": day})
        for name, stage in STAGES.items():
            books.write(stage(books.tables, dated, engine, tell=tell))
            watch.lap(name)
        tell("checking that nothing was lost")
        sums = accounted(books.tables, engine, as_of=day)
        borne = assigned(books.tables, dated.costs, engine, as_of=day)
        said = summary(books.tables, dated, engine, account=sums, as_of_given=settings.as_of is not None)
        said["notes"] += unassigned_note(borne) + idle_notes(books.tables, dated.costs, engine)
        if files is not None and len(files) > len(inputs):
            said["notes"].append("Files given twice, under one name or two, count once.")
        watch.lap("check")
    finally:
        engine.close()
    current = accept or not _too_many(sums, settings)
    whole = _whole(said, workspace, books.draft.id, current=current, seconds=watch.seconds, settings=settings)
    finish(
        workspace,
        books.draft,
        manifest(whole, dated, inputs, decided=decided, started=started, finished=datetime.now(UTC)),
        current=current,
    )
    return whole


def _counting(workspace: Workspace, settings: Settings, tell: Tell) -> list[RawFile]:
    """Return all that came in and counts, without the rows that were corrected later."""
    held = all_of(workspace, known_by=settings.known_by)
    if not any_correct(held):
        return [raw for raw, _standing in held]
    compute = settings.compute.model_copy(update={"engine": "duckdb"})
    with closing(opened(compute, scratch=workspace.scratch)) as engine:
        return corrected(held, engine, into=workspace.scratch / "corrected", tell=tell)


def last_day(tables: Tables, settings: Settings, engine: Engine) -> date:
    """Return the day up to which the run looks: the settings', or the last with money, or the last at all.

    Raises:
        DataError: No row could be used, or all are dated later than the day asked for.
    """
    t = tables["order_lines"]
    days = t.aggregate(
        rows=t.count(), first=t.order_date.min(), paid=t.order_date.max(where=t.money != 0), last=t.order_date.max()
    )
    row = collected(engine, days).to_pylist()[0]
    if not row["rows"]:
        raise DataError("no row of sales could be used", "the files given", _why_none(tables, engine))
    day: date = settings.as_of or row["paid"] or row["last"]
    if day < row["first"]:
        problem = f"nothing had happened by {day}: the first row is of {row['first']}, the last of {row['last']}"
        raise DataError(problem, "--as-of", "Give a day from the first on.")
    return day


def _why_none(tables: Tables, engine: Engine) -> str:
    t = tables["quarantine"]
    reasons = t.group_by("reason").aggregate(n=t.count(), line=t.line.min())
    rows = sorted(collected(engine, reasons).to_pylist(), key=lambda row: (-row["n"], row["reason"]))
    if not rows:
        return "Give a file of sales: a date, an amount and, for known customers, who bought."
    why = f"All were quarantined: {rows[0]['reason']} ({rows[0]['n']:,} rows, first at line {rows[0]['line']})."
    if rows[0]["reason"].startswith("no price"):
        return f"{why} Give the file of the products with their prices too."
    return f"{why} `keepwell check FILE` shows them, and how the columns were read."


def _too_many(sums: Account, settings: Settings) -> bool:
    return sums.quarantined > settings.reading.quarantine_limit * sums.rows_in


def _whole(
    said: Summary, workspace: Workspace, run_id: str, *, current: bool, seconds: dict[str, float], settings: Settings
) -> Summary:
    """Return the summary with what the tables do not say, in the order it is printed."""
    notes = said.pop("notes")
    if not current:
        limit = f"{settings.reading.quarantine_limit:.0%}"
        notes = [
            f"More than {limit} of the rows are in quarantine, so this run can be looked at but did not become "
            "current. Mend the files, or take it with --accept.",
            *notes,
        ]
    head = {"run": run_id, "workspace": str(workspace.folder)}
    return head | said | {"seconds": seconds, "report": None, "current": current, "notes": notes}


class Watch:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """End the stage `name`."""
        now = time.perf_counter()
        self.seconds[name] = round(now - self._last, 3)
        self._last = now
