"""The stage: files in, clean facts out, every row and all money accounted for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
from ibis import _

from keepwell.decided import NOTHING, Decided
from keepwell.engine import Engine, collected
from keepwell.errors import ConfigError, ConservationError, DataError
from keepwell.progress import Tell, quiet
from keepwell.settings import Compute, Settings
from keepwell.tables import CONTRACTS, MONEY, Tables, checked
from keepwell.unify import same
from keepwell.unify.amounts import RATE
from keepwell.unify.formats import plain
from keepwell.unify.lists import listed, products
from keepwell.unify.people import customers
from keepwell.unify.reading import RawFile
from keepwell.unify.recognise import nearest, recognised
from keepwell.unify.sales import sales
from keepwell.unify.subscriptions import RECORD, assumed, latest, subscribed, subscriptions
from keepwell.unify.typed import Readings, Seen, readings, seen

if TYPE_CHECKING:
    import ibis.expr.types as ir

_SUM = "decimal(38,4)"
_OTHERS = (
    "people", "merges", "aliases", "groups", "consents", "touches", "feedback", "events", "spend", "payouts", "deals",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Local:
    """The local engine that types, and the engine that goes on; the same one where that is DuckDB."""

    engine: Engine
    typing: Engine

    def kept(self, table: ir.Table) -> ir.Table:
        """Execute a typing expression and return it as a table of the engine."""
        path = self.engine.path()
        self.typing.write(table, path)
        return self.engine.read(path)


def run(
    files: Sequence[RawFile],
    settings: Settings,
    engine: Engine,
    *,
    decided: Decided = NOTHING,  # noqa: ARG001 what people decided on who is who; see `people`
    tell: Tell = quiet,
) -> Tables:
    """Return the tables of facts and of people, files, quarantine and duplicates.

    Files that arrived after `settings.known_by` are left out, and a file given twice is one file.

    Raises:
        DataError: A file is of no known kind, there are no sales, or several currencies without rates.
        ConfigError: A field of `settings.reading.columns` does not exist, or the shop's time zone.
        ConservationError: Rows were lost; a fault of Keepwell.
    """
    with typing_engine(engine, settings.compute) as typing:
        return _run(understood(files, settings, typing, tell=tell), settings, Local(engine, typing), tell)


@contextmanager
def typing_engine(engine: Engine, compute: Compute) -> Iterator[Engine]:
    """Lend the DuckDB that reads text: the engine itself where it is one, else one that is closed afterwards."""
    from keepwell.engine.duck import DuckEngine

    if isinstance(engine, DuckEngine):
        yield engine
        return
    own = DuckEngine(memory=compute.memory, threads=compute.threads)
    try:
        yield own
    finally:
        own.close()


def _chosen(files: Sequence[RawFile], settings: Settings) -> list[RawFile]:
    """Return the files to use, each once, the earliest arrived first, else as named."""
    last = settings.known_by or date.max
    kept: dict[str, RawFile] = {}
    for file in files:
        if file.arrived.date() <= last:
            kept.setdefault(file.digest, file)
    ordered = sorted(kept.values(), key=lambda f: f.arrived)
    if not ordered:
        mend = "Name a file, or a later --known-by." if files else "Name at least one file of sales."
        raise DataError("there is no file to use", "", mend)
    unused = [
        column
        for column in settings.reading.columns
        if not any(plain(column) == plain(name) for file in ordered for name in file.header)
    ]
    if unused:
        names = ", ".join(dict.fromkeys(name for file in ordered for name in file.header))
        field = settings.reading.columns[unused[0]]
        mend = f"The columns are {names}."
        raise DataError(f"no file has a column {unused[0]!r}", f"--map {unused[0]}={field}", mend)
    return ordered


def _run(found: Sequence[tuple[Seen, Readings]], settings: Settings, local: Local, tell: Tell) -> Tables:
    sold = [file for file, _how in found if file.recognition.role == "sales"]
    if not sold:
        kinds = ", ".join(f"{file.raw.name} ({file.recognition.role})" for file, _how in found)
        raise DataError(f"no file of sales among {kinds}", "", "Name the file of orders or order lines too.")
    lists = {role: _lists(found, role, local, tell) for role in ("products", "customers")}
    lists["subscriptions"] = _terms(found, settings, local, tell)
    goods = None if lists["products"] is None else local.engine.keep(products(lists["products"]))
    rows = _sales_rows(found, goods, settings, local, tell)
    tell("looking for rows that files share")
    rows = same.apart(same.marked(rows, sold, local.engine), sold, local.engine)
    facts = rows.filter(rows.fault_reason.isnull() & rows.of_file.isnull())
    met = facts if settings.as_of is None else facts.filter(facts.order_date <= settings.as_of)
    tell("gathering customers")
    people = local.engine.keep(customers(met, _records(lists), there=_known(sold)))
    terms = lists["subscriptions"]
    tables = {
        "order_lines": checked("order_lines", facts.mutate(rate=ibis.literal(1).cast(RATE), source_money=facts.money)),
        "products": checked("products", goods if goods is not None else _empty("products", local.engine)),
        "customers": people,
        "subscriptions": _empty("subscriptions", local.engine) if terms is None else subscriptions(terms, met),
        "quarantine": _quarantine(found, rows, lists, local.engine),
        "duplicates": _duplicates(rows, terms),
        **{name: _empty(name, local.engine) for name in _OTHERS},
    }
    counted = _counted(rows, lists, local.engine)
    _one_currency(counted, settings)
    tables["files"] = _files(found, counted, local.engine)
    return tables


def understood(
    files: Sequence[RawFile], settings: Settings, typing: Engine, *, tell: Tell = quiet
) -> list[tuple[Seen, Readings]]:
    """Choose the files to use, recognise each and decide how its columns are read.

    Raises:
        DataError: There is no file to use, or one of no known kind.
        ConfigError: A field of `settings.reading.columns` does not exist, or the shop's time zone.
    """
    _check_zone(settings.shop.timezone)
    told = [(file, recognised(file, settings.reading)) for file in _chosen(files, settings)]
    found = []
    for file, recognition in told:
        tell(f"looking at the columns of {file.name}")
        found.append(seen(file, recognition, typing))
    return [
        (file, readings(file, [s for s in found if s is not file and s.group == file.group], settings.reading))
        for file in found
    ]


def _check_zone(name: str) -> None:
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        near = nearest(name, sorted(available_timezones()))
        raise ConfigError(f"no time zone is called {name!r}", "shop.timezone", f"Did you mean {near!r}?") from error


def _lists(found: Sequence[tuple[Seen, Readings]], role: str, local: Local, tell: Tell) -> ir.Table | None:
    """Return the typed rows of all products or all customers files, or None."""
    tables = []
    for order, (file, how) in enumerate(found):
        if file.recognition.role == role:
            tell(f"reading {role} from {file.raw.name}")
            tables.append(local.kept(listed(file, how, local.typing, order=order)))
    return ibis.union(*tables) if len(tables) > 1 else next(iter(tables), None)


def _terms(found: Sequence[tuple[Seen, Readings]], settings: Settings, local: Local, tell: Tell) -> ir.Table | None:
    """Return the typed rows of all files of subscriptions, with `of_file` on rows that a later one replaces."""
    tables = []
    for order, (file, how) in enumerate(found):
        if file.recognition.role == "subscriptions":
            tell(f"reading subscriptions from {file.raw.name}")
            rows = subscribed(file, how, local.typing, zone=settings.shop.timezone, order=order)
            tables.append(local.kept(rows))
    return local.engine.keep(latest(ibis.union(*tables) if len(tables) > 1 else tables[0])) if tables else None


def _records(lists: Mapping[str, ir.Table | None]) -> ir.Table | None:
    """Return the good rows that say who somebody is: of customers files, and of files of subscriptions."""
    given = [table for name in ("subscriptions", "customers") if (table := lists[name]) is not None]
    good = [table.filter(table.fault_reason.isnull()).select(*RECORD) for table in given]
    return ibis.union(*good) if len(good) > 1 else next(iter(good), None)


def _sales_rows(
    found: Sequence[tuple[Seen, Readings]], goods: ir.Table | None, settings: Settings, local: Local, tell: Tell
) -> ir.Table:
    """Return the typed rows of all sales files."""
    own = _carried(goods, local)
    sold = [(file, how) for file, how in found if file.recognition.role == "sales"]
    alike = same.groups([file for file, _how in sold])
    compared = {place for group in alike for place in group}
    paths = []
    for place, (file, how) in enumerate(sold):
        tell(f"reading sales from {file.raw.name}")
        table = sales(file, how, local.typing, zone=settings.shop.timezone, products=own, compared=place in compared)
        paths.append(local.engine.path())
        local.typing.write(table, paths[-1])
    return local.engine.read(*paths)


def _carried(goods: ir.Table | None, local: Local) -> ir.Table | None:
    """Return the products on the typing engine."""
    if goods is None or local.typing is local.engine:
        return goods
    table = collected(local.engine, goods)
    return local.typing.table(table.to_batches(), table.schema)


def _known(files: Iterable[Seen]) -> set[str]:
    fields = {field for file in files for field in file.recognition.mapping}
    named = {"name"} if fields & {"first_name", "last_name"} else set()
    return fields & {"name", "email", "country", "channel"} | named


def _empty(name: str, engine: Engine) -> ir.Table:
    return engine.table([], CONTRACTS[name].schema.to_pyarrow())


def _quarantine(
    found: Sequence[tuple[Seen, Readings]], rows: ir.Table, lists: Mapping[str, ir.Table | None], engine: Engine
) -> ir.Table:
    """Return every row that cannot be used: those without a fact in them, and those that are no rows at all."""
    bad = rows.filter(rows.fault_reason.notnull())
    parts = [_faulty(bad, bad.money)]
    nothing = ibis.literal(0).cast(MONEY)
    given = [table for table in lists.values() if table is not None]
    parts += [_faulty(table.filter(table.fault_reason.notnull()), nothing) for table in given]
    for file, _how in found:
        if file.raw.bad_path is not None:
            torn = engine.read(file.raw.bad_path)
            parts.append(
                torn.select(
                    file=ibis.literal(file.raw.digest),
                    line=torn.line.cast("int64"),
                    column=ibis.null("string"),
                    value=torn.text.cast("string"),
                    reason=torn.reason.cast("string"),
                    money=ibis.null(MONEY),
                )
            )
    return checked("quarantine", ibis.union(*parts) if len(parts) > 1 else parts[0])


def _faulty(table: ir.Table, money: Any) -> ir.Table:
    return table.select("file", "line", column="fault_column", value="fault_value", reason="fault_reason", money=money)


def _duplicates(rows: ir.Table, terms: ir.Table | None) -> ir.Table:
    held = rows.filter(rows.of_file.notnull()).select("file", "line", "of_file", "money")
    if terms is not None:
        late, nothing = terms.filter(terms.of_file.notnull()), ibis.literal(0).cast(MONEY)
        held = held.union(late.select("file", "line", "of_file", money=nothing))
    return checked("duplicates", held)


@dataclass(frozen=True, slots=True)
class Count:
    """Rows of one file that went to one place."""

    place: str
    rows: int
    money: Decimal
    unread: int  # rows without readable money
    currency: str | None


def _counted(rows: ir.Table, lists: Mapping[str, ir.Table | None], engine: Engine) -> dict[str, list[Count]]:
    """Count each file's rows and money by where they went and by currency."""
    parts = [rows.select("file", "currency", "money", place=_place(rows))]
    nothing = ibis.literal(0).cast(MONEY)
    for table in lists.values():
        if table is not None:
            currency = table.currency if "currency" in table.columns else ibis.null("string")
            parts.append(table.select("file", currency=currency, money=nothing, place=_place(table)))
    counted = [
        part.group_by("file", "place", "currency").aggregate(
            rows=_.count(), money=_.money.sum().fill_null(0).cast(_SUM), unread=_.money.isnull().sum().cast("int64")
        )
        for part in parts
    ]
    places: dict[str, list[Count]] = {}
    for table in counted:
        for row in collected(engine, table).to_pylist():
            money = Decimal(row["money"]).quantize(Decimal("0.0001"))
            count = Count(row["place"], row["rows"], money, row["unread"], row["currency"])
            places.setdefault(row["file"], []).append(count)
    return places


