"""`keepwell forget`, `keepwell export-person`, `keepwell consent`: what a person may ask of us."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keepwell
from keepwell.cli.workflows import answered, talk, workspace_meant
from keepwell.errors import ConfigError

YES = "forget"  # what is typed to go on


def forget(
    customers: Sequence[str], workspace: Path | None, *, to: Path | None, yes: bool, dry: bool, json: bool
) -> None:
    """Erase people, keep the sums, write the list for the other systems."""
    shop = keepwell.open(workspace_meant(workspace, ()))
    if not (yes or dry) and not sys.stdin.isatty():
        raise ConfigError("forgetting cannot be undone, and nobody is here to be asked", "forget", "Say --yes.")
    if dry or not yes:
        with talk(quiet=json) as tell:
            meant = shop.held(*customers, tell=tell)
        if dry:
            answered(meant, _meant(meant), json=json)
            return
        _confirm(_meant(meant))
    with talk(quiet=json) as tell:
        done = shop.forget(*customers, to=to, tell=tell)
    answered(done, _done(done), json=json)


def export_person(customer: str, to: Path | None, workspace: Path | None, *, json: bool) -> None:
    """Write everything that is held on a person."""
    shop = keepwell.open(workspace_meant(workspace, ()))
    place = to or Path(f"person-{''.join(c if c.isalnum() else '-' for c in customer)}.zip")
    with talk(quiet=json) as tell:
        names = shop.export_person(customer, place, tell=tell)
    answered(
        {"to": str(place), "files": names}, f"{len(names):,} files in {place}; README.txt says what is what.", json=json
    )


def consent(customer: str, workspace: Path | None, *, channel: str, given: bool | None, json: bool) -> None:
    """Write down a yes or a no that was told directly; without either, tell the history."""
    shop = keepwell.open(workspace_meant(workspace, ()))
    if given is None:
        told = shop.consents(customer)
        lines = [
            f"{row['at'] or 'undated'}  {row['channel']:<6} {'yes' if row['given'] else 'no'}  ({row['from']})"
            for row in told
        ]
        answered({"consents": told}, "\n".join(lines) or "No consent is known.", json=json)
        return
    with talk(quiet=json) as tell:
        shop.consent(customer, channel, given=given, tell=tell)
    body = {"customer": customer, "channel": channel, "given": given}
    answered(
        body, f"{'Yes' if given else 'No'} to {channel} is written down. It counts from the next run on.", json=json
    )


def _meant(meant: dict[str, Any]) -> str:
    who = "\n".join(
        f"  {row['customer_key']}" + (f" ({row['name']})" if row.get("name") else "") for row in meant["customers"]
    )
    files = "\n".join(f"  {row['file']}: {row['rows']:,} rows" for row in meant["files"])
    parts = [
        f"Who is meant:\n{who}" if who else "No run knows them yet.",
        f"Where they stand:\n{files}" if files else "",
    ]
    return "\n".join(part for part in parts if part)


def _confirm(words: str) -> None:
    """Ask before what cannot be undone.

    Raises:
        ConfigError: The answer was no.
    """
    sys.stderr.write(f"{words}\nThis cannot be undone. Type '{YES}' to go on: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() != YES:
        raise ConfigError("not confirmed; nothing was changed", "forget")


def _done(done: dict[str, Any]) -> str:
    rows = sum(file["cleared"] + file["taken_out"] for file in done["files"])
    where = f"{len(done['files']):,} files, {len(done['runs']):,} runs written anew"
    lines = [
        f"Forgotten: {rows:,} rows in {where}; every sum is as it was.",
        f"What to delete in other systems: {done['list']} ({done['to_delete']:,} entries).",
        "Delete that list when it is done.",
    ]
    if done["reports"]:
        lines.append(
            f"Deleted, as they may name them: {', '.join(done['reports'])}; `keepwell report` draws the report anew."
        )
    return "\n".join([*lines, *done["kept"]])
