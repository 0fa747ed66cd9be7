"""The samples of all formats, read and run together once, and those of one kind alone."""

from datetime import UTC, datetime

import pytest

from keepwell.engine import collected
from keepwell.settings import Reading, Settings
from keepwell.unify import run
from keepwell.unify.reading import read_file

ARRIVED = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def raw_of(samples, tmp_path_factory):
    """Read a format's sample, with its bytes changed if asked."""

    def read(name, change=lambda text: text):
        folder = tmp_path_factory.mktemp("sample")
        path = folder / samples[name].file
        path.write_bytes(change(samples[name].data.decode()).encode())
        return read_file(path, reading=Reading(), into=folder / "in", source="main", arrived=ARRIVED)

    return read


@pytest.fixture(scope="session")
def ran_together(duckdb):
    """Run the stage on files and give each table's rows."""

    def go(*raws, settings=None):
        tables = run(raws, settings or Settings(), duckdb)
        return {name: sorted(collected(duckdb, table).to_pylist(), key=_place) for name, table in tables.items()}

    return go


def _place(row):
    return str(row.get("file")), row.get("line") or 0


@pytest.fixture(scope="session")
def together(samples, raw_of, ran_together):
    """All samples in one run: the tables."""
    return ran_together(*(raw_of(name) for name in samples))


@pytest.fixture(scope="session")
def of_file(samples, together):
    """The rows of a table that come from a format's sample, in the order of its lines."""

    def rows(name, table="order_lines"):
        (digest,) = [f["file"] for f in together["files"] if f["name"] == samples[name].file]
        return sorted((r for r in together[table] if r["file"] == digest), key=lambda r: r["line"])

    return rows


@pytest.fixture(scope="session")
def alone(raw_of, ran_together):
    """Those that stand aside where another file has the sales, each in a run of its own: the tables by format."""
    names = ("amazon date range", "klaviyo orders", "segment orders")
    return {name: ran_together(raw_of(name)) for name in names}
