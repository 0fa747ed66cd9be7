"""Rows that two files share: found by key or by content, between files only.

Two equal rows in one file are two facts, and so are they in two pulls from one table of a database, which share no
row. Between other files of one source and format the larger count is kept, so that overlapping exports come out
right; the file named first keeps the rows. Where a format has a key (a payment's id,
an order's number) the newest file's version counts, because statuses and refunds move on between exports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from keepwell.engine import Engine, collected, number
from keepwell.unify.formats import FORMATS
from keepwell.unify.typed import Seen

if TYPE_CHECKING:
    import ibis.expr.types as ir

Prefixes = Mapping[tuple[str, str], str]  # by source and format
_VIEWS = ("square transactions", "square items")  # the same payments whole, and by item


def groups(files: Sequence[Seen]) -> list[list[int]]:
    """Return the places of files that may hold the same rows, a list a group of at least two."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, file in enumerate(files):
        found.setdefault(file.group, []).append(place)
    return [places for places in found.values() if len(places) > 1]


def views(files: Sequence[Seen]) -> list[tuple[list[int], list[int]]]:
    """Return, a source, the places of files with whole payments and of files with their items, where both are."""
    sources = dict.fromkeys(file.raw.source for file in files)
    pairs = [tuple([p for p, f in enumerate(files) if f.group == (source, v)] for v in _VIEWS) for source in sources]
    return [(whole, items) for whole, items in pairs if whole and items]


def marked(rows: ir.Table, files: Sequence[Seen], engine: Engine) -> ir.Table:
    """Add `of_file` to typed sales rows: the file that holds the row already, null where none does."""
    digests = [file.raw.digest for file in files]
    alike = groups(files)
    pairs = views(files)
    if not alike and not pairs:
        return rows.mutate(of_file=ibis.null("string"))
    place = ibis.cases(*((rows.file == digest, i) for i, digest in enumerate(digests)), else_=-1).cast("int64")
    rows = rows.mutate(place=place, unit=_unit(place, files), good=rows.fault_reason.isnull())
    together = [p for group in alike for p in group]
    parts = [rows.filter(~(rows.good & rows.place.isin(together))).mutate(first=_.place)] if together else []
    for group in alike:
        own = rows.filter(rows.good & rows.place.isin(group))
        parts += [_by_content(own.filter(_.same_key.isnull())), _by_key(own.filter(_.same_key.notnull()))]
    names = (*rows.columns, "first")
    table = ibis.union(*(part.select(*names) for part in parts)) if parts else rows.mutate(first=rows.place)
    for whole, items in pairs:
        table = _items_of(table, whole, items).select(*names)
    held = ibis.cases(*((_.first == i, digest) for i, digest in enumerate(digests)), else_=ibis.null("string"))
    of_file = (_.first == _.place).ifelse(ibis.null("string"), held)
    return engine.keep(table.mutate(of_file=of_file).drop("place", "unit", "good", "first"))


def _unit(place: Any, files: Sequence[Seen]) -> Any:
    """Return the place of a file, and for all pulls of a table that of the first."""
    firsts: dict[tuple[str, str], int] = {}
    pulls = [(n, (f.raw.source, f.raw.feed)) for n, f in enumerate(files) if f.raw.kind == "database"]
    later = [(place == n, first) for n, feed in pulls if (first := firsts.setdefault(feed, n)) != n]
    return ibis.cases(*later, else_=place).cast("int64") if later else place


def _by_content(rows: ir.Table) -> ir.Table:
    """Add `first`: the n-th of equal rows in a unit is the n-th of the first unit that has so many."""
    order = [rows.place, rows.line]
    nth = ibis.row_number().over(ibis.window(group_by=[rows.content, rows.unit], order_by=order))
    rows = rows.mutate(nth=nth)
    first = rows.unit.min().over(ibis.window(group_by=[rows.content, rows.nth]))
    return rows.mutate(first=(first == rows.unit).ifelse(rows.place, first))


def _by_key(rows: ir.Table) -> ir.Table:
    """Add `first`: the first file that has a key's rows as the last file has them."""
    versions = rows.group_by("same_key", "place").aggregate(version=_version(rows))
    last = versions.place.max().over(ibis.window(group_by=versions.same_key))
    versions = versions.mutate(last=last)
    newest = versions.filter(_.place == _.last).select("same_key", newest="version")
    same = versions.join(newest, "same_key").filter(_.version == _.newest)
    holders = same.group_by("same_key").aggregate(first=_.place.min())
    return rows.join(holders, "same_key")


def _version(rows: ir.Table) -> Any:
    """Return what tells two versions of a key apart: the count, the sum and the ends of their content."""
    count, total = rows.count().cast("string"), rows.money.sum().cast("decimal(38,4)").cast("string")
    return ibis.literal("|").join([count, total, rows.content.min(), rows.content.max()])


