"""Histories from a frame or from arrays, checked at the door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keepwell.errors import DataError
from keepwell.lab.frames import columns
from keepwell.lab.times import checked
from keepwell.models.shapes import Floats


def read(frame: Any, arrays: dict[str, Any], *, wanted: Sequence[str] = ()) -> dict[str, Floats]:
    """Return checked histories: `repeats`, `recency`, `age`, `count` (1 where not given), and what else is wanted."""
    ours = {"x": "repeats", "frequency": "repeats", "t_x": "recency", "T": "age"}
    renamed = {ours.get(name, name): values for name, values in arrays.items()}
    known = ("repeats", "recency", "age", "count", *wanted)
    unknown = sorted(set(renamed) - set(known))
    if unknown:
        raise DataError(f"{unknown[0]!r} is not known", "the arrays", f"There are: {', '.join(known)}.")
    found = columns(frame, renamed, needed=known[:3], wanted=known[3:])
    found.setdefault("count", np.ones(len(found["repeats"])))
    if not len(found["repeats"]):
        raise DataError("there is no customer", "the frame", "Give one row a customer.")
    checked(found["repeats"], found["recency"], found["age"])
    return found
