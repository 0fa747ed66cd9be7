"""Which format a file has, and which of its columns fills which field."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import pyarrow.parquet as pq

from keepwell.errors import ConfigError, DataError
from keepwell.settings import Reading
from keepwell.unify.amounts import cleaned
from keepwell.unify.dates import shape_of
from keepwell.unify.formats import ADDED, CDNOW_BARE, FIELDS, FORMATS, GENERIC, SPECIAL, Format, plain
from keepwell.unify.formats.anything import BROWSING
from keepwell.unify.formats.shape import CONSENTS, WHO, Role
from keepwell.unify.guess import KEYS, guessed
from keepwell.unify.reading import RawFile

IGNORE = "ignore"  # the field of a column that is not to be used
MONEY_FIELDS = ("amount", "order_total", "unit_price", "gross")
_TELLING = frozenset((*WHO, *CONSENTS, "born", "channel"))  # what makes a file of customers one
# One of these too, as a name or a company may be anything's.
_KEYED = frozenset({"customer_id", "email", "phone", "mobile", "street", "postcode", "born", "last_name"})
_LIFETIME_TOTALS = frozenset(["totalspent", "totalspend"])  # a customer's, not an order's
_SEEN_ROWS = 200  # looked at where names do not tell
_MOST = 0.9  # of them have to look right
_ALIKE = 0.6  # how much a column's name must be like a customer's to be proposed as one


@dataclass(frozen=True, slots=True)
class Part:
    """Which rows of a file are meant: those whose `column` holds one of `kinds` (lower case), or all others."""

    column: str
    kinds: frozenset[str]
    inside: bool


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a file is: its format, its role, and the column of each field that is there."""

    format: str
    role: Role
    mapping: Mapping[str, str]  # field -> column
    notes: tuple[str, ...] = ()
    part: Part | None = None  # of a file that holds rows of several kinds


def recognised(raw: RawFile, reading: Reading) -> Recognition:
    """Tell the format of `raw` by its columns; what was told of the file, then `reading.columns`, goes first.

    Raises:
        DataError: No format fits; names the columns there are, the nearest guess and the switch.
        ConfigError: `reading.columns` (column -> field) names a field that does not exist.
    """
    chosen = _chosen(raw, raw.told.over(reading))
    taken = {field: column for column, field in chosen.items() if field != IGNORE}
    free = {plain(column): column for column in reversed(raw.header) if column not in chosen}
    if raw.told.format:
        return _as_told(raw, FORMATS[raw.told.format], free, taken)
    if raw.header_line == 0 and raw.kind == "text" and not taken:
        return _without_header(raw)
    for format_ in SPECIAL:
        if any(all(plain(name) in free for name in names) for names in format_.signatures):
            mapping = _mapping(format_, free) | taken
            _require(raw, format_, mapping)
            return Recognition(format_.name, format_.role, mapping, format_.notes)
    return _anything(raw, free, taken)


def format_named(name: str) -> str:
    """Return the name of the format that `name` means, as `--as` gives it.

    >>> format_named("Shopify-Orders")
    'shopify orders'

    Raises:
        ConfigError: There is no such format; names those there are.
    """
    known = {plain(format_): format_ for format_ in FORMATS}
    if plain(name) not in known:
        mend = f"Did you mean {nearest(name, FORMATS)!r}? Formats are {', '.join(FORMATS)}."
        raise ConfigError(f"no format is called {name!r}", "--as", mend)
    return known[plain(name)]


def _as_told(raw: RawFile, format_: Format, free: Mapping[str, str], taken: Mapping[str, str]) -> Recognition:
    """Read a file as the format it was said to be; what that needs has to be there."""
    mapping = {**_mapping(format_, _not(free, taken)), **taken}
    if format_ is GENERIC[0]:
        _require(raw, format_, {"customer_id": "", **mapping})
        return _sales(raw, mapping)
    _require(raw, format_, mapping)
    return Recognition(format_.name, format_.role, mapping, format_.notes)


