"""run.json: everything that a run is a function of, and how it went."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any

from keepwell.decided import Decided
from keepwell.settings import Settings
from keepwell.unify import RawFile
from keepwell.version import __version__


def manifest(
    summary: dict[str, Any],
    settings: Settings,
    inputs: Sequence[RawFile],
    *,
    decided: Decided,
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
        "records": _records(decided),
        "settings": settings.model_dump(mode="json"),
        "seconds": summary["seconds"],
        "summary": summary,
    }


def _records(decided: Decided) -> dict[str, Any]:
    """Return how much people had decided, and a digest that tells whether two runs replayed the same."""
    words = [
        [d.verdict, d.left_record, d.right_record, d.left_own, d.right_own, d.at.isoformat()] for d in decided.decisions
    ]
    told = [[c.record, c.channel, c.given, c.at.isoformat()] for c in decided.consents]
    whole = json.dumps([words, told, sorted(decided.forgotten)])
    return {
        "decisions": len(words),
        "consents": len(told),
        "forgotten": len(decided.forgotten),
        "digest": hashlib.sha256(whole.encode()).hexdigest()[:16],
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
    said = {"told": raw.told.to_json(), "corrected_later": raw.replaced}
    return {name: value for name, value in said.items() if value} | {
        "digest": raw.digest,
        "name": raw.name,
        "source": raw.source,
        "rows": f"{raw.source}/{raw.path.name}",
        "arrived": raw.arrived.isoformat(),
    }
