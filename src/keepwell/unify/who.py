"""Whom a row speaks of: the columns of `tables.IDENTITY`, the id it would have alone, and the record it carries.

Customer numbers are in their source's own count. Files that were added under one name share it; without a name each
vendor has a count of its own, and all other files share one.

A record is what a source says of somebody, each different saying once. A row with nothing but a number or an e-mail
carries that key's own record, so a plain shop's ids depend on nothing else. A row names somebody by a number, an
e-mail, a telephone, a name or a company; an address alone names nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

import ibis

from keepwell.tables import UNKNOWN
from keepwell.unify.formats.shape import WHO, Format

if TYPE_CHECKING:
    import ibis.expr.types as ir

MAIN = "main"  # the source of files that were added without a name
NOBODY = ("nan", "null", "none", "n/a", "na", "-", "unknown", "guest", "anonymous")  # what files call no customer
_BETWEEN = "\x1f"  # stands in no name
_NOBODY = _BETWEEN + _BETWEEN.join(NOBODY) + _BETWEEN
COLUMNS = (
    "number", "email", "phone", "name", "first_name", "last_name", "company", "street", "city", "postcode", "region",
    "country", "born",
)  # fmt: skip
KEYS = ("number", "email", "phone", "name", "company")  # any of them names somebody
_ADDRESS = ("street", "city", "postcode")
_NONE = ibis.null("string")


def space(source: str, format_: Format) -> str:
    """Return whose count the customer numbers of a file are in; '' is the shop's own.

    >>> from keepwell.unify.formats import FORMATS
    >>> space("main", FORMATS["generic"]), space("main", FORMATS["shopify orders"]), space("till", FORMATS["generic"])
    ('', 'shopify', 'till')
    """
    return format_.vendor if source == MAIN else source


def read(there: Iterable[str]) -> frozenset[str]:
    """Return which of `COLUMNS` a file with the fields `there` can fill."""
    fields = frozenset(there)
    made = {"number": {"customer_id", "company_id"}, "phone": {"phone", "mobile"}, "street": {"street", "street_2"}}
    made["name"] = {"name", "first_name", "last_name"}
    return frozenset(name for name in COLUMNS if fields & made.get(name, {name}))


def content(filled: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that make a record what it is; a country counts with the rest of an address only.

    >>> content(["number", "country"]), content(["email", "city", "country"])
    (('number',), ('email', 'city', 'country'))
    """
    there = frozenset(filled)
    alone = {"country", "region"} if not there & set(_ADDRESS) else set()
    return tuple(name for name in COLUMNS if name in there - alone)


def with_who(table: ir.Table, there: Iterable[str], *, format_: Format, source: str) -> ir.Table:
    """Turn the fields of `formats.WHO` into `COLUMNS`, and add `own_id`, `record_id`, `customer_id`, `customer_key`.

    `customer_id` is `own_id`, 'unknown' where the row names nobody; `customer_key` is the shop's own key. `own_id` and
    `record_id` are null where the row names nobody.
    """
    fields = frozenset(there)
    kept = [c for c in table.columns if c not in {*WHO, "born"}]
    key, number = _numbers(table, fields, format_, space(source, format_))
    values = {"number": number, **_told(table, fields)}
    values |= {name: table[name] for name in COLUMNS if name not in values}
    table = table.select(*kept, **{name: values[name] for name in COLUMNS}, number_key=key)
    return _identified(table, content(read(fields)), space(source, format_))


def _told(table: ir.Table, there: frozenset[str]) -> dict[str, Any]:
    """Return the columns that are not just as they stand in the file."""
    phone = ibis.coalesce(*(somebody(table[c]) for c in ("phone", "mobile") if c in there), _NONE)
    street = table.street.fill_null("") + " " + table.street_2.fill_null("") if "street_2" in there else table.street
    return {
        "email": somebody(table.email).lower() if "email" in there else table.email,
        "phone": phone,
        "name": somebody(full_name(table)),
        "company": somebody(table.company) if "company" in there else table.company,
        "street": street.strip().nullif("") if "street_2" in there else street,
    }


def _numbers(table: ir.Table, there: frozenset[str], format_: Format, space_: str) -> tuple[Any, Any]:
    """Return the customer's number with its count before it, and as it stands."""
    keys, numbers = [_NONE], [_NONE]
    for field, count in (("company_id", f"{space_} company".strip()), ("customer_id", space_)):
        if field in there:
            number = somebody(table[field])
            if field == "customer_id" and format_.nobody:
                number = number.isin(sorted(format_.nobody)).ifelse(_NONE, number)
            keys.insert(0, ibis.literal(f"{count}|" if count else "") + number)
            numbers.insert(0, number)
    return ibis.coalesce(*keys), ibis.coalesce(*numbers)


def _identified(table: ir.Table, said: Sequence[str], space_: str) -> ir.Table:
    """Add the ids; `said` are the columns that make a record."""
    own = customer_id(table.number_key, table.email)
    keys = [table[name] for name in KEYS if name in said]
    if not keys:
        return _without_ids(table)
    parts = [table[name].cast("string").fill_null("") for name in said if name != "number"]
    whole = ibis.literal("|").join([ibis.coalesce(table.number_key, ibis.literal(space_)), *parts])
    record = _digest(ibis.literal("record|") + whole)
    plain = [_alone(table, name, said) for name in ("number", "email") if name in said]
    if plain and len(said) == 1:
        record = own
    else:
        record = reduce(or_, plain).ifelse(own, record) if plain else record
        record = reduce(or_, [key.notnull() for key in keys]).ifelse(record, _NONE)
    table = table.mutate(record_id=record, own_id=own).drop("number_key")
    table = table.mutate(own_id=ibis.coalesce(table.own_id, table.record_id))
    return table.mutate(
        customer_id=table.own_id.fill_null(UNKNOWN),
        customer_key=ibis.coalesce(*(table[name] for name in KEYS)),
    )


def _without_ids(table: ir.Table) -> ir.Table:
    nobody = dict.fromkeys(("record_id", "own_id", "customer_key"), _NONE)
    return table.drop("number_key").mutate(**nobody, customer_id=ibis.literal(UNKNOWN))


def _alone(table: ir.Table, name: str, said: Sequence[str]) -> Any:
    """Return whether of the columns of a record only `name` is filled."""
    return reduce(and_, [table[c].isnull() if c != name else table[c].notnull() for c in said])


def somebody(key: Any) -> Any:
    """Return a key stripped, null where it names nobody."""
    text = key.strip().nullif("")
    # One search in one text: DuckDB turns `isin` into a join that it makes even where nothing asks for the column.
    nobody = ibis.literal(_NOBODY).contains(_BETWEEN + text.lower() + _BETWEEN)
    return nobody.ifelse(_NONE, text)


def customer_id(number: Any, email: Any) -> Any:
    """Return the digest of a customer's number, else of the e-mail; null where there is neither."""
    return _digest(ibis.coalesce(ibis.literal("id|") + number, ibis.literal("email|") + email))


def _digest(text: Any) -> Any:
    return ibis.literal("c") + text.hexdigest("md5").substr(0, 15)


def full_name(table: ir.Table) -> Any:
    """Return the name, or first and last name together."""
    both = (table.first_name.fill_null("") + " " + table.last_name.fill_null("")).strip().nullif("")
    return ibis.coalesce(table.name.strip().nullif(""), both)
