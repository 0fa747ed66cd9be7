"""What a run assumed because nothing measured it, each with what changes it."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from keepwell.settings import Settings

Assumption = dict[str, str]  # name, value, change


def assumed(settings: Settings, *, files: list[dict[str, Any]], sums: dict[str, Any]) -> list[Assumption]:
    """Return what this run assumed, the most telling first.

    Args:
        settings: As the run used them, `as_of` filled in.
        files: The rows of table `files`.
        sums: `net_sales` and `assumed_sales` of the ledger (decimals), `assumed_dates` (rows whose refund has no date
            of its own) and `as_of_given` (whether the user named the date).
    """
    return [*_money(settings, sums), *_contact(settings), *_time(settings, sums), *_reading(files)]


def _money(settings: Settings, sums: dict[str, Any]) -> list[Assumption]:
    a, costs = settings.assumptions, settings.costs
    found = []
    if sums["assumed_sales"]:
        of = _part(sums["assumed_sales"], sums["net_sales"])
        value = (
            f"{_percent(a.margin)} ({_percent(a.margin_low)} to {_percent(a.margin_high)}), assumed for {of} of sales"
        )
        found.append(_item("margin", value, "--margin 0.35, or a products file with costs, or assumptions.margin"))
    found.append(_item("discount rate", f"{_percent(a.discount_rate)} a year", "--discount-rate 0.08"))
    if not costs.fulfilment_per_order:
        found.append(_item("fulfilment", "0 an order", "--fulfilment-per-order 4.50, or costs.fulfilment_per_order"))
    if not (costs.payment_fee_rate or costs.payment_fee_fixed):
        change = "costs.payment_fee_rate and costs.payment_fee_fixed in keepwell.toml"
        found.append(_item("payment fees", "0, where the files name none", change))
    return found


def _contact(settings: Settings) -> list[Assumption]:
    a, contact = settings.assumptions, settings.contact
    share = f"{_percent(a.contact_share)} ({_percent(a.contact_share_low)} to {_percent(a.contact_share_high)})"
    cost = "not given, so there is no stop list" if contact.cost is None else f"{contact.cost} each"
    return [
        _item("orders caused by contact", share, "--contact-share 0.15"),
        _item("contacts", f"{contact.per_year:g} a year", "--contacts-per-year 6"),
        _item("contact cost", cost, "--contact-cost 0.80"),
    ]


def _time(settings: Settings, sums: dict[str, Any]) -> list[Assumption]:
    found = []
    if not sums["as_of_given"]:
        found.append(_item("as of", f"{settings.as_of}, the last dated fact", "--as-of YYYY-MM-DD"))
    if settings.shop.timezone == "UTC":
        found.append(_item("time zone", "UTC", "--timezone Europe/London"))
    if sums["assumed_dates"]:
        value = f"{sums['assumed_dates']:,} rows give no date of the refund; it stands in the order's month"
        found.append(_item("refund dates", value, "give a file that dates its refunds"))
    return found


def _reading(files: list[dict[str, Any]]) -> list[Assumption]:
    notes = {note: row["name"] for row in reversed(files) for note in json.loads(row["notes"])}
    return [_item(f"reading {name}", note, _switch(note)) for note, name in reversed(notes.items())]


def _switch(note: str) -> str:
    """Return the option that a note names.

    >>> _switch("the days come first in 'date'; --date-order mdy changes it")
    '--date-order mdy'
    >>> _switch("Read as Windows-1252; --encoding changes it.")
    '--encoding'
    """
    found = re.search(r"--[a-z-]+( (?!changes )[^\s;,.]+)?", note)
    return found[0] if found else ""


def _item(name: str, value: str, change: str) -> Assumption:
    return {"name": name, "value": value, "change": change}


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"


def _part(part: Decimal, whole: Decimal) -> str:
    return "all" if whole <= 0 or part >= whole else f"{100 * part / whole:.3g}%"
