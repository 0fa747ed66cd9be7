"""Records made comparable: names, addresses and keys in one form, and what names nobody in particular left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from keepwell.engine import Engine
from keepwell.tables import counted, trimmed
from keepwell.unify.formats import FORMATS
from keepwell.unify.identity.names import short_forms
from keepwell.unify.identity.phones import with_e164
from keepwell.unify.identity.text import folded
from keepwell.unify.who import MAIN

if TYPE_CHECKING:
    import ibis.expr.types as ir

# A key that more people or more records than this have in common is a switchboard, a shop's own address or a filler.
NAMES_OF_A_KEY = 10
RECORDS_OF_A_BLOCK = 200
BIRTHDAY_SHARE = 0.002  # of the records: a day of birth more common than this is a filler, such as 1 January 1900

_TITLES = r"^(mr|mrs|ms|miss|mx|dr|prof|sir|herr|frau|hr|fr|mme|mlle|monsieur|madame|sr|sra|dhr|mevr|mw) "
_SUFFIX = r" (jr|sr|junior|senior|ii|iii|iv)$"
_ENDINGS = {"strasse": "str", "straat": "str"}
_WAYS = {
    "street": "st", "avenue": "av", "ave": "av", "avenida": "av", "road": "rd", "lane": "ln", "drive": "dr",
    "boulevard": "bd", "blvd": "bd", "court": "ct", "place": "pl", "plaza": "pl", "crescent": "cres", "close": "cl",
    "calle": "c", "saint": "st",
}  # fmt: skip
_LEGAL = r"( (ltd|limited|gmbh|inc|llc|plc|sarl|sas|sa|sl|bv|nv|ag|kg|ohg|co|corp|corporation|company|and))+$"
NULL = ibis.null("string")
_FOLDED = ("name", "first_name", "last_name", "street", "city", "postcode", "country", "company")

# The columns that two records are held beside each other by.
COMPARED = ("first", "initial", "last", "email", "phone", "house", "way", "postcode", "city", "born")
# What two records must share to be looked at together; each is one block.
BLOCKS = (
    ("email",), ("phone",), ("last", "house", "postcode"), ("first", "house", "postcode"),
    ("first", "last", "postcode"), ("first", "last", "city"), ("last", "way", "house"), ("last", "born"),
    ("first", "born"), ("postcode", "born"), ("city", "born"),
)  # fmt: skip


def cleaned(records: ir.Table, engine: Engine, *, country: str) -> ir.Table:
    """Return the records in the order in which they came, in one form.

    Columns: `place` (int64, 0 the eldest), `record_id`, `own_id`, `numbered` (boolean), `count_of` (whose count
    its number is in; null where it has none), `COMPARED` as text, `company`,
    `e164` (the telephone, fillers and switchboards included), `short_forms`, `first_n` (records with that first name)
    and a key per entry of `BLOCKS`, null where a part is missing or too many records share it.
    """
    table = engine.keep(_folded(records))
    table = with_e164(table, engine, default=country)
    table = engine.keep(
        table.select(
            "place",
            "record_id",
            "own_id",
            "numbered",
            "count_of",
            "email",
            "born",
            "city",
            **_names(table),
            **_address(table),
            e164=table.e164,
            phone=table.e164,
            company=table.company.re_replace(_LEGAL, ""),
        )
    )
    return engine.keep(_with_blocks(_with_first_names(engine.keep(_without_fillers(table)), engine), engine))


def bare(records: ir.Table) -> ir.Table:
    """Return the same columns for records that tell nothing but numbers and e-mails."""
    order = ibis.row_number().over(order_by=[records.arrived, records.file, records.line, records.record_id])
    there = {"place": counted(order), "numbered": records.number.notnull(), "email": _email(records.email)}
    there["count_of"] = _count_of(records)
    rest = [c for c in (*COMPARED, "company", "e164", "short_forms") if c not in there]
    return records.select("record_id", "own_id", **there, **dict.fromkeys(rest, NULL), first_n=ibis.null("int64"))


def _folded(records: ir.Table) -> ir.Table:
    """Return the records with their texts folded once, since what follows reads them many times."""
    order = ibis.row_number().over(order_by=[records.arrived, records.file, records.line, records.record_id])
    turned = records.name.contains(",").ifelse(records.name.re_replace(r"^([^,]+),\s*(.+)$", r"\2 \1"), records.name)
    two = records.first_name.nullif("").notnull() & records.last_name.nullif("").notnull()
    texts = {name: folded(records[name]) for name in _FOLDED} | {"name": folded(turned)}
    return records.select(
        "record_id", "own_id", "phone",
        place=counted(order), numbered=records.number.notnull(), count_of=_count_of(records), two=two,
        email=_email(records.email), born=records.born.cast("string"), **texts,
    )  # fmt: skip


def _count_of(records: ir.Table) -> Any:
    """Return whose count a record's number is in: the vendor's, or that of the source named."""
    vendors = [(records.format == name, format_.vendor) for name, format_ in FORMATS.items() if format_.vendor]
    named = (records.source == MAIN).ifelse(ibis.cases(*vendors, else_=""), records.source)
    return records.number.isnull().ifelse(NULL, named)


def _email(email: Any) -> Any:
    """Return an e-mail that could be one, in small letters."""
    small = trimmed(email.lower())
    return small.re_search(r"^[^@\s]+@[^@\s]+\.[^@\s]+$").ifelse(small, NULL)


def _names(table: ir.Table) -> dict[str, Any]:
    """Return `first` (null where only a letter is told), `initial` and `last`."""
    whole = table.two.ifelse(table.first_name + " ", table.name + " ").re_replace(_TITLES, "")
    blank = whole.find(" ")
    word = whole.substr(0, blank).nullif("")
    rest = table.two.ifelse(table.last_name, trimmed(whole.substr(blank + 1)))
    return {
        "first": (word.length() > 1).ifelse(word, NULL),
        "initial": word.substr(0, 1),
        "last": rest.re_replace(_SUFFIX, "").nullif(""),
    }


def _address(table: ir.Table) -> dict[str, Any]:
    """Return `house` (its number), `way` (the street, its kind in short) and `postcode`."""
    street = ibis.literal(" ") + table.street + " "
    for long, short in _WAYS.items():
        street = street.replace(f" {long} ", f" {short} ")
    for long, short in _ENDINGS.items():
        street = street.replace(long, short)
    code = table.postcode
    five = (code.length() == 10) & (code.find(" ") == 5)  # an American code with its four digits of the route
    return {
        "house": table.street.re_extract(r"(\d+)", 1).nullif(""),
        "way": street.re_replace(r"\d+[a-z]? ", "").replace(" ", "").nullif(""),
        "postcode": five.ifelse(code.substr(0, 5), code).replace(" ", "").nullif(""),
    }


def _without_fillers(table: ir.Table) -> ir.Table:
    """Null e-mails and telephones of too many names, and days of birth of too many records."""
    called = table.first.fill_null("") + " " + table.last.fill_null("")
    hot = {}
    for key in ("email", "phone"):
        pairs = table.select(key, called=called).filter(_[key].notnull()).distinct()
        crowd = pairs.group_by(key).aggregate(n=_.count())
        hot[key] = crowd.filter(crowd.n > NAMES_OF_A_KEY)
    days = table.filter(_.born.notnull()).group_by("born").aggregate(n=_.count())
    hot["born"] = days.filter(days.n > table.count().as_scalar() * BIRTHDAY_SHARE + 5)
    return _nulled(table, hot)


def _nulled(table: ir.Table, hot: Mapping[str, ir.Table]) -> ir.Table:
    """Null the values of columns that stand in the column of that name of a table of `hot`."""
    columns = table.columns
    for key, values in hot.items():
        crowded = values.select(**{f"hot_{key}": key})
        table = table.left_join(crowded, table[key] == crowded[f"hot_{key}"])
    cold = {key: table[f"hot_{key}"].isnull().ifelse(table[key], NULL) for key in hot}
    return table.select(*[c for c in columns if c not in hot], **cold)


def _with_first_names(table: ir.Table, engine: Engine) -> ir.Table:
    """Add the short forms of each first name and how many records have it."""
    forms = short_forms(engine)
    many = table.filter(_.first.notnull()).group_by("first").aggregate(first_n=_.count())
    known = many.left_join(forms, many.first == forms.name).select("first", "first_n", "short_forms")
    return table.left_join(known, "first").drop("first_right")


def _with_blocks(table: ir.Table, engine: Engine) -> ir.Table:
    """Add the keys of the blocks."""
    keys = {}
    for name, block in zip(block_names(), BLOCKS, strict=True):
        key = ibis.literal("|").join([table[c] for c in block]) if len(block) > 1 else table[block[0]]
        keys[name] = ibis.and_(*(table[c].notnull() for c in block)).ifelse(key, NULL)
    table = engine.keep(table.mutate(**keys))
    hot = {}
    for name in keys:
        crowd = table.filter(_[name].notnull()).group_by(name).aggregate(n=_.count())
        hot[name] = crowd.filter(crowd.n > RECORDS_OF_A_BLOCK)
    return _nulled(table, hot)


def block_names() -> tuple[str, ...]:
    """Return the names of the columns with the keys of the blocks."""
    return tuple(f"block_{i}" for i in range(len(BLOCKS)))
