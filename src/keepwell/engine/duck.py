"""DuckDB in this process: the default engine. Larger than memory goes to scratch files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from keepwell.engine.face import BATCH_ROWS, Kernel
from keepwell.engine.scratch import Scratch

if TYPE_CHECKING:
    import ibis.expr.types as ir


class DuckEngine:
    """An own DuckDB connection; see `Engine`."""

    name = "duckdb"

    def __init__(self, *, memory: str, threads: int = 0, scratch: Path | None = None) -> None:
        self._scratch = Scratch(scratch)
        self.con = ibis.duckdb.connect(
            memory_limit=memory,
            temp_directory=str(self._scratch.folder / "spill"),
            preserve_insertion_order=False,  # else ordering is held in memory for every large write
            **({"threads": threads} if threads else {}),
        )

    def read(self, *paths: Path) -> ir.Table:
        """Return the rows of Parquet files (or folders of parts) of one schema."""
        files = [str(p / "*.parquet") if p.is_dir() else str(p) for p in paths]
        return self.con.read_parquet(files)

    def rows(self, table: ir.Table, *, size: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Execute and yield the rows in batches of at most `size`."""
        yield from self.con.to_pyarrow_batches(table, chunk_size=size)

    def table(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> ir.Table:
        """Return a table made of Arrow batches."""
        return self.read(self._scratch.written(batches, schema))

    def mapped(self, table: ir.Table, kernel: Kernel, schema: pa.Schema) -> ir.Table:
        """Run `kernel` over the rows in batches and return the table of its answers."""
        return self.table((kernel(batch) for batch in self.rows(table)), schema)

    def keep(self, table: ir.Table) -> ir.Table:
        """Execute once into a scratch file and return the table that reads it."""
        path = self._scratch.path()
        self.write(table, path)
        return self.read(path)

    def write(self, table: ir.Table, path: Path) -> None:
        """Execute into one Parquet file."""
        self.con.to_parquet(table, str(path), compression="zstd", compression_level=1)

    def path(self) -> Path:
        """Return a scratch path that nothing has used."""
        return self._scratch.path()

    def close(self) -> None:
        """Close the connection and delete the scratch files."""
        self.con.disconnect()
        self._scratch.close()
