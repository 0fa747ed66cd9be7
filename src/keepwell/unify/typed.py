"""Raw text into typed rows: each field read by what its whole column says, each failure with its reason.

This runs on the local machine whatever the engine: text is read once, by DuckDB, and Spark starts from typed Parquet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING, Any, Literal

import ibis

from keepwell.engine import Engine, collected, number
from keepwell.settings import Reading
from keepwell.unify import amounts, dates, weights, zones
from keepwell.unify.columns import as_text, code, shapes
from keepwell.unify.formats import ADDED, AMOUNTS, DATES, FORMATS, RATES, TEXTS, Format
from keepwell.unify.reading import RawFile
from keepwell.unify.recognise import Recognition

if TYPE_CHECKING:
    import ibis.expr.types as ir

_PROSE = (
    "description", "name", "first_name", "last_name", "company", "street", "street_2", "city", "region", "category",
    "country", "channel", "campaign", "status", "event", "kind", "text", "properties", "deal_name", "stage", "plan",
    "reason",
)  # fmt: skip
_LAST_DAYS = ("ended", "closed")  # without them a row is not understood; without a birthday or a consent's day it is
RAW = "raw_"  # prefix of a field's text as it stands in the file
_NUMBERS = (*AMOUNTS, *RATES)
SHOWN = 200  # characters of a value that quarantine keeps


@dataclass(frozen=True, slots=True)
class Seen:
    """A recognised file and what its columns say of their dates and amounts."""

    raw: RawFile
    recognition: Recognition
    days: Mapping[str, dates.Evidence] = field(default_factory=dict)  # by field
    amounts: Mapping[str, amounts.Evidence] = field(default_factory=dict)  # by field
    discount: Literal["money", "share", "percent"] = "money"  # what the column of discounts holds
    weight: weights.Of = "line"  # what the column of weights is of
    zones: dict[str, str] = field(default_factory=dict)  # that rows name: the IANA zone of each, '' where none

    @property
    def format(self) -> Format:
        """The format, as data."""
        return FORMATS[self.recognition.format]

    @property
    def group(self) -> tuple[str, str]:
        """Files of one group are of one source and format, so that they may hold the same rows."""
        return self.raw.source, self.recognition.format


@dataclass(frozen=True, slots=True)
class Readings:
    """How a file's columns are read, and what was assumed in it."""

    days: Mapping[str, dates.DateReading | None]  # by field
    amounts: Mapping[str, amounts.AmountReading]  # by field
    notes: tuple[str, ...]


def texts(raw: RawFile, recognition: Recognition, engine: Engine) -> ir.Table:
    """Return `line` and one `raw_` column per mapped field: text stripped, native types as they are.

    Of a file that holds several kinds of rows, those of the recognition's part.
    """
    mapping, part = recognition.mapping, recognition.part
    table = engine.read(raw.path)
    if part is not None:
        inside = (
            as_text(table[part.column]).strip().lower().isin(sorted(part.kinds)).fill_null(ibis.literal(value=False))
        )
        table = table.filter(inside if part.inside else ~inside)
    loose = raw.kind in ("parquet", "database")  # the reader has stripped all other text
    chosen = {RAW + name: _stripped(table[column], name, loose=loose) for name, column in mapping.items()}
    if "time" in mapping and "date" in mapping:
        chosen[RAW + "date"] = ibis.coalesce(
            as_text(table[mapping["date"]]) + " " + as_text(table[mapping["time"]]), as_text(table[mapping["date"]])
        )
    return table.select("line", **chosen)


def _stripped(value: Any, name: str, *, loose: bool) -> Any:
    """Return text without what does not belong to it; other types as they are."""
    if not value.type().is_string():
        return value
    text = value.strip().nullif("") if loose else value
    return text if name in _PROSE else code(text)


def _date_text(value: Any) -> Any:
    """Return a date column as text unless it is a date already; 19970101 may be a number."""
    return value if value.type().is_temporal() else as_text(value)


