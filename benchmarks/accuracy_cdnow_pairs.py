"""How Keepwell forecasts CDNOW customer by customer from nine (weeks known, weeks ahead), beside plain models."""

from __future__ import annotations

from typing import Any

from benchmarks import data, forecasts

NAME = "accuracy_cdnow_pairs"
SPLITS = [(26, 13), (26, 26), (26, 39), (39, 13), (39, 26), (39, 39), (52, 13), (52, 26), (65, 13)]
GOALS = (
    "Goals: mean absolute bias at most 0.7 of plain Pareto/NBD's; the total inside its interval at least 8 of 9 times; "
    "at 39/39 RMSE at most 1.69 (best peer 1.726) and a rank correlation of .485 or more (own past rate; best peer "
    ".452); mean CRPS at least 3% below plain Pareto/NBD's; pit within 3 points for all and 5 by repeats."
)


def run() -> tuple[list[dict[str, Any]], list[str]] | None:
    """Return one row per split and method, and their means."""
    log = data.real("cdnow/CDNOW_master.txt")
    if log is None:
        return None
    order = ("weeks", "method", "chosen", "bias", "total_in", "rmse", "mae", "crps", "spearman", "pit", "actual")
    rows = forecasts.pairs(log, SPLITS)
    return [{name: row.get(name) for name in order} for row in rows], [*forecasts.NOTES, GOALS]
