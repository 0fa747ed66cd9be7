"""The tables of a finished run without a person, and every sum of money as it was.

Facts of the person become facts of nobody (the unknown customer), their months in the ledger are added to nobody's,
and what was only about them (forecasts, values, segments, verdicts, records, merges) is deleted. Tables of sums over
many customers stay as they were: they say what was so on that day, and name nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
from ibis import _

from keepwell.engine import Engine, collected
from keepwell.errors import ConservationError
from keepwell.loop.cleaning import HUSHED, pattern_of, stand_in
from keepwell.loop.person import Places, among
from keepwell.tables import UNKNOWN, Tables, counted

if TYPE_CHECKING:
    import ibis.expr.types as ir

# Facts that stay, of nobody, each with the texts that are cleared.
UNNAMED: Mapping[str, tuple[str, ...]] = {
    "order_lines": ("record_id",),
    "order_contribution": (),
    "cancellations": (),
    "touches": (),
    "feedback": ("text",),
    "events": ("properties",),
    "deals": ("name",),
    "payouts": (),
    "quarantine": ("value",),
}
# Rows that are deleted, for they are about the person and nothing else.
DELETED = frozenset({
    "history", "values", "segments", "plan", "trends", "loss_makers", "subscriptions", "consents",
})  # fmt: skip
OWN = frozenset({"customers", "people", "merges", "aliases", "groups", "ledger"})  # each in its own way
_STOOD_IN = ("order_id", "deal_id")
_EMPTY = {"mapping": "{}", "notes": "[]"}  # of what is JSON


@dataclass(frozen=True, slots=True)
class Gone:
    """Who is to be gone from a run."""

    ids: frozenset[str]  # customer ids in that run
    records: frozenset[str]
    lines: Places
    words: tuple[str, ...]  # e-mails and phones, in lower case
    salt: str


def gone_in(tables: Tables, engine: Engine, who: Gone) -> Gone:
    """Return who is to be gone from one run: there the person may go by other ids, or be part of another customer."""
    places = _places(who.lines, engine)
    ids = set(who.ids)
    for name in ("order_lines", "consents", "touches", "feedback", "events", "deals", "people"):
        if name in tables and {"file", "line", "customer_id"} <= set(tables[name].columns):
            theirs = tables[name].semi_join(places, ["file", "line"]).select("customer_id").distinct()
            ids |= {row["customer_id"] for row in collected(engine, theirs).to_pylist()}
    ids -= {UNKNOWN}
    records = set(who.records)
    if "people" in tables:
        t = tables["people"]
        own = collected(engine, t.filter(t.customer_id.isin(sorted(ids))).select("record_id"))
        records |= {str(value) for value in own.column(0).to_pylist()}
    return Gone(frozenset(ids), frozenset(records), who.lines, who.words, who.salt)


def without(tables: Tables, engine: Engine, gone: Gone) -> dict[str, ir.Table]:
    """Return the tables of a run that change, as they are to be; those that do not name the person are not among them.

    Args:
        tables: Of the run, whichever version made it.
        engine: Where they live.
        gone: Who; see `gone_in`.
    """
    places = engine.keep(_places(gone.lines, engine))
    marked = {name: _marked(name, table, gone, places) for name, table in tables.items()}
    orders = engine.keep(_stand_ins(marked, engine, gone.salt))
    made: dict[str, ir.Table] = {}
    for name, table in marked.items():
        if name in OWN:
            continue
        hit = bool(collected(engine, table.filter(_.theirs | _.told).limit(1)).num_rows)
        if hit:
            made[name] = _hushed(name, table, orders, keep=name in UNNAMED, words=gone.words)
    known = _own(tables, gone, marked)
    return made | known if made or _anybody(known, tables, engine) else {}


def _anybody(made: Mapping[str, ir.Table], tables: Tables, engine: Engine) -> bool:
    """Return whether one of these tables lost a row."""
    return any(
        collected(engine, tables[n].count().as_table()) != collected(engine, t.count().as_table())
        for n, t in made.items()
    )


def check_sums(name: str, before: ir.Table, after: ir.Table, engine: Engine) -> None:
    """Compare the sums of a table of facts, or of the ledger, before and after; month by month where it has months.

    Raises:
        ConservationError: One is not the same.
    """
    if name not in UNNAMED and name != "ledger":
        return
    was, now = (_sums(table, engine, rows=name in UNNAMED) for table in (before, after))
    if was != now:
        problem = f"sums of table {name!r} would change by forgetting"
        raise ConservationError(problem, mend="Nothing was changed. Please report it.")


def _sums(table: ir.Table, engine: Engine, *, rows: bool) -> list[dict[str, Any]]:
    """Return the sum of every number, and how many rows there are, by month where there are months."""
    numbers = {c: _total(table[c]) for c, kind in table.schema().items() if kind.is_numeric() and c != "line"}
    numbers |= {"_rows": table.count()} if rows else {}
    if "month" not in table.columns:
        return collected(engine, table.aggregate(**numbers)).to_pylist()
    by_month = table.group_by("month").aggregate(**numbers).order_by("month")
    return collected(engine, by_month).to_pylist()


def _total(value: Any) -> Any:
    kind = value.type()
    if kind.is_decimal():
        return value.sum().cast(f"decimal(38,{kind.scale})")
    return counted(value.sum()) if kind.is_integer() else value.sum()


def _places(lines: Places, engine: Engine) -> ir.Table:
    """Return the lines as a table of `file` and `line`."""
    pairs = [(file, line) for file, numbers in lines.items() for line in sorted(numbers)]
    columns: list[pa.Array[Any]] = [
        pa.array([file for file, _line in pairs], pa.string()),
        pa.array([line for _file, line in pairs], pa.int64()),
    ]
    batch = pa.RecordBatch.from_arrays(columns, names=["file", "line"])
    return engine.table([batch], batch.schema)


def _marked(name: str, table: ir.Table, gone: Gone, places: ir.Table) -> ir.Table:
    """Add `theirs` (the row is of the person) and `told` (it names them in a text)."""
    theirs = ibis.literal(value=False)
    if "customer_id" in table.columns:
        theirs = among(table.customer_id, gone.ids)
    told = [among(_holding(table[c], gone.words), (True,)) for c in _texts(name, table)] if gone.words else []
    marked = table.mutate(theirs=theirs, told=reduce(or_, told, ibis.literal(value=False)))
    if name in UNNAMED and {"file", "line"} <= set(table.columns):
        here = places.select(_file="file", _line="line", _there=ibis.literal(value=True))
        marked = marked.left_join(here, [marked.file == here._file, marked.line == here._line])
        marked = marked.mutate(theirs=marked.theirs | marked._there.notnull()).drop("_file", "_line", "_there")
    return marked


def _texts(name: str, table: ir.Table) -> list[str]:
    """Return the columns in which people may have written."""
    from keepwell.tables import CONTRACTS

    keys = CONTRACTS[name].key if name in CONTRACTS else ()
    fixed = {*keys, "customer_id", "file", "source", "format", "ledger_line", "rule", "model", "method", "group"}
    return [c for c, kind in table.schema().items() if kind.is_string() and c not in fixed]


def _holding(text: Any, words: Iterable[str]) -> Any:
    return text.lower().re_search(pattern_of(words))


def _stand_ins(marked: Mapping[str, ir.Table], engine: Engine, salt: str) -> ir.Table:
    """Return `was` and `is_now` of every order and deal on the person's rows."""
    found: set[str] = set()
    for name in UNNAMED:
        for column in _STOOD_IN if name in marked else ():
            if column in marked[name].columns:
                theirs = marked[name].filter(_.theirs & _[column].notnull()).select(column).distinct()
                found |= {str(value) for value in collected(engine, theirs).column(0).to_pylist()}
    was = sorted(found)
    arrays: list[pa.Array[Any]] = [
        pa.array(was, pa.string()),
        pa.array([stand_in(salt, one) for one in was], pa.string()),
    ]
    batch = pa.RecordBatch.from_arrays(arrays, names=["was", "is_now"])
    return engine.table([batch], batch.schema)


