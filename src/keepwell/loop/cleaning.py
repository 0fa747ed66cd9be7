"""Raw rows of a person made anonymous: what says who they are is cleared, what the sums need stays.

A row of sales keeps its day, its product and its money; its order's number becomes a stand-in, the same wherever the
number stands, so that payments still find their order and overlapping exports are still told. Whatever column nobody
understood is cleared, for it may say anything. Rows of files that only say who somebody is are taken out whole.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from keepwell.store.records import digest
from keepwell.unify import RawFile
from keepwell.unify.whose import Layout, What

AT_ONCE = 122_880  # rows in memory, and of a row group
HUSHED = "(forgotten)"  # stands where a text that must be filled named the person
_LEAST = 10**15  # stand-ins are whole numbers below minus this, which no shop counts its orders by


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What is to be cleaned in one raw file."""

    lines: frozenset[int]  # rows that are theirs
    words: tuple[str, ...]  # e-mails and phones, in lower case, to be cleared wherever else they stand
    salt: str  # the workspace's own
    names: Mapping[str, str] = field(default_factory=dict)  # columns that are called after them -> new names


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was done to a file."""

    cleared: tuple[int, ...]  # lines that stay without what is personal
    taken_out: tuple[int, ...]  # lines that are there no more
    mentions: int  # cells of other people's rows that held their e-mail or phone
    bad: int  # damaged records whose text named them

    @property
    def changed(self) -> bool:
        """Whether anything was."""
        return bool(self.cleared or self.taken_out or self.mentions or self.bad)


def clean(raw: RawFile, how: Layout, what: Cleaning, *, into: Path, bad_into: Path) -> Cleaned:
    """Write the file's rows without the person to `into`, its damaged records to `bad_into` where it has any."""
    whats = how.columns(raw.header)
    with pq.ParquetFile(raw.path) as old:
        schema = old.schema_arrow if how.taken_out else _roomy(old.schema_arrow, whats)
        found: list[Any] = []
        mentions = 0
        new_schema = pa.schema([one.with_name(what.names.get(one.name, one.name)) for one in schema])
        with pq.ParquetWriter(into, new_schema, compression="zstd") as new:
            for read in old.iter_batches(batch_size=AT_ONCE):
                batch = read.cast(schema)
                theirs = pc.is_in(batch.column("line"), value_set=pa.array(sorted(what.lines), pa.int64()))
                found += batch.filter(theirs).column("line").to_pylist()
                left = batch.filter(pc.invert(theirs)) if how.taken_out else _anonymous(batch, theirs, whats, what.salt)
                columns, hits = _scrubbed(left, what.words)
                mentions += hits
                new.write_batch(pa.RecordBatch.from_arrays(columns, schema=new_schema), row_group_size=AT_ONCE)
    bad = 0 if raw.bad_path is None else _bad_cleaned(raw.bad_path, what, bad_into)
    lines = tuple(sorted(found))
    return Cleaned(() if how.taken_out else lines, lines if how.taken_out else (), mentions, bad)


def cleaned_file(raw: RawFile, done: Cleaned, *, path: Path, bad_path: Path) -> RawFile:
    """Return the file as it is now."""
    bad = None if raw.bad_path is None else bad_path
    return replace(raw, path=path, bad_path=bad, rows=raw.rows - len(done.taken_out), notes=noted(raw.notes, done))


def noted(notes: tuple[str, ...], done: Cleaned) -> tuple[str, ...]:
    """Return the notes on a file with how many rows of forgotten people it held."""
    before = [re.match(_NOTE, note) for note in notes]
    counts = [len(done.taken_out), len(done.cleared)]
    for match in filter(None, before):
        counts = [n + int(match[i].replace(",", "")) for i, n in enumerate(counts, start=1)]
    kept = tuple(note for note, match in zip(notes, before, strict=True) if match is None)
    if not any(counts):
        return kept
    return (*kept, f"{counts[0]:,} rows of forgotten people were taken out, {counts[1]:,} keep their money only")


_NOTE = r"([\d,]+) rows of forgotten people were taken out, ([\d,]+) keep their money only"


def stand_in(salt: str, value: str) -> str:
    """Return what stands for the number of an order of a forgotten person: always the same in one workspace.

    It is a whole number, so that it fits a column of numbers too.

    >>> stand_in("salt", "1001") == stand_in("salt", "1001") != stand_in("salt", "1002")
    True
    """
    return str(-(_LEAST + int(digest(salt, "stand-in", value)[:15], 16)))


