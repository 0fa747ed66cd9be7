"""What the sources say of people: one row per different record, gathered from all typed rows that carry it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from keepwell.tables import UNKNOWN, counted
from keepwell.unify.arrivals import FIRST, LINES
from keepwell.unify.who import COLUMNS, content

if TYPE_CHECKING:
    import ibis.expr.types as ir

_LAST = "~"  # sorts after every moment


def gathered(rows: ir.Table, *, filled: Collection[str], days: str = "", sold: bool = False) -> ir.Table:
    """Return what good typed rows say of each record, and one row for nobody under the id 'unknown'.

    Args:
        rows: `record_id`, `customer_id` (its own), `file_order`, `line` and `who.COLUMNS`; `channel` where `sold`.
        filled: Which of `who.COLUMNS` some file fills, and 'channel'; the rest is not looked for.
        days: The column of the rows' days; '' where they have none.
        sold: The rows are sales, so the channel of the earliest is where the customer came from.

    Returns:
        `record_id`, `own_id`, `place` (of the earliest row), `began` and `seen` (first and last day), `rows`,
        `who.COLUMNS`, and `channel` with `channel_at`, by which the earliest is found.
    """
    day = rows[days] if days else ibis.null("date")
    channel = rows.channel if "channel" in filled else ibis.null("string")
    at = (rows.ordered_at.epoch_seconds() + 10**11).cast("string") if sold else ibis.literal(_LAST)
    # The value is part of what is compared, so that no tie is left to luck.
    rows = rows.mutate(
        record=rows.record_id.fill_null(UNKNOWN),
        place=(rows.file_order * LINES + rows.line).cast("int64"),
        day=day,
        came=(rows.record_id.notnull()).ifelse(channel, ibis.null("string")),
        came_at=at + channel,
    )
    told = {name: _[name].max() if name in filled else _null(name) for name in COLUMNS}
    here = {
        "channel": _.came.argmin(_.came_at, where=_.came.notnull()),
        "channel_at": _.came_at.min(where=_.came.notnull()),
    }
    if "channel" not in filled:
        here = dict.fromkeys(here, ibis.null("string"))
    return (
        rows.group_by("record")
        .aggregate(
            own_id=_.customer_id.max(),
            place=_.place.min(),
            began=_.day.min(),
            seen=_.day.max(),
            rows=_.count(),
            **told,
            **here,
        )
        .rename(record_id="record")
    )


def _null(name: str) -> Any:
    return ibis.null("date" if name == "born" else "string")


def together(parts: Sequence[ir.Table]) -> ir.Table:
    """Return the records of several kinds of rows, each record once."""
    if len(parts) == 1:
        return parts[0]
    names = parts[0].columns
    rows = ibis.union(*(part.select(*names) for part in parts))
    return rows.group_by("record_id").aggregate(
        own_id=_.own_id.max(),
        place=_.place.min(),
        began=_.began.min(),
        seen=_.seen.max(),
        rows=counted(_["rows"].sum()),
        **{name: _[name].max() for name in COLUMNS},
        channel=_.channel.argmin(_.channel_at, where=_.channel.notnull()),
        channel_at=_.channel_at.min(),
    )


def records(found: ir.Table, arrivals: ir.Table) -> ir.Table:
    """Return the records of somebody as the table `people` has them, but for whose they are."""
    named = found.filter(found.record_id != UNKNOWN)
    named = named.mutate(arrival=(named.place // LINES).cast("int64"), line=(named.place % LINES).cast("int64"))
    told = named.join(arrivals, "arrival")
    return told.select("record_id", "own_id", "source", "format", "file", "line", "arrived", "seen", "rows", *COLUMNS)


def with_firsts(said: ir.Table, corrections: Iterable[ir.Table]) -> ir.Table:
    """Add `FIRST` to records: where each came first, rows in whose place a correction stands now counted in.

    Args:
        said: See `records`.
        corrections: `record_id` and `FIRST` of rows that correct earlier ones.
    """
    own = said.select("record_id", **dict(zip(FIRST, (said.arrived, said.file, said.line), strict=True)))
    came = ibis.union(own, *(rows.select(own.columns).cast(own.schema()) for rows in corrections))
    order = ibis.row_number().over(group_by=came.record_id, order_by=[came[name] for name in FIRST])
    first = came.mutate(nth=order).filter(_.nth == 0).drop("nth")
    return said.join(first, "record_id")


def may_join(files: Iterable[Collection[str]]) -> bool:
    """Return whether records of these files (each the columns it fills) can be of one person though they differ.

    Where every file has nothing but a number, or nothing but an e-mail, equal keys are equal records already.

    >>> may_join([{"number", "country"}, {"number"}]), may_join([{"number", "email"}]), may_join([{"name"}])
    (False, True, True)
    """
    return any(content(filled) not in ((), ("number",), ("email",)) for filled in files)
