"""What a person may ask of a shop: what is held on them, what they allowed, and to be forgotten."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from keepwell.decided import Consent
from keepwell.engine import Engine, collected, opened
from keepwell.errors import ConfigError
from keepwell.loop.forgetting import found
from keepwell.loop.replayed import RECORDS
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings
from keepwell.shop.identities import own_ids, records_of
from keepwell.store import Workspace
from keepwell.store.records import RecordBook
from keepwell.tables import Tables

Row = dict[str, Any]
CHANNELS = ("email", "sms", "phone", "post", "all")


def meant(asked: tuple[str, ...], workspace: Workspace, settings: Settings, *, tell: Tell = quiet) -> Row:
    """Return who is meant and how many rows of which files are theirs; change nothing.

    Raises:
        DataError: There is no such customer, or several are meant.
    """
    compute = settings.compute.model_copy(update={"engine": "duckdb"})
    with closing(opened(compute)) as engine:
        tell("looking for every row of theirs")
        files, who = found(workspace, asked, settings, engine)
    names = ("customer_id", "customer_key", "name", "email")
    rows = {file.raw.digest: len(who.lines.get(file.raw.digest, ())) for file in files}
    return {
        "customers": [{name: row.get(name) for name in names} for row in who.customers],
        "files": [
            {"file": f.raw.name, "source": f.raw.source, "rows": rows[f.raw.digest]}
            for f in files
            if rows[f.raw.digest]
        ],
    }


def told_consent(asked: str, channel: str, tables: Tables, engine: Engine, *, given: bool) -> Consent:
    """Return a consent as the record book takes it: it goes with the key of the person's first record.

    Raises:
        DataError: There is no such customer.
        ConfigError: There is no such channel.
    """
    if channel not in CHANNELS:
        raise ConfigError(f"{channel!r} is no channel", "--channel", f"There are: {', '.join(CHANNELS)}.")
    record = records_of(asked, tables, engine)[0]
    return Consent(own_ids([record], tables, engine).get(record, record), channel, given, datetime.now(UTC))


def consents(asked: str, tables: Tables, engine: Engine, book: RecordBook) -> list[Row]:
    """Return every yes and no of a customer, the earliest first: those of the files, then of the record book.

    Each has `at` (ISO, or null), `channel`, `given` and `from` (a file's digest, or 'records').
    """
    from keepwell.loop.person import customer

    records = records_of(asked, tables, engine)
    row = customer(asked, tables, engine)
    t = tables["consents"]
    told = t.filter((t.file != RECORDS) & (t.customer_id == (row["customer_id"] if row else records[0])))
    filed = collected(engine, told.order_by("at", "file", "line", "channel")).to_pylist()
    rows = [
        {"at": r["at"] and r["at"].isoformat(), "channel": r["channel"], "given": r["given"], "from": r["file"]}
        for r in filed
    ]
    direct = book.history("consents", records={*records, *own_ids(records, tables, engine).values()})
    rows += [{"at": r["at"], "channel": r["channel"], "given": bool(r["given"]), "from": RECORDS} for r in direct]
    return sorted(rows, key=lambda r: r["at"] or "")
