"""What is in a file, how it would be read, what is wrong with it; nothing is changed."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keepwell.progress import Tell, quiet
from keepwell.settings import Settings, with_options

_EXAMPLES = 5  # of quarantined rows


def check(
    file: str | Path, *, settings: Settings | None = None, tell: Tell = quiet, **options: object
) -> dict[str, Any]:
    """Describe one file.

    Args:
        file: The file.
        settings: To read it with; the defaults where none are given.
        tell: Hears what is being done.
        options: Settings under their short names, e.g. `date_order="dmy"`, `columns={"Cust No": "customer_id"}`.

    Returns:
        `name`, `kind`, `encoding`, `delimiter`, `header` (the columns), `format`, `role` ('sales', 'products' or
        'customers'), `mapping` (field -> column), `rows`, `notes` (what was assumed, each with its switch); for sales
        also `facts`, `quarantined`, `money` (text), `first` and `last` day, `customers`, `nobody` (rows that name no
        customer), `reasons` (of quarantine, with counts) and `examples` of them.

    Raises:
        DataError: The file cannot be read as a table, or is of no known kind.
    """
    from keepwell.engine import opened
    from keepwell.unify.reading import read_file
    from keepwell.unify.recognise import recognised

    path, chosen = Path(file), with_options(settings or Settings(), options)
    with tempfile.TemporaryDirectory(prefix="keepwell-check-") as folder:
        raw = read_file(
            path,
            reading=chosen.reading,
            into=Path(folder),
            source="main",
            arrived=datetime.now(UTC),
            memory=chosen.compute.memory,
            tell=tell,
        )
        found = recognised(raw, chosen.reading)
        told = {
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
        if found.role != "sales":
            return told
        engine = opened(chosen.compute.model_copy(update={"engine": "duckdb"}), scratch=Path(folder))
        try:
            return told | _sales(raw, chosen, engine, tell)
        finally:
            engine.close()


def _sales(raw: Any, settings: Settings, engine: Any, tell: Tell) -> dict[str, Any]:
    """Return what the rows hold once they are typed."""
    from keepwell import unify
    from keepwell.engine import collected
    from keepwell.tables import UNKNOWN

    tables = {name: engine.keep(table) for name, table in unify.run([raw], settings, engine, tell=tell).items()}
    file = collected(engine, tables["files"]).to_pylist()[0]
    facts, bad = tables["order_lines"], tables["quarantine"]
    told = facts.aggregate(
        first=facts.order_date.min(),
        last=facts.order_date.max(),
        customers=facts.customer_id.nunique(where=facts.customer_id != UNKNOWN),
        nobody=facts.count(where=facts.customer_id == UNKNOWN),
    )
    reasons = bad.group_by("reason").aggregate(rows=bad.count())
    counted = collected(engine, reasons).to_pylist()
    examples = bad.order_by("line").limit(_EXAMPLES).select("line", "column", "value", "reason")
    return {
        **collected(engine, told).to_pylist()[0],
        "facts": file["facts"],
        "quarantined": file["quarantined"],
        "money": str(file["money_in"]),
        "notes": json.loads(file["notes"]),
        "reasons": {row["reason"]: row["rows"] for row in sorted(counted, key=lambda r: (-r["rows"], r["reason"]))},
        "examples": collected(engine, examples).to_pylist(),
    }
