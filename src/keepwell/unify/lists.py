"""Products and customers files as typed rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from keepwell.engine import Engine
from keepwell.unify.formats.shape import CONSENTS
from keepwell.unify.typed import FAULT, SHOWN, Readings, Seen, column_name, fields, first_fault
from keepwell.unify.who import COLUMNS, with_who

if TYPE_CHECKING:
    import ibis.expr.types as ir


def listed(file: Seen, how: Readings, engine: Engine, *, order: int) -> ir.Table:
    """Return one row per row of a products or customers file, with the fault columns.

    Columns of both: `file`, `line`, `file_order`, `fault_column`, `fault_value`, `fault_reason`. Of products:
    `product_id`, `name`, `category`, `price`, `cost`; of customers: what `who.with_who` adds, `channel`, and the
    consents as they stand.
    """
    table = fields(file, how, engine, zone="UTC")
    if file.recognition.role == "products":
        chosen = {
            "product_id": table.product_id,
            "name": table.description,
            "category": table.category,
            "price": table.price.cast("decimal(18,4)"),
            "cost": table.unit_cost.cast("decimal(18,4)"),
        }
        key, field = table.product_id, "product_id"
    else:
        table = with_who(table, file.recognition.mapping, format_=file.format, source=file.raw.source)
        key, field = table.record_id, "customer_id"
        said = ("customer_id", "customer_key", "record_id", "own_id", *COLUMNS, "channel")
        chosen = {name: table[name] for name in (*said, *CONSENTS, "consent_channel", "consent_at")}
    none = ibis.null("string")
    fault = (key.isnull(), field, none, ibis.literal(f"no {field.removesuffix('_id')}"))
    table = first_fault(table.mutate(**chosen), [fault])
    return table.select(
        *chosen,
        file=ibis.literal(file.raw.digest),
        line=table.line.cast("int64"),
        file_order=ibis.literal(order).cast("int64"),
        fault_column=column_name(table, file),
        fault_value=table[FAULT[1]].substr(0, SHOWN),
        fault_reason=table[FAULT[2]],
    )


def products(rows: ir.Table) -> ir.Table:
    """Return one row per product: as the last file has it, and in a file as its last line has it."""
    good = rows.filter(rows.fault_reason.isnull())
    last = ibis.window(group_by=good.product_id, order_by=[ibis.desc(good.file_order), ibis.desc(good.line)])
    kept = good.mutate(place=ibis.row_number().over(last)).filter(ibis._.place == 0)
    return kept.select("product_id", "name", "category", "price", "cost")
