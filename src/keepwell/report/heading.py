"""The section on where customers are heading: what changed since the year before, when, and who."""

from __future__ import annotations

from typing import Any

from keepwell.charts import bridge, turning
from keepwell.charts.words import plural
from keepwell.report.gather import LISTED, Gathered
from keepwell.report.parts import Column, Grid, Part, Section, grid, plot, priced

Row = dict[str, Any]
MEANING = (
    "New: first seen in the last 12 months. Growing, fading: the last 12 months brought over a quarter more, or less, "
    "than the 12 before (for who came within these, than their own first 12 months). Newly unprofitable: below zero, "
    "and not so before. Recovered: above zero, and not so before. Gone: no purchase in the last 12 months. What "
    "winning them cost is left out, for it comes once."
)


def headed(data: Gathered, *, currency: str) -> Section | None:
    """Show what changed between two years, the turning points and who turned; None with one year only."""
    rows = bridge.rows_of(data["bridge"])
    if not [row for row in rows if row["turn"] != "new"]:
        return None
    parts: list[Part] = [
        plot(
            "bridge",
            bridge.answer(data["bridge"], currency=currency),
            bridge.figure(data["bridge"], currency=currency),
            note="From the contribution of the 12 months before the last year to that of the last year, customer by "
            f"customer: what each group took away or added. Who came within the year before adds to it although they "
            f"are steady, for that year they were here in part only. {MEANING}",
            behind=_turns(rows, currency),
        )
    ]
    if not bridge.comparable(rows):
        parts.append(_turns(rows, currency))
    if data["turning"].num_rows:
        parts.append(_turning(data))
    parts += _lists(data, currency)
    return Section("heading", "Trends", "Where customers are heading", tuple(parts))


def _turns(rows: list[Row], currency: str) -> Grid:
    whole = {name: bridge.whole(rows, name) for name in ("recent", "before", "change")}
    total = {"words": "all", "customers": sum(r["customers"] for r in rows), **whole}
    columns = (
        Column("words", "Customers who are"),
        Column("customers", "Customers", "count"),
        Column("before", priced("12 months before", currency), "money"),
        Column("recent", "Last 12 months", "money"),
        Column("change", "Change", "money"),
    )
    return grid("Contribution of two years by turn (table: trends)", [*rows, total], columns, note=MEANING, folded=True)


def _turning(data: Gathered) -> Part:
    columns = (
        Column("turned", "Month", "day"),
        Column("turn", "Turn"),
        Column("customers", "Customers", "count"),
    )
    return plot(
        "turning",
        turning.answer(data["turning"]),
        turning.figure(data["turning"]),
        note="Each customer's contribution of 12 months is followed month by month. A customer began to grow, or to "
        "fade, in the month after which it has been above its low, or below its high, ever since; fell below zero or "
        "turned profitable in the month in which it crossed zero last.",
        behind=grid("Turning points by month (table: trends)", data["turning"].to_pylist(), columns, folded=True),
    )


def _lists(data: Gathered, currency: str) -> list[Grid]:
    columns = (
        Column("customer_key", "Customer"),
        Column("name", "Name"),
        Column("turn", "Turn"),
        Column("turned", "Since", "day"),
        Column("before", priced("12 months before", currency), "money"),
        Column("recent", "Last 12 months", "money"),
        Column("slope", "Trend a year", "number"),
    )
    note = (
        "Trend a year: the middle of the changes between their full years. All customers: keepwell export trends --to "
        "trends.csv"
    )
    told = (("Going down: the {} who lost most since", "falling"), ("Going up: the {} who gained most since", "rising"))
    lists = []
    for words, name in told:
        rows = data[name].to_pylist()
        if rows:
            caption = f"{words.format(plural(len(rows), 'customer') if len(rows) < LISTED else f'{LISTED} customers')}"
            lists.append(grid(f"{caption} the year before (table: trends)", rows, columns, note=note, folded=True))
    return lists
