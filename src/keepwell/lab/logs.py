"""A transaction log condensed to what the models read: one row per customer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from keepwell.errors import DataError
from keepwell.lab.frames import arrow, like, numbers
from keepwell.models.shapes import Floats, Ints

UNITS = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}


def histories(
    log: Any,
    *,
    customer: str = "customer_id",
    day: str = "date",
    amount: str | None = None,
    until: date | str | None = None,
    last: date | str | None = None,
    ahead: float | None = None,
    unit: str = "day",
) -> Any:
    """Condense a log with one row per purchase to one row per customer.

    Purchases of a customer on one day are one: the models are of occasions. Rows that name no customer are left out.

    Args:
        log: The frame.
        customer: Its column that names the customer.
        day: Its column of days: dates, timestamps, or text like 2024-05-31.
        amount: Its column of money, for the spend models; None leaves money out.
        until: The last day to look at; None: `last`, less `ahead`.
        last: The last day that the log covers; None: that of its last purchase.
        ahead: Count the purchases of so much time after `until` too, to hold a forecast against.
        unit: 'day', 'week', 'month' (a twelfth of 365.25 days) or 'year'; unit of `ahead` and of the answer.

    Returns:
        A frame of the same kind ordered by customer: `customer_id`, `repeats` (days with a purchase after the first),
        `recency` (first purchase to last), `age` (first purchase to `until`), `log_intervals` (sum of the logarithms
        of the times between neighbouring purchases); with `amount` also `orders` (days with a purchase), `total` and
        `squares` of the money a day; with `ahead` also `actual`.

    Raises:
        DataError: A column is missing or holds no days, or the log does not reach `until` plus `ahead`.
        ConfigError: There is no such unit.
    """
    table, size = arrow(log), _unit(unit)
    who, names, days, money = _read(table, customer, day, amount)
    final = int(days.max()) if last is None else _number_of(last, "last")
    span = 0 if ahead is None else round(ahead * size)
    end = final - span if until is None else _number_of(until, "until")
    if ahead is not None and end + span > final:
        words = f"the log ends on {_day(final)}, before {span} days after {_day(end)} are over"
        raise DataError(words, "ahead", "Ask for less, or say with last= how far the log goes.")
    seen = days <= end
    if not seen.any():
        raise DataError(f"nothing was bought by {_day(end)}", "until", f"The log runs from {_day(int(days.min()))}.")
    out = _condensed(who[seen], days[seen], money[seen], end=end, size=size, with_money=amount is not None)
    here = out.pop("who")
    if ahead is not None:
        later = (days > end) & (days <= end + span)
        bought, _, _ = _occasions(who[later], days[later], money[later])
        out["actual"] = np.bincount(bought, minlength=len(names))[here]
    kept = {"customer_id": names.take(pa.array(here)), **out}
    answer = pa.table(kept)
    return like(log, answer.sort_by("customer_id"))


def _unit(unit: str) -> float:
    from keepwell.errors import ConfigError

    if unit not in UNITS:
        raise ConfigError(f"{unit!r} is no unit of time", "unit", f"There are: {', '.join(UNITS)}.")
    return UNITS[unit]


def _read(table: pa.Table, customer: str, day: str, amount: str | None) -> tuple[Ints, Any, Ints, Floats]:
    """Return the customer of each row as a number, the customers, the days since 1970, and the money."""
    for name in (customer, day, *([amount] if amount else [])):
        if name not in table.column_names:
            there = ", ".join(table.column_names)
            raise DataError(f"there is no column {name!r}; there are: {there}", mend="Say customer=, day= and amount=.")
    table = table.filter(table[customer].is_valid())
    if not table.num_rows:
        raise DataError("the log has no row that names a customer", customer, "Give another column.")
    whos: Any = pa.concat_arrays(table[customer].chunks).dictionary_encode()
    money = numbers(table[amount], amount) if amount else np.zeros(table.num_rows)
    return whos.indices.to_numpy().astype(np.int64), whos.dictionary, _days(table[day], day), money


def _days(column: Any, name: str) -> Ints:
    gaps = ~np.asarray(column.is_valid())
    if gaps.any():
        raise DataError(f"{name} is missing", f"row {int(np.argmax(gaps))}", "Fill it in, or leave the row out.")
    try:
        found: Ints = column.cast(pa.date32(), safe=False).cast(pa.int32()).to_numpy().astype(np.int64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"{name} holds what is no day: {error}", name, "Write days like 2024-05-31.") from error
    return found


def _occasions(who: Ints, days: Ints, money: Floats) -> tuple[Ints, Ints, Floats]:
    """Return customer, day and money of each day with a purchase, by customer and day."""
    low = int(days.min(initial=0))
    width = int(days.max(initial=0)) - low + 1
    keys, place = np.unique(who * width + days - low, return_inverse=True)
    sums: Floats = np.bincount(place, weights=money, minlength=len(keys)).astype(np.float64)
    return keys // width, keys % width + low, sums


def _condensed(who: Ints, days: Ints, money: Floats, *, end: int, size: float, with_money: bool) -> dict[str, Any]:
    who, days, money = _occasions(who, days, money)
    people, start, bought = np.unique(who, return_index=True, return_counts=True)
    first, last = days[start], days[start + bought - 1]
    between = np.r_[1, np.diff(days)]
    between[start] = 1  # no interval lies before the first purchase; its logarithm is 0
    logs = np.add.reduceat(np.log(between), start) - (bought - 1) * np.log(size)
    whole = size == 1
    out: dict[str, Any] = {"who": people, "repeats": bought - 1}
    out["recency"] = last - first if whole else (last - first) / size
    out["age"] = end - first if whole else (end - first) / size
    out["log_intervals"] = logs
    if with_money:
        out |= {"orders": bought, "total": np.add.reduceat(money, start), "squares": np.add.reduceat(money**2, start)}
    return out


def _number_of(day: date | str, name: str) -> int:
    try:
        parsed = datetime.fromisoformat(day).date() if isinstance(day, str) else day
    except ValueError as error:
        raise DataError(f"{day!r} is no day", name, "Write it like 2024-05-31.") from error
    return int(np.datetime64(parsed, "D").astype(np.int64))


def _day(number: int) -> str:
    return str(np.datetime64(number, "D"))