def _place(rows: ir.Table) -> Any:
    """Return where each row went."""
    held = rows.of_file.notnull() if "of_file" in rows.columns else ibis.literal(value=False)
    return ibis.cases((rows.fault_reason.notnull(), "quarantined"), (held, "duplicates"), else_="facts")


def _one_currency(counted: Mapping[str, list[Count]], settings: Settings) -> None:
    """Refuse sums over several currencies."""
    rows: dict[str, int] = {}
    for counts in counted.values():
        for count in counts:
            if count.currency and count.place == "facts":
                rows[count.currency] = rows.get(count.currency, 0) + count.rows
    wanted = settings.shop.currency.upper()
    names = sorted(rows, key=lambda c: (-rows[c], c))
    listing = ", ".join(f"{name} ({rows[name]:,} rows)" for name in names)
    if len(names) > 1:
        mend = "Rates are not known here: give each currency's rows apart, or convert the amounts first."
        raise DataError(f"the files hold several currencies: {listing}", "", mend)
    if wanted and names and names[0] != wanted:
        mend = f"Set shop.currency to {names[0]}, or convert the amounts first."
        raise DataError(f"the reporting currency is {wanted}, but the files are in {listing}", "", mend)


def _files(found: Sequence[tuple[Seen, Readings]], counted: Mapping[str, list[Count]], engine: Engine) -> ir.Table:
    """Return the table `files`, and check that every row is in one place."""
    rows = [_file_row(file, how, counted.get(file.raw.digest, [])) for file, how in found]
    schema = CONTRACTS["files"].schema.to_pyarrow()
    return engine.table(pa.Table.from_pylist(rows, schema=schema).to_batches(), schema)


def _file_row(file: Seen, how: Readings, counts: Sequence[Count]) -> dict[str, Any]:
    raw = file.raw
    n = {place: sum(c.rows for c in counts if c.place == place) for place in ("facts", "quarantined", "duplicates")}
    n["quarantined"] += raw.bad_rows
    money = {place: sum((c.money for c in counts if c.place == place), Decimal("0.0000")) for place in n}
    rows = raw.rows + raw.bad_rows
    if sum(n.values()) != rows:
        problem = f"{rows:,} rows came in and {sum(n.values()):,} are accounted for"
        raise ConservationError(problem, raw.name, "Please report it.")
    return {
        "file": raw.digest,
        "name": raw.name,
        "source": raw.source,
        "format": file.recognition.format,
        "rows": rows,
        **n,
        "money_in": sum(money.values(), Decimal("0.0000")),
        **{f"money_{place}": value for place, value in money.items()},
        "unknown_money": sum(c.unread for c in counts) + raw.bad_rows,
        "mapping": json.dumps(dict(file.recognition.mapping), ensure_ascii=False),
        "notes": json.dumps([*raw.notes, *file.recognition.notes, *assumed(file), *how.notes], ensure_ascii=False),
    }
