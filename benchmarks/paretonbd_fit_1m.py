"""Pareto/NBD fitted to the histories of 1M customers, read from one Parquet file by both sides."""

from typing import Any

from benchmarks import data, peer, rounds
from benchmarks.measure import result

NAME = "paretonbd_fit_1m"
PEER_ROUNDS = 1  # minutes each


def run() -> tuple[dict[str, Any], list[str]]:
    """Measure; our log-likelihood must reach the peer's."""
    rows = data.shop() / "history.parquet"
    ours, theirs = rounds.alternated("paretonbd", rows, rounds=3, peer_rounds=PEER_ROUNDS)
    checked = rounds.at_peer("paretonbd", rows, theirs["params"])
    return result(NAME, data.CUSTOMERS, ours, theirs, peer.PEER), rounds.fit_notes(checked)
