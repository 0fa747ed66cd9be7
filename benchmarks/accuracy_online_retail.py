"""How Keepwell forecasts the UCI Online Retail log customer by customer, from several days, beside plain models."""

from __future__ import annotations

from typing import Any

from benchmarks import data, forecasts

NAME = "accuracy_online_retail"
SPLITS = [(26, 13), (26, 26), (39, 13)]  # weeks known, weeks ahead; the log has 53


def run() -> tuple[list[dict[str, Any]], list[str]] | None:
    """Return one row per split and method, and their means."""
    log = data.real("online_retail/online_retail.csv.gz")
    if log is None:
        return None
    order = ("weeks", "method", "chosen", "bias", "total_in", "rmse", "mae", "crps", "spearman", "pit", "actual")
    rows = forecasts.pairs(log, SPLITS)
    return [{name: row.get(name) for name in order} for row in rows], forecasts.NOTES
