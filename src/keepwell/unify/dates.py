"""Dates: what the shape and the order of a column's dates are, and its text read as moments.

The whole column decides. `13/02/2020` somewhere proves day/month/year for all of it; where no value is above
12 in either place the other files of the source are asked, and then day/month/year is assumed and said so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dt

from keepwell.engine import Engine, collected
from keepwell.unify.columns import Shapes

if TYPE_CHECKING:
    import ibis.expr.types as ir

EARLIEST, LATEST = 1900, 2200  # years; outside of them a number was taken for a date
_INSTANT = dt.Timestamp(timezone="UTC")


@ibis.udf.scalar.builtin
def try_strptime(text: str, shapes: list[str]) -> dt.timestamp:
    """DuckDB's: the first of the formats that reads the whole text, or null."""


@ibis.udf.scalar.builtin(name="timezone")
def to_wall(zone: str, instant: _INSTANT) -> dt.timestamp:  # type: ignore[valid-type]
    """DuckDB's: the wall clock of a zone at an instant."""


@ibis.udf.scalar.builtin(name="timezone")
def to_instant(zone: str, wall: dt.timestamp) -> _INSTANT:  # type: ignore[valid-type]
    """DuckDB's: the instant at which a zone's wall clock shows a time."""


_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME = r"0{1,2}:00(?::00(?:\.0{1,9})?)?(?: ?[AaPp][Mm])?"
# Zones that reports write by name, where the name has one meaning in them, and their offsets.
ZONES = {
    "PST": "-0800", "PDT": "-0700", "MST": "-0700", "MDT": "-0600", "CST": "-0600", "CDT": "-0500", "EST": "-0500",
    "EDT": "-0400", "BST": "+0100", "CET": "+0100", "CEST": "+0200", "JST": "+0900", "AEST": "+1000", "AEDT": "+1100",
}  # fmt: skip
_OFFSET = rf" ?(?:Z|UTC|GMT|[+-]00:?00|{'|'.join(ZONES)})"
_KINDS = {
    "year-month-day": r"0000(?P<s>[-/. ])0{1,2}(?P=s)0{1,2}",
    "yyyymmdd": r"00000000(?:0{6})?",
    "number": r"0{1,2}(?P<s>[-/. ])0{1,2}(?P=s)(?:0000|00)",
    "day month year": r"0{1,2}[- /.]?[A-Za-z]{3,9}[- /.,]{0,2}(?:0000|00)",
    "month day year": r"[A-Za-z]{3,9}[- .]0{1,2},?[- ](?:0000|00)",
    "seconds": r"0{10}(?:\.0+)?",
    "milliseconds": r"0{13}",
    "year-month": r"0000[-/.]00",  # the first of the month
    "month year": r"[A-Za-z]{3,9}[- .,]{1,2}0000",
}
_WHOLE = {
    kind: re.compile(
        rf"(?P<weekday>[A-Za-z]{{3,9}},? )?(?P<date>{p})(?:(?P<time>(?:T|,? +){_TIME})(?P<offset>{_OFFSET})?)?"
    )
    for kind, p in _KINDS.items()
}
ROW_OFFSET = r"(:\d\d(?:\.\d+)?(?: ?[AaPp][Mm])?) ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)$"
ORDERS = {"dmy": "day/month/year", "mdy": "month/day/year", "ymd": "year-month-day"}


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of date: its kind, its separator, its strptime format (day and month order apart)."""

    kind: str
    mark: str  # separator, where the kind needs one to be told apart
    format: str  # '%1' and '%2' stand for the first and second number of kind 'number'
    offset: bool  # ends in an offset from UTC
    named: bool = False  # which is the name of a zone


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a column says of its dates: rows per kind, and how often each place is above 12."""

    kinds: Mapping[tuple[str, str], int] = field(default_factory=dict)  # (kind, mark) -> rows
    shapes: tuple[Shape, ...] = ()
    first_above_12: int = 0
    second_above_12: int = 0
    whole: bool = True  # every value of the column has one of `shapes`

    @property
    def order(self) -> str:
        """The order that the values prove: 'dmy', 'mdy' or ''."""
        if self.first_above_12 == self.second_above_12:
            return ""
        return "dmy" if self.first_above_12 > self.second_above_12 else "mdy"


