"""Ours and the peer's, in turn, each in a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import peer
from benchmarks.measure import Measured, child, median, result

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


def fits(name: str, step: str, parquet: Path, *, customers: int, peer_rounds: int) -> tuple[dict[str, Any], list[str]]:
    """Return the line and the notes of a fit beside the peer's: the fits by themselves, and all that goes before."""
    ours, theirs = alternated(step, parquet, rounds=3, peer_rounds=peer_rounds)
    checked = at_peer(step, parquet, theirs["params"])
    line = result(name, customers, {**ours, "s": ours["fit_s"]}, {**theirs, "s": theirs["fit_s"]}, peer.PEER)
    return line, [grouping_note(ours), _whole_note(ours, theirs), *_likelihood_notes(checked)]


def grouping_note(ours: Measured) -> str:
    """Say what goes before the fit."""
    return (
        f"{ours['cells']:,} cells fitted in {ours['fit_s']:.3f} s; reading the customers and grouping them into cells "
        f"takes {ours['grouping_s']:.3f} s"
    )


def _whole_note(ours: Measured, theirs: Measured) -> str:
    return (
        f"reading included, ours takes {ours['s']:.3f} s and the peer {theirs['s']:.3f} s: "
        f"{theirs['s'] / ours['s']:.1f} times as long"
    )


def _likelihood_notes(ours: Measured) -> list[str]:
    """Say whether our fit reaches the peer's log-likelihood.

    Raises:
        SystemExit: It does not, to 1e-9 relative.
    """
    mine, theirs = ours["log_likelihood"], ours["at_peer"]
    if mine < theirs - 1e-9 * abs(theirs):
        sys.exit(f"log-likelihood {mine:.6f} is below the peer's {theirs:.6f}")
    estimates = ", ".join(f"{name} {value:.6g}" for name, value in ours["params"].items())
    return [f"log-likelihood {mine:.6f}, at the peer's estimate {theirs:.6f} ({mine - theirs:+.6f}); {estimates}"]
