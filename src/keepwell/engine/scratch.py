"""Scratch files of an engine: named once, never reused, gone when the engine closes."""

from __future__ import annotations

import shutil
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
        self.folder = Path(tempfile.mkdtemp(prefix="keepwell-", dir=parent))
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