@dataclass(frozen=True, slots=True)
class DateReading:
    """How a column of dates is read."""

    kind: str
    order: str  # 'dmy' or 'mdy' for kind 'number', else ''
    formats: tuple[str, ...]
    offsets: bool  # some values carry an offset from UTC
    iso: bool  # the engine's own cast reads them
    guard: str  # pattern of a row that belongs; '' when all do
    assumed: bool = False
    named: bool = False  # some of the offsets are names of zones

    @property
    def label(self) -> str:
        """The reading in words."""
        return ORDERS.get(self.order, self.kind) if self.kind == "number" else self.kind


def evidence(engine: Engine, text: ir.StringColumn, shapes: Shapes) -> Evidence:
    """Gather what a text column says of its dates."""
    found = {shape: parsed for shape in shapes.counts if (parsed := shape_of(shape)) is not None}
    kinds: dict[tuple[str, str], int] = {}
    for shape, parsed in found.items():
        key = (parsed.kind, parsed.mark)
        kinds[key] = kinds.get(key, 0) + shapes.counts[shape]
    seen = Evidence(
        kinds,
        tuple(sorted(set(found.values()), key=lambda s: (s.kind, s.mark, s.format, s.offset))),
        whole=shapes.whole and len(found) == len(shapes.counts),
    )
    if _main(seen.kinds)[0] != "number":
        return seen
    mark = re.escape(_main(seen.kinds)[1])
    pattern = rf"^(?:[A-Za-z]+,? )?(\d{{1,2}}){mark}(\d{{1,2}}){mark}"
    places = text.name("text").as_table().select(**{f"place_{i}": _number(ibis._.text, pattern, i) for i in (1, 2)})
    above = {f"above_{i}": places[f"place_{i}"].between(13, 31).sum().fill_null(0) for i in (1, 2)}
    row = collected(engine, places.aggregate(**above)).to_pylist()[0]
    return replace(seen, first_above_12=int(row["above_1"]), second_above_12=int(row["above_2"]))


def _number(text: Any, pattern: str, place: int) -> Any:
    return text.re_extract(pattern, place).try_cast("int16")


def _main(kinds: Mapping[tuple[str, str], int]) -> tuple[str, str]:
    """Return the commonest (kind, mark); ties go to the kind named first."""
    order = list(_KINDS)
    return min(kinds, key=lambda key: (-kinds[key], order.index(key[0]), key[1]), default=("", ""))


def shape_of(shape: str) -> Shape | None:
    """Return what a shape is read as, or None.

    >>> shape_of("00/00/0000 0:00").format
    '%1/%2/%Y %H:%M'
    >>> shape_of("Jan 00, 0000").format
    '%b %d, %Y'
    """
    for kind, pattern in _WHOLE.items():
        match = pattern.fullmatch(shape)
        if match is not None:
            weekday, date, time = (match[name] or "" for name in ("weekday", "date", "time"))
            form = _weekday_format(weekday), _date_format(kind, date), _time_format(time)
            if None in form:
                return None
            mark = match["s"] if kind == "number" else ""
            offset = match["offset"]
            named = (offset or "").strip() in ZONES
            return Shape(kind, mark, "".join(map(str, form)), offset=offset is not None, named=named)
    return None


def _weekday_format(text: str) -> str | None:
    if not text:
        return ""
    name = text.rstrip(", ").lower()
    if name in _DAYS:
        return text.replace(text.rstrip(", "), "%A")
    return text.replace(text.rstrip(", "), "%a") if name in {day[:3] for day in _DAYS} else None


