"""Who is one person: pairs of records with their evidence, and people's word on them.

The run says what it took for one person and what it would like to ask; what is said here stands in the record book and
counts from the next run on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import combinations, product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import ibis
from ibis import _

from keepwell.decided import Decision, Verdict
from keepwell.engine import Engine, collected, number
from keepwell.errors import DataError
from keepwell.loop.person import customer, those_like
from keepwell.progress import Tell, quiet
from keepwell.shop.plain import plain
from keepwell.store import turn
from keepwell.store.records import RecordBook
from keepwell.tables import IDENTITY, Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]
STATES = ("proposed", "merged", "refused", "never")
COMPARED = tuple(line.split()[0] for line in IDENTITY.strip().splitlines())
_LIKELY = 0.99
_TOLD_APART = {
    "born": "their days of birth differ",
    "number": "each has a customer number of its own",
    "email": "their e-mails differ",
    "phone": "their telephones differ",
}
SHORT = 8  # digits of a pair's name
VERDICTS: dict[str, Verdict] = {"accept": "same", "refuse": "refused", "never": "never"}


@dataclass(frozen=True, slots=True)
class Step:
    """One piece of evidence: what was compared, and by how many bits it speaks for one person."""

    what: str
    left: str
    right: str
    bits: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that are, or may be, of one person."""

    id: str  # short name
    left: Row  # of table people: the elder
    right: Row
    kind: str
    state: str  # in the run
    probability: float | None
    bits: float | None
    evidence: tuple[Step, ...]  # the prior first
    word: Verdict | None = None  # said since, or before; counts from the next run on

    def to_dict(self) -> Row:
        """Return plain values for JSON."""
        return {**asdict(self), "left": plain(self.left), "right": plain(self.right)}


@dataclass(frozen=True, slots=True)
class Listing:
    """Pairs, and how many there are in all."""

    pairs: tuple[Pair, ...]
    total: int
    counts: dict[str, int]  # by state


def pairs(
    tables: Tables,
    engine: Engine,
    decisions: Sequence[Decision],
    *,
    state: str = "",
    open_only: bool = False,
    limit: int = 0,
) -> Listing:
    """Return pairs of the run, the likeliest first.

    Args:
        tables: `merges` and `people` of a run.
        engine: Where they live.
        decisions: The words that stand.
        state: One of `STATES`; '' is all.
        open_only: Leave out those on which a word was said.
        limit: How many at most; 0: all.

    Raises:
        DataError: There is no such state.
    """
    if state and state not in STATES:
        raise DataError(f"there is no state {state!r}", "--state", f"There are: {', '.join(STATES)}.")
    t = tables["merges"]
    counted = collected(engine, t.group_by("state").aggregate(n=t.count())).to_pylist()
    chosen = t.filter(t.state == state) if state else t
    chosen = chosen.mutate(id=_pair_id(chosen))
    if open_only and decisions:
        said = sorted({short(d.left_record, d.right_record) for d in decisions})
        chosen = chosen.filter(~chosen.id.isin(said))
    total = number(engine, chosen.count())
    ordered = chosen.order_by(ibis.desc("probability"), "left_record", "right_record", "kind")
    rows = collected(engine, _with_records(ordered.limit(limit) if limit else ordered, tables["people"])).to_pylist()
    found = sorted((_pair(row, decisions) for row in rows), key=_likeliest)
    return Listing(tuple(found), total, {row["state"]: row["n"] for row in counted})


def held_back(pair: Pair) -> str:
    """Return what keeps a proposed pair, likely as it is, from being taken for one person; '' where no fact does.

    What the rules of matching forbid whatever the weights say: two days of birth, two numbers of one count, and two
    e-mails or telephones (father and son have one name and one address).
    """
    if pair.state != "proposed" or pair.probability is None or pair.probability < _LIKELY:
        return ""
    sides = [{name: _text(side.get(name)).strip().lower() for name in _TOLD_APART} for side in (pair.left, pair.right)]
    apart = [n for n in _TOLD_APART if sides[0][n] and sides[1][n] and sides[0][n] != sides[1][n]]
    if "number" in apart and len({side["number"].rpartition("|")[0] for side in sides}) > 1:
        apart.remove("number")
    return f"held back, as {_TOLD_APART[apart[0]]}" if apart else ""


def short(one: str, other: str) -> str:
    """Return the short name of a pair of records, in whichever order they are given.

    >>> short("a", "b") == short("b", "a"), len(short("a", "b"))
    (True, 8)
    """
    import hashlib

    return hashlib.md5("|".join(sorted((one, other))).encode(), usedforsecurity=False).hexdigest()[:SHORT]


def _pair_id(t: ir.Table) -> Any:
    """Return the same as `short`, in the engine."""
    ends = ibis.least(t.left_record, t.right_record) + "|" + ibis.greatest(t.left_record, t.right_record)
    return ends.hexdigest("md5").substr(0, SHORT)


def _with_records(chosen: ir.Table, people: ir.Table) -> ir.Table:
    """Put both records beside each pair, under 'l_' and 'r_'."""
    joined = chosen
    for side, prefix in (("left_record", "l_"), ("right_record", "r_")):
        own = people.rename(prefix + "{name}")
        joined = joined.left_join(own, joined[side] == own[f"{prefix}record_id"])
    return joined


def _pair(row: Row, decisions: Sequence[Decision]) -> Pair:
    sides = [{k.removeprefix(p): v for k, v in row.items() if k.startswith(p)} for p in ("l_", "r_")]
    for side, name in zip(sides, ("left_record", "right_record"), strict=True):
        side["record_id"] = row[name]
    steps = tuple(
        Step(_text(s["what"]), _text(s.get("left")), _text(s.get("right")), float(s.get("bits") or 0))
        for s in json.loads(row["evidence"])
    )
    own = Pair(row["id"], sides[0], sides[1], row["kind"], row["state"], row["probability"], row["bits"], steps)
    said = [d for d in decisions if {d.left_record, d.right_record} == {row["left_record"], row["right_record"]}]
    return replace(own, word=said[-1].verdict) if said else own


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _likeliest(pair: Pair) -> tuple[float, str]:
    return (-(pair.probability if pair.probability is not None else 2.0), pair.id)


