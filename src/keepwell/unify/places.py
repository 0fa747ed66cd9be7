"""Where all rows and all money of the files went: facts, quarantine or duplicates, each row in one of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
from ibis import _

from keepwell.engine import Engine, collected
from keepwell.errors import ConservationError
from keepwell.tables import CONTRACTS, MONEY, checked
from keepwell.unify.subscriptions import assumed
from keepwell.unify.typed import Readings, Seen

if TYPE_CHECKING:
    import ibis.expr.types as ir

_SUM = "decimal(38,4)"


def quarantine(found: Sequence[tuple[Seen, Readings]], typed: Iterable[ir.Table], engine: Engine) -> ir.Table:
    """Return every row that cannot be used: those without a fact in them, and those that are no rows at all."""
    parts = [_faulty(table.filter(table.fault_reason.notnull())) for table in typed]
    for raw in {file.raw.digest: file.raw for file, _how in found}.values():
        if raw.bad_path is not None:
            torn = engine.read(raw.bad_path)
            parts.append(
                torn.select(
                    file=ibis.literal(raw.digest),
                    line=torn.line.cast("int64"),
                    column=ibis.null("string"),
                    value=torn.text.cast("string"),
                    reason=torn.reason.cast("string"),
                    money=ibis.null(MONEY),
                )
            )
    return checked("quarantine", ibis.union(*parts) if len(parts) > 1 else parts[0])


def _faulty(table: ir.Table) -> ir.Table:
    return table.select(
        "file", "line", column="fault_column", value="fault_value", reason="fault_reason", money=_money(table)
    )


def _money(table: ir.Table) -> Any:
    """Return what a row counts for in the account of money: only sales count."""
    return table.money if "money" in table.columns else ibis.literal(0).cast(MONEY)


def duplicates(typed: Iterable[ir.Table]) -> ir.Table:
    """Return every row that another file holds."""
    parts = [
        table.filter(table.of_file.notnull()).select("file", "line", "of_file", money=_money(table))
        for table in typed
        if "of_file" in table.columns
    ]
    return checked("duplicates", ibis.union(*parts) if len(parts) > 1 else parts[0])


@dataclass(frozen=True, slots=True)
class Count:
    """Rows of one file that went to one place."""

    place: str
    rows: int
    money: Decimal
    unread: int  # rows without readable money
    currency: str | None


def counted(typed: Iterable[ir.Table], engine: Engine) -> dict[str, list[Count]]:
    """Count each file's rows and money by where they went and by currency."""
    parts = []
    for table in typed:
        currency = table.currency if "currency" in table.columns else ibis.null("string")
        parts.append(table.select("file", currency=currency, money=_money(table), place=_place(table)))
    sums = [
        part.group_by("file", "place", "currency").aggregate(
            rows=_.count(), money=_.money.sum().fill_null(0).cast(_SUM), unread=_.money.isnull().sum().cast("int64")
        )
        for part in parts
    ]
    places: dict[str, list[Count]] = {}
    for table in sums:
        for row in collected(engine, table).to_pylist():
            money = Decimal(row["money"]).quantize(Decimal("0.0001"))
            count = Count(row["place"], row["rows"], money, row["unread"], row["currency"])
            places.setdefault(row["file"], []).append(count)
    return places


def _place(rows: ir.Table) -> Any:
    """Return where each row went."""
    held = rows.of_file.notnull() if "of_file" in rows.columns else ibis.literal(value=False)
    return ibis.cases((rows.fault_reason.notnull(), "quarantined"), (held, "duplicates"), else_="facts")


def files(
    found: Sequence[tuple[Seen, Readings]],
    counted: Mapping[str, list[Count]],
    engine: Engine,
    *,
    said: Mapping[str, str] | None = None,
) -> ir.Table:
    """Return the table `files`, and check that every row is in one place; `said` is a note more, by digest."""
    parts: dict[str, list[tuple[Seen, Readings]]] = {}
    for file, how in found:
        parts.setdefault(file.raw.digest, []).append((file, how))
    rows = [
        _file_row(of_file, counted.get(digest, []), (said or {}).get(digest, "")) for digest, of_file in parts.items()
    ]
    schema = CONTRACTS["files"].schema.to_pyarrow()
    return engine.table(pa.Table.from_pylist(rows, schema=schema).to_batches(), schema)


def _file_row(parts: Sequence[tuple[Seen, Readings]], counts: Sequence[Count], more: str) -> dict[str, Any]:
    """Return the row of a file, whose rows are of one kind or, in parts, of two."""
    file = parts[0][0]
    raw = file.raw
    mapping = {field: column for part, _how in reversed(parts) for field, column in part.recognition.mapping.items()}
    said = [note for part, how in parts for note in (*part.recognition.notes, *assumed(part), *how.notes)]
    said += [more] if more else []
    n = {place: sum(c.rows for c in counts if c.place == place) for place in ("facts", "quarantined", "duplicates")}
    n["quarantined"] += raw.bad_rows
    money = {place: sum((c.money for c in counts if c.place == place), Decimal("0.0000")) for place in n}
    rows = raw.rows + raw.bad_rows
    if sum(n.values()) != rows:
        problem = f"{rows:,} rows came in and {sum(n.values()):,} are accounted for"
        raise ConservationError(problem, raw.name, "Please report it.")
    return {
        "file": raw.digest,
        "name": raw.name,
        "source": raw.source,
        "format": file.recognition.format,
        "rows": rows,
        **n,
        "money_in": sum(money.values(), Decimal("0.0000")),
        **{f"money_{place}": value for place, value in money.items()},
        "unknown_money": sum(c.unread for c in counts) + raw.bad_rows,
        "mapping": json.dumps(mapping, ensure_ascii=False),
        "notes": json.dumps(list(dict.fromkeys([*raw.notes, *said])), ensure_ascii=False),
    }
