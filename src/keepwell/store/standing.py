"""Which of all that came in counts: the rest was replaced by what came later, or taken out again.

Nothing is deleted for that, so that a run can be of what was known on any day. An entry's `arrivals` say when it came
and how: to be appended, to replace all that came earlier of its source and kind, or to correct rows of it by their
key. `dropped` says when it was taken out. Of its source and kind is what has the same `source` and `feed`: a format,
or a table of a database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

Mode = Literal["append", "replace", "correct"]
MODES: tuple[Mode, ...] = ("append", "replace", "correct")


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry that counts, and how it last came."""

    entry: Mapping[str, Any]
    mode: Mode
    batch: str  # what came with one command replaces nothing of its own

    @property
    def group(self) -> tuple[str, str]:
        """What can replace or correct it, and what it can."""
        return self.entry["source"], self.entry.get("feed", "")

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell its rows, where it corrects."""
        return tuple(self.entry.get("key", ())) if self.mode == "correct" else ()


def arrivals(entry: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return when and how an entry came; one written before there were modes came once, to be appended."""
    once = {"at": entry["arrived"], "mode": "append", "batch": entry["arrived"]}
    found: list[dict[str, str]] = entry.get("arrivals", [once])
    return found


def standing(entries: Sequence[Mapping[str, Any]], *, known_by: date | None = None) -> list[Standing]:
    """Return the entries that count, in the order in which they last came.

    Args:
        entries: All there are.
        known_by: Count only what had happened by this day; None: all.
    """
    last = known_by or date.max
    held: dict[tuple[str, str], Standing] = {}
    for at, _order, entry, came in sorted(_events(entries), key=lambda event: event[:2]):
        if at.date() > last:
            break
        name = entry["source"], entry["digest"]
        held.pop(name, None)
        if came is None:
            continue
        new = Standing(entry, came["mode"], came["batch"])  # type: ignore[arg-type]
        if new.mode == "replace":
            held = {n: old for n, old in held.items() if old.group != new.group or old.batch == new.batch}
        held[name] = new
    return list(held.values())


def next_moment(entries: Sequence[Mapping[str, Any]], now: datetime) -> datetime:
    """Return when what happens now happened: after all that did before, though the clock was set back since."""
    latest = max((at for at, _order, _entry, _came in _events(entries)), default=None)
    return now if latest is None else max(now, latest + timedelta(microseconds=1))


def changes_nothing(before: Sequence[Standing], new: Standing) -> bool:
    """Return whether what comes again stands already and would neither replace nor correct anything."""
    mates = [old for old in before if old.group == new.group]
    itself = [old for old in mates if old.entry["digest"] == new.entry["digest"]]
    if not itself:
        return False
    if new.mode == "replace":
        return all(old is itself[0] or old.batch == itself[0].batch for old in mates)
    if new.mode == "correct":
        return mates[-1] is itself[0] and itself[0].mode != "append"
    return True


def _events(
    entries: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[datetime, int, Mapping[str, Any], dict[str, str] | None]]:
    """Yield (when, order, entry, how it came; None: it was taken out)."""
    for order, entry in enumerate(entries):
        for came in arrivals(entry):
            yield datetime.fromisoformat(came["at"]), order, entry, came
        for at in entry.get("dropped", ()):
            yield datetime.fromisoformat(at), order, entry, None
