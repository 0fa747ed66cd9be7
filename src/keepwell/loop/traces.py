"""What names a person outside the rows that are known to be theirs: damaged records, names of files, headers.

A damaged record cannot be split into fields, so it is looked at as a text: it is theirs if it holds their e-mail,
phone, customer number or full name. Its text is all that is lost, so it is cleared rather once too often.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from keepwell.loop.cleaning import HUSHED, holding
from keepwell.loop.person import File, Keys, Places
from keepwell.unify.formats.shape import WHO
from keepwell.unify.who import space

Row = dict[str, Any]
_NAMES = (("name",), ("first_name", "last_name"))
_EDGE = r"[^\pL\pN]"


@dataclass(frozen=True, slots=True)
class Traces:
    """What names one person."""

    words: tuple[str, ...]  # e-mails and phones, in lower case
    names: tuple[str, ...]  # expressions for full names
    numbers: Mapping[str, tuple[str, ...]]  # whose count -> expressions for their customer numbers in it
    said: frozenset[str]  # all that their rows say of who they are, in lower case

    def named(self, texts: Iterable[str | None]) -> list[bool]:
        """Return which texts hold their e-mail, phone or full name."""
        column = pa.array(texts, pa.string())
        return list(pc.or_(holding(column, self.words), _matching(column, self.names)).to_pylist())


def traces_of(files: Sequence[File], held: Mapping[str, Sequence[Row]], words: tuple[str, ...], keys: Keys) -> Traces:
    """Return what names a person.

    Args:
        files: The inbox.
        held: Digest of a file -> their rows in it.
        words: Their e-mails and phones, from `words_of`.
        keys: What is theirs alone, by mark.
    """
    names: set[tuple[str, ...]] = set()
    said: set[str] = set()
    for file in files:
        how = file.how.mapping
        for row in held[file.raw.digest]:
            said |= {str(row[how[field]]).strip().lower() for field in WHO if field in how and row[how[field]]}
            for fields in _NAMES:
                whole = " ".join(str(row[how[field]] or "") for field in fields if field in how)
                names.add(tuple(re.findall(r"[^\W_]+", whole.lower())))
    numbers: dict[str, list[str]] = {}
    for key in sorted(keys["number"]):
        whose, _bar, number = key.rpartition("|")
        numbers.setdefault(whose, []).append(f"(?:^|[^\\pL\\pN.]){re.escape(number.lower())}(?:$|[^\\pL\\pN.])")
    full = sorted(name for name in names if len(name) > 1)
    return Traces(
        words,
        tuple(_as_name(parts) for name in full for parts in (name, name[-1:] + name[:-1])),
        {whose: tuple(listed) for whose, listed in numbers.items()},
        frozenset(said),
    )


def _as_name(parts: Sequence[str]) -> str:
    return f"(?:^|{_EDGE}){f'{_EDGE}+'.join(map(re.escape, parts))}(?:$|{_EDGE})"


def _matching(column: pa.Array[Any], patterns: Sequence[str]) -> pa.Array[Any]:
    if not patterns:
        return pa.array([False] * len(column), pa.bool_())
    found = pc.match_substring_regex(pc.utf8_lower(column), "|".join(patterns))
    return pc.fill_null(found, fill_value=False)  # type: ignore[call-arg, unused-ignore]


def with_damaged(lines: Places, files: Sequence[File], traces: Traces) -> Places:
    """Return a person's lines with those of the damaged records that name them."""
    found = dict(lines)
    for file in files:
        if file.raw.bad_path is None:
            continue
        bad = pq.read_table(file.raw.bad_path, columns=["line", "text"]).combine_chunks()
        text = bad.column("text").combine_chunks()
        numbers = traces.numbers.get(space(file.raw.source, file.how.format), ())
        theirs = pc.or_(pa.array(traces.named(text.to_pylist()), pa.bool_()), _matching(text, numbers))
        here: list[Any] = bad.filter(theirs).column("line").to_pylist()
        if here:
            found[file.raw.digest] = found.get(file.raw.digest, frozenset()) | {*here}
    return found


def file_name(name: str, traces: Traces) -> str:
    """Return a file's name, or one that says nothing where it names them; a file's ending hides no e-mail."""
    path = PurePath(name)
    named = traces.named([name, path.stem, PurePath(path.stem).stem])
    return f"{HUSHED}{path.suffix}" if any(named) else name


def new_names(header: Sequence[str], traces: Traces) -> dict[str, str]:
    """Return old name -> new name of the columns that are called after them, as where a row was taken for the header.

    Where one cell of a header names them, so do the others that say what their rows say of them.
    """
    named = traces.named(header)
    if not any(named):
        return {}
    theirs = [name for name, hit in zip(header, named, strict=True) if hit or name.lower() in traces.said]
    return {name: f"{HUSHED} {number}" for number, name in enumerate(theirs, start=1)}
