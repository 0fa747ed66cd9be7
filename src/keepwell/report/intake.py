"""The section on the data: what was read, what was left out and why, and that nothing was lost."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from keepwell.charts.words import exact, money, plural, share
from keepwell.report.gather import TOLD, Gathered
from keepwell.report.parts import Column, Grid, Part, Section, Text, grid, priced

Row = dict[str, Any]


def decimal(value: object) -> Decimal:
    """Read money as the summary writes it; what cannot be read is nothing."""
    try:
        return Decimal(str(value if value is not None else 0))
    except InvalidOperation:
        return Decimal(0)


def quality(data: Gathered, summary: Row, *, currency: str) -> Section:
    """Show where every row and all money went."""
    parts: list[Part] = [Text(_conserved(summary)), _places(summary, currency), _files(data, currency), _read(data)]
    parts += [
        _some(_rejected, data["rejected"].to_pylist(), currency, "No row was put aside: the quarantine is empty."),
        _some(_repeated, data["repeated"].to_pylist(), currency, "No row was found in two files."),
        _some(_caught, data["caught"].to_pylist(), currency, "No line was found that is no product."),
        Text(_undone(data, currency)),
    ]
    parts += [Text(note) for note in summary.get("notes", ())]
    return Section("data", "Data", "The data", tuple(parts))


def _some(table: Any, rows: list[Row], currency: str, nothing: str) -> Part:
    found: Part = table(rows, currency) if rows else Text(nothing)
    return found


def _conserved(summary: Row) -> str:
    rows, held = summary["rows"], summary["money"]
    lost_rows = rows["in"] - rows["facts"] - rows["quarantined"] - rows["duplicates"]
    lost = decimal(held["in"]) - sum(decimal(held[k]) for k in ("ledger", "quarantined", "duplicates"))
    if lost_rows or lost:
        return (
            f"✗ {plural(lost_rows, 'row')} and money of {exact(lost)} are not accounted for: please report this as a "
            "fault of Keepwell."
        )
    return f"✓ Nothing was lost: each of {plural(rows['in'], 'row')} and all of the money is in one of these places."


def _places(summary: Row, currency: str) -> Grid:
    rows, held = summary["rows"], summary["money"]
    places = (
        ("used (facts; in the ledger)", rows["facts"], held["ledger"]),
        ("put aside (quarantine)", rows["quarantined"], held["quarantined"]),
        ("in another file already (duplicates)", rows["duplicates"], held["duplicates"]),
        ("all that came in", rows["in"], held["in"]),
    )
    told = [{"place": p, "rows": n, "money": decimal(m)} for p, n, m in places]
    columns = (
        Column("place", "Place"),
        Column("rows", "Rows", "count"),
        Column("money", priced("Money", currency), "money"),
    )
    return grid("Where every row and all money went (table: files)", told, columns)


def _files(data: Gathered, currency: str) -> Grid:
    columns = (
        Column("name", "File"),
        Column("format", "Read as"),
        Column("rows", "Rows", "count"),
        Column("facts", "Used", "count"),
        Column("quarantined", "Put aside", "count"),
        Column("duplicates", "Duplicates", "count"),
        Column("money_in", priced("Money in", currency), "money"),
        Column("money_facts", "of it used", "money"),
        Column("unknown_money", "Rows of unknown money", "count"),
    )
    return grid("The files (table: files)", data["files"].to_pylist(), columns, folded=True)


def _read(data: Gathered) -> Grid:
    rows: list[Row] = []
    for file in data["files"].to_pylist():
        mapping, notes = _parsed(file["mapping"], {}), _parsed(file["notes"], [])
        pairs = mapping.items() if isinstance(mapping, dict) else ()
        rows += [{"name": file["name"], "what": field, "how": _column(column)} for field, column in pairs]
        rows += [{"name": file["name"], "what": "assumed in reading", "how": str(note)} for note in notes]
    columns = (Column("name", "File"), Column("what", "Field"), Column("how", "Column, or what was assumed"))
    note = "To change a column: keepwell run FILES --map COLUMN=FIELD"
    return grid("How the columns were understood (table: files)", rows, columns, note=note, folded=True)


def _parsed(text: str, otherwise: Any) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return otherwise


def _column(column: Any) -> str:
    return ", ".join(map(str, column)) if isinstance(column, list) else str(column)


def _rejected(rows: list[Row], currency: str) -> Grid:
    columns = (
        Column("reason", "Reason"),
        Column("name", "File"),
        Column("column", "Column"),
        Column("rows", "Rows", "count"),
        Column("money", priced("Money", currency), "money"),
        Column("line", "First line", "count"),
        Column("value", "What stands there"),
    )
    note = "Every row with its line: keepwell export quarantine --to quarantine.csv"
    return grid("Rows put aside, by reason (table: quarantine)", rows, columns, note=note, folded=True)


def _repeated(rows: list[Row], currency: str) -> Grid:
    columns = (
        Column("name", "File"),
        Column("first", "Has rows of"),
        Column("rows", "Rows", "count"),
        Column("money", priced("Money", currency), "money"),
    )
    return grid("Rows that another file holds already (table: duplicates)", rows, columns, folded=True)


def _caught(rows: list[Row], currency: str) -> Grid:
    columns = (
        Column("rule", "Rule"),
        Column("ledger_line", "Ledger line"),
        Column("product_id", "Code"),
        Column("description", "Text"),
        Column("lines", "Lines", "count"),
        Column("money", priced("Money", currency), "money"),
    )
    note = "Something sold stands here, or something not sold does not? Change [lines] in keepwell.toml."
    caption = f"Lines taken for no product, the largest {TOLD} (table: line_rules)"
    return grid(caption, rows, columns, note=note, folded=True)


def _undone(data: Gathered, currency: str) -> str:
    found = {r["matched"]: r for r in data["undone"].to_pylist()}
    if not found:
        return "There are no cancellations in the files."
    none = {"rows": 0, "money": Decimal(0)}
    matched, loose = found.get(True, none), found.get(False, none)
    every = matched["rows"] + loose["rows"]
    return (
        f"{plural(matched['rows'], 'cancellation')} ({share(matched['rows'] / every)}; "
        f"{money(matched['money'], currency)}) undo an earlier sale that was found: that purchase is no occasion. "
        f"{plural(loose['rows'], 'cancellation')} ({money(loose['money'], currency)}) match no earlier sale of the "
        "same customer and product, and stand as refunds (table: cancellations)."
    )
