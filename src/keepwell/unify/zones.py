"""Time zones that rows name beside their stamps, as IANA calls them or as tills do."""

from __future__ import annotations

from functools import cache
from typing import Any

import ibis

from keepwell.engine import Engine, collected

# The names of the Rails framework, which tills write; "Eastern Time (US & Canada)" is shown as "Eastern Time" too.
NAMES = {
    "eastern time": "America/New_York",
    "central time": "America/Chicago",
    "mountain time": "America/Denver",
    "pacific time": "America/Los_Angeles",
    "arizona": "America/Phoenix",
    "alaska": "America/Anchorage",
    "hawaii": "Pacific/Honolulu",
    "atlantic time": "America/Halifax",
    "newfoundland": "America/St_Johns",
    "saskatchewan": "America/Regina",
    "indiana (east)": "America/Indiana/Indianapolis",
    "puerto rico": "America/Puerto_Rico",
    "london": "Europe/London",
    "edinburgh": "Europe/London",
    "dublin": "Europe/Dublin",
    "paris": "Europe/Paris",
    "madrid": "Europe/Madrid",
    "berlin": "Europe/Berlin",
    "rome": "Europe/Rome",
    "amsterdam": "Europe/Amsterdam",
    "tokyo": "Asia/Tokyo",
    "osaka": "Asia/Tokyo",
    "sydney": "Australia/Sydney",
    "canberra": "Australia/Melbourne",
    "melbourne": "Australia/Melbourne",
    "brisbane": "Australia/Brisbane",
    "adelaide": "Australia/Adelaide",
    "darwin": "Australia/Darwin",
    "perth": "Australia/Perth",
    "hobart": "Australia/Hobart",
}


def zone_of(text: str) -> str:
    """Return the IANA zone of a name; '' where it is none that is known.

    >>> [zone_of(t) for t in ("Eastern Time (US & Canada)", "europe/berlin", "Utopia")]
    ['America/New_York', 'Europe/Berlin', '']
    """
    plain = text.strip().lower()
    short = plain.removesuffix("(us & canada)").removesuffix("(canada)").strip()
    return NAMES.get(short) or _iana().get(plain.replace(" ", "_"), "")


@cache
def _iana() -> dict[str, str]:
    from zoneinfo import available_timezones

    return {name.lower(): name for name in available_timezones()}


def named(engine: Engine, text: Any) -> dict[str, str]:
    """Return the zone of each name that stands in a column of text; '' where it is not known."""
    table = text.name("zone").as_table().filter(ibis._.zone.notnull()).distinct()
    return {row["zone"]: zone_of(row["zone"]) for row in collected(engine, table.order_by("zone")).to_pylist()}


def notes(column: str, zones: dict[str, str]) -> list[str]:
    """Return what was assumed of names that are no zone."""
    unknown = [name for name, zone in zones.items() if not zone]
    if not unknown:
        return []
    return [f"{column!r}: no time zone is called {unknown[0]!r}, so its rows are the shop's wall clock (shop.timezone)"]