def _date_format(kind: str, text: str) -> str | None:
    """Return the strptime format of a date's shape."""
    if kind in ("seconds", "milliseconds"):
        return ""
    if kind == "yyyymmdd":
        return "%Y%m%d" if len(text) == 8 else "%Y%m%d%H%M%S"
    names = {
        "year-month-day": "Y%m%d",
        "number": "%1%2Y",
        "day month year": "%dY",
        "month day year": "%dY",
        "year-month": "Y%m",
        "month year": "Y",
    }[kind]
    wanted = iter(re.findall(r"%?.", names))
    out = []
    for token in re.findall(r"0+|[A-Za-z]+|[^0A-Za-z]", text):
        if token[0] == "0":
            name = next(wanted)
            out.append(("%Y" if len(token) == 4 else "%y") if name == "Y" else name)
        elif token.isalpha():
            month = _month_format(token)
            if month is None:
                return None
            out.append(month)
        else:
            out.append(token)
    return "".join(out)


def _month_format(word: str) -> str | None:
    if word.lower() in {month[:3] for month in _MONTHS}:
        return "%b"
    return "%B" if word.lower() in _MONTHS else None


def _time_format(text: str) -> str:
    half = bool(re.search(r"[AaPp][Mm]$", text))
    text = re.sub(r"[AaPp][Mm]$", "%p", text)
    text = re.sub(r"\.0+", ".%f", text)
    text = re.sub(r"0{1,2}:00:00", "%H:%M:%S", text)
    text = re.sub(r"0{1,2}:00", "%H:%M", text)
    return text.replace("%H", "%I") if half else text


def decided(own: Evidence, sisters: Iterable[Evidence], *, told: str = "") -> DateReading | None:
    """Decide how a column is read; None where no value is a date.

    The commonest kind is the column's; the others are left for quarantine.
    """
    kind, mark = _main(own.kinds)
    if not kind:
        return None
    shapes = [s for s in own.shapes if (s.kind, s.mark) == (kind, mark)]
    order, assumed = "", False
    if kind == "number":
        proved = next((e.order for e in (own, *sisters) if e.order), "")
        order = (told if told in ("dmy", "mdy") else "") or proved or "dmy"
        assumed = told not in ("dmy", "mdy") and not proved
    names = ("%d", "%m") if order == "dmy" else ("%m", "%d")
    formats = dict.fromkeys(s.format.replace("%1", names[0]).replace("%2", names[1]) for s in shapes)
    iso = kind == "year-month-day" and not any(re.search(r"%[IpaA]|\. ", f) or "." in f[:6] for f in formats)
    alone = own.whole and len(own.kinds) == 1
    guard, named = "" if alone else _guard(kind, mark), any(s.named for s in shapes)
    return DateReading(kind, order, tuple(formats), any(s.offset for s in shapes), iso, guard, assumed, named)


def _guard(kind: str, mark: str) -> str:
    """Return the pattern of rows of a kind, in RE2's terms."""
    sign = re.escape(mark)
    return {
        "year-month-day": r"^([A-Za-z]+,? )?\d{4}[-/. ]\d{1,2}[-/. ]\d{1,2}([T ,].*)?$",
        "yyyymmdd": r"^\d{8}(\d{6})?([T ].*)?$",
        "number": rf"^([A-Za-z]+,? )?\d{{1,2}}{sign}\d{{1,2}}{sign}(\d{{4}}|\d{{2}})([T ,].*)?$",
        "seconds": r"^\d{10}(\.\d+)?$",
        "milliseconds": r"^\d{13}$",
        "year-month": r"^\d{4}[-/.]\d{2}$",
    }.get(kind, r"[A-Za-z]{3}")


