"""`keepwell --help` beside a bare `import typer`."""

import sys
from typing import Any

from benchmarks.measure import command, median, result
from benchmarks.whole import KEEPWELL

NAME = "help"


def run() -> tuple[dict[str, Any], list[str]]:
    """Measure eleven rounds, side by side; the ratio is at least 1/3 while help takes at most three imports."""
    ours, bare = [], []
    for _ in range(11):
        bare.append(command(sys.executable, "-c", "import typer"))
        ours.append(command(KEEPWELL, "--help"))
    line = result(NAME, 1, median(ours), median(bare), "import typer")
    return line, [f"help takes {line['ours_s'] / line['peer_s']:.1f} times a bare import of typer"]
