"""Bytes in, what was read out."""

from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from keepwell.settings import Reading
from keepwell.unify.reading import read_file

ARRIVED = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


class Shelf:
    """Reads bytes or files into a folder of its own and gives the rows back."""

    def __init__(self, folder) -> None:
        self.folder = folder

    def file(self, path, *, memory="4GB", **reading):
        into = self.folder / "inbox"
        return read_file(path, reading=Reading(**reading), into=into, source="shop", arrived=ARRIVED, memory=memory)

    def bytes(self, data, name="orders.csv", **options):
        path = self.folder / name
        path.write_bytes(data)
        return self.file(path, **options)

    def left_over(self):
        """Return the names of temporary files that should not be there."""
        return [path.name for path in self.folder.rglob("*.part")]


def good(raw):
    """Return the good rows, line first."""
    return [tuple(row.values()) for row in pq.read_table(raw.path).to_pylist()]


def bad(raw):
    """Return line, reason and text of the bad records."""
    return [] if raw.bad_path is None else [tuple(row.values()) for row in pq.read_table(raw.bad_path).to_pylist()]


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


@pytest.fixture(scope="session")
def rows_of():
    return good


@pytest.fixture(scope="session")
def bad_of():
    return bad
