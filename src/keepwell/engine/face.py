"""What a stage may ask of an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

if TYPE_CHECKING:
    import ibis.expr.types as ir

Kernel = Callable[[pa.RecordBatch], pa.RecordBatch]
BATCH_ROWS = 65_536


class Engine(Protocol):
    """Runs Ibis expressions. Tables made by one engine are used with that engine only."""

    name: str

    def read(self, *paths: Path) -> ir.Table:
        """Return the rows of Parquet files (or folders of parts) of one schema."""

    def rows(self, table: ir.Table, *, size: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Execute and yield the rows in batches of at most `size`; run nothing else on the engine meanwhile."""

    def table(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> ir.Table:
        """Return a table made of Arrow batches, kept in scratch files."""

    def mapped(self, table: ir.Table, kernel: Kernel, schema: pa.Schema) -> ir.Table:
        """Run `kernel` over the rows in batches and return the table of its answers.

        The kernel sees each row once, in no promised order or batch size; on Spark it runs in the workers, so
        it must pickle (a module's function, or a `functools.partial` of one with plain arguments).
        """

    def keep(self, table: ir.Table) -> ir.Table:
        """Execute once into scratch files and return the table that reads them."""

    def write(self, table: ir.Table, path: Path) -> None:
        """Execute into Parquet at `path`: one file, or a folder of parts, as the engine likes."""

    def path(self) -> Path:
        """Return a scratch path that nothing has used; what is written there goes when the engine closes."""

    def close(self) -> None:
        """Let go of memory and scratch files."""


def collected(engine: Engine, table: ir.Table) -> pa.Table:
    """Execute and return all rows as one Arrow table: for small answers."""
    batches = list(engine.rows(table))
    return pa.Table.from_batches(batches) if batches else table.schema().to_pyarrow().empty_table()


def number(engine: Engine, value: ir.Scalar) -> Any:
    """Execute a single aggregate and return it as a Python value."""
    return collected(engine, value.name("value").as_table()).column(0)[0].as_py()
