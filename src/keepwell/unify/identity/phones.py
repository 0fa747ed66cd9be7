"""Telephone numbers in E.164, by expressions over a small table of calling codes.

The codes, trunk prefixes and lengths are those of the package phonenumbers (Google's libphonenumber), which also knows
what a country is called in many languages; no row is ever handed to Python.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa

from keepwell.engine import Engine, collected
from keepwell.errors import ConfigError
from keepwell.tables import trimmed
from keepwell.unify.identity.text import folded_text

if TYPE_CHECKING:
    import ibis.expr.types as ir

LONGEST = 15  # digits of a number in E.164, ITU-T E.164 section 6
SHORTEST = 7
# What people call countries besides the names that the package knows.
SPOKEN = {"usa": "US", "america": "US", "uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "holland": "NL"}
_COUNTRIES = pa.schema(
    [("country_name", pa.string()), ("calling", pa.string()), ("trunk", pa.string())]
    + [(name, pa.int64()) for name in ("shortest", "longest")]
)


def countries(names: Iterable[str], engine: Engine) -> ir.Table:
    """Return a row per name (folded) that is a country's: `country_name`, `calling`, `trunk`, `shortest`, `longest`."""
    wanted = list(names)
    known = regions() if wanted else {}  # to know them takes a second
    rows = [dict(zip(_COUNTRIES.names, (name, *plan(known[name])), strict=True)) for name in wanted if name in known]
    return engine.table(pa.Table.from_pylist(rows, schema=_COUNTRIES).to_batches(), _COUNTRIES)


@cache
def regions() -> dict[str, str]:
    """Return the ISO code of each country by its names, folded; a name of two countries is the first's by code."""
    import phonenumbers
    from phonenumbers.geodata.locale import LOCALE_DATA

    named: dict[str, str] = {}
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for name in (region, *LOCALE_DATA.get(region, {}).values()):
            key = folded_text(name)
            if key and not name.startswith("*"):
                named.setdefault(key, region)
    return {**named, **SPOKEN}


@cache
def plan(region: str) -> tuple[str, str, int, int]:
    """Return a country's calling code, its trunk prefix ('' for none), and the fewest and most digits after both."""
    import phonenumbers

    known = phonenumbers.PhoneMetadata.metadata_for_region(region)
    if known is None or known.general_desc is None:
        mend = "Give a country by two letters, e.g. GB."
        raise ConfigError(f"no telephone numbers are known of {region!r}", "identity.phone_country", mend)
    lengths = [n for n in known.general_desc.possible_length if n > 0]
    return str(known.country_code), known.national_prefix or "", max(min(lengths), SHORTEST - 1), max(lengths)


def with_e164(table: ir.Table, engine: Engine, *, default: str) -> ir.Table:
    """Add `e164`: the column `phone` in E.164, null where it cannot be read so.

    Args:
        table: Has `phone` as told and `country` folded.
        engine: Holds the table.
        default: ISO code of the country of numbers without one, where the row names none; '': they stay unread.
    """
    told = collected(engine, table.filter(table.phone.notnull(), table.country.notnull()).select("country").distinct())
    codes = countries(sorted(str(name) for name in told["country"].to_pylist()), engine)
    table = table.left_join(codes, table.country == codes.country_name).drop("country_name")
    calling, trunk, shortest, longest = plan(default) if default else (None, "", None, None)
    code = ibis.coalesce(table.calling, ibis.literal(calling, "string"))
    prefix = ibis.coalesce(table.trunk, ibis.literal(trunk, "string"))
    fewest = ibis.coalesce(table.shortest, ibis.literal(shortest, "int64"))
    most = ibis.coalesce(table.longest, ibis.literal(longest, "int64"))
    # An extension is no part of the number, nor a trunk prefix in brackets behind a country's code.
    small = table.phone.replace("(0)", "").lower()
    extended = small.contains("x") | small.contains("#")
    plain = trimmed(extended.ifelse(small.re_replace(r"(ext|x|#).*$", ""), small))
    table = engine.keep(
        table.mutate(
            digits=plain.re_replace(r"[^0-9]+", ""),
            abroad=plain.startswith("+"),
            code=code,
            prefix=prefix,
            fewest=fewest,
            most=most,
        ).drop(*_COUNTRIES.names[1:])
    )
    digits, zeros = table.digits, table.digits.startswith("00")
    full = table.abroad.ifelse(digits, digits.substr(2))
    bare = ((table.prefix != "") & digits.startswith(table.prefix)).ifelse(digits.substr(table.prefix.length()), digits)
    national = bare.length().between(table.fewest, table.most).ifelse(table.code + bare, ibis.null("string"))
    whole = full.length().between(SHORTEST, LONGEST).ifelse(full, ibis.null("string"))
    number = (table.abroad | zeros).ifelse(whole, national)
    return table.mutate(e164=_real(number, bare)).drop("digits", "abroad", "code", "prefix", "fewest", "most")


def _real(number: Any, bare: Any) -> Any:
    """Return the number with a plus, null for one that only fills a field: one digit over and over, or 1234567."""
    filler = (bare == bare.substr(0, 1).repeat(bare.length())) | bare.startswith("1234567")
    return (number.isnull() | filler).ifelse(ibis.null("string"), ibis.literal("+") + number)
