"""What is in files, how they would be read, what is wrong with them; nothing is changed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keepwell.progress import Tell, quiet
from keepwell.settings import Settings, with_options

if TYPE_CHECKING:
    from keepwell.engine import Engine
    from keepwell.tables import Tables
    from keepwell.unify import RawFile, Recognition

_EXAMPLES = 5  # of quarantined rows


def check(
    file: str | Path, *more: str | Path, settings: Settings | None = None, tell: Tell = quiet, **options: object
) -> dict[str, Any]:
    """Describe a file.

    Args:
        file: The file.
        more: Other files that go with it: a file of products that holds its prices, say.
        settings: To read it with; the defaults where none are given.
        tell: Hears what is being done.
        options: Settings under their short names, e.g. `date_order="dmy"`, `columns={"Cust No": "customer_id"}`.

    Returns:
        `name`, `kind`, `encoding`, `delimiter`, `header` (the columns), `format`, `role` ('sales', 'products' or
        'customers'), `mapping` (field -> column), `rows`, `notes` (what was assumed, each with its switch); for sales
        also `facts`, `quarantined`, `money` of the facts (text), `first` and `last` day, `customers`, `nobody` (rows
        that name no customer), `reasons` (of quarantine, with counts) and `examples` of them.

    Raises:
        DataError: The file cannot be read as a table, or is of no known kind.
    """
    return check_all([file, *more], settings=settings, tell=tell, **options)[0]


def check_all(
    files: Sequence[str | Path], *, settings: Settings | None = None, tell: Tell = quiet, **options: object
) -> list[dict[str, Any]]:
    """Describe files that are to be read together; see `check`."""
    from keepwell.engine import opened

    chosen = with_options(settings or Settings(), options)
    with tempfile.TemporaryDirectory(prefix="keepwell-check-") as folder:
        read = _read([Path(file) for file in files], Path(folder), chosen, tell)
        told = [_shape(raw, found) for raw, found in read]
        if not any(found.role == "sales" for _, found in read):
            return told
        engine = opened(chosen.compute.model_copy(update={"engine": "duckdb"}), scratch=Path(folder))
        try:
            tables = _typed([raw for raw, _ in read], chosen, engine, tell)
            return [
                one | _contents(raw, tables, engine) if found.role == "sales" else one
                for one, (raw, found) in zip(told, read, strict=True)
            ]
        finally:
            engine.close()


def _read(files: Sequence[Path], into: Path, settings: Settings, tell: Tell) -> list[tuple[RawFile, Recognition]]:
    from keepwell.unify.reading import read_file
    from keepwell.unify.recognise import recognised

    now, memory = datetime.now(UTC), settings.compute.memory
    read = []
    for file in files:
        raw = read_file(file, reading=settings.reading, into=into, source="main", arrived=now, memory=memory, tell=tell)
        read.append((raw, recognised(raw, settings.reading)))
    return read


def _shape(raw: RawFile, found: Recognition) -> dict[str, Any]:
    """Return what the columns say."""
    return {
        "name": raw.name,
        "kind": raw.kind,
        "encoding": raw.encoding,
        "delimiter": raw.delimiter,
        "header": list(raw.header),
        "format": found.format,
        "role": found.role,
        "mapping": dict(found.mapping),
        "rows": raw.rows + raw.bad_rows,
        "notes": [*raw.notes, *found.notes],
    }


def _typed(raws: Sequence[RawFile], settings: Settings, engine: Engine, tell: Tell) -> Tables:
    from keepwell import unify

    return {name: engine.keep(table) for name, table in unify.run(raws, settings, engine, tell=tell).items()}


def _contents(raw: RawFile, tables: Tables, engine: Engine) -> dict[str, Any]:
    """Return what the rows of a file of sales hold."""
    from keepwell.engine import collected
    from keepwell.tables import UNKNOWN

    ours = [tables[name] for name in ("files", "order_lines", "quarantine")]
    files, facts, bad = (table.filter(table.file == raw.digest) for table in ours)
    file = collected(engine, files).to_pylist()[0]
    told = facts.aggregate(
        first=facts.order_date.min(),
        last=facts.order_date.max(),
        customers=facts.customer_id.nunique(where=facts.customer_id != UNKNOWN),
        nobody=facts.count(where=facts.customer_id == UNKNOWN),
    )
    counted = collected(engine, bad.group_by("reason").aggregate(rows=bad.count())).to_pylist()
    examples = bad.order_by("line").limit(_EXAMPLES).select("line", "column", "value", "reason")
    return {
        **collected(engine, told).to_pylist()[0],
        "facts": file["facts"],
        "quarantined": file["quarantined"],
        "money": str(file["money_facts"]),
        "notes": json.loads(file["notes"]),
        "reasons": {row["reason"]: row["rows"] for row in sorted(counted, key=lambda r: (-r["rows"], r["reason"]))},
        "examples": collected(engine, examples).to_pylist(),
    }
