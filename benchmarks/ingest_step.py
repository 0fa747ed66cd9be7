"""One text file in, typed order lines out: `python -m benchmarks.ingest_step CSV`."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import measured
from keepwell.engine import collected
from keepwell.engine.duck import DuckEngine
from keepwell.settings import Reading, Settings
from keepwell.unify import recognised
from keepwell.unify.reading import read_file
from keepwell.unify.sales import sales
from keepwell.unify.typed import readings, seen

MEMORY = "1GB"


def ingested(engine: DuckEngine, path: str) -> dict[str, Any]:
    """Read a file, decide how its columns are read, write its typed lines, and count where all of them went."""
    with tempfile.TemporaryDirectory(dir=Path(path).parent) as folder:
        began = time.monotonic()
        raw = read_file(
            Path(path),
            reading=Reading(),
            into=Path(folder),
            source="main",
            arrived=datetime(2026, 1, 1, tzinfo=UTC),
            memory=MEMORY,
        )
        read = time.monotonic()
        file = seen(raw, recognised(raw, Reading()), engine)
        how = readings(file, [], Reading())
        out = Path(folder) / "typed.parquet"
        table = sales(file, how, engine, zone=Settings().shop.timezone, products=None, compared=False)
        engine.write(table, out)
        typed = time.monotonic()
        rows = engine.read(out)
        counts = {
            "rows": rows.count(),
            "unusable": rows.fault_reason.count(),
            "lines": rows.line.nunique(),
            "cents": (rows.money.sum() * 100).cast("int64"),
        }
        answer = collected(engine, rows.aggregate(**counts)).to_pylist()[0]
    return {**answer, "bad": raw.bad_rows, "read_s": read - began, "typed_s": typed - read}


if __name__ == "__main__":
    own = DuckEngine(memory=MEMORY, threads=2)
    answer = measured(partial(ingested, own), sys.argv[1])
    own.close()
    print(json.dumps(answer))
