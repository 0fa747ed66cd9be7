"""Scratch files of an engine: named once, never reused, gone when the engine closes.

They may hold what is personal. A process that was killed leaves its folder behind; the folder's name tells which
process of which machine that was, and the next engine that opens deletes it.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterable
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


class Scratch:
    """A folder whose paths are each handed out once: a path used twice gives stale Parquet footers."""

    def __init__(self, parent: Path | None = None) -> None:
        if parent is not None:
            parent.mkdir(parents=True, exist_ok=True)
        sweep(Path(tempfile.gettempdir()))
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_machine()}{os.getpid()}-", dir=parent))
        self._numbers = count()

    def path(self) -> Path:
        """Return a path that nothing has used."""
        return self.folder / f"{next(self._numbers)}.parquet"

    def written(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Path:
        """Write batches, one at a time, to a new file and return its path."""
        path = self.path()
        with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
            for batch in batches:
                writer.write_batch(batch.cast(schema) if batch.schema != schema else batch)
        return path

    def close(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Delete the scratch folders in `parent` whose processes are there no more."""
    for folder in parent.glob(f"{_machine()}*-*"):
        pid = folder.name.removeprefix(_machine()).partition("-")[0]
        if pid.isdigit() and not _runs(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def _machine() -> str:
    """Return how the scratch folders of this machine begin; a folder of temporary files may be shared by several."""
    name = "".join(c if c.isalnum() else "_" for c in socket.gethostname())
    return f"keepwell-{name}-"


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # somebody else's, or no number of a process
        return True
    return True
