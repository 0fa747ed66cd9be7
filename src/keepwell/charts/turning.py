"""When did customers turn? Those who began to grow, and to fade or to cost more than they bring, month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import pyarrow as pa
from ibis import _

from keepwell.charts import palette
from keepwell.charts.frame import framed, sentence
from keepwell.charts.words import plural
from keepwell.tables import Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]
WAYS = (
    ("growing", "began to grow", 1, palette.PROFIT, ""),
    ("recovered", "turned profitable", 1, palette.PROFIT, "/"),
    ("fading", "began to fade", -1, palette.LOSS, ""),
    ("newly unprofitable", "fell below zero", -1, palette.LOSS, "/"),
)


def turning_data(tables: Tables) -> ir.Table:
    """Return how many customers turned which way in each month of the last 12: `turned`, `turn`, `customers`."""
    turns = tables["trends"].filter(_.turned.notnull() & _.turn.isin([way for way, *_more in WAYS]))
    return turns.group_by("turned", "turn").aggregate(customers=_.count()).order_by("turned", "turn")


def answer(data: pa.Table, *, currency: str = "") -> str:  # noqa: ARG001 - every chart is asked the same way
    """Say how many turned up and down."""
    rows = data.to_pylist()
    if not rows:
        return "No customer has been here long enough to turn up or down"
    n = {way: sum(r["customers"] for r in rows if r["turn"] == way) for way, *_more in WAYS}
    up, down = n["growing"] + n["recovered"], n["fading"] + n["newly unprofitable"]
    below = f" ({n['newly unprofitable']:,} now below zero)" if n["newly unprofitable"] else ""
    return f"In the last 12 months {plural(up, 'customer')} turned up and {down:,} down{below}"


def figure(data: pa.Table, *, currency: str = "") -> go.Figure:
    """Draw those who turned up above the line and those who turned down below it."""
    rows, title = data.to_pylist(), answer(data, currency=currency)
    if not rows:
        return sentence(title)
    months = sorted({r["turned"] for r in rows})
    found = {(r["turned"], r["turn"]): r["customers"] for r in rows}
    bars = [
        go.Bar(
            x=[f"{m:%b %Y}" for m in months],
            y=[sign * found.get((m, way), 0) for m in months],
            name=words,
            marker={"color": colour, "pattern": {"shape": hatch}},
        )
        for way, words, sign, colour, hatch in WAYS
        if any(found.get((m, way)) for m in months)
    ]
    drawn = go.Figure(bars)
    framed(drawn, title, x="Month of the turning point", y="Customers (up above 0, down below)", height=340)
    drawn.update_layout(barmode="relative", bargap=0.25)
    drawn.update_xaxes(type="category", showgrid=False)
    drawn.update_yaxes(tickformat=",d")
    return drawn
