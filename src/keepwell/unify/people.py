"""One row per customer: from the sales rows that name them, and from customers files."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from keepwell.tables import UNKNOWN, checked

if TYPE_CHECKING:
    import ibis.expr.types as ir


def customers(facts: ir.Table, records: ir.Table | None, *, there: Collection[str]) -> ir.Table:
    """Return the table `customers`.

    Args:
        facts: Typed sales rows that are facts.
        records: Typed rows of the customers files that are good, or None.
        there: Of 'name', 'email', 'country' and 'channel', what some sales file has; the rest is not looked for.
    """
    sold = _from_sales(facts, frozenset(there))
    if records is None:
        return checked("customers", sold.mutate(people=ibis.literal(1), **_UNTOLD))
    told = _from_records(matched(records, sold))
    both = sold.outer_join(told, "customer_id", rname="told_{name}")
    text = {c: ibis.coalesce(both[f"told_{c}"], both[c]) for c in ("name", "email", "country")}
    return checked(
        "customers",
        both.select(
            customer_id=ibis.coalesce(both.customer_id, both.told_customer_id),
            customer_key=ibis.coalesce(both.customer_key, both.told_customer_key),
            channel=ibis.coalesce(both.channel, both.told_channel),
            records=both.records.fill_null(0) + both.told_records.fill_null(0),
            first_seen=both.first_seen,
            last_seen=both.last_seen,
            people=ibis.literal(1),
            **text,
            **_UNTOLD,
        ),
    )


_UNTOLD = dict.fromkeys(
    ("phone", "street", "city", "postcode", "company", "household_id", "account_id"), ibis.null("string")
)


def _from_sales(facts: ir.Table, there: frozenset[str]) -> ir.Table:
    """Return one row per customer of the sales rows; 'unknown' among them where rows name nobody."""
    unknown = facts.customer_id == UNKNOWN
    columns = {"name": facts.customer_name, "email": facts.email, "country": facts.country, "channel": facts.channel}
    picked = {}
    for name, value in columns.items():
        at = ibis.literal("") + (facts.ordered_at.epoch_seconds() + 10**11).cast("string")
        known = value.notnull() & ~unknown
        # The value is part of what is compared, so that no tie is left to luck.
        ends = value.argmin if name == "channel" else value.argmax
        picked[name] = ends(at + value, where=known) if name in there else ibis.null("string")
    return facts.group_by("customer_id").aggregate(
        customer_key=_.customer_key.min().fill_null(UNKNOWN),
        records=_.count(),
        first_seen=_.order_date.min(),
        last_seen=_.order_date.max(),
        **picked,
    )


def matched(records: ir.Table, sold: ir.Table) -> ir.Table:
    """Let a record whose number no sales row has, and whose e-mail one has, be that customer's."""
    ids = sold.select(sold_id="customer_id")
    mails = sold.select(sold_mail="customer_id")
    table = records.left_join(ids, records.customer_id == ids.sold_id)
    table = table.left_join(mails, table.by_email == mails.sold_mail)
    by_mail = table.sold_id.isnull() & table.sold_mail.notnull()
    return table.mutate(customer_id=by_mail.ifelse(table.by_email, table.customer_id))


def _from_records(records: ir.Table) -> ir.Table:
    """Return one row per customer of the customers files, each value from the last row that has it."""
    place: Any = (records.file_order * 10**12 + records.line).cast("int64")
    last = {
        name: records[name].argmax(place, where=records[name].notnull())
        for name in ("name", "email", "country", "channel")
    }
    return records.group_by("customer_id").aggregate(customer_key=_.customer_key.min(), records=_.count(), **last)
