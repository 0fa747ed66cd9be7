"""All money in the reporting currency: each row at the rate of its day, part by part.

A row's parts are converted and rounded one by one, and its money is their sum, so that the account of every file adds
up to the last decimal in the reporting currency too. What a row came in as stays beside it: `currency`, `rate` and
`source_money`. A rate may be told for the pair of currencies, for the pair turned round, or for both against a third;
they are worked out as exact decimals with eight places. There is no rate but those of the files: a missing one is an
error that names the currency and the day.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
from ibis import _

from keepwell.engine import Engine, collected
from keepwell.errors import DataError
from keepwell.settings import Settings
from keepwell.unify.amounts import MONEY, RATE
from keepwell.unify.facts import KINDS
from keepwell.unify.money import SIGNS

if TYPE_CHECKING:
    import ibis.expr.types as ir

_ONE = Decimal(1)
_EIGHT = Decimal("0.00000001")
_SCHEMA = ibis.schema({"from_currency": "string", "on_day": "date", "known_rate": RATE}).to_pyarrow()


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates by pair of currencies: the days that have one, rising, and the rates of these days."""

    pairs: Mapping[tuple[str, str], tuple[list[date], list[Decimal]]]
    days: int = 0  # how long a rate holds where later days have none

    def worth(self, currency: str, into: str, day: date) -> Decimal | None:
        """Return what one unit of a currency was worth in another on a day; None where no rate tells."""
        if currency == into:
            return _ONE
        direct = self._either_way(currency, into, day)
        if direct is not None:
            return direct.quantize(_EIGHT, ROUND_HALF_UP)
        for third in sorted({to for pair in self.pairs for to in pair} - {currency, into}):
            there, on = self._either_way(currency, third, day), self._either_way(third, into, day)
            if there is not None and on is not None:
                return (there * on).quantize(_EIGHT, ROUND_HALF_UP)
        return None

    def _either_way(self, currency: str, into: str, day: date) -> Decimal | None:
        told = self._on(currency, into, day)
        if told is not None:
            return told
        back = self._on(into, currency, day)
        return None if back is None else _ONE / back

    def _on(self, currency: str, into: str, day: date) -> Decimal | None:
        days, rates = self.pairs.get((currency, into), ([], []))
        place = bisect_right(days, day) - 1
        return rates[place] if place >= 0 and day - days[place] <= timedelta(days=self.days) else None


def converted(typed: Mapping[str, ir.Table], settings: Settings, engine: Engine) -> dict[str, ir.Table]:
    """Return the typed rows by role with their money in the reporting currency.

    Rows without a currency are in the reporting one. A row in quarantine that no rate can be told for becomes a row of
    unknown money.

    Raises:
        DataError: There are several currencies and no rates, or a rate is missing; says of which currency and day.
    """
    rows = {role: table for role, table in typed.items() if role in _DAYS and "currency" in table.columns}
    counts = _counted(rows, engine)
    into = _reporting(counts, typed.get("rates"), settings, engine)
    foreign = sorted({currency for of_role in counts.values() for currency in of_role} - {into})
    if not foreign:
        return dict(typed)
    if "rates" not in typed:
        raise _no_rates(counts, settings)
    rates = rates_of(typed["rates"], into, engine, days=settings.facts.rate_days)
    known = _known(rows, foreign, into, rates, engine)
    return {**typed, **{role: _in_one(role, table, into, known) for role, table in rows.items()}}


_DAYS: dict[str, tuple[str, ...]] = {"sales": ("order_date",), "subscriptions": ("started",)} | {
    role: ("closed", "opened") if role == "deals" else ("date",) for role, kind in KINDS.items() if kind.money
}


def _day(role: str, table: ir.Table) -> Any:
    return reduce(ibis.coalesce, [table[name] for name in _DAYS[role]])


def _counted(rows: Mapping[str, ir.Table], engine: Engine) -> dict[str, dict[str, int]]:
    """Count the facts by role and currency."""
    found: dict[str, dict[str, int]] = {}
    for role, table in rows.items():
        counts = table.filter(table.fault_reason.isnull(), table.currency.notnull())
        counts = counts.group_by("currency").aggregate(n=_.count())
        found[role] = {row["currency"]: row["n"] for row in collected(engine, counts).to_pylist()}
    return found


def _reporting(
    counts: Mapping[str, Mapping[str, int]], rates: ir.Table | None, settings: Settings, engine: Engine
) -> str:
    """Return the reporting currency; '' where no row names any."""
    if settings.shop.currency:
        return settings.shop.currency.upper()
    sold = counts.get("sales") or {currency: n for of_role in counts.values() for currency, n in of_role.items()}
    if len(sold) <= 1:
        return next(iter(sold), "")
    if rates is None:
        raise _no_rates(counts, settings)
    told = collected(engine, rates.filter(rates.to_currency.notnull()).select("to_currency").distinct())
    if told.num_rows != 1:
        mend = f"Set shop.currency, e.g. to {max(sorted(sold), key=lambda c: sold[c])}."
        raise DataError(f"the files hold several currencies: {_listing(sold)}", "shop.currency", mend)
    return str(told["to_currency"][0].as_py())


def _listing(rows: Mapping[str, int]) -> str:
    names = sorted(rows, key=lambda c: (-rows[c], c))
    return ", ".join(f"{name} ({rows[name]:,} rows)" for name in names)