def parted(raw: RawFile, recognition: Recognition, reading: Reading, *, sold: Collection[str]) -> list[Recognition]:
    """Return what a file's rows are, a recognition a kind; `sold` are the formats of the files that have sales.

    Most files are of one kind. Of a log of events those that are orders are sales, and the others events.
    """
    format_ = FORMATS[recognition.format]
    column = recognition.mapping.get("event")
    if not format_.rest or column is None:
        return [recognition]
    chosen = _chosen(raw, raw.told.over(reading))
    free = {plain(name): name for name in reversed(raw.header) if name not in chosen}
    rest = FORMATS[format_.rest]
    mapping = _mapping(rest, free) | {field: name for field, name in chosen.items() if field in rest.fields}
    others = Recognition(rest.name, rest.role, mapping, rest.notes, Part(column, format_.kinds, inside=False))
    if format_.aside and (sold if format_.aside == "any" else format_.aside in sold):
        note = f"another file has the sales, so all its rows count as {others.role}"
        return [replace(others, part=None, notes=(*others.notes, note))]
    return [replace(recognition, part=Part(column, format_.kinds, inside=True)), others]


def _chosen(raw: RawFile, reading: Reading) -> dict[str, str]:
    """Return what --map says of this file's columns."""
    for column, field in reading.columns.items():
        if field not in (*FIELDS, IGNORE):
            near = nearest(field, FIELDS)
            mend = f"Did you mean {near!r}? Fields are {', '.join(FIELDS)}; '{IGNORE}' leaves a column out."
            raise ConfigError(f"no field is called {field!r}", f"--map {column}={field}", mend)
    wanted = {plain(column): field for column, field in reading.columns.items()}
    return {column: wanted[plain(column)] for column in raw.header if plain(column) in wanted}


def _mapping(format_: Format, free: Mapping[str, str]) -> dict[str, str]:
    """Return field -> column, the preferred column of each field that is there."""
    found = {}
    for field, names in format_.fields.items():
        column = next((free[plain(name)] for name in names if plain(name) in free), None)
        if column is not None:
            found[field] = column
    return _closed_up(found)


def _closed_up(found: dict[str, str]) -> dict[str, str]:
    """Let the first column of those that are added up fill the field itself, where the one named first is not there."""
    for base, more in ADDED.items():
        columns = [found.pop(name) for name in (base, *more) if name in found]
        found |= dict(zip((base, *more), columns, strict=False))
    return found


def _without_header(raw: RawFile) -> Recognition:
    mapping = CDNOW_BARE.get(len(raw.header))
    if mapping is not None and _dates_stand_in(raw, mapping["date"]):
        note = "no header: read as CDNOW (customer, date, number of CDs, dollars); --map c1=customer_id changes it"
        return Recognition("cdnow", "sales", mapping, (note,))
    columns = ", ".join(raw.header)
    mend = "Name the columns: --map c1=customer_id --map c2=date --map c3=amount (as they stand in the file)."
    raise DataError(f"the file has no header line; its columns are called {columns}", raw.name, mend)


def _dates_stand_in(raw: RawFile, column: str) -> bool:
    seen = _first_values(raw, column)
    good = sum(bool(re.fullmatch(r"(19|20)\d{6}|\d{4}-\d\d-\d\d", value)) for value in seen)
    return bool(seen) and good >= _MOST * len(seen)


def _first_values(raw: RawFile, column: str) -> list[str]:
    batch = next(pq.ParquetFile(raw.path).iter_batches(batch_size=_SEEN_ROWS, columns=[column]), None)
    return [] if batch is None else [str(v) for v in batch.column(0).to_pylist() if v is not None]


def _looks_like(raw: RawFile, column: str, field: str) -> bool:
    """Return whether most of a column's first values are dates (for 'date') or numbers (for an amount)."""
    seen = [re.sub(r"\d", "0", value) for value in _first_values(raw, column)]
    if field == "date":
        good = [shape_of(value) is not None for value in seen]
    elif field == "amount":
        good = [bool(re.fullmatch(r"[+-]?[0.,]*0[0.,]*", cleaned(value))) for value in seen]
    else:
        return True
    return bool(good) and sum(good) >= _MOST * len(good)


