"""The sections on what was earned: profit and loss, and concentration."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from keepwell.charts import divided, losses, waterfall, whale
from keepwell.charts.words import exact, money, share
from keepwell.report.gather import Gathered
from keepwell.report.parts import Column, Part, Section, Text, grid, plot, priced
from keepwell.tables import LEDGER_LINES

LINES = {line: words for line, words, _sign in waterfall.STEPS if line} | {"tax": "tax, passed on to the state"}
Row = dict[str, Any]


def profit(data: Gathered, *, currency: str) -> Section:
    """Show where the money went, over all and by year."""
    totals = data["totals"].to_pylist()[0]
    parts: list[Part] = [
        plot(
            "waterfall",
            waterfall.answer(data["totals"], currency=currency),
            waterfall.figure(data["totals"], currency=currency),
            note="From the sales down to what is left. Steps of nothing are left out; tax is no part of contribution.",
            behind=_ledger_lines(totals, currency),
        ),
        _years(data, currency),
        _divided("bykind", "kind of customer", data["by_kind"], currency),
    ]
    if len(divided.known(data["by_channel"])) > 1:
        parts.append(_divided("bychannel", "channel of the first order", data["by_channel"], currency))
    if said := _unknown(data, currency):
        parts.append(Text(said))
    return Section("profit", "Profit and loss", "Profit and loss", tuple(parts))


def _with_net(row: Row) -> Row:
    filled = {name: Decimal(0) if value is None and name in LINES else value for name, value in row.items()}
    net = sum(sign * filled[line] for line, _words, sign in waterfall.STEPS[:5])
    left = filled["contribution"] or Decimal(0)
    return {**filled, "net": net, "contribution": left, "left": left / net if net > 0 else None}


def _ledger_lines(totals: Row, currency: str) -> Any:
    filled = _with_net(totals)
    named = {**LINES, "net": "net revenue", "contribution": "contribution"}
    order = ("gross", "discounts", "shipping_charged", "other", "refunds", "net")
    lines = (*order, *(line for line in LEDGER_LINES if line not in order and line != "tax"), "contribution", "tax")
    rows = [
        {"line": named[n], "amount": filled[n], "of": filled[n] / filled["net"] if filled["net"] > 0 else None}
        for n in lines
    ]
    columns = (
        Column("line", "Ledger line"),
        Column("amount", priced("Amount", currency), "money"),
        Column("of", "Of net revenue", "share"),
    )
    return grid("All customers and months together (table: ledger)", rows, columns, folded=True)


def _years(data: Gathered, currency: str) -> Any:
    rows = [_with_net(row) for row in data["years"].to_pylist()]
    used = [line for line in LEDGER_LINES if line != "tax" and any(row[line] for row in rows)]
    columns = [
        Column("year", "Year", "year"),
        Column("orders", "Orders", "count"),
        *(Column(line, LINES[line].capitalize(), "money") for line in used),
        Column("net", "Net revenue", "money"),
        Column("contribution", "Contribution", "money"),
        Column("left", "Left of net revenue", "share"),
    ]
    return grid(priced("By calendar year (table: ledger)", currency), rows, columns, folded=True)


def _divided(name: str, by: str, data: pa.Table, currency: str) -> Part:
    rows = [_with_net(row) for row in data.to_pylist()]
    used = [line for line in LEDGER_LINES if line != "tax" and any(row[line] for row in rows)]
    numbers = [*used, "net", "contribution_1", "contribution_2", "contribution"]
    total = _with_net({"group": "all", **{line: _sum(rows, line) for line in (*LEDGER_LINES, *numbers)}})
    columns = (
        Column("group", by.capitalize()),
        *(Column(line, LINES[line].capitalize(), "money") for line in used),
        Column("net", "Net revenue", "money"),
        Column("contribution_1", "After product cost", "money"),
        Column("contribution_2", "after sending", "money"),
        Column("contribution", "Contribution", "money"),
        Column("left", "Left of net revenue", "share"),
    )
    behind = grid(priced(f"Profit and loss by {by} (table: ledger)", currency), [*rows, total], columns, folded=True)
    note = (
        f"Each bar is the net revenue of one {by}, written under its name, as 100%: what it cost, and what is left. "
        "Left of zero stands what was lost."
    )
    tiny = [f"‘{name}’" for name in divided.left_out(data)]
    if tiny:
        note += f" With less than 1% of the revenue, and so in the table behind only: {', '.join(tiny)}."
    said, figure = divided.answer(data, currency=currency), divided.figure(data, currency=currency)
    return plot(name, said, figure, note=note, behind=behind)


def _sum(rows: list[Row], name: str) -> Decimal:
    return sum((row[name] for row in rows), Decimal(0))


def _unknown(data: Gathered, currency: str) -> str:
    row = data["unknown"].to_pylist()[0]
    if not row["months"]:
        return ""
    filled = _with_net(row)
    return (
        f"{money(filled['net'], currency)} of the net revenue names no customer. It stands in the ledger under the "
        f"customer ‘unknown’ (contribution {money(filled['contribution'], currency)}) and in no customer's value."
    )


def concentrated(data: Gathered, *, currency: str) -> Section:
    """Show who earns the profit."""
    curve = data["whale"]
    return Section(
        "concentration",
        "Concentration",
        "Who earns the profit",
        (
            plot(
                "whale",
                whale.answer(curve, currency=currency),
                whale.figure(curve, currency=currency),
                note="Customers stand in a row from the most to the least profitable; the line adds up what they "
                "earned. Where it falls, customers cost more than they brought.",
                behind=_tenths(data, currency),
            ),
            *_losing(data, currency),
        ),
    )


def _losing(data: Gathered, currency: str) -> tuple[Part, ...]:
    """Show who costs more than they bring and why; nothing where nobody does."""
    rows = data["losses"].to_pylist()
    if not rows:
        return (Text(losses.answer(data["losses"], currency=currency) + "."),)
    columns = (
        Column("reason", "Main reason"),
        Column("customers", "Customers", "count"),
        Column("contribution", priced("Contribution", currency), "money"),
        Column("excess", "Cost of the reason beyond the average", "money"),
    )
    told = [{**row, "reason": losses.named(row["reason"])} for row in rows]
    chart = plot(
        "losses",
        losses.answer(data["losses"], currency=currency),
        losses.figure(data["losses"], currency=currency),
        note="Each customer whose contribution is below zero, under the one reason that cost most beyond what an "
        "average customer of the same sales costs. Returns: money given back and the work on it, less the cost of "
        "goods that came back. Small orders: what an average order costs to pack, send and be paid, times theirs.",
        behind=grid("Loss-making customers by reason (table: loss_makers)", told, columns, folded=True),
    )
    return chart, _losers(data, currency)


def _losers(data: Gathered, currency: str) -> Part:
    columns = (
        Column("customer_key", "Customer"),
        Column("name", "Name"),
        Column("contribution", priced("Contribution", currency), "money"),
        Column("words", "Why"),
    )
    rows = data["losers"].to_pylist()
    note = "All of them: keepwell export loss_makers --to losses.csv. One customer's books: keepwell ledger CUSTOMER"
    return grid(f"The {len(rows)} who cost most (table: loss_makers)", rows, columns, note=note, folded=True)


def _tenths(data: Gathered, currency: str) -> Any:
    rows = data["whale"].to_pylist()
    n = rows[-1]["customers"] if rows else 0
    shown = [next(r for r in reversed(rows) if r["customers"] <= max(1, n * k / 10)) for k in range(1, 11)] if n else []
    unique = {r["customers"]: r for r in shown}
    columns = (
        Column("customers", "The best", "count"),
        Column("customers_share", "Of all customers", "share"),
        Column("contribution", priced("Earned together", currency), "money"),
        Column("contribution_share", "Of all contribution", "share"),
    )
    return grid("The curve at every tenth (table: whale)", unique.values(), columns, folded=True)


def assumed_part(data: Gathered) -> float:
    """Return the share of net revenue whose cost is assumed; 0 where all of it is measured."""
    row = _with_net(data["totals"].to_pylist()[0])
    assumed = float(row["assumed_sales"] or 0)
    return min(1.0, assumed / float(row["net"])) if row["net"] > 0 and assumed > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Fact:
    """A plain number of the past."""

    name: str
    value: str
    exact: str = ""


def so_far(data: Gathered, *, customers: int, currency: str) -> tuple[Fact, ...]:
    """Return the plain numbers of the past; `customers` are all that the files name."""
    row, heads = _with_net(data["totals"].to_pylist()[0]), data["heads"].to_pylist()[0]
    bought, once = heads["bought"], heads["once"] or 0
    of = f" ({share(once / bought)})" if bought else ""
    return (
        Fact("customers", f"{customers:,}", f"{bought:,} with a purchase"),
        Fact("bought on one day only", f"{once:,}{of}"),
        Fact("net revenue so far", money(row["net"], currency), f"exactly {exact(row['net'])}"),
        Fact("contribution so far", money(row["contribution"], currency), f"exactly {exact(row['contribution'])}"),
    )
