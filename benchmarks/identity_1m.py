"""Who is one person, among 1M records of 600,000 people: names, addresses, e-mails and telephones, two cores."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.data import HERE as DATA
from benchmarks.measure import child, measured, median, result
from keepwell.decided import NOTHING
from keepwell.engine import number
from keepwell.engine.duck import DuckEngine
from keepwell.settings import Settings
from keepwell.simulate.records import recorded
from keepwell.unify.identity import identified

NAME = "identity_1m"
RECORDS, PEOPLE = 1_000_000, 600_000


def run() -> tuple[dict[str, Any], list[str]]:
    """Measure three times, each in a process of its own."""
    path = made()
    ours = median([child(Path(sys.executable), "identity_1m", str(path)) for _ in range(3)])
    return result(NAME, RECORDS, ours), [f"{ours['customers']:,} customers found; all tables of identity written"]


def made() -> Path:
    """Write the records, and a few beside them, unless they are there."""
    path = DATA / "people_1m.parquet"
    if not path.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        pq.write_table(recorded(records=3_000, people=1_800, seed=1), path.with_name(f"few_{path.name}"))
        pq.write_table(recorded(records=RECORDS, people=PEOPLE, seed=1), path)
    return path


def step(path: str) -> dict[str, Any]:
    """Find out who is one person among the records of a file."""
    engine = DuckEngine(memory="2GB", threads=2)
    records = engine.read(Path(path)).drop("person", "household", "causes")
    done = identified(records, Settings(), engine, decided=NOTHING)
    for table in (done.merges, done.aliases, done.groups, done.members):
        engine.keep(table)
    customers = number(engine, done.people.customer_id.nunique())
    engine.close()
    return {"customers": customers}


if __name__ == "__main__":
    print(json.dumps(measured(step, sys.argv[1])))
