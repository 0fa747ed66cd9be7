"""Kernels over blocks of rows, in threads. The blocks hang on the data alone, so what is summed over them does too."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from keepwell.models.shapes import Floats

BLOCKS = 8
LEAST_WORK = 10_000.0  # cells that are worth a block of their own
MOST_THREADS = 8


@dataclass(frozen=True, slots=True)
class Team:
    """Neighbouring ranges of rows of about equal work, and the threads that share them (None: the caller's own)."""

    ranges: tuple[tuple[int, int], ...]
    pool: ThreadPoolExecutor | None

    def summed(self, kernel: Callable[[int, int], Floats]) -> Floats:
        """Return the sum of kernel(begin, end) over the ranges, in their order whoever is done first."""
        if self.pool is None:
            parts = [kernel(*ends) for ends in self.ranges]
        else:
            parts = list(self.pool.map(lambda ends: kernel(*ends), self.ranges))
        total = parts[0].copy()
        for part in parts[1:]:
            total += part
        return total


def team(work: Floats) -> Team:
    """Divide rows, shape (rows,), by the work that each takes, in cells; little work stays with the caller.

    The kernel must release the interpreter and write to nothing that another range writes to.
    """
    reached = np.r_[0.0, np.cumsum(work)]
    blocks = int(np.clip(reached[-1] // LEAST_WORK, 1, BLOCKS))
    inner = np.searchsorted(reached, np.linspace(0.0, reached[-1], blocks + 1)[1:-1])
    edges = [0, *np.unique(inner).tolist(), len(work)]
    ranges = tuple((a, b) for a, b in pairwise(edges) if a < b) or ((0, 0),)
    threads = min(os.cpu_count() or 1, MOST_THREADS, len(ranges))
    # Threads end with the pool, and the pool with the last who holds it.
    return Team(ranges, ThreadPoolExecutor(threads) if threads > 1 else None)
