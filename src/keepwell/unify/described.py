"""What is in a file, how it would be read, and what is wrong with it: for `keepwell check`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from keepwell.engine import Engine, collected
from keepwell.settings import Settings
from keepwell.unify.facts import told
from keepwell.unify.lists import listed, products
from keepwell.unify.reading import RawFile
from keepwell.unify.sales import sales
from keepwell.unify.stage import typing_engine
from keepwell.unify.subscriptions import assumed, subscribed
from keepwell.unify.typed import Readings, Seen
from keepwell.unify.understanding import understood

if TYPE_CHECKING:
    import ibis.expr.types as ir

SHOWN_ROWS = 5
_SALES_SHOWN = (
    "line", "order_id", "customer_key", "order_date", "product_id", "quantity", "gross", "discount", "shipping", "tax",
    "refund", "money", "currency", "status",
)  # fmt: skip
_HIDDEN = frozenset({
    "file", "file_order", "source", "format", "customer_id", "record_id", "own_id", "same_key", "content", "money",
    "fault_column", "fault_value", "fault_reason",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """Rows that could not be used for one reason, with the first of them."""

    reason: str
    column: str | None
    rows: int
    line: int  # of the first such row
    value: str | None  # what stands there


@dataclass(frozen=True, slots=True)
class Description:
    """One file as it would be read; of one that holds rows of two kinds, the rows of one kind."""

    name: str
    format: str
    role: str  # 'sales', 'products', 'customers', 'touches'...: see `formats.shape.Role`
    title: str  # the format in words
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    mapping: tuple[tuple[str, str], ...]  # (field, column)
    unused: tuple[str, ...]  # columns that no field uses
    notes: tuple[str, ...]  # what was assumed, with its switch
    rows: int
    usable: int  # rows that would become facts, were they in no other file
    money: str  # of the usable rows, with all decimals; '' where it is no file of sales
    problems: tuple[Problem, ...]  # the most rows first
    sample: tuple[dict[str, Any], ...]  # the first usable rows, typed, without columns that are empty in all of them


def described(files: Sequence[RawFile], settings: Settings, engine: Engine) -> list[Description]:
    """Say of each file what it is, how it would be read and what is wrong with it.

    Files are looked at together, as in a run: the products file gives the sales their prices.

    Raises:
        DataError: A file is of no known kind.
        ConfigError: A field of `settings.reading.columns` does not exist.
    """
    with typing_engine(engine, settings.compute) as typing:
        found = understood(files, settings, typing)
        goods = [listed(f, h, typing, order=i) for i, (f, h) in enumerate(found) if f.recognition.role == "products"]
        prices = typing.keep(products(ibis.union(*goods) if len(goods) > 1 else goods[0])) if goods else None
        return [_described(file, how, settings, typing, prices) for file, how in found]


def _described(file: Seen, how: Readings, settings: Settings, typing: Engine, prices: ir.Table | None) -> Description:
    sold = file.recognition.role == "sales"
    rows = typing.keep(_typed(file, how, settings, typing, prices))
    good = rows.filter(_.fault_reason.isnull())
    money = good.money.sum().fill_null(0).cast("decimal(38,4)") if sold else ibis.literal(0).cast("decimal(38,4)")
    total = collected(typing, good.aggregate(usable=_.count(), money=money)).to_pylist()[0]
    problems = _problems(file, rows, typing)
    raw, recognition = file.raw, file.recognition
    used = set(recognition.mapping.values())
    return Description(
        name=raw.name,
        format=recognition.format,
        role=recognition.role,
        title=file.format.title,
        encoding=raw.encoding,
        delimiter=raw.delimiter,
        header=raw.header,
        mapping=tuple(recognition.mapping.items()),
        unused=tuple(column for column in raw.header if column not in used),
        notes=(*raw.notes, *recognition.notes, *assumed(file), *how.notes),
        rows=total["usable"] + sum(problem.rows for problem in problems),
        usable=total["usable"],
        money=str(total["money"]) if sold else "",
        problems=problems,
        sample=_sample(good, typing, sold=sold),
    )


def _sample(good: ir.Table, typing: Engine, *, sold: bool) -> tuple[dict[str, Any], ...]:
    """Return the first usable rows; of other files than sales, without columns that say nothing in any of them."""
    shown = [c for c in (_SALES_SHOWN if sold else good.columns) if c not in _HIDDEN or (sold and c == "money")]
    rows = collected(typing, good.order_by("line").limit(SHOWN_ROWS).select(shown)).to_pylist()
    told = [c for c in shown if sold or any(row[c] is not None for row in rows)]
    return tuple({name: row[name] for name in told} for row in rows)


def _typed(file: Seen, how: Readings, settings: Settings, typing: Engine, prices: ir.Table | None) -> ir.Table:
    zone = settings.shop.timezone
    if file.recognition.role == "sales":
        return sales(file, how, typing, zone=zone, products=prices, compared=False, facts=settings.facts)
    if file.recognition.role == "subscriptions":
        return subscribed(file, how, typing, zone=zone, order=0)
    if file.recognition.role in ("products", "customers"):
        return listed(file, how, typing, order=0)
    return told(file, how, typing, zone=zone, order=0)


def _problems(file: Seen, rows: ir.Table, typing: Engine) -> tuple[Problem, ...]:
    """Count the rows that cannot be used by reason and column, each with its first line."""
    bad = rows.filter(_.fault_reason.notnull()).select(
        "line", reason="fault_reason", column="fault_column", value="fault_value"
    )
    part = file.recognition.part
    if file.raw.bad_path is not None and (part is None or part.inside):
        torn = typing.read(file.raw.bad_path)
        none = ibis.null("string")
        bad = bad.union(
            torn.select(line=torn.line.cast("int64"), reason=torn.reason, column=none, value=torn.text.substr(0, 200))
        )
    counted = bad.group_by("reason", "column").aggregate(n=_.count(), first=_.line.min(), value=_.value.argmin(_.line))
    found = collected(typing, counted.order_by(ibis.desc("n"), "first")).to_pylist()
    return tuple(Problem(r["reason"], r["column"], r["n"], r["first"], r["value"]) for r in found)
