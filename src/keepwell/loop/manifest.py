"""run.json: everything that a run is a function of, and how it went."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any

from keepwell.settings import Settings
from keepwell.unify import RawFile
from keepwell.version import __version__


def manifest(
    summary: dict[str, Any],
    settings: Settings,
    inputs: Sequence[RawFile],
    *,
    started: datetime,
    finished: datetime,
) -> dict[str, Any]:
    """Return what is written in run.json."""
    return {
        "run": summary["run"],
        "started": started.isoformat(),
        "finished": finished.isoformat(),
        "becomes_current": summary["current"],
        "engine": settings.compute.engine,
        "versions": _versions(settings.compute.engine),
        "seed": settings.predict.seed,
        "as_of": str(settings.as_of),
        "known_by": settings.known_by and str(settings.known_by),
        "inputs": [_input(raw) for raw in inputs],
        "settings": settings.model_dump(mode="json"),
        "seconds": summary["seconds"],
        "summary": summary,
    }


def _versions(engine: str) -> dict[str, str]:
    packages = ["ibis-framework", "duckdb", "numpy", "numba", "pyarrow", "scipy"]
    packages += ["pyspark"] if engine == "spark" else []
    return {
        "keepwell": __version__,
        "python": platform.python_version(),
        **{name.removesuffix("-framework"): version(name) for name in packages},
    }


def _input(raw: RawFile) -> dict[str, Any]:
    return {
        "digest": raw.digest,
        "name": raw.name,
        "source": raw.source,
        "rows": f"{raw.source}/{raw.path.name}",
        "arrived": raw.arrived.isoformat(),
    }
