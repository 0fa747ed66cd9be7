"""Households and companies above the customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from keepwell.tables import checked, counted

if TYPE_CHECKING:
    import ibis.expr.types as ir

HOUSEHOLD = 8  # more customers at one door than this are a block of flats: there those of one surname belong together


def members(people: ir.Table, clean: ir.Table) -> ir.Table:
    """Return one row per customer: `customer_id`, `household_id`, `account_id`, null where they belong to none.

    A customer lives where the latest record with an address says; a company's address is nobody's home.
    """
    whose = people.select("record_id", "customer_id")
    table = clean.join(whose, "record_id")
    latest = table.filter(table.way.notnull() & table.house.notnull() & table.company.isnull())
    home = latest.group_by("customer_id").aggregate(
        door=_door(latest).argmax(latest.place),
        surname=latest["last"].argmax(latest.place, where=latest["last"].notnull()),
    )
    crowd = home.group_by("door").aggregate(n=_.count())
    home = home.join(crowd, "door")
    full = home.n > HOUSEHOLD
    key = full.ifelse(home.door + "|" + home.surname, home.door)
    home = home.mutate(key=key)
    together = home.group_by("key").aggregate(n=_.count())
    shared = home.join(together.filter(_.n > 1).select("key"), "key")
    homes = shared.select(lives="customer_id", household_id=_digest("household", shared.key))
    firm = table.filter(table.company.notnull()).group_by("customer_id").aggregate(company=_.company.argmax(_.place))
    firms = firm.select(works="customer_id", account_id=_digest("account", firm.company))
    everybody = whose.select("customer_id").distinct()
    both = everybody.left_join(homes, everybody.customer_id == homes.lives).drop("lives")
    return both.left_join(firms, both.customer_id == firms.works).drop("works")


def groups(belong: ir.Table, people: ir.Table, clean: ir.Table) -> ir.Table:
    """Return the table `groups`."""
    told = people.select("record_id", "customer_id", "company", "street").join(
        clean.select("record_id", "place", surname="last"), "record_id"
    )
    table = told.join(belong, "customer_id")
    parts = []
    for kind, column in (("household", "household_id"), ("account", "account_id")):
        inside = table.filter(table[column].notnull())
        inside = inside.mutate(who=inside.surname.fill_null("").capitalize())
        name = inside.company if kind == "account" else (inside.who + ibis.literal(", ") + inside.street)
        inside = inside.mutate(called=name)
        parts.append(
            inside.group_by(group_id=inside[column]).aggregate(
                kind=ibis.literal(kind),
                name=_.called.argmax(_.place, where=_.called.notnull()),
                customers=counted(_.customer_id.nunique()),
            )
        )
    return checked("groups", parts[0].union(parts[1]))


def _door(table: ir.Table) -> Any:
    town = ibis.coalesce(table.postcode, table.city, ibis.literal(""))
    return ibis.literal("|").join([table.way, table.house, town])


def _digest(kind: str, key: Any) -> Any:
    return ibis.literal("g") + (ibis.literal(f"{kind}|") + key).hexdigest("md5").substr(0, 15)