def seen(raw: RawFile, recognition: Recognition, engine: Engine) -> Seen:
    """Ask the engine what the columns of dates and amounts look like."""
    recognition = _with_true_totals(raw, recognition, engine)
    table = texts(raw, recognition, engine)
    days = {name: _days(table, name, engine) for name in DATES if name in recognition.mapping}
    numbers = {name: table[RAW + name] for name in recognition.mapping if name in _NUMBERS}
    said = {n: amounts.evidence(shapes(engine, v)) for n, v in numbers.items() if v.type().is_string()}
    if "weight" in recognition.mapping and table[RAW + "weight"].type().is_string():
        said["weight"] = amounts.evidence(shapes(engine, weights.bare(table[RAW + "weight"])))
    zone = zones.named(engine, as_text(table[RAW + "time_zone"])) if "time_zone" in recognition.mapping else {}
    discount, weight = _discount(table, recognition, engine), _weight(table, recognition, engine)
    return Seen(raw, recognition, days, said, discount, weight, zone)


def _days(table: ir.Table, name: str, engine: Engine) -> dates.Evidence:
    """Return what a column of dates says, if it is text."""
    text = _date_text(table[RAW + name])
    return dates.evidence(engine, text, shapes(engine, text)) if text.type().is_string() else dates.Evidence()


def _discount(table: ir.Table, recognition: Recognition, engine: Engine) -> Literal["money", "share", "percent"]:
    """Tell whether discounts are money, shares of the line (none above 1, some between) or percentages ('20%')."""
    if recognition.format != "generic" or "discount" not in recognition.mapping:
        return "money"
    text = as_text(table[RAW + "discount"])
    share = text.replace("%", "").replace(",", ".").try_cast("float64")
    counts = table.aggregate(
        rows=text.count(),
        percents=text.endswith("%").sum().fill_null(0),
        highest=share.abs().max().fill_null(0.0),
        between=share.abs().between(1e-9, 1 - 1e-9).sum().fill_null(0),
    )
    found = collected(engine, counts).to_pylist()[0]
    if found["rows"] and found["percents"] == found["rows"]:
        return "percent"
    return "share" if found["between"] and found["highest"] <= 1 else "money"


def _weight(table: ir.Table, recognition: Recognition, engine: Engine) -> weights.Of:
    """Tell what the weights are of: those called an order's are each row's own where they differ within orders."""
    of = weights.named(recognition.mapping.get("weight", ""))
    if of != "order":
        return of
    return "line" if "order_id" not in recognition.mapping or _differs(table, "weight", engine) else "order"


def _differs(table: ir.Table, name: str, engine: Engine) -> bool:
    """Return whether a field differs within orders."""
    orders = table.group_by(RAW + "order_id").aggregate(values=table[RAW + name].nunique())
    return bool(number(engine, (orders["values"] > 1).any().fill_null(ibis.literal(value=False))))


def _with_true_totals(raw: RawFile, recognition: Recognition, engine: Engine) -> Recognition:
    """Take a column called a total of the order for the row's own money where it differs within orders.

    Counting it once per order would lose the other rows' money.
    """
    mapping = dict(recognition.mapping)
    if recognition.format != "generic" or not {"order_id", "order_total"} <= mapping.keys():
        return recognition
    if not _differs(texts(raw, recognition, engine), "order_total", engine):
        return recognition
    column = mapping.pop("order_total")
    mapping.setdefault("amount", column)
    used = "is each row's own money" if mapping["amount"] == column else "is left out"
    note = f"{column!r} differs within orders, so it {used}; --map {column}=ignore or =amount changes it"
    return replace(recognition, mapping=mapping, notes=(*recognition.notes, note))


