"""A fit into a small JSON file: no pickle, nothing of the customers."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from keepwell.models.shapes import Fit
from keepwell.version import __version__

FORMAT = 1
PLAIN = ("log_likelihood", "converged", "ending", "customers", "cells", "evaluations")


def save(path: str | Path, *, kind: str, model: str, fit: Fit[Any], steps: float) -> Path:
    """Write a fit and return its path."""
    content = {
        "keepwell_fit": FORMAT,
        "keepwell": __version__,
        "kind": kind,
        "model": model,
        "steps": steps,
        "params": asdict(fit.params),
        "sd": {name: _plain(value) for name, value in fit.sd.items()},
        "log_covariance": [[_plain(value) for value in row] for row in fit.log_covariance],
        **{name: _plain(getattr(fit, name)) for name in PLAIN},
    }
    to = Path(path)
    to.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return to


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
