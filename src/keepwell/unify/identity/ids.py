"""Ids that stay: a cluster bears the id that its eldest record would have alone.

Two people of a household who write from one e-mail would alone have one id. It belongs to whoever used it first; the
other cluster bears its own eldest record's digest. A record that came as a correction is as old as what it corrects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from keepwell.tables import checked, counted

if TYPE_CHECKING:
    import ibis.expr.types as ir


def with_age(clean: ir.Table, records: ir.Table) -> ir.Table:
    """Add `age` (int64, 0 the eldest): the place, but that a correction is as old as the row that it corrects."""
    if "first_arrived" not in records.columns:
        return clean.mutate(age=clean.place)
    first = [records.first_arrived, records.first_file, records.first_line, records.record_id]
    age = records.select("record_id", age=counted(ibis.row_number().over(order_by=first)))
    return clean.join(age, "record_id")


def named(records: ir.Table, clean: ir.Table) -> ir.Table:
    """Add `customer_id` to the records, and write telephone numbers in E.164 where they can be read so.

    Args:
        records: As `identified` takes them.
        clean: `age`, `record_id`, `own_id`, `e164` and `cluster`.
    """
    eldest = clean.group_by("cluster").aggregate(own_id=_.own_id.argmin(_.age), record_id=_.record_id.argmin(_.age))
    holders = _holders(clean)
    table = eldest.join(holders, "own_id")
    apart = (table.record_id != table.own_id).ifelse(
        table.record_id,
        ibis.literal("c") + (ibis.literal("apart|") + table.record_id).hexdigest("md5").substr(0, 15),
    )
    ids = table.select(cluster="cluster", customer_id=(table.holder == table.cluster).ifelse(table.own_id, apart))
    found = clean.select("cluster", "e164", of_record="record_id").join(ids, "cluster").drop("cluster")
    table = records.join(found, records.record_id == found.of_record)
    return table.mutate(phone=ibis.coalesce(table.e164, table.phone)).drop("of_record", "e164")


def _holders(clean: ir.Table) -> ir.Table:
    """Return for each own id the cluster of the eldest record that has it, as `holder`."""
    return clean.group_by("own_id").aggregate(holder=_.cluster.argmin(_.age))


def aliases(people: ir.Table, clean: ir.Table) -> ir.Table:
    """Return the table `aliases`: ids that no customer bears any more, and who bears them now."""
    living = people.select(customer_id="customer_id").distinct()
    first = clean.group_by("own_id").aggregate(record_id=_.record_id.argmin(_.age))
    told = first.join(people.select("record_id", "customer_id"), "record_id")
    gone = told.anti_join(living, told.own_id == living.customer_id)
    return checked("aliases", gone.select(alias="own_id", customer_id="customer_id"))
