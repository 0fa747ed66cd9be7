"""`keepwell run` from the shell: a new workspace each time, the report included."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measure import Measured, command

KEEPWELL = Path(sys.executable).with_name("keepwell")


def ran(*files: Path, options: tuple[str, ...] = (), environment: dict[str, str] | None = None) -> Measured:
    """Run and return what was measured, with the run's `answer`."""
    with tempfile.TemporaryDirectory() as folder:
        words = (KEEPWELL, "run", *files, "--workspace", Path(folder) / "shop.keepwell", "--json", *options)
        one = command(*words, environment=environment)
    return {**one, "answer": json.loads(one["output"])}


def stages(answer: dict[str, Any]) -> str:
    """Say where the time went."""
    return "seconds by stage: " + ", ".join(f"{name} {spent:.1f}" for name, spent in answer["seconds"].items())