def named(references: Sequence[str], tables: Tables, engine: Engine) -> list[Pair]:
    """Return the pairs meant by their short names, or by a first part of it.

    Raises:
        DataError: There is no such pair, or a part names several.
    """
    t = tables["merges"]
    known = t.mutate(id=_pair_id(t))
    found = []
    for reference in references:
        these = known.filter(known.id.startswith(reference.lower()))
        rows = collected(engine, _with_records(these.order_by("id", "kind"), tables["people"])).to_pylist()
        ids = {row["id"] for row in rows}
        if len(ids) != 1:
            problem = f"{reference!r} names {'no pair' if not ids else f'{len(ids):,} pairs'}"
            raise DataError(problem, mend="`keepwell identities list` shows the pairs with their names.")
        found.append(_pair(rows[0], ()))
    return found


def said_of_pairs(chosen: Iterable[Pair]) -> list[tuple[str, str]]:
    """Return the record ids of pairs."""
    return [(pair.left["record_id"], pair.right["record_id"]) for pair in chosen]


def between(one: str, other: str, tables: Tables, engine: Engine, *, every: bool) -> list[tuple[str, str]]:
    """Return pairs of records of two customers: `every` pair, or only that of their first records.

    Raises:
        DataError: One of them is not there, or they are one customer already.
    """
    records = [records_of(asked, tables, engine) for asked in (one, other)]
    if set(records[0]) & set(records[1]):
        mend = "To take a customer apart say `keepwell identities unmerge`."
        raise DataError(f"{one!r} and {other!r} are one customer", mend=mend)
    return list(product(records[0], records[1])) if every else [(records[0][0], records[1][0])]


def apart(asked: str, tables: Tables, engine: Engine, *, records: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return the pairs of records that are never to be one again, so that a customer comes apart.

    Args:
        asked: The customer.
        tables: Of the run.
        engine: Where they live.
        records: Ids, or first parts of ids, of the records that leave the others together; none: all come apart.

    Raises:
        DataError: There is no such customer or record, or there is only one.
    """
    known = records_of(asked, tables, engine)
    if len(known) < 2:
        raise DataError(f"{asked!r} is one record only, so there is nothing to take apart")
    if not records:
        return list(combinations(known, 2))
    leaving = [_record(prefix, known) for prefix in records]
    staying = [one for one in known if one not in leaving]
    if not staying:
        raise DataError("all records are named, so none would stay", "--record", "Name those that leave.")
    return list(product(leaving, staying))


def _record(prefix: str, known: Sequence[str]) -> str:
    found = [one for one in known if one.startswith(prefix)]
    if len(found) != 1:
        raise DataError(f"{prefix!r} names {len(found) or 'no'} records", mend=f"There are: {', '.join(known)}.")
    return found[0]


def records_of(asked: str, tables: Tables, engine: Engine) -> list[str]:
    """Return the ids of a customer's records, the earliest first; `asked` may be a record's id itself.

    Raises:
        DataError: There is no such customer.
    """
    t = tables["people"]
    if number(engine, t.filter(t.record_id == asked).count()):
        return [asked]
    row = customer(asked, tables, engine)
    if row is None:
        raise DataError(f"there is no customer {asked!r}", mend=those_like(asked, tables, engine))
    rows = collected(
        engine, t.filter(t.customer_id == row["customer_id"]).order_by("arrived", "file", "line")
    ).to_pylist()
    return [record["record_id"] for record in rows] or [row["customer_id"]]


def own_ids(records: Iterable[str], tables: Tables, engine: Engine) -> dict[str, str]:
    """Return the ids that records would have alone, as far as no other customer's record has the same.

    They follow from the customer's number, else the e-mail, and stay when the rest of the record is corrected.
    """
    t = tables["people"]
    alone = t.group_by("own_id").aggregate(n=_.customer_id.nunique()).filter(_.n == 1)
    mine = t.filter(t.record_id.isin(sorted(records))).semi_join(alone, "own_id")
    rows = collected(engine, mine.select("record_id", "own_id")).to_pylist()
    return {row["record_id"]: row["own_id"] for row in rows}


class Readable(Protocol):
    """A shop whose current run can be read."""

    folder: Path

    def reading(self, run: str | None = None, *names: str) -> AbstractContextManager[tuple[Tables, Engine]]:
        """Give tables of a run, and the engine to read them with."""
        ...


def write(shop: Readable, verdict: Verdict, chosen: Sequence[tuple[str, str]], *, tell: Tell = quiet) -> None:
    """Write a word on pairs of records of the current run into the record book, in one's turn.

    Raises:
        WorkspaceError: A person was forgotten meanwhile, who may be one of them.
    """
    with (
        turn(shop.folder, what=f"identities {verdict}", tell=tell),
        shop.reading(None, "people") as (tables, engine),
    ):
        own = own_ids({record for pair in chosen for record in pair}, tables, engine)
        RecordBook(shop.folder).decide(verdict, chosen, at=datetime.now(UTC), own=own)


def changed(tables: Tables, engine: Engine) -> Row:
    """Return what merging changed: `records`, `alone` (customers there would be without it) and `customers`."""
    t = tables["people"]
    told = t.aggregate(records=t.count(), alone=t.own_id.nunique(), customers=t.customer_id.nunique())
    return dict(collected(engine, told).to_pylist()[0])