def _hushed(name: str, marked: ir.Table, orders: ir.Table, *, keep: bool, words: tuple[str, ...]) -> ir.Table:
    """Return a table without the person: its rows of nobody, or gone; and no text that names them."""
    columns = [c for c in marked.columns if c not in ("theirs", "told")]
    t = marked if keep else marked.filter(~_.theirs)
    changed: dict[str, Any] = {}
    if keep and "customer_id" in columns:
        changed["customer_id"] = t.theirs.ifelse(UNKNOWN, t.customer_id)
    for column in {*UNNAMED.get(name, ()), "record_id"} & set(columns) if keep else ():
        changed[column] = t.theirs.ifelse(ibis.null("string"), t[column])
    for column in _texts(name, t.select(columns)) if words else ():
        if column not in changed:
            changed[column] = among(_holding(t[column], words), (True,)).ifelse(_EMPTY.get(column, HUSHED), t[column])
    t = t.mutate(**changed)
    for column in _STOOD_IN if keep else ():
        if column in columns:
            t = t.left_join(orders, t[column] == orders.was)
            now = (t.theirs & t.is_now.notnull()).ifelse(t.is_now, t[column])
            t = t.mutate(**{column: now}).drop("was", "is_now")
    return t.select(columns)


def _own(tables: Tables, gone: Gone, marked: Mapping[str, ir.Table]) -> dict[str, ir.Table]:
    """Return the tables that change each in its own way."""
    sold = marked["order_lines"].filter(_.theirs)
    ways: dict[str, Callable[[ir.Table], ir.Table]] = {
        "customers": lambda t: _customers(t, gone.ids, sold),
        "people": lambda t: t.filter(~(among(t.customer_id, gone.ids) | among(t.record_id, gone.records))),
        "merges": lambda t: t.filter(~(among(t.left_record, gone.records) | among(t.right_record, gone.records))),
        "aliases": lambda t: t.filter(~(among(t.customer_id, gone.ids) | among(t["alias"], gone.ids))),
        "groups": lambda t: _groups(t, tables["customers"], gone.ids),
        "ledger": lambda t: _ledger(t, gone.ids),
    }
    made = {}
    for name, way in ways.items():
        if name in tables:
            after = way(tables[name]).select(tables[name].columns)
            made[name] = after.cast(dict(tables[name].schema().items()))
    return made


