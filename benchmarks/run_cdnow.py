"""`keepwell run CDNOW_master.txt`: 69,659 transactions of 23,570 customers, from the shell."""

import tempfile
from typing import Any

from benchmarks import data, whole
from benchmarks.measure import median, result

NAME = "run_cdnow"


def run() -> tuple[dict[str, Any], list[str]] | None:
    """Measure three runs, after a first one whose kernels had to be compiled."""
    log = data.real("cdnow/CDNOW_master.txt")
    if log is None:
        return None
    with tempfile.TemporaryDirectory() as empty:
        first = whole.ran(log, environment={"NUMBA_CACHE_DIR": empty})
    whole.ran(log)
    ours = median([whole.ran(log) for _ in range(3)])
    notes = [f"the first time, with all kernels to compile: {first['s']:.1f} s", whole.stages(ours["answer"])]
    return result(NAME, ours["answer"]["customers"], ours), notes
