"""What people decided on pairs of records, as places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from keepwell.decided import Decided, Decision, Verdict
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


@dataclass(frozen=True, slots=True)
class _There:
    """The records that words may be on: their places, and those of each id that they would have alone."""

    records: dict[str, int]
    own: dict[str, list[int]]  # the eldest first

    def side(self, record: str, own: str, *, every: bool) -> list[int]:
        """Return the record's place; where it is no longer there, those of its own id, the eldest or `every`."""
        if record in self.records:
            return [self.records[record]]
        mates = self.own.get(own, [])
        return mates if every else mates[:1]

    def both(self, word: Decision) -> Iterable[tuple[int, int]]:
        """Return the pairs of places that a word is on, the elder first.

        Records of one customer number come together, so it does to keep the eldest apart, or to join it. What is
        refused is a pair's evidence: whichever record of the number brings it now.
        """
        every = word.verdict == "refused"
        left = self.side(word.left_record, word.left_own, every=every)
        right = self.side(word.right_record, word.right_own, every=every)
        return ((min(pair), max(pair)) for pair in product(left, right) if pair[0] != pair[1])

    def whole(self, word: Decision) -> bool:
        """Return whether both records are there."""
        return word.left_record in self.records and word.right_record in self.records


def words(decided: Decided, clean: ir.Table, engine: Engine) -> Words:
    """Return the decisions whose records are among `clean`; of several on one pair the latest counts.

    A record that was corrected is no longer there: the word is then on the records with the id that it had alone, and
    of several words on the same two ids the latest counts.
    """
    told = sorted(decided.decisions, key=lambda one: one.at)
    there = _there(told, clean, engine) if told else _There({}, {})
    last = {_ids(word): word for word in told}
    latest: dict[tuple[int, int], Verdict] = {}
    for word in told:
        later = last[_ids(word)]
        if word.at == later.at or (there.whole(word) and there.whole(later)):
            latest |= dict.fromkeys(there.both(word), word.verdict)
    found: dict[Verdict, list[tuple[int, int]]] = {"same": [], "refused": [], "never": []}
    for pair, verdict in latest.items():
        found[verdict].append(pair)
    return Words(**{verdict: _pairs(sorted(pairs)) for verdict, pairs in found.items()})


def _ids(word: Decision) -> frozenset[str]:
    return frozenset((word.left_own or word.left_record, word.right_own or word.right_record))


def _there(told: Sequence[Decision], clean: ir.Table, engine: Engine) -> _There:
    names = sorted({name for word in told for name in (word.left_record, word.right_record)})
    owns = sorted({own for word in told for own in (word.left_own, word.right_own)})
    rows = clean.filter(clean.record_id.isin(names) | clean.own_id.isin(owns))
    rows = collected(engine, rows.select("record_id", "own_id", "place").order_by("place")).to_pylist()
    own: dict[str, list[int]] = {}
    for row in rows:
        own.setdefault(str(row["own_id"]), []).append(int(row["place"]))
    return _There({str(row["record_id"]): int(row["place"]) for row in rows}, own)


def _pairs(pairs: list[tuple[int, int]]) -> Pairs:
    both = np.array(pairs, np.int64).reshape(-1, 2)
    return Pairs(both[:, 0], both[:, 1])
