"""Where a person stands: in which rows of which files, and under which names in a run.

Every row that a run knows to be theirs is a seed. What these rows say of the person (numbers, e-mails, phones) then
finds the rows that no run has read, as far as nobody else is known by the same: a household's shared e-mail finds
nobody, and its rows are told apart by all that they say together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from keepwell.engine import Engine, collected
from keepwell.errors import DataError
from keepwell.settings import Settings
from keepwell.store import Workspace, entries
from keepwell.tables import UNKNOWN, Tables
from keepwell.unify import RawFile, recognised
from keepwell.unify.recognise import parted
from keepwell.unify.whose import KEYS, MARKS, PHONE_DIGITS, Layout, layout, marks

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]
Keys = Mapping[str, frozenset[str]]  # mark -> values
Places = dict[str, frozenset[int]]  # digest of a file -> lines
# Tables whose rows stand at a file's line and name the customer.
PLACED = ("order_lines", "consents", "touches", "feedback", "events", "deals", "people")
_NEAREST = 3


@dataclass(frozen=True, slots=True)
class File:
    """A file of the inbox and how it is laid out."""

    raw: RawFile
    how: Layout


@dataclass(frozen=True, slots=True)
class Person:
    """One person, or several who are to be dealt with alike."""

    customers: tuple[Row, ...]  # their rows of table customers; none where no run knows them
    ids: frozenset[str]  # their customer ids, former ones among them
    records: frozenset[str]  # ids of their records
    keys: Keys  # what is theirs alone, by mark
    lines: Places


def inbox_files(workspace: Workspace, tables: Tables, settings: Settings, engine: Engine) -> list[File]:
    """Return every file of the inbox, laid out as the run read it, else as it would be read today."""
    rows = collected(engine, tables["files"]).to_pylist() if "files" in tables else []
    read = {row["file"]: row for row in rows}
    came = entries(workspace.inbox)
    raws = [RawFile.from_json(entry, workspace.inbox) for entry in came]
    keys = {raw.feed: frozenset[str]() for raw in raws}
    for raw, entry in zip(raws, came, strict=True):
        keys[raw.feed] |= {*entry.get("key", ()), *entry.get("pull", {}).get("key", ())}
    return [File(raw, laid_out(raw, read.get(raw.digest), settings, keys=keys[raw.feed])) for raw in raws]


def laid_out(raw: RawFile, read: Row | None, settings: Settings, *, keys: Iterable[str] = ()) -> Layout:
    """Return the layout of a file; `read` is its row of table files, where a run has read it."""
    own = recognised(raw, settings.reading)
    parts = [part.mapping for part in parted(raw, own, settings.reading, sold=())]
    if read is None or not json.loads(read["mapping"]):  # none where it named somebody who was forgotten
        return layout(own.format, own.mapping, others=parts, keys=keys)
    return layout(read["format"], json.loads(read["mapping"]), others=parts, keys=keys)


def customer(asked: str, tables: Tables, engine: Engine) -> Row | None:
    """Return the customer meant by an id, a former id, a record's id, the shop's own key, an e-mail or a phone number.

    Raises:
        DataError: Several are meant; names their ids.
    """
    wanted = asked.strip()
    everybody = tables["customers"].filter(_.customer_id != UNKNOWN)
    for found in _ways(wanted, tables):
        ids = everybody.semi_join(found.select("customer_id").distinct(), "customer_id")
        rows = collected(engine, ids.order_by("customer_id").limit(_NEAREST)).to_pylist()
        if len(rows) > 1:
            keys = ", ".join(row["customer_id"] for row in rows)
            raise DataError(f"{asked!r} is more than one customer", mend=f"Give one of the ids {keys}.")
        if rows:
            return dict(rows[0])
    return None


def _ways(wanted: str, tables: Tables) -> Iterable[ir.Table]:
    """Yield tables with the customers that `wanted` may mean, the surest first."""
    customers, people, aliases = (tables[name] for name in ("customers", "people", "aliases"))
    low = wanted.lower()
    yield customers.filter(_.customer_id == wanted)
    yield aliases.filter(aliases["alias"] == wanted)
    yield people.filter((_.record_id == wanted) | (_.own_id == wanted))
    yield _either(customers.filter(_.customer_key.lower() == low), people.filter(_.number.lower() == low))
    yield _either(customers.filter(_.email.lower() == low), people.filter(_.email.lower() == low))
    digits = _digits(wanted)
    if digits:
        yield _either(customers.filter(_calls(digits)), people.filter(_calls(digits)))


def _either(one: ir.Table, other: ir.Table) -> ir.Table:
    """Return whom one of two tables names: what a household shares names all of it."""
    return one.select("customer_id").union(other.select("customer_id"))


def _calls(digits: str) -> Any:
    return _.phone.re_replace("[^0-9]+", "").endswith(digits)


def _digits(text: str) -> str:
    """Return the last digits of what may be a phone number; '' where it is none."""
    digits = "".join(filter(str.isdigit, text))
    least, most = PHONE_DIGITS
    plain = not any(map(str.isalpha, text))
    return digits[-most:] if plain and len(digits) >= least else ""


def those_like(wanted: str, tables: Tables, engine: Engine) -> str:
    """Return a sentence with the customers' keys that are much like `wanted`: at most half of it is otherwise."""
    if "customers" not in tables:
        return "No run is current, and no row of the inbox names them so."
    plain = wanted.strip().lower()
    known = tables["customers"].filter(_.customer_id != UNKNOWN, _.customer_key.notnull())
    keys = known.select("customer_key").distinct()
    near = keys.mutate(far=keys.customer_key.lower().levenshtein(plain)).filter(_.far <= len(plain) // 2)
    rows = collected(engine, near.order_by("far", "customer_key").limit(_NEAREST)).to_pylist()
    told = ", ".join(repr(row["customer_key"]) for row in rows)
    return f"Those most like it: {told}." if told else "`keepwell export customers` writes all there are."


def person(asked: Sequence[str], files: Sequence[File], tables: Tables, engine: Engine) -> Person:
    """Find who is meant, and every row that is theirs.

    Args:
        asked: Ids, the shop's own keys, e-mails or phone numbers; whoever only the inbox knows is found by them too.
        files: The inbox.
        tables: The tables of a run; none where there is no run.
        engine: Where `tables` live.

    Raises:
        DataError: Nobody is meant, or several are; names those like it.
    """
    rows = _all_marks(files, tables, engine)
    found = [(one, customer(one, tables, engine) if tables else None) for one in asked]
    told = {row["customer_id"]: row for _one, row in found if row is not None}
    ids, records = _names(told.keys(), tables, engine)
    theirs = among(rows.owner, ids)
    for one in (one for one, row in found if row is None):
        way = _way_in(one, rows, engine)
        if not collected(engine, rows.filter(way).limit(1)).num_rows:
            raise DataError(f"there is no customer {one!r}", mend=those_like(one, tables, engine))
        theirs |= way
    keys, theirs = _spread(rows, theirs, ids, engine)
    places: dict[str, set[int]] = {}
    for row in collected(engine, rows.filter(theirs).select("file", "line")).to_pylist():
        places.setdefault(row["file"], set()).add(row["line"])
    return Person(tuple(told.values()), ids, records, keys, {f: frozenset(n) for f, n in places.items()})


def _all_marks(files: Sequence[File], tables: Tables, engine: Engine) -> ir.Table:
    """Return `file`, `line`, the marks and `owner` (a customer's id; null: no run knows) of all rows of all files."""
    if not files:
        schema = {"file": "string", "line": "int64"} | dict.fromkeys((*MARKS, "owner"), "string")
        return engine.table([], ibis.schema(schema).to_pyarrow())
    parts = [marks(f.raw, f.how, engine).mutate(file=ibis.literal(f.raw.digest)) for f in files]
    rows = ibis.union(*parts) if len(parts) > 1 else parts[0]
    placed = [tables[name].select("file", "line", "customer_id") for name in PLACED if name in tables]
    if not placed:
        return engine.keep(rows.mutate(owner=ibis.null("string")))
    named = ibis.union(*placed).filter(_.customer_id != UNKNOWN)
    owners = named.group_by("file", "line").aggregate(owner=_.customer_id.min())
    return engine.keep(rows.left_join(owners, ["file", "line"]).select(*rows.columns, "owner"))


def _names(ids: Iterable[str], tables: Tables, engine: Engine) -> tuple[frozenset[str], frozenset[str]]:
    """Return the customers' ids with those they would have alone or had before, and the ids of their records."""
    known = sorted(ids)
    if not known:
        return frozenset(), frozenset()
    former = collected(engine, tables["aliases"].filter(_.customer_id.isin(known)).select("alias")).to_pylist()
    t = tables["people"]
    people = collected(engine, t.filter(_.customer_id.isin(known)).select("record_id", "own_id")).to_pylist()
    own = {row["own_id"] for row in people} | {row["alias"] for row in former}
    # Two of one household may have had one id by their shared e-mail.
    others = t.filter(~_.customer_id.isin(known) & (_.own_id.isin(sorted(own)) | _.customer_id.isin(sorted(own))))
    shared = collected(engine, others.select("own_id", "customer_id")).to_pylist()
    own -= {row[name] for row in shared for name in ("own_id", "customer_id")}
    return frozenset([*known, *own]), frozenset(row["record_id"] for row in people)


def _way_in(asked: str, rows: ir.Table, engine: Engine) -> Any:
    """Return which rows name `asked` as their number, e-mail or phone; a number may have its count before it.

    Raises:
        DataError: It is a number in several counts, so that several people may be meant.
    """
    wanted = asked.strip()
    counts = _values(rows, rows.number.substr(rows.number.find("|") + 1) == wanted, "number", engine)
    if len(counts) > 1:
        keys = ", ".join(map(repr, sorted(counts)))
        mend = f"Give one of {keys}: before the sign stands whose number it is, nothing where it is the shop's own."
        raise DataError(f"{asked!r} may be more than one customer, for it is a number in several sources", mend=mend)
    whole = rows.owner.isnull() & (rows.number == wanted)  # whom a run knows is asked for by the run's names
    found = among(rows.email, [wanted.lower()]) | among(rows.number, counts) | whole
    digits = _digits(wanted)
    found = found.fill_null(ibis.literal(value=False))
    return found | among(rows.phone, [digits]) if digits else found


def _spread(rows: ir.Table, theirs: Any, ids: frozenset[str], engine: Engine) -> tuple[Keys, Any]:
    """Find rows by what the rows found so far say, until nothing new is said; return the keys and which rows."""
    others = rows.owner.notnull() & ~among(rows.owner, ids)
    free = rows.owner.isnull()
    keys: dict[str, frozenset[str]] = {}
    while True:
        said = {mark: _values(rows, theirs, mark, engine) for mark in (*KEYS, "row")}
        alone = {mark: values - _values(rows, others, mark, engine, of=values) for mark, values in said.items()}
        if alone == keys:
            break
        keys = alone
        theirs |= free & reduce(or_, (among(rows[mark], values) for mark, values in keys.items()))
    stranger = others | reduce(or_, (rows[k].notnull() & ~among(rows[k], keys[k]) for k in KEYS)) & free
    orders = _values(rows, theirs, "order", engine)
    orders -= _values(rows, stranger & ~theirs, "order", engine, of=orders)
    return {**keys, "order": orders}, theirs | free & ~stranger & among(rows.order, orders)


def _values(
    rows: ir.Table, which: Any, mark: str, engine: Engine, *, of: frozenset[str] | None = None
) -> frozenset[str]:
    """Return the different values of a mark on some rows; only those among `of`, if given."""
    if of is not None and not of:
        return frozenset()
    inside = rows[mark].notnull() if of is None else rows[mark].isin(sorted(of))
    found = collected(engine, rows.filter(which & inside).select(mark).distinct())
    return frozenset(str(value) for value in found.column(0).to_pylist())


def among(value: Any, values: Iterable[Any]) -> Any:
    """Return whether a column's value is one of `values`; null is none of them."""
    listed = sorted(values)
    return value.isin(listed).fill_null(ibis.literal(value=False)) if listed else ibis.literal(value=False)
