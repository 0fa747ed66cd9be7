"""Smooth a few sets of importance weights with ArviZ and write what comes out: a second source for `models.psis`.

In an environment with ArviZ 0.23:  python benchmarks/psis_reference.py tests/models/psis_reference.json
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import arviz as az
import numpy as np


def case(k: float, points: int) -> dict[str, object]:
    """Return what ArviZ makes of even points through the quantile function of a Pareto law of shape k."""
    u = (np.arange(points) + 0.5) / points
    logs = -k * np.log1p(-u) if k else np.sin(7 * u)
    weights, found = az.psislw(logs)
    at = sorted({0, points // 2, points - points // 10, points - 5, points - 1})
    return {
        "k": k,
        "points": points,
        "found": float(found),
        "at": at,
        "log_weights": [float(weights[i]) for i in at],
    }


if __name__ == "__main__":
    cases = [case(k, points) for k in (0.0, 0.1, 0.4, 0.7, 1.2) for points in (100, 1024)]
    made = {"made_by": f"arviz {version('arviz')} psislw, reff 1", "cases": cases}
    Path(sys.argv[1]).write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