def _no_rates(counts: Mapping[str, Mapping[str, int]], settings: Settings) -> DataError:
    """Say which currencies there are, and what would mend it."""
    rows: dict[str, int] = {}
    for of_role in counts.values():
        for currency, n in of_role.items():
            rows[currency] = rows.get(currency, 0) + n
    wanted = settings.shop.currency.upper()
    mend = "Add a file of rates with the columns date, currency and rate (worth in the reporting currency)"
    if len(rows) > 1:
        return DataError(f"the files hold several currencies: {_listing(rows)}", "", f"{mend}, and set shop.currency.")
    problem = f"the reporting currency is {wanted}, but the files are in {_listing(rows)}"
    return DataError(problem, "", f"{mend}, or set shop.currency to {next(iter(rows))}.")


def rates_of(typed: ir.Table, into: str, engine: Engine, *, days: int = 0) -> Rates:
    """Gather the rates of rates files; of several for one day the last file's last counts.

    Args:
        typed: Typed rows of rates files; a rate without a `to_currency` leads to `into`.
        into: The reporting currency.
        engine: Brings the rates here: they are as many as days and currencies.
        days: How long a rate holds where later days have none.
    """
    good = typed.filter(typed.fault_reason.isnull(), typed.date.notnull())
    names = ("date", "currency", "to_currency", "rate", "file_order", "line")
    rows = collected(engine, good.select(*names)).to_pylist()
    found: dict[tuple[str, str], dict[date, Decimal]] = {}
    for row in sorted(rows, key=lambda r: (r["file_order"], r["line"])):
        pair = row["currency"], row["to_currency"] or into
        found.setdefault(pair, {})[row["date"]] = row["rate"]
    return Rates({pair: _rising(by_day) for pair, by_day in found.items()}, days)


def _rising(by_day: Mapping[date, Decimal]) -> tuple[list[date], list[Decimal]]:
    days = sorted(by_day)
    return days, [by_day[day] for day in days]


def _known(rows: Mapping[str, ir.Table], foreign: Iterable[str], into: str, rates: Rates, engine: Engine) -> ir.Table:
    """Return `from_currency`, `on_day` and `known_rate` of every day that some row needs.

    Raises:
        DataError: A fact's rate is not known.
    """
    asked: dict[tuple[str, date | None], bool] = {}
    for role, table in rows.items():
        dated = table.filter(table.currency.isin(list(foreign)))
        dated = dated.mutate(day=_day(role, dated)).group_by("currency", "day")
        wanted = dated.aggregate(facts=_.fault_reason.isnull().cast("int64").max())
        for row in collected(engine, wanted).to_pylist():
            key = row["currency"], row["day"]
            asked[key] = asked.get(key, False) or bool(row["facts"])
    told = {key: rates.worth(key[0], into, key[1]) if key[1] else None for key in asked}
    missing = sorted(
        (k for k, fact in asked.items() if fact and told[k] is None), key=lambda k: (k[1] or date.min, k[0])
    )
    if missing:
        raise _missing(missing, into)
    known = [
        {"from_currency": currency, "on_day": day, "known_rate": rate}
        for (currency, day), rate in sorted(told.items(), key=str)
        if rate is not None
    ]
    return engine.table(pa.Table.from_pylist(known, schema=_SCHEMA).to_batches(), _SCHEMA)


def _missing(pairs: list[tuple[str, date | None]], into: str) -> DataError:
    currency, day = pairs[0]
    more = f" (and {len(pairs) - 1:,} more days)" if len(pairs) > 1 else ""
    when = f"on {day}" if day else "for rows without a day"
    mend = "Add that day to the file of rates, or let the last rate hold for some days: facts.rate_days = 4."
    return DataError(f"there is no rate from {currency} to {into} {when}{more}", "the files of rates", mend)


def _in_one(role: str, table: ir.Table, into: str, known: ir.Table) -> ir.Table:
    """Return a role's rows in the reporting currency."""
    names = table.columns
    dated = table.mutate(day_of_rate=_day(role, table))
    joined = dated.left_join(known, [dated.currency == known.from_currency, dated.day_of_rate == known.on_day])
    home = joined.currency.isnull() | (joined.currency == into)
    rate = home.ifelse(ibis.literal(_ONE, type=RATE), joined.known_rate)
    rated = joined.mutate(rate=rate)
    if role == "sales":
        return _sales(rated).select(*names)
    columns = KINDS[role].money if role in KINDS else ("price",)
    table = rated.mutate(**{name: times_rate(rated[name], rated.rate) for name in columns})
    if role == "deals":  # which may become sales
        return table.mutate(source_money=rated.amount).select(*names, "rate", "source_money")
    return table.select(*names)


def _sales(rows: ir.Table) -> ir.Table:
    """Convert the parts of each row; its money is their sum, and what was worth nothing stays worth nothing."""
    parts = {name: times_rate(rows[name], rows.rate) for name in SIGNS}
    standing = reduce(lambda a, b: a + b, [parts[n] if s > 0 else -parts[n] for n, s in SIGNS.items() if n != "refund"])
    even = (rows.source_money == 0) & (rows.refund > 0) & (standing >= 0)
    fee = times_rate(rows.payment_fee, rows.rate)
    cost = rows.cost_listed.ifelse(rows.product_cost, times_rate(rows.product_cost, rows.rate))
    table = rows.mutate(**parts, payment_fee=fee, product_cost=cost, even=even, standing=standing.cast(MONEY))
    table = table.mutate(refund=table.even.ifelse(table.standing, table.refund))
    total = reduce(lambda a, b: a + b, [table[n] if s > 0 else -table[n] for n, s in SIGNS.items()])
    unknown = table.source_money.isnull() | table.rate.isnull()
    return table.mutate(money=unknown.ifelse(ibis.null(MONEY), total.cast(MONEY)))


def times_rate(amount: Any, rate: Any) -> Any:
    """Multiply money by a rate, rounded once; both engines hold the twelve decimals of the product."""
    return (amount * rate).cast("decimal(38,12)").cast(MONEY)
