"""Run benchmarks: `python -m benchmarks [--only NAME]`; writes results.json and the tables in docs/benchmarks.md."""

from __future__ import annotations

import argparse
import importlib
import os
import sys

from benchmarks import written

SPEED = (
    "history_1m",
    "bgnbd_fit_1m",
    "paretonbd_fit_1m",
    "paretonbd_fit_10m",
    "posterior_1m",
    "run_cdnow",
    "run_1m",
    "ledger_4m",
    "ingest_1gb",
    "identity_1m",
    "help",
)
ACCURACY = (
    "identity_truth",
    "accuracy_worlds",
    "accuracy_cdnow",
    "accuracy_cdnow_pairs",
    "accuracy_online_retail",
    "accuracy_telco",
)


def main() -> None:
    """Run what was asked for, keeping the other results as they are."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=[*SPEED, *ACCURACY], help="one benchmark; else all")
    only = parser.parse_args().only
    for name in [only] if only else [*SPEED, *ACCURACY]:
        print(f"--- {name}", file=sys.stderr)
        busy = os.getloadavg()[0]
        answer = importlib.import_module(f"benchmarks.{name}").run()
        if answer is None:
            print(f"{name}: skipped, its data are not here")
        elif name in ACCURACY:
            print(written.accuracy(name, *answer))
        else:
            line, notes = answer
            print(written.speed(line, [*notes, f"load average of the machine when it began: {busy:.1f}"]))


if __name__ == "__main__":
    main()
