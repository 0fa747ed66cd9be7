"""What a file became once it was read: a Parquet file of raw rows, and how it was read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reading a file gave, beside the Parquet files: the part of `RawFile` that depends on its kind."""

    kind: str
    header: tuple[str, ...]
    header_line: int
    rows: int
    bad_rows: int = 0
    encoding: str = ""
    delimiter: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RawFile:
    """One file as it came in, made Parquet: nothing lost, nothing understood yet.

    `path` holds `line` (int64, the physical line on which the record begins, from 1; the sheet row
    of an XLSX, the row number of a Parquet file) and one column for each name in `header`. Text and
    XLSX give strings, stripped, null where nothing is left; Parquet keeps its own types.
    `bad_path` holds `line` (int64), `reason` and `text` (its first 200 characters) of the records
    that could not be split into fields. Every physical record after the header that is not blank
    is in exactly one of the two.
    """

    digest: str  # first 16 hex digits of the SHA-256 of the file's bytes
    name: str  # the file's name, without its folder
    source: str
    kind: str  # 'text', 'xlsx' or 'parquet'
    path: Path
    bad_path: Path | None  # None: no bad records
    encoding: str  # as Python names it; '' where it does not apply
    delimiter: str  # ' ': runs of white space; '' where it does not apply
    header: tuple[str, ...]  # stripped and unique; 'c1', 'c2'.. where there is no header
    header_line: int  # 0: there is no header
    rows: int
    bad_rows: int
    arrived: datetime  # UTC
    notes: tuple[str, ...]  # what was assumed, in sentences, each with what changes it

    def to_json(self, folder: Path) -> dict[str, Any]:
        """Return plain values for JSON, the paths relative to `folder`."""
        values = asdict(self)
        values["path"] = self.path.relative_to(folder).as_posix()
        values["bad_path"] = None if self.bad_path is None else self.bad_path.relative_to(folder).as_posix()
        values["arrived"] = self.arrived.isoformat()
        return values | {"header": list(self.header), "notes": list(self.notes)}

    @classmethod
    def from_json(cls, values: dict[str, Any], folder: Path) -> Self:
        """Return what `to_json` wrote, with the paths inside `folder`."""
        bad = values["bad_path"]
        changed = {
            "path": folder / values["path"],
            "bad_path": None if bad is None else folder / bad,
            "header": tuple(values["header"]),
            "arrived": datetime.fromisoformat(values["arrived"]),
            "notes": tuple(values["notes"]),
        }
        return cls(**(values | changed))