def _ledger(ledger: ir.Table, ids: frozenset[str]) -> ir.Table:
    """Add the person's months to those of nobody."""
    to_nobody = among(ledger.customer_id, ids) | (ledger.customer_id == UNKNOWN)
    nobody = ledger.filter(to_nobody)
    numbers = {c: _total(nobody[c]) for c, kind in ledger.schema().items() if kind.is_numeric()}
    summed = nobody.group_by("month").aggregate(**numbers).mutate(customer_id=ibis.literal(UNKNOWN))
    types = dict(ledger.schema().items())
    return ledger.filter(~to_nobody).union(summed.select(ledger.columns).cast(types))


def _customers(customers: ir.Table, ids: frozenset[str], sold: ir.Table) -> ir.Table:
    """Take the person out, and let the unknown customer have their rows of sales."""
    t = customers
    rows = sold.aggregate(n=sold.count(), first=sold.order_date.min(), last=sold.order_date.max())
    unknown = t.filter(t.customer_id == UNKNOWN)
    old = unknown.aggregate(
        there=unknown.count(),
        records=counted(unknown.records.sum()).fill_null(0),
        first_seen=unknown.first_seen.min(),
        last_seen=unknown.last_seen.max(),
        **({"people": unknown.people.max()} if "people" in t.columns else {}),
    )
    both = old.cross_join(rows).filter(_.there + _.n > 0)
    told = {
        "customer_id": ibis.literal(UNKNOWN),
        "customer_key": ibis.literal(UNKNOWN),
        "records": both.records + both.n,
        "first_seen": ibis.least(
            ibis.coalesce(both.first_seen, both["first"]), ibis.coalesce(both["first"], both.first_seen)
        ),
        "last_seen": ibis.greatest(
            ibis.coalesce(both.last_seen, both["last"]), ibis.coalesce(both["last"], both.last_seen)
        ),
    }
    told |= {"people": both.people.fill_null(1)} if "people" in t.columns else {}
    row = {c: told.get(c, ibis.null(kind)).cast(kind.copy(nullable=True)) for c, kind in t.schema().items()}
    return t.filter(~(among(t.customer_id, ids) | (t.customer_id == UNKNOWN))).union(both.select(**row))


def _groups(groups: ir.Table, customers: ir.Table, ids: frozenset[str]) -> ir.Table:
    """Take the person out of their household and company; a name that may be theirs goes."""
    theirs = customers.filter(among(customers.customer_id, ids))
    parts = [theirs.select(left=c) for c in ("household_id", "account_id") if c in customers.columns]
    if not parts:
        return groups
    left = ibis.union(*parts).filter(_.left.notnull()).group_by("left").aggregate(fewer=_.count())
    t = groups.left_join(left, groups.group_id == left.left)
    t = t.mutate(
        customers=t.customers - t.fewer.fill_null(0), name=t.fewer.notnull().ifelse(ibis.null("string"), t.name)
    )
    return t.filter(_.customers > 0).select(groups.columns)


def theirs_in(tables: Tables, engine: Engine, gone: Gone) -> dict[str, ir.Table]:
    """Return the rows of a run that are about the person, table by table; see `gone_in`."""
    places = engine.keep(_places(gone.lines, engine))
    found = {}
    for name, table in tables.items():
        if name in UNNAMED or "customer_id" in table.columns:
            marked = _marked(name, table, gone, places)
            found[name] = marked.filter(_.theirs).select(table.columns)
    if "merges" in tables:
        t = tables["merges"]
        left, right = among(t.left_record, gone.records), among(t.right_record, gone.records)
        # The evidence of a pair names both; the other may be somebody else.
        found["merges"] = t.filter(left | right).mutate(evidence=(left & right).ifelse(t.evidence, "[]"))
    if "groups" in tables:
        t, own = tables["groups"], tables["customers"].filter(lambda c: among(c.customer_id, gone.ids))
        member = own.select(group_id="household_id").union(own.select(group_id="account_id"))
        found["groups"] = t.semi_join(member, "group_id")
    return found
