"""Everything that is held on a person, to be handed over: in plain words, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keepwell.engine import Engine, collected, opened
from keepwell.errors import ConfigError
from keepwell.loop.deletions import held_rows
from keepwell.loop.forgetting import found, run_tables
from keepwell.loop.person import Person
from keepwell.loop.unnamed import Gone, gone_in, theirs_in
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings
from keepwell.shop.plain import plain
from keepwell.store import Run, Workspace, finished
from keepwell.store.records import RecordBook
from keepwell.tables import CONTRACTS

Row = dict[str, Any]
Table = list[Row]
_RAW, _RUNS, _BOOK = "what came in", "runs", "record book"


@dataclass(frozen=True, slots=True)
class Held:
    """What is held on one person."""

    customer: Row  # of table customers; what was asked for where no run knows them
    tables: Mapping[str, Table]  # 'folder/name' -> rows, none of them empty
    titles: Mapping[str, str]  # 'folder/name' -> what it is, in words

    def words(self) -> str:
        """Return what is held, in plain words."""
        return "\n".join([*_who(self), "", *_what(self), "", *_columns(self)]) + "\n"

    def to_dict(self) -> Row:
        """Return all of it as plain values for JSON."""
        return {
            "customer": plain(self.customer),
            "held": {name: [plain(row) for row in rows] for name, rows in self.tables.items()},
            "what": dict(self.titles),
        }


def held(asked: str, workspace: Workspace, settings: Settings, *, tell: Tell = quiet) -> Held:
    """Gather everything that the workspace holds on a person: inbox, every run, record book.

    Raises:
        DataError: There is no such customer, or several are meant.
    """
    compute = settings.compute.model_copy(update={"engine": "duckdb"})
    with closing(opened(compute)) as engine:
        tell("looking for every row of theirs")
        files, who = found(workspace, [asked], settings, engine)
        tables: dict[str, Table] = {}
        titles: dict[str, str] = {}
        for file in files:
            rows = held_rows(file, who.lines.get(file.raw.digest, ()), engine)
            name = f"{_RAW}/{file.raw.source}-{file.raw.digest[:6]}-{_safe(file.raw.name)}"
            _put(
                tables, titles, name, rows, f"rows of the file {file.raw.name} ({file.how.format.title}) as it came in"
            )
        for run in finished(workspace):
            tell(f"looking into run {run.id}")
            for name, rows in _of_run(run, who, engine).items():
                now = ", the run that is current" if run.id == workspace.current else ""
                title = CONTRACTS[name].title if name in CONTRACTS else name
                _put(tables, titles, f"{_RUNS}/{run.id}/{name}", rows, f"{title} (run {run.id}{now})")
    book = RecordBook(workspace.folder)
    subjects = who.records | who.ids
    for name, title in (("decisions", "words on who is who"), ("consents", "consents told directly"), ("audit", "log")):
        _put(tables, titles, f"{_BOOK}/{name}", book.history(name, records=subjects), title)
    return Held(who.customers[0] if who.customers else {"customer_key": asked}, tables, titles)


def write_held(one: Held, to: Path) -> list[str]:
    """Write it to a new folder, or to one zip file where the name ends in .zip; return the names of its files.

    Raises:
        ConfigError: The place is taken, or its parent is not there.
    """
    if not to.parent.is_dir():
        raise ConfigError("there is no such folder", str(to.parent), "Make it first, or choose another.")
    if to.exists():
        raise ConfigError("there is something of that name already", str(to), "Choose another name with --to.")
    texts = _texts(one)
    aside = to.with_name(f".{to.name}.part")
    if to.suffix.lower() == ".zip":
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as file:
            for name, text in texts.items():
                file.writestr(name, text)
    else:
        for name, text in texts.items():
            path = aside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    aside.rename(to)
    return list(texts)


def _texts(one: Held) -> dict[str, str]:
    whole = json.dumps(one.to_dict(), indent=1, ensure_ascii=False) + "\n"
    texts = {"README.txt": one.words(), "person.json": whole}
    return texts | {f"{name}.csv": _csv(rows) for name, rows in one.tables.items()}


def _csv(rows: Table) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(plain(row) for row in rows)
    return text.getvalue()


def _put(tables: dict[str, Table], titles: dict[str, str], name: str, rows: Table, title: str) -> None:
    if rows:
        tables[name], titles[name] = rows, title


def _of_run(run: Run, who: Person, engine: Engine) -> dict[str, Table]:
    """Return the rows of a run that are about the person, ordered by their key."""
    tables = run_tables(run, engine)
    here = gone_in(tables, engine, Gone(who.ids, who.records, who.lines, (), ""))
    made = {}
    for name, table in theirs_in(tables, engine, here).items():
        keys = [c for c in CONTRACTS[name].key if c in table.columns] if name in CONTRACTS else []
        made[name] = collected(engine, table.order_by(keys) if keys else table).to_pylist()
    return made


def _who(one: Held) -> list[str]:
    c = one.customer
    told = [(words, c.get(name)) for name, words in _TOLD.items()]
    return [
        f"Everything held on customer {c['customer_key']}",
        "",
        *(f"  {words}: {value}" for words, value in told if value is not None),
    ]


_TOLD = {
    "name": "name",
    "email": "e-mail address",
    "phone": "phone number",
    "company": "company",
    "street": "street",
    "postcode": "postcode",
    "city": "city",
    "country": "country",
    "channel": "first came through",
    "first_seen": "first seen on",
    "last_seen": "last seen on",
    "customer_id": "called here",
}


def _what(one: Held) -> list[str]:
    lines = ["What there is, each in a file of its own (person.json holds all of it)"]
    for name, rows in one.tables.items():
        n = f"{len(rows):,} row" if len(rows) == 1 else f"{len(rows):,} rows"
        lines.append(f"  {name}.csv: {one.titles[name]}; {n}")
    return lines if one.tables else ["Nothing is held on them."]


def _columns(one: Held) -> list[str]:
    """Say what each column of the tables means, once."""
    names = dict.fromkeys(name.rpartition("/")[2] for name in one.tables if name.startswith(f"{_RUNS}/"))
    lines = ["What the columns of the runs' tables mean"] if names else []
    for name in names:
        if name in CONTRACTS:
            lines += [f"  {name}: {CONTRACTS[name].title}"]
            lines += [f"    {column}: {about.meaning}" for column, about in CONTRACTS[name].columns.items()]
    return lines


def _safe(name: str) -> str:
    """Return a file's name without what a path may not hold."""
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name)


def listed(one: Held) -> Sequence[tuple[str, int]]:
    """Return the tables with how many rows each has."""
    return [(name, len(rows)) for name, rows in one.tables.items()]
