"""A recognised file of touches, feedback, events, spend, payouts, deals or rates as typed rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from keepwell.engine import Engine
from keepwell.unify.amounts import MONEY
from keepwell.unify.facts.kinds import KINDS
from keepwell.unify.typed import FAULT, SHOWN, Readings, Seen, column_name, fields, first_fault
from keepwell.unify.who import COLUMNS, with_who

if TYPE_CHECKING:
    import ibis.expr.types as ir

WHOSE = ("customer_id", "customer_key", "record_id", "own_id", *COLUMNS)


def told(file: Seen, how: Readings, engine: Engine, *, zone: str, order: int) -> ir.Table:
    """Return one row per row of the file.

    Columns: those of the role's table, what `who.with_who` adds where the rows speak of customers, `currency`, `file`,
    `line`, `file_order`, `format`, `source`, the fault columns, and for finding rows that files share `same_key`,
    `content` and `money` (0: this is no sale).
    """
    kind = KINDS[file.recognition.role]
    table = fields(file, how, engine, zone=zone)
    if kind.who:
        table = _with_customer(table, file)
    faults = [(where(table), field, ibis.null("string"), ibis.literal(why)) for where, field, why in kind.faults]
    table = first_fault(table, faults)
    values = {name: value(table, file) for name, value in kind.columns.items()}
    whose = {name: table[name] for name in WHOSE} if kind.who else {}
    return table.select(
        file=ibis.literal(file.raw.digest),
        line=table.line.cast("int64"),
        file_order=ibis.literal(order).cast("int64"),
        source=ibis.literal(file.raw.source),
        format=ibis.literal(file.recognition.format),
        currency=table.currency.upper(),
        **values,
        **whose,
        same_key=_same_key(table, file),
        content=_content(table, values, whose),
        money=ibis.literal(0).cast(MONEY),
        fault_column=column_name(table, file),
        fault_value=table[FAULT[1]].substr(0, SHOWN),
        fault_reason=table[FAULT[2]],
    )


def _with_customer(table: ir.Table, file: Seen) -> ir.Table:
    """Add whose the row is; of several customers that a deal names, the first."""
    if file.recognition.role == "deals":
        firsts = {name: table[name].re_extract(r"^\s*([^;]*)", 1).nullif("") for name in ("customer_id", "company_id")}
        table = table.mutate(**firsts)
    mapping = file.recognition.mapping
    kept = {"name": table.deal_name} if file.recognition.role == "deals" and "deal_name" not in mapping else {}
    return with_who(table.mutate(**kept), mapping, format_=file.format, source=file.raw.source)


def _same_key(table: ir.Table, file: Seen) -> Any:
    """Return the source's own name of the row, where it has one; it is the same row in every file."""
    key = KINDS[file.recognition.role].key
    return table[key] if key else table.line_id if "line_id" in file.recognition.mapping else ibis.null("string")


def _content(table: ir.Table, values: dict[str, Any], whose: dict[str, Any]) -> Any:
    said = [*values.values(), table.currency, *([whose["record_id"]] if whose else [])]
    parts = [value.cast("string").fill_null("~") for value in said]
    return ibis.literal("|").join(parts).hexdigest("md5")