def stamps(value: Any, reading: DateReading | None, *, zone: str, written_in: str = "") -> tuple[Any, Any]:
    """Return (ordered_at, order_date) of a column: the moment in UTC, and the day in the shop's `zone`.

    A stamp without an offset is of the zone `written_in`, else of `zone`. Both are null where the text cannot be read.
    """
    if written_in and written_in != zone and not value.type().is_date():  # a day is a day everywhere
        moment, _day = stamps(value, reading, zone=written_in)
        return moment, to_wall(zone, moment.cast(_INSTANT)).date()
    if value.type().is_temporal():
        return _of_native(value, zone)
    if reading is None:
        return ibis.null("timestamp"), ibis.null("date")
    if reading.guard:
        value = value.re_search(reading.guard).ifelse(value, ibis.null("string"))
    if reading.kind in ("seconds", "milliseconds"):
        return _of_epoch(value, reading, zone)
    return _with_offsets(value, reading, zone) if reading.offsets else _of_wall(_sane(_wall(value, reading)), zone)


def _of_native(value: Any, zone: str) -> tuple[Any, Any]:
    """Take a date or a timestamp as it is; one with a time zone is a moment."""
    if value.type().is_timestamp() and value.type().timezone is not None:
        return _of_instant(value.cast(_INSTANT), zone)
    return _of_wall(value.cast("timestamp"), zone)


def _wall(text: Any, reading: DateReading) -> Any:
    if reading.iso:
        return text.try_cast("timestamp")
    return try_strptime(text, ibis.array(list(reading.formats)))


def _sane(stamp: Any) -> Any:
    return ((stamp.year() >= EARLIEST) & (stamp.year() <= LATEST)).ifelse(stamp, ibis.null("timestamp"))


def _of_wall(wall: Any, zone: str) -> tuple[Any, Any]:
    if zone == "UTC":
        return wall, wall.date()
    return to_instant(zone, wall).cast("timestamp"), wall.date()


def _of_instant(instant: Any, zone: str) -> tuple[Any, Any]:
    return instant.cast("timestamp"), to_wall(zone, instant).date()


def _of_epoch(value: Any, reading: DateReading, zone: str) -> tuple[Any, Any]:
    number = value.re_extract(r"^(\d+)", 1).try_cast("int64")
    seconds = number if reading.kind == "seconds" else number // 1000
    return _of_instant(seconds.as_timestamp("s").cast(_INSTANT), zone)


def _with_offsets(text: Any, reading: DateReading, zone: str) -> tuple[Any, Any]:
    """Read stamps of which some carry an offset: those are moments, the others wall clock."""
    for name, offset in ZONES.items() if reading.named else ():
        text = text.re_replace(f" ?{name}$", offset)
    has = text.re_search(ROW_OFFSET)
    wall = _sane(_wall(text.re_replace(ROW_OFFSET, r"\1"), reading))
    sign = text.re_search(r"-\d\d:?\d\d$").ifelse(-1, 1)
    hours = text.re_extract(r"[+-](\d\d):?\d\d$", 1).try_cast("int64").fill_null(0)
    minutes = text.re_extract(r"[+-]\d\d:?(\d\d)$", 1).try_cast("int64").fill_null(0)
    ahead = ibis.interval(minutes=1) * (sign * (hours * 60 + minutes))
    moment, day = _of_instant((wall - ahead).cast(_INSTANT), zone)
    plain_moment, plain_day = _of_wall(wall, zone)
    return has.ifelse(moment, plain_moment), has.ifelse(day, plain_day)


def reason(reading: DateReading | None) -> str:
    """Return why a date could not be read."""
    if reading is None:
        return "not a date, nor is any value of the column"
    return f"not a date written {reading.label}, as the column's dates are"


def notes(column: str, reading: DateReading | None, own: Evidence) -> list[str]:
    """Return what was decided or assumed, with its switch."""
    if reading is None or reading.kind != "number":
        return []
    if reading.assumed:
        why = "no value is above 12 in either place"
        return [f"{column!r}: {reading.label} was assumed, {why}; --date-order mdy changes it"]
    if own.order == "" or (own.first_above_12 and own.second_above_12):
        return [f"{column!r} is read as {reading.label}; --date-order changes it"]
    return [f"{column!r} is read as {reading.label}, which its values prove"]
