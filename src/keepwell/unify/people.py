"""One row per customer: what its records say, and what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from keepwell.settings import Identity
from keepwell.tables import UNKNOWN, checked, counted

if TYPE_CHECKING:
    import ibis.expr.types as ir

LATEST = Identity()
_GOLDEN = ("name", "email", "phone", "street", "city", "postcode", "country", "company")


def former(people: ir.Table) -> ir.Table:
    """Return the table `aliases`: the ids that records would have had alone, and the customer they became."""
    changed = people.filter(people.own_id != people.customer_id)
    return checked("aliases", changed.group_by(alias=changed.own_id).aggregate(customer_id=_.customer_id.min()))


def customers(
    found: ir.Table, people: ir.Table, *, rules: Identity = LATEST, belong: ir.Table | None = None
) -> ir.Table:
    """Return the table `customers`.

    Args:
        found: What rows say of each record, and of nobody; see `records.gathered`.
        people: The table `people`.
        rules: How the golden record is filled where records differ.
        belong: `customer_id`, `household_id` and `account_id` of each customer; None where nobody belongs to a group.
    """
    whose = people.select(of_record="record_id", of_customer="customer_id", of_source="source", e164="phone")
    table = found.left_join(whose, found.record_id == whose.of_record)
    table = table.mutate(customer_id=table.of_customer.fill_null(UNKNOWN), known=table.of_customer.notnull())
    # A record without a day, as of a list of customers, counts as the latest word on somebody.
    last = table.seen.cast("string").fill_null("9999-12-31") + table.place.cast("string").lpad(20, "0")
    table = table.mutate(last=_trust(table.of_source, rules) + last)
    table = table.mutate(phone=ibis.coalesce(table.e164, table.phone))
    key = ibis.coalesce(*(table[name] for name in ("number", "email", "phone", "name", "company")))
    table = table.mutate(key=key)
    done = table.group_by("customer_id").aggregate(
        customer_key=_.key.argmin(_.place, where=_.key.notnull()).fill_null(UNKNOWN),
        **{name: _latest(table, name) for name in _GOLDEN},
        channel=_.channel.argmin(_.channel_at, where=_.channel.notnull()),
        people=counted(_.known.cast("int64").sum()),
        records=counted(_["rows"].sum()),
        first_seen=_.began.min(),
        last_seen=_.seen.max(),
    )
    if rules.survivorship == "most common":
        done = _with_most_common(table, done)
    if belong is None:
        return checked("customers", done.mutate(household_id=ibis.null("string"), account_id=ibis.null("string")))
    return checked("customers", done.left_join(belong, "customer_id"))


def _trust(source: Any, rules: Identity) -> Any:
    """Return what sorts the values of a source that is believed behind those of others, so that they come last."""
    if rules.survivorship != "by source" or not rules.sources:
        return ibis.literal("")
    most = len(rules.sources)
    ranks = [(source == name, str(most - i).rjust(4, "0")) for i, name in enumerate(rules.sources)]
    return ibis.cases(*ranks, else_="0000")


def _with_most_common(table: ir.Table, done: ir.Table) -> ir.Table:
    """Fill the golden record with what most rows say; of what equally many say, the latest."""
    for name in _GOLDEN:
        told = table.filter(table[name].notnull() & table.known).select(
            "customer_id", "rows", "last", value=table[name]
        )
        each = told.group_by("customer_id", "value").aggregate(n=counted(_["rows"].sum()), last=_["last"].max())
        order = each.n.cast("string").lpad(19, "0") + each["last"]
        best = each.group_by("customer_id").aggregate(best=each.value.argmax(order))
        done = done.left_join(best, "customer_id").mutate(**{name: _.best}).drop("best", "customer_id_right")
    return done


def _latest(table: ir.Table, name: str) -> Any:
    return table[name].argmax(table["last"], where=table[name].notnull() & table.known)
