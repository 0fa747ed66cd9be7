"""Pareto/NBD fitted to the histories of 10M customers, beside 1M of the same world."""

from typing import Any

from benchmarks import data, rounds
from benchmarks.measure import child, median, result

NAME = "paretonbd_fit_10m"
ROUNDS = 3


def run() -> tuple[dict[str, Any], list[str]]:
    """Measure both in turn; no peer was asked to fit 10M customers."""
    files = {"1M": data.shop() / "history.parquet", "10M": data.crowd() / "history.parquet"}
    child(rounds.OWN, "step", "paretonbd", str(files["1M"]))  # so that the kernels are compiled
    times = [{n: child(rounds.OWN, "step", "paretonbd", str(path)) for n, path in files.items()} for _ in range(ROUNDS)]
    few, many = (median([one[n] for one in times]) for n in files)
    notes = [
        f"{many['fit_s'] / few['fit_s']:.2f} times the fitting time of 1M customers ({few['fit_s']:.3f} s)",
        rounds.grouping_note(many),
        ", ".join(f"{name} {value:.6g}" for name, value in many["params"].items()),
    ]
    return result(NAME, data.PARTS * data.PART, {**many, "s": many["fit_s"]}), notes
