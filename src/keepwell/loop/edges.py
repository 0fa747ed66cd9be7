"""Rows at the edge of a pull, which the next pull meets again and must know though they were cleaned since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keepwell.unify import RawFile
from keepwell.unify.reading.databases import Earlier, edge, value_from_json

Marks = dict[str, str]  # line -> mark, in hexadecimal digits; '': the row did not stand at the edge


def edge_marks(raw: RawFile, pull: Mapping[str, Any], salt: str) -> Marks:
    """Return the marks of the rows at the edge of a pull, salted; none where it has no cursor.

    Args:
        raw: What was pulled.
        pull: How, as its entry tells.
        salt: The workspace's own.
    """
    if not pull.get("cursor"):
        return {}
    last, at = value_from_json(pull["last"]), pull.get("column", pull["cursor"])
    return {str(line): name.hex() for line, name in edge(raw.path, sorted(raw.header), at=at, last=last, salt=salt)}


def lost(was: Marks, now: Marks) -> Marks:
    """Return the marks, as they were, of the rows that cleaning changed."""
    return {line: was.get(line, "") for line in was | now if was.get(line) != now.get(line)}


def kept(entry: Mapping[str, Any]) -> Marks:
    """Return the marks that were kept of a pull: since it was cleaned in the inbox, else as it came."""
    marks: Marks = entry.get("forgotten", {}).get("edge", entry.get("pull", {}).get("edge", {}))
    return marks


def earlier(entry: Mapping[str, Any], raw: RawFile) -> Earlier:
    """Return a pull of the inbox with the marks that were kept of it."""
    return Earlier(raw, {int(line): bytes.fromhex(name) for line, name in kept(entry).items()})
