"""What a file became once it was read: a Parquet file of raw rows, and how it was read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from keepwell.settings import Reading


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
class Told:
    """What was said of a file when it was added: it holds for this file alone, and goes before the settings."""

    format: str = ""  # its format, whatever the columns look like
    columns: tuple[tuple[str, str], ...] = ()  # (column, field)
    date_order: str = ""
    decimal: str = ""
    timezone: str = ""  # of stamps without an offset
    currency: str = ""  # of rows that name none

    def over(self, reading: Reading) -> Reading:
        """Return the settings as they are for this file."""
        changes: dict[str, Any] = {n: v for n in ("date_order", "decimal") if (v := getattr(self, n))}
        if self.columns:
            filled = {field for _column, field in self.columns}
            others = {column: field for column, field in reading.columns.items() if field not in filled}
            changes["columns"] = others | dict(self.columns)
        return reading.model_copy(update=changes) if changes else reading

    def to_json(self) -> dict[str, Any]:
        """Return what was said, as plain values."""
        said = {name: value for name, value in asdict(self).items() if value}
        return said | ({"columns": dict(self.columns)} if self.columns else {})

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        return cls(**(values | {"columns": tuple(values.get("columns", {}).items())}))


@dataclass(frozen=True, slots=True)
class RawFile:
    """One file as it came in, made Parquet: nothing lost, nothing understood yet.

    `path` holds `line` (int64, the physical line on which the record begins, from 1; the sheet row
    of an XLSX, the row number of a Parquet file or of a pull from a database) and one column for each
    name in `header`. Text and XLSX give strings, stripped, null where nothing is left; Parquet and
    databases keep their own types.
    `bad_path` holds `line` (int64), `reason` and `text` (its first 200 characters) of the records
    that could not be split into fields. Every physical record after the header that is not blank
    is in exactly one of the two.
    """

    digest: str  # first 16 hex digits of the SHA-256 of the file's bytes
    name: str  # the file's name, without its folder
    source: str
    kind: str  # 'text', 'xlsx', 'parquet' or 'database'
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
    told: Told = Told()
    feed: str = ""  # what replaces and corrects one another: its format when it came in, or a database's table
    replaced: int = 0  # rows that came in with it and that a later file corrects, so that they are not in it now
    firsts: tuple[Path, ...] = ()  # `line`, and `first_arrived`, `first_file`, `first_line` of the row that it corrects

    def to_json(self, folder: Path) -> dict[str, Any]:
        """Return plain values for JSON, the paths relative to `folder`."""
        values = asdict(self)
        values["path"] = self.path.relative_to(folder).as_posix()
        values["bad_path"] = None if self.bad_path is None else self.bad_path.relative_to(folder).as_posix()
        values["arrived"] = self.arrived.isoformat()
        del values["replaced"], values["firsts"], values["told"]  # the first two are a run's, not the inbox's
        said = {"told": self.told.to_json()} if self.told != Told() else {}
        return values | {"header": list(self.header), "notes": list(self.notes)} | said

    @classmethod
    def from_json(cls, values: dict[str, Any], folder: Path) -> Self:
        """Return what `to_json` wrote, with the paths inside `folder`; what is no field of it is passed over."""
        bad = values["bad_path"]
        changed = {
            "path": folder / values["path"],
            "bad_path": None if bad is None else folder / bad,
            "header": tuple(values["header"]),
            "arrived": datetime.fromisoformat(values["arrived"]),
            "notes": tuple(values["notes"]),
            "told": Told.from_json(values.get("told", {})),
        }
        known = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        return cls(**(known | changed))
