"""The section on winning customers: what it costs, when it comes back, and what it brings."""

from __future__ import annotations

from typing import Any

from keepwell.charts import winning
from keepwell.report.gather import Gathered
from keepwell.report.parts import Column, Grid, Section, Text, grid, plot, priced

Row = dict[str, Any]


def won(data: Gathered, *, currency: str) -> Section | None:
    """Show cost, payback and value to cost by channel and year; None where no marketing money is in the files."""
    rows = winning.by_channel(data["winning"])
    if not rows:
        return None
    chart = plot(
        "winning",
        winning.answer(data["winning"], currency=currency),
        winning.figure(data["winning"], currency=currency),
        note="Cost of winning one: money spent on the channel divided by the customers whose first purchase fell into "
        "the same months and came through it, from the channel's first month with spend to its last. Brought so far: "
        "their contribution, the cost of winning them left out. Expected (hatched): a forecast over their life, as "
        "uncertain as that of all customers on the first screen.",
        behind=_grid("By channel (tables: acquisition, values)", "Channel", rows, currency),
    )
    years = _grid("By year of the first purchase (tables: acquisition, values)", "Year", _years(data), currency)
    caution = (
        "Who came through a channel might have come without it: only a test, a region or a week without the spend, "
        "shows what it causes. Customers of channels that no file names are in no row here."
    )
    return Section("winning", "Winning customers", "What winning customers costs", (chart, years, Text(caution)))


def _years(data: Gathered) -> list[Row]:
    return winning.by_year(data["winning"])


def _grid(caption: str, head: str, rows: list[Row], currency: str) -> Grid:
    columns = (
        Column("channel", head),
        Column("spend", priced("Spent", currency), "money"),
        Column("customers", "Customers won", "count"),
        Column("cost", "Cost of one", "money"),
        Column("earned", "Brought so far, each", "money"),
        Column("expected", "Expected, each", "money"),
        Column("ratio", "Value to cost", "rough"),
        Column("months", "Months with spend", "count"),
        Column("back", "of them paid back", "count"),
        Column("payback", "Months it took (median)", "count"),
    )
    note = (
        "Value to cost: what customers brought so far and are expected to bring, for each 1 spent. Paid back: the "
        "customers won in that month have brought as much as was spent in it. Every month: keepwell export acquisition "
        "--to acquisition.csv"
    )
    return grid(caption, rows, columns, note=note, folded=True)