def readings(file: Seen, sisters: Sequence[Seen], reading: Reading) -> Readings:
    """Decide how each column is read: by its own values, else the file's others, else its sister files'."""
    mapping, reading = file.recognition.mapping, file.raw.told.over(reading)
    days = {name: _day_reading(name, file, sisters, reading) for name in file.days}
    pooled = [_pooled(f.amounts.values()) for f in (file, *sisters)]
    read = {name: amounts.decided(own, pooled, told=reading.decimal) for name, own in file.amounts.items()}
    said = [note for name, day in days.items() for note in dates.notes(mapping[name], day, file.days[name])]
    said += zones.notes(mapping.get("time_zone", ""), file.zones)
    said += amounts.notes({mapping[n]: r for n, r in read.items()})
    if file.discount != "money":
        unit = "a share of the line" if file.discount == "share" else "a percentage of the line"
        said.append(f"{mapping['discount']!r} is read as {unit}; --map {mapping['discount']}=ignore leaves it out")
    said += weights.note(mapping.get("weight", ""), file.weight)
    said += amounts.rounded_notes({mapping[n]: e for n, e in file.amounts.items() if n in AMOUNTS})
    return Readings(days, read, tuple(said))


def _day_reading(name: str, file: Seen, sisters: Sequence[Seen], reading: Reading) -> dates.DateReading | None:
    """Decide how one column of dates is read: by itself, the file's others, then the same of its sister files."""
    others = [own for other, own in file.days.items() if other != name]
    same = [sister.days[name] for sister in sisters if name in sister.days]
    return dates.decided(file.days[name], [*others, *same], told=reading.date_order)


def _pooled(found: Iterable[amounts.Evidence]) -> amounts.Evidence:
    return reduce(lambda a, b: a + b, found, amounts.Evidence())


def fields(file: Seen, how: Readings, engine: Engine, *, zone: str) -> ir.Table:
    """Return each row's fields, typed, with the first fault of the row.

    Columns: `line`; every field of `formats.FIELDS` but dates (text; decimal(18,4); for rates as many decimals as they
    need; null where the file has no such column); `ordered_at` and `order_date` of `date`; the other dates as days, and
    `consent_at` as a moment; `fault_field`, `fault_value`, `fault_reason`.
    """
    mapping = file.recognition.mapping
    raw = texts(file.raw, file.recognition, engine)
    if file.discount == "percent":
        raw = raw.mutate(**{RAW + "discount": as_text(raw[RAW + "discount"]).re_replace(r"\s*%$", "")})
    plain = amounts.AmountReading()
    values: dict[str, Any] = {name: _text(raw, name) for name in TEXTS}
    for name in _NUMBERS:
        reading = how.amounts.get(name, plain)
        dtype, limit = (reading.rate, amounts.RATE_LIMIT) if name in RATES else (amounts.MONEY, amounts.LIMIT)
        there = name in mapping
        read = amounts.read(raw[RAW + name], reading, dtype=dtype, limit=limit) if there else ibis.null(dtype)
        values[name] = read
    if file.raw.told.currency:
        values["currency"] = values["currency"].fill_null(file.raw.told.currency)
    moment, day = _stamps(raw, "date", how, file, zone=zone)
    others = {name: _stamps(raw, name, how, file, zone=zone)[name != "consent_at"] for name in DATES[1:]}
    table = raw.mutate(ordered_at=moment, order_date=day, **others, **values)
    return _with_faults(table, file, how)


def _stamps(raw: ir.Table, name: str, how: Readings, file: Seen, *, zone: str) -> tuple[Any, Any]:
    """Return the moment, UTC, and the shop's day that a column of dates says."""
    if name not in file.recognition.mapping:
        return ibis.null("timestamp"), ibis.null("date")
    reading = how.days[name]
    written_in, text = file.raw.told.timezone or file.format.zone, _date_text(raw[RAW + name])
    plain = dates.stamps(text, reading, zone=zone, written_in=written_in)
    known = {said: named for said, named in file.zones.items() if named}
    if not known or file.raw.told.timezone:
        return plain
    of_zone = {named: dates.stamps(text, reading, zone=zone, written_in=named) for named in set(known.values())}
    said = as_text(raw[RAW + "time_zone"])
    moment, day = (
        ibis.cases(*((said == told, of_zone[named][i]) for told, named in known.items()), else_=plain[i])
        for i in (0, 1)
    )
    return moment, day


