"""Who is one person, where the truth is known: 200,000 records of 120,000 people, on a seed kept apart for it."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import Any

from keepwell.decided import NOTHING
from keepwell.engine import collected
from keepwell.engine.duck import DuckEngine
from keepwell.settings import Settings
from keepwell.simulate.records import CAUSES, recorded
from keepwell.unify.identity import identified

NAME = "identity_truth"
SEED = 2026  # never looked at while the matcher was built; that was done on 1, 2 and 3
RECORDS, PEOPLE = 200_000, 120_000


def run() -> tuple[list[dict[str, Any]], list[str]]:
    """Return precision and recall of pairs, whole and by what touched them, and of clusters; and how ids stay."""
    truth = recorded(records=RECORDS, people=PEOPLE, seed=SEED).to_pylist()
    later = RECORDS * 95 // 100
    before, after = found(truth[:later]), found(truth)
    rows = [pairs(truth, after), *by_cause(truth, after), clusters(truth, after)]
    return rows, [
        f"Seed {SEED}. A pair is of a cause that touched one of its records; one of several causes counts in each.",
        stayed(truth, later, before, after),
    ]


def found(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Return the customer of each record."""
    import pyarrow as pa

    engine = DuckEngine(memory="3GB", threads=2)
    table = pa.Table.from_pylist(rows)
    for name in ("number", "region"):
        table = table.set_column(table.column_names.index(name), name, pa.nulls(len(rows), pa.string()))
    records = engine.table(table.to_batches(), table.schema).drop("person", "household", "causes")
    people = identified(records, Settings(), engine, decided=NOTHING).people.select("record_id", "customer_id")
    answer = {row["record_id"]: row["customer_id"] for row in collected(engine, people).to_pylist()}
    engine.close()
    return answer


def pairs(truth: list[dict[str, Any]], whose: dict[str, str]) -> dict[str, Any]:
    """Return precision and recall over all pairs of records."""
    cells = defaultdict(int)
    for row in truth:
        cells[row["person"], whose[row["record_id"]]] += 1
    both = sum(n * (n - 1) // 2 for n in cells.values())
    sides = []
    for side in (0, 1):
        sizes = defaultdict(int)
        for key, n in cells.items():
            sizes[key[side]] += n
        sides.append(sum(n * (n - 1) // 2 for n in sizes.values()))
    return _row("all pairs", true=sides[0], found=both, wrong=sides[1] - both)


def by_cause(truth: list[dict[str, Any]], whose: dict[str, str]) -> list[dict[str, Any]]:
    """Return recall by cause, and by which people the wrong pairs are of."""
    people, customers = defaultdict(list), defaultdict(list)
    for row in truth:
        people[row["person"]].append(row)
        customers[whose[row["record_id"]]].append(row)
    true, got, wrong = (defaultdict(int) for _ in range(3))
    for rows in people.values():
        for a, b in combinations(rows, 2):
            for cause in {*a["causes"], *b["causes"]} or {"none"}:
                true[cause] += 1
                got[cause] += whose[a["record_id"]] == whose[b["record_id"]]
    for rows in customers.values():
        for a, b in combinations(rows, 2):
            if a["person"] != b["person"]:
                for cause in {*a["causes"], *b["causes"]} or {"none"}:
                    wrong[cause] += 1
    return [_row(cause, true=true[cause], found=got[cause], wrong=wrong[cause]) for cause in ("none", *CAUSES)]


def clusters(truth: list[dict[str, Any]], whose: dict[str, str]) -> dict[str, Any]:
    """Return precision and recall of whole clusters: those that hold all records of one person and no others."""
    people, customers = defaultdict(set), defaultdict(set)
    for row in truth:
        people[row["person"]].add(row["record_id"])
        customers[whose[row["record_id"]]].add(row["record_id"])
    real = {frozenset(records) for records in people.values()}
    right = sum(frozenset(records) in real for records in customers.values())
    return _row("clusters", true=len(people), found=right, wrong=len(customers) - right)


def stayed(truth: list[dict[str, Any]], later: int, before: dict[str, str], after: dict[str, str]) -> str:
    """Say how many people kept their ids when the last twentieth of the records came in."""
    touched = {row["person"] for row in truth[later:]}
    ids = defaultdict(set)
    for row in truth[:later]:
        if row["person"] not in touched:
            ids[row["person"]].add((before[row["record_id"]], after[row["record_id"]]))
    kept = sum(all(was == now for was, now in pairs) for pairs in ids.values())
    return (
        f"When the last {RECORDS - later:,} records came in, {kept:,} of the {len(ids):,} people without any "
        f"among them kept their ids ({kept / len(ids):.4%})."
    )


def _row(what: str, *, true: int, found: int, wrong: int) -> dict[str, Any]:
    return {
        "what": what,
        "true": true,
        "found": found,
        "wrong": wrong,
        "precision": round(found / (found + wrong), 4) if found + wrong else None,
        "recall": round(found / true, 4) if true else None,
    }
