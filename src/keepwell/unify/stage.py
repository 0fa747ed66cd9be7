"""The stage: files in, clean facts out, every row and all money accounted for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import ibis

from keepwell.decided import NOTHING, Decided
from keepwell.engine import Engine, collected, number
from keepwell.errors import DataError
from keepwell.progress import Tell, quiet
from keepwell.settings import Compute, Settings
from keepwell.tables import CONTRACTS, Tables, checked
from keepwell.unify import arrivals, currency, deals, fees, places, same
from keepwell.unify.facts import KINDS, consents, told
from keepwell.unify.formats.shape import CONSENTS
from keepwell.unify.identity import identified
from keepwell.unify.lists import listed, products
from keepwell.unify.people import customers, former
from keepwell.unify.reading import RawFile
from keepwell.unify.records import gathered, may_join, records, together, with_firsts
from keepwell.unify.sales import sales
from keepwell.unify.subscriptions import latest, subscribed
from keepwell.unify.typed import Readings, Seen
from keepwell.unify.understanding import understood
from keepwell.unify.who import read

if TYPE_CHECKING:
    import ibis.expr.types as ir

# The roles whose rows speak of customers, and the column of their days.
WHOSE = {"sales": "order_date", "customers": "", "subscriptions": "started"} | {
    role: "opened" if role == "deals" else "date" for role, kind in KINDS.items() if kind.who
}
_NOT_STORED = ("own_id", "customer_key")  # of sales rows, as many as they are: both follow from what is stored
_CUT = ("sales", "touches", "feedback", "events", "deals")  # of these, what happened after the run's day is left out


@dataclass(frozen=True, slots=True)
class Local:
    """The local engine that types, and the engine that goes on; the same one where that is DuckDB."""

    engine: Engine
    typing: Engine


class Typing(Protocol):
    """Makes typed rows of one file, the n-th that arrived."""

    def __call__(self, file: Seen, how: Readings, engine: Engine, *, order: int) -> ir.Table:
        """Return the rows, on the typing engine."""


@dataclass(frozen=True, slots=True)
class Walk:
    """The files of a run, the earliest arrived first, as they were understood, on their way to facts."""

    found: Sequence[tuple[Seen, Readings]]
    settings: Settings
    local: Local
    tell: Tell

    def files(self, role: str) -> list[Seen]:
        """Return the files of a role, the earliest arrived first."""
        return [file for file, _how in self.found if file.recognition.role == role]

    def rows(self, role: str, typed: Typing) -> ir.Table | None:
        """Return the typed rows of all files of a role, executed once each; None where there is no such file."""
        paths = []
        for rank, (file, how) in enumerate(self.found):
            if file.recognition.role == role:
                self.tell(f"reading {role} from {file.raw.name}")
                table = typed(file, how, self.local.typing, order=rank)
                paths.append(self.local.engine.path())
                self.local.typing.write(table, paths[-1])
        return self.local.engine.read(*paths) if paths else None


def run(
    files: Sequence[RawFile],
    settings: Settings,
    engine: Engine,
    *,
    decided: Decided = NOTHING,
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
        found = understood(files, settings, typing, tell=tell)
        return _run(Walk(found, settings, Local(engine, typing), tell), decided)


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


def _run(walk: Walk, decided: Decided) -> Tables:
    if not walk.files("sales") and not _selling_deals(walk):
        kinds = ", ".join(f"{file.raw.name} ({file.recognition.role})" for file, _how in walk.found)
        raise DataError(f"no file of sales among {kinds}", "", "Name the file of orders or order lines too.")
    typed, goods = _typed(walk)
    engine = walk.local.engine
    versions = same.versions(typed["sales"], walk.files("sales"), engine) if "sales" in typed else {}
    typed = currency.converted(typed, walk.settings, engine)
    if _selling_deals(walk):
        typed["deals"] = engine.keep(deals.with_money(typed["deals"]))
    walk.tell("gathering customers")
    facts = {role: _good(rows) for role, rows in typed.items()}
    who = _people(walk, facts, decided)
    facts = _owned(facts, who["people"], engine)
    tables = {
        "order_lines": _order_lines(walk, facts),
        "products": checked("products", goods if goods is not None else _empty("products", engine)),
        **who,
        "subscriptions": _table(facts, "subscriptions", engine),
        **{name: _table(facts, name, engine) for name in KINDS if name in CONTRACTS},
        "consents": _consents(walk, facts),
        "quarantine": places.quarantine(walk.found, typed.values(), engine),
        "duplicates": places.duplicates(typed.values()),
    }
    counted = places.counted(typed.values(), engine)
    tables["files"] = places.files(walk.found, counted, engine, said=versions)
    return tables


def _selling_deals(walk: Walk) -> bool:
    """Return whether won deals count as sales."""
    return bool(walk.files("deals")) and deals.are_sales(walk.settings.facts, sold=bool(walk.files("sales")))


def _order_lines(walk: Walk, facts: Mapping[str, ir.Table]) -> ir.Table:
    """Return the table `order_lines`: sales, won deals where they are sales, and the fees of payouts on them."""
    parts = [checked("order_lines", facts["sales"])] if "sales" in facts else []
    if _selling_deals(walk):
        parts.append(deals.order_lines(facts["deals"]))
    lines = ibis.union(*parts) if len(parts) > 1 else parts[0]
    if "payouts" not in facts:
        return lines
    # Payouts lag behind the sales. Only a day that was asked for hides what was not known by then.
    day, payouts = walk.settings.as_of, facts["payouts"]
    return fees.charged(lines, payouts if day is None else payouts.filter(payouts.date <= day))


def _typed(walk: Walk) -> tuple[dict[str, ir.Table], ir.Table | None]:
    """Return the typed rows of each role that has files, with `of_file` where another holds them, and the products."""
    zone, engine = walk.settings.shop.timezone, walk.local.engine

    def of_terms(file: Seen, how: Readings, engine: Engine, *, order: int) -> ir.Table:
        return subscribed(file, how, engine, zone=zone, order=order)

    def of_facts(file: Seen, how: Readings, engine: Engine, *, order: int) -> ir.Table:
        return told(file, how, engine, zone=zone, order=order)

    kinds: dict[str, Typing] = {"products": listed, "customers": listed, "subscriptions": of_terms}
    kinds |= dict.fromkeys(KINDS, of_facts)
    typed = {role: rows for role, typing in kinds.items() if (rows := walk.rows(role, typing)) is not None}
    goods = engine.keep(products(typed["products"])) if "products" in typed else None
    if walk.files("sales"):
        typed["sales"] = _sales_rows(walk, goods)
    walk.tell("looking for rows that files share")
    for role, rows in typed.items():
        typed[role] = _marked(walk, role, rows)
    put = same.prefixes(typed["sales"], walk.files("sales"), walk.local.engine) if "sales" in typed else {}
    for role in (r for r, rows in typed.items() if put and r != "deals" and "order_id" in rows.columns):
        typed[role] = same.apart(typed[role], walk.files(role), put)
    return typed, goods


def _sales_rows(walk: Walk, goods: ir.Table | None) -> ir.Table:
    """Return the typed rows of all sales files."""
    own = _carried(goods, walk.local)
    alike = same.groups(walk.files("sales"))
    compared = {walk.files("sales")[place].raw.digest for group in alike for place in group}

    def of_sales(file: Seen, how: Readings, engine: Engine, *, order: int) -> ir.Table:
        rows = sales(
            file,
            how,
            engine,
            zone=walk.settings.shop.timezone,
            products=own,
            compared=file.raw.digest in compared,
            order=order,
            facts=walk.settings.facts,
        )
        return rows.drop(*_NOT_STORED)

    rows = walk.rows("sales", of_sales)
    if rows is None:
        raise DataError("no file of sales", "", "Name the file of orders or order lines too.")
    return rows


def _carried(goods: ir.Table | None, local: Local) -> ir.Table | None:
    """Return the products on the typing engine."""
    if goods is None or local.typing is local.engine:
        return goods
    table = collected(local.engine, goods)
    return local.typing.table(table.to_batches(), table.schema)


def _marked(walk: Walk, role: str, rows: ir.Table) -> ir.Table:
    """Add `of_file`, the file that holds a row already; lists hold whatever their files say."""
    engine, files = walk.local.engine, walk.files(role)
    if role == "sales":
        return same.marked(rows, files, engine)
    key = "subscription_id" if role == "subscriptions" else KINDS[role].key if role in KINDS else ""
    if key:
        return engine.keep(latest(rows, key))
    return same.marked(rows, files, engine) if role in KINDS else rows


def _good(rows: ir.Table) -> ir.Table:
    """Return the rows that are facts."""
    good = rows.filter(rows.fault_reason.isnull())
    return good.filter(good.of_file.isnull()) if "of_file" in rows.columns else good


def _people(walk: Walk, facts: Mapping[str, ir.Table], decided: Decided) -> Tables:
    """Return the tables people, merges, aliases, groups and customers."""
    engine = walk.local.engine
    day = walk.settings.as_of
    parts = []
    for role in (r for r in WHOSE if r in facts):
        rows = facts[role]
        if day is not None and role in _CUT:
            rows = rows.filter((rows[WHOSE[role]] <= day).fill_null(ibis.literal(value=True)))
        parts.append(gathered(rows, filled=_filled(walk, role), days=WHOSE[role], sold=role == "sales"))
    found = engine.keep(together(parts))
    said = records(found, arrivals.told(walk.found, engine))
    filled = [read(file.recognition.mapping) for role in WHOSE for file in walk.files(role)]
    joining = may_join(filled) or bool(decided.decisions)
    rules = walk.settings.identity
    if joining:
        done = identified(
            engine.keep(_since(walk, facts, said)), walk.settings, engine, decided=decided, tell=walk.tell
        )
        golden = engine.keep(customers(found, done.people, rules=rules, belong=done.members))
        return {"customers": golden} | {
            name: engine.keep(getattr(done, name)) for name in ("people", "merges", "aliases", "groups")
        }
    people = engine.keep(said.mutate(customer_id=said.own_id))
    return {
        "people": checked("people", people),
        "merges": _empty("merges", engine),
        "aliases": former(people),
        "groups": _empty("groups", engine),
        "customers": engine.keep(customers(found, people)),
    }


def _since(walk: Walk, facts: Mapping[str, ir.Table], said: ir.Table) -> ir.Table:
    """Return the records with where they came first, if some rows correct earlier ones."""
    corrections = arrivals.firsts(walk.found, walk.local.engine)
    if corrections is None:
        return said
    rows = (facts[role].select("file_order", "line", "record_id") for role in WHOSE if role in facts)
    return with_firsts(said, [role.join(corrections, ["file_order", "line"]) for role in rows])


def _filled(walk: Walk, role: str) -> set[str]:
    """Return which columns of people, and the channel, some file of the role fills."""
    mappings = [file.recognition.mapping for file in walk.files(role)]
    channel = {"channel"} if any("channel" in mapping for mapping in mappings) and role in _CHANNELS else set()
    return channel.union(*(read(mapping) for mapping in mappings))


_CHANNELS = ("sales", "customers", "subscriptions")  # a touch's channel is how we spoke, not where they came from


def _owned(facts: Mapping[str, ir.Table], people: ir.Table, engine: Engine) -> dict[str, ir.Table]:
    """Give each row the customer that its record was found to be."""
    changed = people.filter(people.own_id != people.customer_id).select(
        of_record="record_id", of_customer="customer_id"
    )
    if not number(engine, changed.count()):
        return dict(facts)
    owned = dict(facts)
    for role in (r for r in WHOSE if r in facts):
        rows = facts[role]
        joined = rows.left_join(changed, rows.record_id == changed.of_record)
        whose = ibis.coalesce(joined.of_customer, joined.customer_id)
        owned[role] = joined.mutate(customer_id=whose).drop("of_record", "of_customer")
    return owned


def _table(facts: Mapping[str, ir.Table], name: str, engine: Engine) -> ir.Table:
    """Return the facts of a role as its table, empty where there are none."""
    if name not in facts:
        return _empty(name, engine)
    rows = facts[name]
    return checked(name, rows.mutate(name=rows.deal_name) if name == "deals" else rows)


def _consents(walk: Walk, facts: Mapping[str, ir.Table]) -> ir.Table:
    """Return the consents that rows of any role tell of."""
    telling = [
        consents(facts[role])
        for role in ("customers", "sales")
        if any(set(CONSENTS) & file.recognition.mapping.keys() for file in walk.files(role))
    ]
    if not telling:
        return _empty("consents", walk.local.engine)
    return ibis.union(*telling) if len(telling) > 1 else telling[0]


def _empty(name: str, engine: Engine) -> ir.Table:
    return engine.table([], CONTRACTS[name].schema.to_pyarrow())