def _anything(raw: RawFile, free: Mapping[str, str], taken: Mapping[str, str]) -> Recognition:
    """Choose among all kinds of files by which fields are there, those that only one kind has before the others."""

    def mapped(format_: Format) -> dict[str, str]:
        return {**_mapping(format_, _not(free, taken)), **taken}

    told = guessed(mapped, mapped(GENERIC[0]), browsing=lambda column: _is_browsing(raw, column))
    if told is not None:
        return Recognition(told.name, told.role, _only(mapped(told), told), told.notes)
    return _generic(raw, free, taken)


def _generic(raw: RawFile, free: Mapping[str, str], taken: Mapping[str, str]) -> Recognition:
    """Choose among sales, products, customers and subscriptions by which fields are there."""
    sales, products, customers, terms = ({**_mapping(f, _not(free, taken)), **taken} for f in GENERIC)
    if {"date", "ended"} <= terms.keys() and _has_customer(terms) and ("date" not in sales or "ended" in taken):
        return Recognition(GENERIC[3].name, "subscriptions", _only(terms, GENERIC[3]))
    money = {f for f in MONEY_FIELDS if f in sales}
    if sales.keys() & {"amount"} and plain(sales["amount"]) in _LIFETIME_TOTALS and "date" not in sales:
        money.discard("amount")
    if "date" in sales and (money or "quantity" in sales):
        return _sales(raw, sales)
    listed = "product_id" in products and bool(products.keys() & {"price", "unit_cost"})
    if listed and not sales.keys() & {"customer_id", "email", "order_id"}:  # a 'name' is the product's here
        return Recognition(GENERIC[1].name, "products", _only(products, GENERIC[1]))
    if _has_customer(sales) and (money or "quantity" in sales):
        raise _missing(raw, GENERIC[0], "date", sales)
    if listed:
        return Recognition(GENERIC[1].name, "products", _only(products, GENERIC[1]))
    if "date" in sales and _has_customer(sales) and "name" not in customers and "email" not in customers:
        raise _missing(raw, GENERIC[0], "amount", sales)
    if _has_customer(customers) and customers.keys() & _KEYED and len(customers.keys() & _TELLING) > 1:
        return Recognition(GENERIC[2].name, "customers", _only(customers, GENERIC[2]))
    raise _unknown(raw, sales)


def _is_browsing(raw: RawFile, column: str) -> bool:
    """Return whether a column's first values are what visitors do on pages."""
    return any(value.strip().lower() in BROWSING for value in _first_values(raw, column))


def _only(mapping: Mapping[str, str], format_: Format) -> dict[str, str]:
    return {field: column for field, column in mapping.items() if field in format_.fields}


def _not(free: Mapping[str, str], taken: Mapping[str, str]) -> dict[str, str]:
    return {name: column for name, column in free.items() if column not in taken.values()}


def _has_customer(mapping: Mapping[str, str]) -> bool:
    return bool(mapping.keys() & KEYS)


def _sales(raw: RawFile, mapping: dict[str, str]) -> Recognition:
    """Finish a generic sales mapping: one column fills one field, and what has to be there is there."""
    notes = []
    if "customer_id" not in mapping and "email" not in mapping and "name" in mapping:
        mapping["customer_id"] = mapping["name"]
        notes.append(f"customers are told apart by {mapping['name']!r}, as there is neither number nor e-mail")
    format_ = FORMATS["generic"]
    if not _has_customer(mapping):
        raise _missing(raw, format_, "customer_id", mapping)
    priced = mapping.keys() & {"amount", "order_total", "unit_price", "gross"}
    if not priced and not {"quantity", "product_id"} <= mapping.keys():
        raise _missing(raw, format_, "amount", mapping)
    if (
        "cost" in mapping
        and "unit_cost" not in mapping
        and plain(mapping["cost"]) == "cost"
        and "amount" not in mapping
    ):
        mapping["unit_cost"] = mapping.pop("cost")
        notes.append(f"{mapping['unit_cost']!r} is the cost of one unit, as prices are; --map cost=cost: of the line")
    if not priced:
        notes.append("no price in the file: it comes from the products file, by product")
    return Recognition(format_.name, "sales", mapping, tuple(notes))


