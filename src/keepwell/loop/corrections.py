"""Rows that later files corrected: left out of the earlier ones before anything reads them.

What came in stays in the inbox as it came. For a run, an earlier file of the same source and kind is taken without the
rows whose key stands in a later file that came to correct; a key may stand on several rows, as an order's number does.
Rows with nothing in the key neither correct nor are corrected. A row that corrects is told where the first of its key
came, since whoever it names is as old as that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
from ibis import _

from keepwell.engine import Engine, number
from keepwell.progress import Tell
from keepwell.store import Standing
from keepwell.unify import RawFile
from keepwell.unify.arrivals import LINES
from keepwell.unify.typed import plain_utc

if TYPE_CHECKING:
    import ibis.expr.types as ir

Held = tuple[RawFile, Standing]
_FIRST: dict[str, pa.DataType] = {
    "came": pa.int64(),
    "first_arrived": pa.timestamp("us"),
    "first_file": pa.string(),
}
_CAME = pa.schema(_FIRST)


def any_correct(files: Sequence[Held]) -> bool:
    """Return whether a file corrects others."""
    return any(held.key for _raw, held in files)


def corrected(files: Sequence[Held], engine: Engine, *, into: Path, tell: Tell) -> list[RawFile]:
    """Return the files without the rows that later ones corrected; a file with none left is left out.

    Args:
        files: All that count, in the order in which they last came.
        engine: A local one, which reads the raw rows.
        into: The folder for files that lose rows.
        tell: Hears what is being done.
    """
    left = [raw for raw, _held in files]
    asked = {(held.group, held.key): place for place, (_raw, held) in enumerate(files) if held.key}
    for turn, ((group, key), latest) in enumerate(asked.items()):
        mates = [place for place, (_raw, held) in enumerate(files) if held.group == group]
        correcting = [place for place in mates if files[place][1].key == key]
        last = _last(files, correcting, key, engine)
        first = _first(files, [p for p in mates if set(key) <= set(files[p][0].header)], key, engine)
        for place in correcting:
            left[place] = _with_firsts(left[place], key, first, engine, into)
        for place in mates:
            if place < latest and set(key) <= set(left[place].header):
                tell(f"leaving out what was corrected in {left[place].name}")
                path = into / left[place].source / f"{left[place].digest}-{turn}.parquet"
                left[place] = _without(left[place], key, last.filter(_.last > place), engine, path)
    return [raw for raw in left if raw.rows or raw.bad_rows]


def _last(files: Sequence[Held], places: Sequence[int], key: Sequence[str], engine: Engine) -> ir.Table:
    """Return each key and the place of the last file that corrects by it."""
    parts = []
    for place in places:
        rows = engine.read(files[place][0].path)
        parts.append(rows.select(key=_told(rows, key), place=ibis.literal(place).cast("int64")).distinct())
    rows = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return engine.keep(rows.filter(_.key.notnull()).group_by("key").aggregate(last=_.place.max()))


def _first(files: Sequence[Held], places: Sequence[int], key: Sequence[str], engine: Engine) -> ir.Table:
    """Return each key with where it came first: `first_arrived` (UTC), `first_file` and `first_line`."""
    came = {place: (plain_utc(files[place][0].arrived), files[place][0].digest) for place in places}
    ranks = {place: rank for rank, place in enumerate(sorted(places, key=lambda place: came[place]))}
    parts = []
    for place, rank in ranks.items():
        rows = engine.read(files[place][0].path)
        parts.append(rows.select(key=_told(rows, key), at=(rows.line + rank * LINES).cast("int64")))
    rows = ibis.union(*parts) if len(parts) > 1 else parts[0]
    first = rows.filter(_.key.notnull()).group_by("key").aggregate(at=_.at.min())
    told = [dict(zip(_CAME.names, (rank, *came[place]), strict=True)) for place, rank in ranks.items()]
    whose = engine.table(pa.Table.from_pylist(told, _CAME).to_batches(), _CAME)
    both = first.mutate(came=(_.at // LINES).cast("int64")).join(whose, "came")
    return engine.keep(both.select("key", "first_arrived", "first_file", first_line=_.at % LINES))


def _with_firsts(raw: RawFile, key: Sequence[str], first: ir.Table, engine: Engine, into: Path) -> RawFile:
    """Return a file that corrects, with where the rows came first that its own stand in place of."""
    rows = engine.read(raw.path)
    told = _told(rows, key)
    both = rows.join(first, told == first.key)
    path = into / raw.source / f"{raw.digest}.{len(raw.firsts)}.firsts.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    engine.write(
        both.filter(_.first_file != raw.digest).select("line", "first_arrived", "first_file", "first_line"), path
    )
    return replace(raw, firsts=(*raw.firsts, path))


def _told(rows: ir.Table, key: Sequence[str]) -> Any:
    """Return a row's key as one text; null where a part of it is."""
    parts = [rows[column].cast("string") for column in key]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + "\x1f" + part
    return whole


def _without(raw: RawFile, key: Sequence[str], last: ir.Table, engine: Engine, path: Path) -> RawFile:
    """Return the file without the rows whose key stands in `last`, its lines as they were.

    They go to `path`, which nothing has read before: an engine may remember what stood there.
    """
    rows = engine.read(raw.path)
    told = _told(rows, key)
    count = number(engine, rows.semi_join(last, told == last.key).count())
    if not count:
        return raw
    path.parent.mkdir(parents=True, exist_ok=True)
    engine.write(rows.anti_join(last, told == last.key).order_by("line"), path)
    note = f"{count:,} {'row was' if count == 1 else 'rows were'} corrected by files that came later"
    return replace(raw, path=path, rows=raw.rows - count, replaced=raw.replaced + count, notes=(*raw.notes, note))
