"""Spark, when the data outgrow one machine; the same expressions, the same tables."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa

from keepwell.engine.face import BATCH_ROWS, Kernel
from keepwell.engine.java import find_java
from keepwell.engine.scratch import Scratch
from keepwell.errors import ConfigError

if TYPE_CHECKING:
    import ibis.expr.types as ir


class SparkEngine:
    """A Spark session, local unless the surroundings name a master; see `Engine`."""

    name = "spark"

    def __init__(self, *, memory: str, threads: int = 0, scratch: Path | None = None, session: Any = None) -> None:
        self._scratch = Scratch(scratch)
        self.session, self._own = (session, False) if session else _session(memory, threads)
        self.con = ibis.pyspark.connect(self.session)

    def read(self, *paths: Path) -> ir.Table:
        """Return the rows of Parquet files (or folders of parts) of one schema."""
        tables = [self.con.read_parquet(str(path)) for path in paths]
        return tables[0] if len(tables) == 1 else ibis.union(*tables)

    def rows(self, table: ir.Table, *, size: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Execute and yield the rows in batches of at most `size`, one partition in memory at a time."""
        import pyarrow.parquet as pq

        path = self._scratch.path()
        self.write(table, path)
        schema = table.schema().to_pyarrow()
        for part in sorted(path.glob("*.parquet")):
            for batch in pq.ParquetFile(part).iter_batches(batch_size=size):
                yield batch.cast(_nullable(schema))

    def table(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> ir.Table:
        """Return a table made of Arrow batches."""
        return self.read(self._scratch.written(batches, schema))

    def mapped(self, table: ir.Table, kernel: Kernel, schema: pa.Schema) -> ir.Table:
        """Run `kernel` in the workers over Arrow batches and keep its answers."""
        from pyspark.sql.pandas.types import from_arrow_schema

        def each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                yield kernel(batch)

        path = self._scratch.path()
        answers = self._frame(table).mapInArrow(each, from_arrow_schema(schema))
        answers.write.parquet(str(path))
        return self.read(path)

    def keep(self, table: ir.Table) -> ir.Table:
        """Execute once into scratch files and return the table that reads them."""
        path = self._scratch.path()
        self.write(table, path)
        return self.read(path)

    def write(self, table: ir.Table, path: Path) -> None:
        """Execute into a folder of Parquet parts."""
        self._frame(table).write.mode("overwrite").option("compression", "zstd").parquet(str(path))

    def path(self) -> Path:
        """Return a scratch path that nothing has used."""
        return self._scratch.path()

    def close(self) -> None:
        """Stop a session of our own and delete the scratch files."""
        if self._own:
            self.session.stop()
        self._scratch.close()

    def _frame(self, table: ir.Table) -> Any:
        """Return the expression as a Spark frame whose decimals have the types that Ibis believes them to have.

        Spark's sums are narrower than Ibis thinks, and Ibis drops a cast to the type that it thinks is there already.
        """
        frame = self.session.sql(self.con.compile(table))
        decimals = {name: kind for name, kind in table.schema().items() if kind.is_decimal() and kind.precision}
        typed = {name: frame[name].cast(f"decimal({k.precision},{k.scale})") for name, k in decimals.items()}
        return frame.withColumns(typed) if typed else frame


def _nullable(schema: pa.Schema) -> pa.Schema:
    return pa.schema([pa.field(field.name, field.type) for field in schema])


def _session(memory: str, threads: int) -> tuple[Any, bool]:
    """Return a session, and whether it was started here: one that ran before is not ours to stop."""
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise ConfigError("Spark is not installed", "--engine spark", "pip install 'keepwell[spark]'") from error
    find_java()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else the workers take another Python than this one
    builder = SparkSession.builder.appName("keepwell")
    if "SPARK_REMOTE" not in os.environ and "MASTER" not in os.environ:
        builder = builder.master(f"local[{threads or '*'}]")
    options = {
        "spark.driver.memory": memory.replace(" ", "").upper().removesuffix("B").lower(),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "8",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.log.level": "ERROR",
    }
    for name, value in options.items():
        builder = builder.config(name, value)
    try:
        running = SparkSession.getActiveSession()
        return builder.getOrCreate(), running is None
    except (PySparkException, RuntimeError, OSError) as error:
        mend = "It needs a Java 17 or 21; Spark 4.0 does not start on a newer one."
        raise ConfigError(f"Spark did not start: {error}", "--engine spark", mend) from error
