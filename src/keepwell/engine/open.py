"""Which engine the settings ask for."""

from __future__ import annotations

from pathlib import Path

from keepwell.engine.face import Engine
from keepwell.settings import Compute


def opened(compute: Compute, *, scratch: Path | None = None) -> Engine:
    """Start the engine that `compute` names; its scratch files live below `scratch`.

    Raises:
        ConfigError: Spark is asked for and cannot be started.
    """
    if compute.engine == "spark":
        from keepwell.engine.spark import SparkEngine

        return SparkEngine(memory=compute.memory, threads=compute.threads, scratch=scratch)
    from keepwell.engine.duck import DuckEngine

    return DuckEngine(memory=compute.memory, threads=compute.threads, scratch=scratch)
