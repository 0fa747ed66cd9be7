"""What people decided on pairs of records, as places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from keepwell.decided import Decided, Verdict
from keepwell.engine import Engine, collected

if TYPE_CHECKING:
    import ibis.expr.types as ir

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Places of pairs, the elder first; both arrays have shape (pairs,)."""

    elder: Ints
    younger: Ints


@dataclass(frozen=True, slots=True)
class Words:
    """The verdicts that count on records that are there."""

    same: Pairs
    refused: Pairs
    never: Pairs


def words(decided: Decided, clean: ir.Table, engine: Engine) -> Words:
    """Return the decisions whose records are among `clean`; of several on one pair the latest counts."""
    latest: dict[frozenset[str], Verdict] = {}
    for word in sorted(decided.decisions, key=lambda one: one.at):
        latest[frozenset((word.left_record, word.right_record))] = word.verdict
    names = sorted({name for pair in latest for name in pair})
    places = _places(names, clean, engine) if names else {}
    found: dict[str, list[tuple[int, int]]] = {"same": [], "refused": [], "never": []}
    for pair, verdict in latest.items():
        there = sorted(places[name] for name in pair if name in places)
        if len(there) == 2:
            found[verdict].append((there[0], there[1]))
    return Words(**{verdict: _pairs(sorted(pairs)) for verdict, pairs in found.items()})


def _places(names: list[str], clean: ir.Table, engine: Engine) -> dict[str, int]:
    there = collected(engine, clean.filter(clean.record_id.isin(names)).select("record_id", "place"))
    return {str(row["record_id"]): int(row["place"]) for row in there.to_pylist()}


def _pairs(pairs: list[tuple[int, int]]) -> Pairs:
    both = np.array(pairs, np.int64).reshape(-1, 2)
    return Pairs(both[:, 0], both[:, 1])
