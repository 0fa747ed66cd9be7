"""Files given again do not bring back who was forgotten: their rows are cleaned before anything reads them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
from ibis import _

from keepwell.decided import Decided
from keepwell.engine import Engine, collected, opened
from keepwell.loop.cleaning import HUSHED, Cleaning, clean, cleaned_file
from keepwell.loop.person import laid_out
from keepwell.settings import Settings
from keepwell.store import Entry, Workspace, known
from keepwell.store.inbox import same_reading
from keepwell.store.records import RecordBook
from keepwell.unify import RawFile
from keepwell.unify.whose import MARKS, Layout, marks

if TYPE_CHECKING:
    import ibis.expr.types as ir


def without_forgotten(raw: RawFile, workspace: Workspace, settings: Settings, *, keys: Sequence[str] = ()) -> RawFile:
    """Return a file that was just read, without the people who were forgotten.

    Where the same bytes were cleaned in the inbox before, that is what counts. Else the lines that were cleaned there,
    and every row that is known by the digest of a key, are cleaned in a file beside the one that was read. `keys` are
    the columns by which its rows correct others.
    """
    decided = RecordBook(workspace.folder).decided()
    if not decided.forgotten:
        return raw
    before = known(workspace.inbox, source=raw.source, digest=raw.digest) or {}
    lines = before.get("forgotten", {"cleared": [], "taken_out": []})
    if "forgotten" in before and same_reading(before, _known_columns(raw, before)):
        return RawFile.from_json(before, workspace.inbox)
    compute = settings.compute.model_copy(update={"engine": "duckdb"})
    how = laid_out(raw, None, settings, keys=keys)
    with closing(opened(compute, scratch=workspace.scratch)) as engine:
        theirs = {*lines["cleared"], *lines["taken_out"], *buried(raw, how, decided, engine)}
    if not theirs:
        return raw
    path, bad = raw.path.with_suffix(".known.parquet"), raw.path.with_suffix(".known.bad.parquet")
    done = clean(raw, how, Cleaning(frozenset(theirs), (), decided.salt), into=path, bad_into=bad)
    raw.path.unlink()
    if raw.bad_path is not None:
        raw.bad_path.unlink()
    return cleaned_file(raw, done, path=path, bad_path=bad)


def _known_columns(raw: RawFile, before: Entry) -> Entry:
    """Return what was read, with the columns called as in the inbox: some were called after the person."""
    entry = raw.to_json(raw.path.parent)
    if len(before["header"]) != len(raw.header):
        return entry
    header = [was if was.startswith(HUSHED) else now for was, now in zip(before["header"], raw.header, strict=True)]
    return entry | {"header": header}


def buried(raw: RawFile, how: Layout, decided: Decided, engine: Engine) -> list[int]:
    """Return the lines of people who were forgotten, told by the digests of what their rows say.

    The number of an order tells only rows that name nobody themselves.
    """
    rows = marks(raw, how, engine)
    nobody = _.number.isnull() & _.email.isnull() & _.phone.isnull()
    schema = pa.schema([("digest", pa.string())])
    stones = engine.table([pa.RecordBatch.from_arrays([pa.array(sorted(decided.forgotten))], schema=schema)], schema)
    parts = [_lines(rows.filter(nobody) if mark == "order" else rows, mark, decided.salt, stones) for mark in MARKS]
    found = collected(engine, ibis.union(*parts).distinct().order_by("line"))
    return [row["line"] for row in found.to_pylist()]


def _lines(rows: ir.Table, mark: str, salt: str, stones: ir.Table) -> ir.Table:
    there = rows.filter(rows[mark].notnull())
    hashed: Any = (ibis.literal(f"{salt}|{mark}|") + there[mark]).hexdigest("sha256")
    return there.mutate(digest=hashed).semi_join(stones, "digest").select("line")