def _require(raw: RawFile, format_: Format, mapping: Mapping[str, str]) -> None:
    for field in format_.required:
        fields = ("customer_id", *sorted(KEYS)) if field == "customer" else (field,)
        if not any(f in mapping for f in fields):
            raise _missing(raw, format_, fields[0], mapping)


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Return the candidate most like `name`, by letters and digits only; ties go to the first."""
    wanted = plain(name)
    return max(candidates, key=lambda c: SequenceMatcher(None, wanted, plain(c)).ratio(), default="")


def _guess(raw: RawFile, format_: Format, field: str, mapping: Mapping[str, str]) -> str:
    """Return the unused column that is most like the field: by its values first, then by its name; or ''."""
    unused = [column for column in raw.header if column not in mapping.values()]
    names = (*format_.fields.get(field, ()), field)

    def likeness(column: str) -> float:
        return max(SequenceMatcher(None, plain(column), plain(name)).ratio() for name in names)

    fitting = [column for column in unused if _looks_like(raw, column, field)]
    if field == "customer_id":  # any value may name a customer, so the column's name has to say it
        fitting = [column for column in fitting if likeness(column) >= _ALIKE]
    return max(fitting, key=likeness, default="")


def _missing(raw: RawFile, format_: Format, field: str, mapping: Mapping[str, str]) -> DataError:
    if raw.told.format and (lacks := _lacks(raw, format_)):
        problem = f"the file is no export of {format_.title}: it lacks {', '.join(lacks)}"
        mend = f"Leave --as out and its columns decide what it is; or name the one for {field}: --map COLUMN={field}."
        return DataError(problem, raw.name, mend)
    what = {"date": "the date", "customer_id": "the customer", "amount": "the amount"}.get(field, field)
    guess = _guess(raw, format_, field, mapping)
    mend = f"If it is {guess!r}, say --map {_quoted(guess)}={field}." if guess else _NONE_LIKE_IT.format(field)
    if raw.told.format and field in format_.fields:
        names = " | ".join(format_.fields[field])
        mend = f"As {format_.name!r} it is looked for under these names: {names}. --map COLUMN={field} names another."
    columns = ", ".join(raw.header)
    return DataError(f"no column was found for {what}; the columns are {columns}", raw.name, mend)


def _lacks(raw: RawFile, format_: Format) -> list[str]:
    """Return the columns that a file lacks of those by which its format is known, as far as there are such."""
    there = {plain(column) for column in raw.header}
    lacking = [[name for name in names if plain(name) not in there] for names in format_.signatures]
    return min(lacking, key=len, default=[])


_NONE_LIKE_IT = "None of the unused columns looks like it; --map COLUMN={} names it all the same."


def _quoted(column: str) -> str:
    return column if re.fullmatch(r"[\w.-]+", column) else f'"{column}"'


def _unknown(raw: RawFile, mapping: Mapping[str, str]) -> DataError:
    sought = (
        "sales (date, customer, and an amount or quantity and price), "
        "products (product, and price or cost), customers (customer, and e-mail, name or country), "
        "subscriptions (customer, first and last day), contacts (customer, date, kind or minutes), feedback (date, "
        "score or review), events (date, event), marketing spend (date, channel, spend), payouts (date, fee, net), "
        "deals (deal, stage), returns (return date, product, quantity) or rates (date, currency, rate)"
    )
    mend, used = "Leave the file out", dict(mapping)
    for field in ("date", "customer_id", "amount"):
        guess = "" if field in mapping else _guess(raw, GENERIC[0], field, used)
        used |= {field: guess} if guess else {}
    maps = " ".join(
        f"--map {_quoted(used.get(f, 'COLUMN'))}={f}" for f in ("date", "customer_id", "amount") if f not in mapping
    )
    mend += f", or say what its columns are: {maps}." if "date" in used and maps else "."
    return DataError(f"not recognised: its columns are {', '.join(raw.header)}; looked for {sought}", raw.name, mend)
