"""Files of subscriptions as typed rows: since when, until when, how often and how much is paid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from keepwell.engine import Engine
from keepwell.tables import money
from keepwell.unify.typed import FAULT, SHOWN, Readings, Seen, column_name, fields, first_fault
from keepwell.unify.who import COLUMNS, with_who

if TYPE_CHECKING:
    import ibis.expr.types as ir

# How often is paid, as files write it, by letters and digits other than 1: 'P1M' is a month, 'P3M' none of these.
PERIODS = {
    "day": ("day", "days", "daily", "d", "pd", "tag", "jour", "dia"),
    "week": ("week", "weeks", "weekly", "w", "pw", "woche", "semaine", "semana"),
    "month": ("month", "months", "monthly", "m", "mo", "pm", "monthtomonth", "monat", "monatlich", "mois", "mes"),
    "year": ("year", "years", "yearly", "y", "yr", "py", "annual", "annually", "jahr", "annee", "ano"),
}
ASSUMED = "month"  # where a file has no such column


def assumed(file: Seen) -> tuple[str, ...]:
    """Return what is assumed in reading a file, with its switch."""
    if file.recognition.role != "subscriptions":
        return ()
    if "period" in file.recognition.mapping:
        column = file.recognition.mapping.get("price", "")
        words = f"{column!r} is taken for the price of a month, of which who pays by the year pays twelve at once"
        return (f"{words}; --map COLUMN=price names another",) if _by_the_month(column) else ()
    return (f"no column says how often is paid: once a {ASSUMED} is assumed; --map COLUMN=period names one",)


def _by_the_month(column: str) -> bool:
    """Say whether a column of prices tells by its name that they are for a month.

    >>> _by_the_month("Monthly Charges"), _by_the_month("MRR"), _by_the_month("price")
    (True, True, False)
    """
    letters = re.sub("[^a-z]", "", column.lower())
    return letters.startswith("monthly") or letters == "mrr"


def subscribed(file: Seen, how: Readings, engine: Engine, *, zone: str, order: int) -> ir.Table:
    """Return one row per row of a file of subscriptions.

    Columns: the table's, what `who.with_who` adds, and the fault columns. Where the file names no subscription, its
    name is the customer's, the first day and the plan.
    """
    table = fields(file, how, engine, zone=zone)
    table = with_who(table, file.recognition.mapping, format_=file.format, source=file.raw.source)
    table = table.mutate(
        started=table.order_date,
        every=_period(table.period) if "period" in file.recognition.mapping else ibis.literal(ASSUMED),
        state=table.status.lower().fill_null(""),
    )
    table = first_fault(table, _faults(table, file))
    monthly = _by_the_month(file.recognition.mapping.get("price", ""))
    months = (table.every == "year").ifelse(12, 1) if monthly else 1  # that one payment is for
    rows = table.select(
        subscription_id=table.subscription_id,
        **{name: table[name] for name in ("customer_id", "customer_key", "record_id", "own_id", *COLUMNS, "channel")},
        started=table.started,
        ended=table.ended,
        period=table.every,
        price=money(table.price * months),
        plan=table.plan,
        reason=table.reason,
        currency=table.currency.upper(),
        file=ibis.literal(file.raw.digest),
        line=table.line.cast("int64"),
        file_order=ibis.literal(order).cast("int64"),
        fault_column=column_name(table, file),
        fault_value=table[FAULT[1]].substr(0, SHOWN),
        fault_reason=table[FAULT[2]],
    )
    return rows if "subscription_id" in file.recognition.mapping else _named(rows)


def _period(text: Any) -> Any:
    letters = text.lower().re_replace(r"[^a-z02-9]", "").re_replace("^(per|every|each)", "")
    known = [(letters.isin(names), ibis.literal(period)) for period, names in PERIODS.items()]
    return ibis.cases(*known, else_=ibis.null("string"))


def _faults(table: ir.Table, file: Seen) -> Sequence[tuple[Any, str, Any, Any]]:
    none, text = ibis.null("string"), table.status.cast("string")
    faults = [
        (table.record_id.isnull(), "customer_id", none, ibis.literal("no customer")),
        (table.started.isnull(), "date", none, ibis.literal("no first day")),
        (table.ended < table.started, "ended", table.ended.cast("string"), ibis.literal("ended before it started")),
        (table.price < 0, "price", table.price.cast("string"), ibis.literal("a price below 0")),
        (table.every.isnull(), "period", table.period, ibis.literal("not paid by the day, week, month or year")),
        (table.state.isin(sorted(file.format.void)), "status", text, ibis.literal("never began")),
        (
            table.state.isin(sorted(file.format.over)) & table.ended.isnull(),
            "status",
            text,
            ibis.literal("has ended, but no day says when"),
        ),
    ]
    if "subscription_id" in file.recognition.mapping:
        missing = table.subscription_id.isnull()
        faults.append((missing, "subscription_id", none, ibis.literal("no subscription")))
    return faults


def _named(rows: ir.Table) -> ir.Table:
    """Name subscriptions by what they are; the second of the same customer, day and plan is another one."""
    same = ibis.window(group_by=[rows.customer_key, rows.started, rows.plan], order_by=rows.line)
    place = ibis.row_number().over(same)
    name = rows.customer_key + " " + rows.started.cast("string") + (" " + rows.plan).fill_null("")
    again = (place > 0).ifelse(ibis.literal(" no. ") + (place + 1).cast("string"), ibis.literal(""))
    return rows.mutate(subscription_id=name + again)


def latest(rows: ir.Table, key: str) -> ir.Table:
    """Add `of_file`: null on the row of a `key` that counts, the last file's last; on the others, that row's file."""
    good = rows.filter(rows.fault_reason.isnull()).select("file", "line", "file_order", key)
    first = ibis.window(group_by=good[key], order_by=[ibis.desc(good.file_order), ibis.desc(good.line)])
    placed = good.mutate(place=ibis.row_number().over(first), holder=good.file.first().over(first))
    late = placed.filter(_.place > 0).select(late_file="file", late_line="line", of_file="holder")
    joined = rows.left_join(late, (rows.file == late.late_file) & (rows.line == late.late_line))
    return joined.drop("late_file", "late_line")
