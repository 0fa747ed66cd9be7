"""An order log condensed to what the models read, from one Parquet file of 1M customers."""

import math
import sys
from typing import Any

from benchmarks import data, peer, rounds
from benchmarks.measure import child, median, result

NAME = "history_1m"


def run() -> tuple[dict[str, Any], list[str]]:
    """Measure; both sides must find the same customers, repeats, recencies and ages."""
    log = data.shop() / "orders.parquet"
    ours, theirs = rounds.alternated("history", log, rounds=3, peer_rounds=3)
    for name in ("customers", "frequency", "recency", "T"):
        if not math.isclose(ours[name], theirs[name], rel_tol=1e-12):
            sys.exit(f"the histories differ: {name} is {ours[name]} here and {theirs[name]} at the peer")
    numbers = median([child(peer.python(), "peer_step", "history_numbers", str(log)) for _ in range(3)])
    return result(NAME, data.CUSTOMERS, ours, theirs, peer.PEER), [
        f"the same {ours['customers']:,} customers and {ours['frequency']:,.0f} repeats on both sides",
        f"with whole numbers as customer ids the peer takes {numbers['s']:.2f} s, {numbers['s'] / ours['s']:.1f} times "
        "as long as ours with texts",
    ]
