"""Keep or stop? What the contact programme would save or cost, by how much of the orders contact causes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import pyarrow as pa
from ibis import _

from keepwell.charts import palette
from keepwell.charts.frame import framed, money_axis, plain, sentence, unit
from keepwell.charts.words import money, plural, share
from keepwell.settings import Assumptions
from keepwell.tables import Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]


def keep_data(tables: Tables) -> ir.Table:
    """Return the break-even curve by share, with `judged`: customers that have a verdict (0 without a contact cost)."""
    judged = tables["plan"].aggregate(judged=_.count())
    return tables["break_even"].cross_join(judged).order_by("share")


def at(data: pa.Table, wanted: float) -> Row | None:
    """Return the row of the curve that is nearest to a share."""
    return min(data.to_pylist(), key=lambda r: (abs(r["share"] - wanted), r["share"]), default=None)


def _decided(data: pa.Table) -> bool:
    return data.num_rows > 0 and data["judged"][0].as_py() > 0


def answer(data: pa.Table, *, currency: str, assumed: Assumptions) -> str:
    """Say what stopping saves, or without a contact cost, what contact may cost."""
    row = at(data, assumed.contact_share)
    if row is None:
        return "No customer has a forecast, so there is nobody to keep or to stop"
    caused = f"If contact causes {share(row['share'])} of orders"
    if not _decided(data):
        cost = money(row["highest_cost"], currency)
        return f"{caused}, contact may cost up to {cost} a customer and year before it stops to pay on half of them"
    if not row["stopped"]:
        return f"{caused}, it pays on all of {plural(row['judged'], 'customer')}: stop nobody"
    who = f"{plural(row['stopped'], 'customer')} of {row['judged']:,}"
    return f"{caused}, it does not pay on {who}; stopping it there saves {money(row['saves'], currency)} in 12 months"


def figure(data: pa.Table, *, currency: str, assumed: Assumptions) -> go.Figure:
    """Draw the curve over the share, with the range thought possible shaded and the assumed share marked."""
    title = answer(data, currency=currency, assumed=assumed)
    if data.num_rows < 2:
        return sentence(title)
    drawn = _savings(data, currency) if _decided(data) else _highest_cost(data, currency)
    axis = "Saved in 12 months" if _decided(data) else "Highest cost of contact, a customer and year"
    framed(drawn, title, x="Share of orders that contact causes", y=f"{axis}, {unit(currency)}", height=400)
    drawn.add_vrect(
        x0=assumed.contact_share_low,
        x1=assumed.contact_share_high,
        fillcolor=palette.UNCERTAIN_FILL,
        line_width=0,
        layer="below",
    )
    row = at(data, assumed.contact_share) or {}
    drawn.add_trace(_chosen(row, row["saves"] if _decided(data) else row["highest_cost"], currency))
    drawn.update_xaxes(tickformat=".0%")
    column = "saves" if _decided(data) else "highest_cost"
    top = max(float(r[column]) for r in data.to_pylist())
    drawn.update_yaxes(rangemode="tozero", **money_axis(currency, top=top))
    return drawn


def _savings(data: pa.Table, currency: str) -> go.Figure:
    saves, stopped = data["saves"].to_pylist(), data["stopped"].to_pylist()
    names = [plain(f"{money(s, currency)}, {n:,} stopped") for s, n in zip(saves, stopped, strict=True)]
    return go.Figure(
        go.Scatter(
            x=data["share"].to_pylist(),
            y=saves,
            mode="lines",
            name="saved by stopping where it does not pay",
            line={"color": palette.PROFIT, "width": 3},
            hovertext=names,
        )
    )


def _highest_cost(data: pa.Table, currency: str) -> go.Figure:
    costs = data["highest_cost"].to_pylist()
    return go.Figure(
        go.Scatter(
            x=data["share"].to_pylist(),
            y=costs,
            mode="lines",
            name="below it, contact pays on half of all",
            line={"color": palette.PROFIT, "width": 3},
            hovertext=[plain(money(c, currency)) for c in costs],
        )
    )


def _chosen(row: Row, value: float, currency: str) -> go.Scatter:
    return go.Scatter(
        x=[row["share"]],
        y=[value],
        mode="markers+text",
        name="assumed share (shaded: its range)",
        marker={"color": palette.CHOSEN, "size": 11, "symbol": "diamond"},
        text=[plain(money(value, currency))],
        textposition="top right",
        textfont={"color": palette.CHOSEN, "size": 13},
    )
