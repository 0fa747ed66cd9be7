"""Ours and the peer's, in turn, each in a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks import peer
from benchmarks.measure import Measured, child, median

OWN = Path(sys.executable)


def alternated(step: str, parquet: Path, *, rounds: int, peer_rounds: int) -> tuple[Measured, Measured]:
    """Return the medians of both sides; ours runs once before, so that its kernels are compiled."""
    python = peer.python()
    child(OWN, "step", step, str(parquet))
    ours, theirs = [], []
    for turn in range(rounds):
        if turn < peer_rounds:
            theirs.append(child(python, "peer_step", step, str(parquet)))
        ours.append(child(OWN, "step", step, str(parquet)))
    return median(ours), median(theirs)


def at_peer(step: str, parquet: Path, params: dict[str, float]) -> Measured:
    """Return our fit, with `at_peer`: our log-likelihood at the peer's parameters."""
    return child(OWN, "step", step, str(parquet), json.dumps(params))


def fit_notes(ours: Measured) -> list[str]:
    """Say whether our fit reaches the peer's log-likelihood.

    Raises:
        SystemExit: It does not, to 1e-9 relative.
    """
    mine, theirs = ours["log_likelihood"], ours["at_peer"]
    if mine < theirs - 1e-9 * abs(theirs):
        sys.exit(f"log-likelihood {mine:.6f} is below the peer's {theirs:.6f}")
    estimates = ", ".join(f"{name} {value:.6g}" for name, value in ours["params"].items())
    return [f"log-likelihood {mine:.6f}, at the peer's estimate {theirs:.6f} ({mine - theirs:+.6f}); {estimates}"]
