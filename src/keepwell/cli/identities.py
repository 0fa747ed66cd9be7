"""`keepwell identities`: who is one person, what speaks for it, and people's word on it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import keepwell
from keepwell.cli.evidence import pair_words
from keepwell.cli.workflows import answered, talk, workspace_meant
from keepwell.errors import ConfigError, DataError
from keepwell.shop import Shop
from keepwell.shop.export import check_place
from keepwell.shop.identities import (
    VERDICTS,
    Listing,
    Pair,
    apart,
    between,
    changed,
    named,
    pairs,
    said_of_pairs,
    write,
)
from keepwell.store.records import RecordBook

SHOWN = 20  # pairs that a list prints
ASKED = "[a]ccept: one person   [r]efuse: not by this   [n]ever one person   [s]kip   [q]uit > "
_LETTERS = {"a": "accept", "r": "refuse", "n": "never"}
_READ = ("merges", "people", "customers", "aliases")
_THEN = "It counts from the next run on: `keepwell run`."


def listed(workspace: Path | None, *, state: str, limit: int, json: bool) -> None:
    """Say what merging changed, and list pairs with their evidence."""
    shop = keepwell.open(workspace_meant(workspace, ()))
    found, told = _found(shop, state=state, limit=limit if not json or limit != SHOWN else 0)
    body = {"changed": told, "counts": found.counts, "total": found.total, "pairs": [p.to_dict() for p in found.pairs]}
    answered(body, _list_words(found, told), json=json)


def review(workspace: Path | None, *, page: Path | None, limit: int, json: bool) -> None:
    """Ask about each proposed pair, in the terminal or of what is piped in; or write them to a page.

    With `json`, or where the input is empty from the start, the pairs are printed.
    """
    if page is not None:
        check_place(page)
    shop = keepwell.open(workspace_meant(workspace, ()))
    asking = page is None and not json and _answers()
    found, told = _found(shop, state="proposed", limit=0 if asking else limit, open_only=True)
    if page is not None:
        from keepwell.report.review import review_page

        summary = shop.summary()
        path = review_page(found, title=shop.settings.shop.name or shop.folder.stem, run=summary["run"], to=page)
        answered({"page": str(path), "pairs": len(found.pairs), "total": found.total}, str(path), json=json)
    elif asking and found.pairs:
        said = _asked(found, shop)
        answered(said, f"{sum(said.values()):,} of {found.total:,} pairs decided. {_THEN}", json=json)
    else:
        body = {"total": found.total, "pairs": [pair.to_dict() for pair in found.pairs]}
        answered(body, _list_words(found, told), json=json)


def decide(verb: str, which: Sequence[str], workspace: Path | None, *, json: bool) -> None:
    """Write a word on pairs, given by their names, or on two customers."""
    shop = keepwell.open(workspace_meant(workspace, ()))
    with shop.reading(None, *_READ) as (tables, engine):
        try:
            chosen = said_of_pairs(named(which, tables, engine))
        except DataError:
            if len(which) != 2:
                raise
            chosen = between(which[0], which[1], tables, engine, every=verb != "accept")
    _write(shop, verb, chosen, json=json)


def unmerge(customer: str, records: Sequence[str], workspace: Path | None, *, json: bool) -> None:
    """Take a customer apart for ever: the records named leave the others, or all come apart."""
    shop = keepwell.open(workspace_meant(workspace, ()))
    with shop.reading(None, *_READ) as (tables, engine):
        chosen = apart(customer, tables, engine, records=records)
    _write(shop, "never", chosen, json=json)


def _write(shop: Shop, verb: str, chosen: Sequence[tuple[str, str]], *, json: bool) -> None:
    with talk(quiet=json) as tell:
        write(shop, VERDICTS[verb], chosen, tell=tell)
    body = {"verdict": VERDICTS[verb], "pairs": [list(pair) for pair in chosen]}
    n = f"{len(chosen):,} pair" if len(chosen) == 1 else f"{len(chosen):,} pairs"
    answered(body, f"{n} of records: {verb}. {_THEN}", json=json)


def _found(shop: Shop, *, state: str, limit: int, open_only: bool = False) -> tuple[Listing, dict[str, Any]]:
    if limit < 0:
        raise ConfigError(f"{limit} is no number of pairs", "--limit", "Give one from 1 on, or 0 for all.")
    decisions = RecordBook(shop.folder).decided().decisions
    with shop.reading(None, "merges", "people") as (tables, engine):
        found = pairs(tables, engine, decisions, state=state, open_only=open_only, limit=limit)
        return found, changed(tables, engine)


def _asked(found: Listing, shop: Shop) -> dict[str, int]:
    """Ask about each pair in the terminal, and write each word down at once."""
    said = dict.fromkeys(VERDICTS, 0)
    for place, pair in enumerate(found.pairs, start=1):
        sys.stdout.write(f"\n{place:,} of {found.total:,}\n{pair_words(pair)}\n")
        letter = _letter()
        if letter == "q":
            break
        if letter in _LETTERS:
            verb = _LETTERS[letter]
            with talk(quiet=False) as tell:
                write(shop, VERDICTS[verb], said_of_pairs([pair]), tell=tell)
            said[verb] += 1
    return said


def _answers() -> bool:
    """Tell whether somebody answers: a terminal, or a pipe or file with at least one line."""
    if sys.stdin is None or sys.stdin.closed:
        return False
    if sys.stdin.isatty():
        return True
    piped = sys.stdin.read()
    sys.stdin = StringIO(piped)
    return bool(piped.strip())


def _letter() -> str:
    """Return the letter of an answer that was understood; 'q' where the input ends."""
    while True:
        sys.stdout.write(ASKED)
        sys.stdout.flush()
        line = sys.stdin.readline()
        letter = line.strip().lower()[:1]
        if not line or letter in {*_LETTERS, "s", "q"}:
            return letter or "q"


def _list_words(found: Listing, told: dict[str, Any]) -> str:
    lines = [
        f"{told['records']:,} records of {told['customers']:,} customers; {told['alone']:,} if none were merged",
        ", ".join(f"{n:,} pairs {state}" for state, n in sorted(found.counts.items())) or "no pairs were compared",
    ]
    for pair in found.pairs:
        lines += ["", pair_words(pair)]
    if found.total > len(found.pairs):
        lines += ["", f"and {found.total - len(found.pairs):,} more: --limit 0 shows all, --page FILE draws them"]
    return "\n".join(lines)


__all__ = ["Pair", "decide", "listed", "review", "unmerge"]
