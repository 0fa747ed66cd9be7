"""Who is one person with whom: clusters that no conflict crosses.

Edges are taken from the surest down. An edge joins two clusters unless some record of the one and some record of the
other are known to be different people; so a word 'never' on A and B holds through every chain (A-C, C-B), and a record
between father and son joins one of them, not both together. In a second round those records that tell only a letter of
the first name, or no name, join the one cluster that they fit best, if it is clearly the best.

Places are numbers of records, 0 the eldest. Arrays of edges have shape (edges,), of records (records,).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from keepwell.unify.identity.ranks import HALF, NUMBER

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MARGIN = 3.0  # bits by which the best cluster must beat the next


@dataclass(frozen=True, slots=True)
class Edges:
    """Pairs that may be one person."""

    elder: Ints
    younger: Ints
    rank: Ints  # see `ranks`
    bits: Floats
    nameless: Flags  # of a HALF edge: the one tells no name at all, but the same e-mail or telephone


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Pairs that are different people."""

    elder: Ints
    younger: Ints
    hard: Flags  # a person said so: holds against customer numbers, too


@dataclass(frozen=True, slots=True)
class Clusters:
    """The answer."""

    eldest: Ints  # per record, the place of the eldest of its cluster
    used: Flags  # per edge, whether it joined two clusters


def clustered(records: int, edges: Edges, conflicts: Conflicts, *, lesser: Flags) -> Clusters:
    """Return the clusters of so many records; `lesser` are those that do not tell a first name in full."""
    order = np.lexsort((edges.younger, edges.elder, -edges.bits, edges.rank))
    starts, ends, hard = _neighbours(records, conflicts)
    half = edges.rank[order] == HALF
    first, last = np.searchsorted(edges.rank[order], [HALF, HALF + 1])
    by_record = order[half]
    owner = np.where(lesser[edges.elder[by_record]], edges.elder[by_record], edges.younger[by_record])
    by_record = by_record[np.argsort(owner, kind="stable")]
    parent, used = _joined(
        records, edges.elder, edges.younger, edges.rank, edges.bits, edges.nameless,
        order[:first], by_record, order[last:], starts, ends, hard, lesser,
    )  # fmt: skip
    return Clusters(parent, used)


def _neighbours(records: int, conflicts: Conflicts) -> tuple[Ints, Ints, Flags]:
    """Return where each record's conflicts start, whom they are with, and which are hard; each stands at both ends."""
    of = np.concatenate([conflicts.elder, conflicts.younger])
    with_ = np.concatenate([conflicts.younger, conflicts.elder])
    order = np.argsort(of, kind="stable")
    starts = np.searchsorted(of[order], np.arange(records + 1))
    return starts.astype(np.int64), with_[order], np.concatenate([conflicts.hard, conflicts.hard])[order]


@njit(cache=True)
def _root(parent: Any, record: int) -> int:
    while parent[record] != record:
        parent[record] = parent[parent[record]]
        record = parent[record]
    return record


@njit(cache=True)
def _crossed(
    parent: Any, size: Any, after: Any, starts: Any, ends: Any, hard: Any, a: int, b: int, only_hard: int
) -> bool:
    """Return whether a conflict stands between the clusters with the roots a and b; looks at the smaller one's."""
    if size[a] > size[b]:
        a, b = b, a
    record = a
    while True:
        for i in range(starts[record], starts[record + 1]):
            if (hard[i] or only_hard == 0) and _root(parent, ends[i]) == b:
                return True
        record = after[record]
        if record == a:
            return False


@njit(cache=True)
def _join(parent: Any, size: Any, after: Any, full: Any, a: int, b: int) -> None:
    """Join two clusters; the root is the eldest, and members hang together in a ring."""
    if b < a:
        a, b = b, a
    parent[b] = a
    size[a] += size[b]
    full[a] = full[a] or full[b]
    after[a], after[b] = after[b], after[a]


@njit(cache=True)
def _joined(
    records: int, elder: Any, younger: Any, rank: Any, bits: Any, nameless: Any,
    before: Any, halves: Any, behind: Any, starts: Any, ends: Any, hard: Any, lesser: Any,
) -> Any:  # fmt: skip
    parent, size, after = np.arange(records), np.ones(records, np.int64), np.arange(records)
    full, used = ~lesser, np.zeros(len(elder), np.bool_)
    for edge in before:
        a, b = _root(parent, elder[edge]), _root(parent, younger[edge])
        only_hard = int(rank[edge] <= NUMBER)
        if a != b and not _crossed(parent, size, after, starts, ends, hard, a, b, only_hard):
            _join(parent, size, after, full, a, b)
            used[edge] = True
    at = 0
    while at < len(halves):
        record = elder[halves[at]] if lesser[elder[halves[at]]] else younger[halves[at]]
        to = at
        while to < len(halves) and (elder[halves[to]] == record or younger[halves[to]] == record):
            to += 1
        own = _root(parent, record)
        if not full[own]:
            edge = _best(parent, size, after, starts, ends, hard, full, elder, younger, bits, nameless,
                         halves[at:to], record, own)  # fmt: skip
            if edge >= 0:
                other = _root(parent, younger[edge] if elder[edge] == record else elder[edge])
                _join(parent, size, after, full, own, other)
                used[edge] = True
        at = to
    for edge in behind:
        a, b = _root(parent, elder[edge]), _root(parent, younger[edge])
        if a != b and not _crossed(parent, size, after, starts, ends, hard, a, b, 0):
            _join(parent, size, after, full, a, b)
            used[edge] = True
    for record in range(records):
        parent[record] = _root(parent, record)
    return parent, used


@njit(cache=True)
def _best(
    parent: Any, size: Any, after: Any, starts: Any, ends: Any, hard: Any, full: Any, elder: Any, younger: Any,
    bits: Any, nameless: Any, edges: Any, record: int, own: int,
) -> int:  # fmt: skip
    """Return the edge to the cluster that fits best, -1 where none does clearly.

    A record without any name belongs to whoever used its e-mail or telephone first, if several did.
    """
    best, first, eldest = -1, -1, -1
    for edge in edges:  # the weightiest first
        other = _root(parent, younger[edge] if elder[edge] == record else elder[edge])
        if not full[other] or _crossed(parent, size, after, starts, ends, hard, own, other, 0):
            continue
        if nameless[edge] and (first < 0 or other < eldest):
            first, eldest = edge, other
        if best < 0:
            best = edge
            continue
        leader = _root(parent, younger[best] if elder[best] == record else elder[best])
        if other != leader and bits[best] - bits[edge] < MARGIN:
            best = -2
            break
    if best == -2:
        for edge in edges:
            other = _root(parent, younger[edge] if elder[edge] == record else elder[edge])
            if not nameless[edge] or not full[other] or (first >= 0 and other >= eldest):
                continue
            if not _crossed(parent, size, after, starts, ends, hard, own, other, 0):
                first, eldest = edge, other
        return first
    return best