def versions(rows: ir.Table, files: Sequence[Seen], engine: Engine) -> dict[str, str]:
    """Say of each file which orders an earlier one holds with other rows, as all of these rows count.

    Args:
        rows: Typed sales rows.
        files: The files of sales.
        engine: What runs it.

    Returns:
        A note by digest of the later file. Formats with a key need none, for there the newest version counts; nor do
        pulls of a table, and orders whose rows are equal.
    """
    numbered = [n for n, f in enumerate(files) if f.raw.kind != "database" and "order_id" in f.recognition.mapping]
    if not {place for group in groups(files) for place in group if len({*group} & {*numbered}) > 1}:
        return {}
    place = ibis.cases(*((rows.file == files[n].raw.digest, n) for n in numbered), else_=-1).cast("int64")
    own = rows.mutate(place=place).filter(_.fault_reason.isnull() & _.same_key.isnull() & (_.place >= 0))
    shop = ("source", "format", "order_id")
    orders = own.group_by(*shop, "place").aggregate(version=_version(own))
    told = orders.group_by(*shop).aggregate(first=_.place.min(), last=_.place.max(), versions=_.version.nunique())
    counts = told.filter(_.versions > 1).group_by("last", "first").aggregate(n=_.count()).order_by("last", "first")
    found: dict[int, list[tuple[int, str]]] = {}
    for row in collected(engine, counts).to_pylist():
        found.setdefault(row["last"], []).append((row["n"], files[row["first"]].raw.name))
    return {files[last].raw.digest: _other_rows(files[last], earlier) for last, earlier in found.items()}


def _other_rows(file: Seen, earlier: Sequence[tuple[int, str]]) -> str:
    total, names = sum(n for n, _name in earlier), list(dict.fromkeys(name for _n, name in earlier))
    orders = "1 order stands" if total == 1 else f"{total:,} orders stand"
    where = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    key = file.recognition.mapping["order_id"]
    key = f"'{key}'" if " " in key else key
    return (
        f"{orders} in {where} too, with other rows, and all of them count: if {file.raw.name} corrects them, "
        f"add it with --mode correct --key {key}"
    )


def _items_of(rows: ir.Table, whole: list[int], items: list[int]) -> ir.Table:
    """Hold the items of payments that a file of whole payments has: the payment carries the money."""
    payments = rows.filter(rows.good & rows.place.isin(whole) & (rows["first"] == rows.place))
    payments = payments.group_by(payment=payments.order_id).aggregate(payment_place=_.place.min())
    table = rows.left_join(payments, rows.order_id == payments.payment)
    view = table.good & table.place.isin(items) & table.payment_place.notnull()
    return table.mutate(first=view.ifelse(table.payment_place, table["first"]))


def prefixes(rows: ir.Table, files: Sequence[Seen], engine: Engine) -> Prefixes:
    """Say how orders of different shops are kept apart: where two sources or formats use one order id.

    The shop's own id stays readable, and stands alone where nothing collides.

    Args:
        rows: Typed sales rows.
        files: The files of sales.
        engine: What runs it.

    Returns:
        What to put before the order ids of each source and format, nothing for the first; empty where nothing collides.
    """
    kinds = list(dict.fromkeys((file.raw.source, _views_as_one(file.recognition.format)) for file in files))
    if len(kinds) < 2:
        return {}
    kind = rows.source + "|" + ibis.cases(*((rows.format == v, _VIEWS[0]) for v in _VIEWS), else_=rows.format)
    users = rows.group_by("order_id").aggregate(kinds=kind.nunique())
    if not number(engine, (users.kinds > 1).any().fill_null(ibis.literal(value=False))):
        return {}
    several_sources = len({source for source, _format in kinds}) > 1
    return {kinds[0]: ""} | {(s, f): f"{s}:" if several_sources else f"{f}:" for s, f in kinds[1:]}


def apart(rows: ir.Table, files: Sequence[Seen], put: Prefixes) -> ir.Table:
    """Put the prefixes before the order ids of typed rows: of sales, or of facts that name orders of their source."""
    groups_of = {file.group: _prefix(file.group, put) for file in files}
    told = [
        ((rows.source == source) & (rows.format == format_), ibis.literal(text))
        for (source, format_), text in groups_of.items()
        if text
    ]
    return rows.mutate(order_id=ibis.cases(*told, else_="") + rows.order_id) if told else rows


def _prefix(group: tuple[str, str], put: Prefixes) -> str:
    """Return what stands before the ids of the orders that rows of a source and format name.

    Of several formats of sales in the source, those of the format itself, else of its vendor, else the first's.
    """
    source, format_ = group[0], _views_as_one(group[1])
    if (source, format_) in put:
        return put[source, format_]
    own = {f: text for (s, f), text in put.items() if s == source}
    vendor = FORMATS[format_].vendor
    akin = (text for f, text in own.items() if vendor and FORMATS[f].vendor == vendor)
    return next(akin, next(iter(own.values()), ""))


def _views_as_one(format_: str) -> str:
    return _VIEWS[0] if format_ in _VIEWS else format_
