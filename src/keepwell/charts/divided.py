"""Where does each 100 of revenue go? The profit and loss of every kind of customer, or channel, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ibis
import plotly.graph_objects as go
import pyarrow as pa
from ibis import _

from keepwell.charts import palette
from keepwell.charts.frame import framed, plain, sentence
from keepwell.charts.words import money, share
from keepwell.tables import LEDGER_LINES, UNKNOWN, Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]
ONE_IN = 50  # of all revenue: the least that a group in the heading has
MOST = 7  # groups; the smaller ones are added up
LEAST = Decimal("0.01")  # of all revenue: the least that a group in the chart has
ENDS = (-1.0, 2.0)  # the axis where a group lost more than all of its revenue
NOBODY, NO_KIND, NO_CHANNEL = "no customer named", "no purchase kept", "not known"
REVENUE = {"gross": 1, "discounts": -1, "shipping_charged": 1, "other": 1, "refunds": -1}
COSTS = (
    ("product cost", ("product_cost",), ""),
    ("sending, fees, returns", ("fulfilment", "payment_fees", "returns_handling"), "/"),
    ("serving and winning", ("service", "marketing", "acquisition"), "."),
)


def divided_data(tables: Tables) -> ir.Table:
    """Return the sums of the ledger per kind of customer: `group` and every line, the largest sales first."""
    kinds = tables["segments"].filter(_["scheme"] == "kind")
    return _divided(tables, kinds.select("customer_id", own="segment"), otherwise=NO_KIND)


def by_channel(tables: Tables) -> ir.Table:
    """Return the same per channel of the customers' first order."""
    return _divided(tables, tables["customers"].select("customer_id", own="channel"), otherwise=NO_CHANNEL)


def _divided(tables: Tables, groups: ir.Table, *, otherwise: str) -> ir.Table:
    t = tables["ledger"].left_join(groups, "customer_id")
    group = ibis.cases((t.customer_id == UNKNOWN, NOBODY), else_=t.own.fill_null(otherwise))
    lines = (*LEDGER_LINES, "contribution_1", "contribution_2", "contribution")
    sums = {line: t[line].sum().cast("decimal(38,4)") for line in lines}
    found = t.group_by(group=group).aggregate(**sums)
    return found.order_by(found.gross.desc(), found.group)


def net(row: Row) -> Decimal:
    """Return the net revenue of a row: without tax, after discounts and refunds."""
    return sum((sign * row[line] for line, sign in REVENUE.items()), Decimal(0))


def rows_of(data: pa.Table) -> list[Row]:
    """Return at most `MOST` groups; the smaller ones are added up."""
    rows = data.to_pylist()
    if len(rows) <= MOST:
        return rows
    rest = rows[MOST - 1 :]
    other = {name: sum((r[name] for r in rest), Decimal(0)) for name in rest[0] if name != "group"}
    return [*rows[: MOST - 1], {"group": f"{len(rest)} others", **other}]


def _drawable(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if net(row) > 0]


def shown(data: pa.Table) -> list[Row]:
    """Return the groups of the chart: those whose revenue is at least `LEAST` of all."""
    rows = _drawable(rows_of(data))
    whole = sum((net(row) for row in rows), Decimal(0))
    return [row for row in rows if net(row) >= LEAST * whole]


def left_out(data: pa.Table) -> list[str]:
    """Return the names of the groups that the chart leaves out, as they are too small for shares to mean anything."""
    names = {row["group"] for row in shown(data)}
    return [row["group"] for row in rows_of(data) if row["group"] not in names]


def known(data: pa.Table) -> list[Row]:
    """Return the groups with revenue that are somebody's and have a name."""
    return [r for r in _drawable(rows_of(data)) if r["group"] not in (NOBODY, NO_KIND, NO_CHANNEL)]


def answer(data: pa.Table, *, currency: str = "") -> str:  # noqa: ARG001 - every chart is asked the same way
    """Say of which group most is left, and of which least."""
    rows = _large(known(data))
    if not rows:
        return "There is no revenue of known customers to divide up"
    ranked = sorted(rows, key=lambda r: (-(r["contribution"] / net(r)), r["group"]))
    best, worst = ranked[0], ranked[-1]
    said = f"Of each 100 of revenue from ‘{best['group']}’ customers, {_left(best)} are left"
    if len(ranked) == 1:
        return said
    return f"{said}; from ‘{worst['group']}’ customers, {'as many' if _left(worst) == _left(best) else _left(worst)}"


def _large(rows: list[Row]) -> list[Row]:
    """Return the groups whose revenue is large enough to be worth a word."""
    whole = sum((net(row) for row in rows), Decimal(0))
    return [row for row in rows if net(row) * ONE_IN >= whole]


def _left(row: Row) -> str:
    return share(row["contribution"] / net(row)).removesuffix("%")


def figure(data: pa.Table, *, currency: str = "") -> go.Figure:
    """Draw each group's costs as shares of its net revenue, and what is left; of the groups that `shown` returns."""
    rows, title = shown(data), answer(data, currency=currency)
    if len(rows) < 2:
        return sentence(title)
    names = [_name(r, currency) for r in rows]
    bars = [_bar(rows, names, *cost) for cost in COSTS if any(r[line] for r in rows for line in cost[1])]
    left = [float(r["contribution"] / net(r)) for r in rows]
    colours = [palette.PROFIT if value >= 0 else palette.INK for value in left]
    bars.append(
        go.Bar(
            orientation="h",
            y=names,
            x=left,
            name="left as contribution",
            marker={"color": colours},
            text=[share(v) for v in left],
            textposition="inside",
            insidetextfont={"color": palette.PAPER},
        )
    )
    drawn = go.Figure(bars)
    framed(drawn, title, x="Of net revenue (left of 0: lost)", y="", height=130 + 46 * len(rows))
    drawn.update_layout(barmode="relative", bargap=0.3, legend_traceorder="normal")
    drawn.update_yaxes(autorange="reversed", type="category", showgrid=False)
    drawn.update_xaxes(tickformat=".0%", range=list(ENDS) if any(map(_passes, rows)) else None)
    return drawn


def _passes(row: Row) -> bool:
    """Return whether a group's bar is longer than the axis: more than all of the revenue was lost."""
    return float(row["contribution"] / net(row)) < ENDS[0]


def _name(row: Row, currency: str) -> str:
    """Return what stands beside a bar; of one that the axis cuts off, how far it reaches."""
    name = f"{plain(row['group'])}<br><b>{plain(money(net(row), currency))}</b>"
    return f"{name}<br>cut off: {share(row['contribution'] / net(row))} left" if _passes(row) else name


def _bar(rows: list[Row], names: list[str], words: str, lines: tuple[str, ...], hatch: str) -> go.Bar:
    parts = [float(sum(r[line] for line in lines) / net(r)) for r in rows]
    look = {"color": palette.LOSS, "pattern": {"shape": hatch}}
    return go.Bar(orientation="h", y=names, x=parts, name=words, marker=look)