def _text(raw: ir.Table, name: str) -> Any:
    """Return a field as text; a code that went through a spreadsheet as '17850.0' is '17850'."""
    if RAW + name not in raw.columns:
        return ibis.null("string")
    text = as_text(raw[RAW + name])
    if name.endswith("_id"):
        whole = text.endswith(".0") & text.try_cast("float64").notnull()
        return whole.ifelse(text.substr(0, text.length() - 2), text)
    return text


def _with_faults(table: ir.Table, file: Seen, how: Readings) -> ir.Table:
    """Add the first fault of each row; amounts go first, because a row whose amount is not known has no money."""
    mapping = file.recognition.mapping
    faults: list[tuple[Any, str, Any, Any]] = []  # where, field, value, reason
    for name in _NUMBERS:
        if name in mapping:
            text = table[RAW + name]
            bad = amounts.is_value(text) & table[name].isnull()
            reason = amounts.reason(text, how.amounts.get(name, amounts.AmountReading()))
            faults.append((bad, name, text.cast("string"), reason))
    if "date" in mapping:
        text = table[RAW + "date"].cast("string")
        faults.append((text.isnull(), "date", text, ibis.literal("no date")))
        faults.append((table.ordered_at.isnull(), "date", text, ibis.literal(dates.reason(how.days["date"]))))
        late = table.ordered_at > _arrival_limit(file.raw)
        faults.append((late, "date", text, ibis.literal("dated after the file arrived")))
    for name in _LAST_DAYS:
        if name in mapping:
            text = table[RAW + name].cast("string")
            bad = text.notnull() & table[name].isnull()
            faults.append((bad, name, text, ibis.literal(dates.reason(how.days[name]))))
    table = first_fault(table, faults).drop([c for c in table.columns if c.startswith(RAW)])
    return table.mutate(**{base: _added(table, base, mapping) for base in ADDED if ADDED[base][0] in mapping})


def _added(table: ir.Table, base: str, mapping: Mapping[str, str]) -> Any:
    """Return the sum of the columns that a field stands in; null where none of them has a value."""
    there = [table[name] for name in (base, *ADDED[base]) if name in mapping]
    zero = ibis.literal(0).cast(amounts.MONEY)
    found = reduce(lambda a, b: a | b, [value.notnull() for value in there])
    return found.ifelse(
        reduce(lambda a, b: a + b, [value.fill_null(zero) for value in there]), ibis.null(amounts.MONEY)
    )


def _arrival_limit(raw: RawFile) -> Any:
    """Return the last moment, UTC, that a row of the file can speak of: a day after it arrived, for time zones."""
    return ibis.literal(plain_utc(raw.arrived)) + ibis.interval(days=1)


def plain_utc(moment: datetime) -> datetime:
    """Return a moment as UTC without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def first_fault(table: ir.Table, faults: Sequence[tuple[Any, str, Any, Any]]) -> ir.Table:
    """Add `fault_field`, `fault_value` and `fault_reason` of the first fault (where, field, value, reason) that holds.

    A fault that the table has already stays the first.
    """
    none = ibis.null("string")
    had = "fault_reason" in table.columns
    start = [(table.fault_reason.notnull(), *(table[c] for c in FAULT))] if had else []
    cases = [*start, *((where, ibis.literal(name), value, why) for where, name, value, why in faults)]
    if not cases:
        return table.mutate(**dict.fromkeys(FAULT, none))
    picked = (ibis.cases(*((case[0], case[i]) for case in cases), else_=none) for i in (1, 2, 3))
    return table.mutate(**dict(zip(FAULT, picked, strict=True)))


def column_name(table: ir.Table, file: Seen) -> Any:
    """Return the file's own name of the column at fault."""
    names = file.recognition.mapping
    named = [(table[FAULT[0]] == field, ibis.literal(column)) for field, column in names.items()]
    return ibis.cases(*named, else_=ibis.null("string"))


FAULT = ("fault_field", "fault_value", "fault_reason")
