"""A CSV of 1 GB and 15M rows, damage of every kind in it: from bytes to typed order lines, every line accounted for."""

import sys
from pathlib import Path
from typing import Any

from benchmarks import lines
from benchmarks.measure import child, median, result

NAME = "ingest_1gb"


def run() -> tuple[dict[str, Any], list[str]]:
    """Measure three rounds; every row, bad row and cent must be there."""
    path, held = lines.text()
    ours = median([child(Path(sys.executable), "ingest_step", str(path)) for _ in range(3)])
    for name, wanted in {**held, "lines": held["rows"]}.items():
        if ours[name] != wanted:
            sys.exit(f"{name}: {ours[name]:,} where the file holds {wanted:,}")
    return result(NAME, lines.ROWS, ours), [
        f"{path.stat().st_size / 1e9:.2f} GB and {held['lines']:,} lines: {held['rows']:,} rows, "
        f"of which {held['unusable']:,} have no readable day or price, and "
        f"{held['bad']:,} bad records; all are found, and all money",
        f"bytes to raw rows {ours['read_s']:.1f} s, raw rows to typed order lines {ours['typed_s']:.1f} s",
    ]
