"""The inbox: each file that came in, once, as Parquet, with how it was read.

Append-only. An entry is `<digest>.json`; it counts from the moment that file is there. The same bytes are one entry,
and keep the time of their first arrival; when and how they came again stands in `arrivals` (see `standing`). Reading
the same bytes in another way (another delimiter, say) adds a Parquet file beside the first, to which the entry then
points. `forgotten`, where it is there, names the lines of people who were forgotten: `cleared` of all that is
personal, or `taken_out`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keepwell.errors import DataError
from keepwell.store.files import read_json, removed, renamed, replaced_json, synced
from keepwell.store.standing import Mode, Standing, arrivals, changes_nothing, standing

Entry = dict[str, Any]  # plain values; 'path' and 'bad_path' are relative to the inbox
_ASKED = ("told", "feed", "key", "pull")  # what whoever added it said: the last word counts
# What may differ in one reading.
_READING = (
    "name", "path", "bad_path", "arrived", "earlier", "notes", "rows", "forgotten", "arrivals", "dropped", *_ASKED,
)  # fmt: skip


def entries(inbox: Path) -> list[Entry]:
    """Return all entries, the earliest arrival first."""
    found = [read_json(path) for path in sorted(inbox.glob("*/*.json")) if not path.name.startswith(".")]
    return sorted(found, key=lambda entry: (entry["arrived"], entry["digest"]))


def known(inbox: Path, *, source: str, digest: str) -> Entry | None:
    """Return the entry of a file that came in before; None: it is new."""
    path = inbox / _checked_source(source) / f"{digest}.json"
    return read_json(path) if path.exists() else None


def put(inbox: Path, entry: Entry, *, staged: Path, at: str = "", mode: Mode = "append", batch: str = "") -> Entry:
    """Take in a file that was read into the folder `staged`, and return its entry.

    Args:
        inbox: The folder of the inbox.
        entry: `source`, `digest`, `arrived`, `path` and `bad_path` (or None), the paths relative to `staged`, and
            whatever else says how the file was read.
        staged: A folder on the same disk; the files move out of it.
        at: When it comes now, which is not its first arrival where it came before.
        mode: What it does to what came earlier.
        batch: What comes with one command has one batch.
    """
    came = {"at": at or entry["arrived"], "mode": mode, "batch": batch or at or entry["arrived"]}
    before = known(inbox, source=entry["source"], digest=entry["digest"])
    place = inbox / entry["source"]
    place.mkdir(parents=True, exist_ok=True)
    if before is None:
        new = _moved(entry, staged, place, 1) | {"arrivals": [came]}
    else:
        new = before if same_reading(before, entry) else _read_again(before, entry, staged, place)
        new = {name: value for name, value in new.items() if name not in _ASKED}
        new |= {name: entry[name] for name in _ASKED if name in entry}
        new |= {"arrivals": _came_again(inbox, before, new, came)}
    if new != before:
        replaced_json(place / f"{entry['digest']}.json", new, what="inbox entry")
    return new


def drop(inbox: Path, entry: Entry, *, at: str) -> Entry:
    """Take an entry out from the moment `at` on; its files stay, for the runs that used them."""
    gone = entry | {"dropped": [*entry.get("dropped", ()), at]}
    replaced_json(inbox / entry["source"] / f"{entry['digest']}.json", gone, what="inbox entry")
    return gone


def _read_again(before: Entry, entry: Entry, staged: Path, place: Path) -> Entry:
    files = [path for path in (before["path"], before["bad_path"]) if path]
    moved = _moved(entry, staged, place, unused_number(before))
    moved |= {"arrived": before["arrived"], "earlier": [*before["earlier"], files]}
    return moved | {name: before[name] for name in ("forgotten", "dropped") if name in before}


def _came_again(inbox: Path, before: Entry, new: Entry, came: dict[str, str]) -> list[dict[str, str]]:
    """Return the arrivals of an entry with one more, if that changes what counts."""
    here = Standing(new, came["mode"], came["batch"])  # type: ignore[arg-type]
    same = changes_nothing(standing(entries(inbox)), here)
    return arrivals(before) if same else [*arrivals(before), came]


def sweep(inbox: Path) -> None:
    """Delete Parquet files that no entry names: a writer was killed before it wrote the entry."""
    named = {path for entry in entries(inbox) for path in files_of(entry)}
    for path in sorted(inbox.glob("*/*.parquet")):
        if path.relative_to(inbox).as_posix() not in named:
            removed(path)


def unused_number(entry: Entry) -> int:
    """Return a number for the next files of an entry that none of its files has, were earlier ones deleted or not."""
    stems = [path.rpartition("/")[2].split(".")[0] for path in files_of(entry)]
    numbers = [stem.rpartition("-")[2] for stem in stems if "-" in stem]
    return 1 + max((int(number) for number in numbers if number.isdigit()), default=1)


def files_of(entry: Entry) -> list[str]:
    """Return every file that an entry names, relative to the inbox."""
    listed = [entry["path"], entry["bad_path"], *(path for files in entry["earlier"] for path in files)]
    return [path for path in listed if path]


def same_reading(one: Entry, other: Entry) -> bool:
    """Return whether two readings of the same bytes found the same, rows of forgotten people counted in."""
    names = (set(one) | set(other)) - set(_READING)
    return all(one.get(name) == other.get(name) for name in names) and _rows(one) == _rows(other)


def _rows(entry: Entry) -> int:
    return int(entry.get("rows", 0)) + len(entry.get("forgotten", {}).get("taken_out", ()))


def _moved(entry: Entry, staged: Path, place: Path, number: int) -> Entry:
    """Move the entry's files into `place`; no path is used twice."""
    stem = entry["digest"] if number == 1 else f"{entry['digest']}-{number}"
    moved = entry | {"earlier": []}
    for field, ending in (("path", ".parquet"), ("bad_path", ".bad.parquet")):
        if entry[field] is not None:
            source, target = staged / entry[field], place / (stem + ending)
            synced(source)
            renamed(source, target, what=f"inbox {field}")
            moved[field] = target.relative_to(place.parent).as_posix()
    return moved


def _checked_source(source: str) -> str:
    if not source or source.startswith(".") or "/" in source or "\\" in source:
        raise DataError(f"{source!r} cannot name a source", mend="Use letters, digits, '-' and '_'.")
    return source
