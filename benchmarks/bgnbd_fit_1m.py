"""BG/NBD fitted to the histories of 1M customers, read from one Parquet file by both sides."""

from typing import Any

from benchmarks import data, rounds

NAME = "bgnbd_fit_1m"
PEER_ROUNDS = 3


def run() -> tuple[dict[str, Any], list[str]]:
    """Measure; our log-likelihood must reach the peer's."""
    rows = data.shop() / "history.parquet"
    return rounds.fits(NAME, "bgnbd", rows, customers=data.CUSTOMERS, peer_rounds=PEER_ROUNDS)
