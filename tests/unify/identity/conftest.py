"""Records of people written by hand."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from keepwell.decided import NOTHING, Decided, Decision
from keepwell.engine import collected
from keepwell.settings import Settings, from_dict
from keepwell.tables import CONTRACTS
from keepwell.unify.identity import identified

SCHEMA = pa.schema([field for field in CONTRACTS["people"].schema.to_pyarrow() if field.name != "customer_id"])
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def arranged(rows):
    """Return the records as a table, the first the eldest."""
    return pa.Table.from_pylist(
        [{**row, "file": "f", "line": i, "arrived": BEGAN + timedelta(days=i)} for i, row in enumerate(rows)], SCHEMA
    )


@pytest.fixture(scope="session")
def find():
    """Run identity on an engine and return its tables as rows, and each record's customer."""

    def go(engine, rows, words=(), **settings):
        decisions = tuple(
            Decision(verdict, left, right, BEGAN + timedelta(days=i), *own)
            for i, (verdict, left, right, *own) in enumerate(words)
        )
        table = arranged(rows)
        decided = Decided(decisions=decisions) if words else NOTHING
        chosen = from_dict({"identity": settings}) if settings else Settings()
        found = identified(engine.table(table.to_batches(), table.schema), chosen, engine, decided=decided)
        tables = {
            name: sorted(collected(engine, getattr(found, name)).to_pylist(), key=str)
            for name in ("people", "merges", "aliases", "groups", "members")
        }
        return {row["record_id"]: row["customer_id"] for row in tables["people"]}, tables

    return go
