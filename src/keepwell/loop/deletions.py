"""What to delete elsewhere: Keepwell holds copies, and the shop, the till and the mailing list hold the person."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from keepwell.engine import Engine, collected
from keepwell.loop.person import File, Keys
from keepwell.unify.whose import same_phone

Row = dict[str, Any]
# What a person is called in another system, by the field of the file that says so.
_WHAT = {
    "customer_id": "customer number",
    "email": "e-mail address",
    "phone": "phone number",
    "mobile": "phone number",
    "order_id": "order",
    "subscription_id": "subscription",
    "deal_id": "deal",
    "line_id": "entry",
}
_NAMES = ("name", "first_name", "last_name", "company", "street", "postcode", "city")
LINES_NAMED = 20  # lines of a file that are named one by one


@dataclass(frozen=True, slots=True)
class Deletion:
    """One thing to delete in one system."""

    system: str  # what kind of export it came from
    source: str  # the source it was added as
    file: str
    what: str
    key: str
    delete: str  # in words


def held_rows(file: File, lines: Iterable[int], engine: Engine) -> list[Row]:
    """Return rows of a raw file whole, in the order of their lines."""
    wanted = sorted(lines)
    if not wanted:
        return []
    table = engine.read(file.raw.path)
    return collected(engine, table.filter(table.line.isin(wanted)).order_by("line")).to_pylist()


def words_of(files: Sequence[File], held: Mapping[str, Sequence[Row]], keys: Keys) -> tuple[str, ...]:
    """Return what names the person in running text: e-mails, and phone numbers as they were written, in lower case."""
    words = set(keys["email"])
    for file in files:
        columns = [file.how.mapping[name] for name in ("phone", "mobile") if name in file.how.mapping]
        said = {str(row[column]).strip() for row in held[file.raw.digest] for column in columns if row[column]}
        words |= {text.lower() for text in said if same_phone(text, keys["phone"])}
    return tuple(sorted(words))


def deletions(files: Sequence[File], held: Mapping[str, Sequence[Row]]) -> list[Deletion]:
    """Return what to delete where, file by file."""
    found: list[Deletion] = []
    for file in files:
        rows = held[file.raw.digest]
        if rows:
            found += [_deletion(file, what, key) for what, key in _keys(file, rows)]
            found.append(_original(file, [row["line"] for row in rows]))
    return found


def _keys(file: File, rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Return what the rows call the person and their orders, each once, in order."""
    told: dict[tuple[str, str], None] = {}
    for field, what in _WHAT.items():
        column = file.how.mapping.get(field, "")
        for row in rows if column else ():
            if row[column] not in (None, ""):
                told[what, str(row[column])] = None
    columns = [file.how.mapping[name] for name in _NAMES if name in file.how.mapping]
    for row in rows:
        name = ", ".join(str(row[column]) for column in dict.fromkeys(columns) if row[column])
        if name:
            told["name and address", name] = None
    return list(told)


def _deletion(file: File, what: str, key: str) -> Deletion:
    whole = what in {"customer number", "e-mail address"}
    verb = "Delete the person" if whole else "Delete, or make anonymous, what is"
    return Deletion(file.how.format.title, file.raw.source, file.raw.name, what, key, f"{verb} kept under this {what}.")


def _original(file: File, lines: Sequence[int]) -> Deletion:
    shown = ", ".join(map(str, lines[:LINES_NAMED]))
    more = f" and {len(lines) - LINES_NAMED:,} more" if len(lines) > LINES_NAMED else ""
    told = f"Delete these lines in every copy you keep: {shown}{more}."
    return Deletion(file.how.format.title, file.raw.source, file.raw.name, "original file", file.raw.name, told)


def write_deletions(listed: Sequence[Deletion], to: Path, *, aside: Path) -> None:
    """Write the list as CSV; it appears when it is whole.

    Args:
        listed: What to delete.
        to: The list.
        aside: Where it is written first: it names people, so a place that the next writer clears away.
    """
    with aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Deletion)])
        writer.writeheader()
        writer.writerows({name: _plain(value) for name, value in asdict(one).items()} for one in listed)
    shutil.move(aside, to)


def _plain(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} and not text[1:].replace(" ", "").isdigit() else text