def is_stand_in(text: str) -> bool:
    """Return whether a person was forgotten under this number already.

    >>> is_stand_in(stand_in("salt", "1001")), is_stand_in("1001"), is_stand_in("-7")
    (True, False, False)
    """
    return re.fullmatch(r"-\d{16,19}", text) is not None


def _stood_in(values: pa.Array[Any], salt: str) -> pa.Array[Any]:
    """Return a stand-in for each value, as text or as int64; nulls stay, and so do stand-ins given before."""
    texts = [None if v is None else re.sub(r"^(\d+)\.0+$", r"\1", str(v)) for v in values.to_pylist()]
    stood = [t if t is None or is_stand_in(t) else stand_in(salt, t) for t in texts]
    if pa.types.is_integer(values.type):
        return pa.array([None if t is None else int(t) for t in stood], pa.int64())
    texts_again: pa.Array[Any] = pa.array(stood, values.type)
    return texts_again


def _roomy(schema: pa.Schema, whats: Mapping[str, What]) -> pa.Schema:
    """Return the schema with room for stand-ins: numbers of orders as int64, whatever else as text."""
    fields = []
    for old in schema:
        if whats.get(old.name) != "stand-in" or _is_text(old.type):
            fields.append(old)
        else:
            fields.append(old.with_type(pa.int64() if pa.types.is_integer(old.type) else pa.string()))
    return pa.schema(fields)


def _anonymous(batch: pa.RecordBatch, theirs: pa.Array[Any], whats: Mapping[str, What], salt: str) -> pa.RecordBatch:
    if not pc.any(theirs).as_py():
        return batch
    columns = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        what = "keep" if name == "line" else whats.get(name, "clear")
        if what == "stand-in":
            columns.append(pc.replace_with_mask(column, theirs, _stood_in(column.filter(theirs), salt)))
        else:
            columns.append(column if what == "keep" else pc.if_else(theirs, pa.scalar(None, column.type), column))
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _scrubbed(batch: pa.RecordBatch, words: Collection[str]) -> tuple[list[pa.Array[Any]], int]:
    """Return the columns with every text cleared that holds one of `words`, and how many there were."""
    hits, columns = 0, []
    for column in batch.columns:
        if not words or not _is_text(column.type):
            columns.append(column)
            continue
        holds = holding(column, words)
        hits += pc.sum(holds).as_py() or 0
        columns.append(pc.if_else(holds, pa.scalar(None, column.type), column))
    return columns, hits


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def holding(column: pa.Array[Any], words: Iterable[str]) -> pa.Array[Any]:
    """Return which texts hold one of `words`, given in lower case; see `pattern_of`."""
    listed = list(words)
    if not listed:
        return pa.array([False] * len(column))
    found = pc.match_substring_regex(pc.utf8_lower(column), pattern_of(listed))
    return pc.fill_null(found, fill_value=False)  # type: ignore[call-arg, unused-ignore]


def pattern_of(words: Iterable[str]) -> str:
    """Return a regular expression for texts in lower case that hold one of `words`, an e-mail or a phone number.

    What goes on to the left or to the right is the e-mail or the number of somebody else.

    >>> found = re.compile(pattern_of(["ann@example.com", "960001"])).search
    >>> [bool(found(text)) for text in ("to ann@example.com.", "<ann@example.com>", "call 01632-960001")]
    [True, True, True]
    >>> [bool(found(text)) for text in ("joann@example.com", "jo.ann@example.com", "ann@example.com.au", "1960001")]
    [False, False, False, False]
    """
    return "|".join(_AS_EMAIL(re.escape(word)) if "@" in word else _AS_NUMBER(re.escape(word)) for word in words)


_AS_EMAIL = r"(?:^|[^a-z0-9._%+-])[._%+-]*{}(?:[.-]*$|[.-]*[^a-z0-9.-])".format
_AS_NUMBER = "(?:^|[^0-9]){}(?:$|[^0-9])".format


def _bad_cleaned(bad: Path, what: Cleaning, into: Path) -> int:
    """Write the damaged records, without the text of those that name the person; return how many these are."""
    table = pq.read_table(bad)
    text = table.column("text").combine_chunks()
    here: Any = pc.is_in(table.column("line").combine_chunks(), value_set=pa.array(sorted(what.lines), pa.int64()))
    theirs = pc.or_(holding(text, what.words), here)
    cleared = pc.if_else(theirs, pa.scalar("", text.type), text)
    pq.write_table(table.set_column(table.schema.get_field_index("text"), "text", cleared), into, compression="zstd")
    return int(pc.sum(theirs).as_py() or 0)
