"""Which kinds of customers carry the business? Their share of heads, of what was earned, and of what is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import pyarrow as pa
from ibis import _

from keepwell.charts import palette
from keepwell.charts.frame import framed, plain, sentence
from keepwell.charts.words import plural, share
from keepwell.tables import Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]
MOST = 12  # segments that are drawn
BARS = (
    ("customers_share", "of customers", palette.UNCERTAIN, ""),
    ("contribution_share", "of contribution so far", palette.INK, ""),
    ("expected_share", "of what is expected in 12 months", palette.PROFIT, "/"),
)


def profiles_data(tables: Tables) -> ir.Table:
    """Return the profiles of the plain-word kinds, from the most to the least expected."""
    return tables["segment_profiles"].filter(_["scheme"] == "kind").order_by(_.expected.desc(), _.segment)


def answer(data: pa.Table, *, currency: str = "") -> str:  # noqa: ARG001 - every chart is asked the same way
    """Say which kind carries most of what is expected."""
    rows = data.to_pylist()
    if not rows:
        return "There are no kinds of customers to compare: nobody has a purchase and a forecast"
    best = rows[0]
    if len(rows) == 1:
        return f"{plural(best['customers'], 'customer')}, all of one kind: {best['segment']}"
    of = f"‘{best['segment']}’ customers, {share(best['customers_share'])} of all"
    if best["expected_share"] is None:
        return f"{of}, are those of whom most is expected"
    return f"{of}, bring {share(best['expected_share'])} of what is expected in the next 12 months"


def figure(data: pa.Table, *, currency: str = "") -> go.Figure:
    """Draw the three shares of each kind side by side; a forecast is hatched."""
    rows, title = data.to_pylist()[:MOST], answer(data, currency=currency)
    if len(rows) < 2:
        return sentence(title)
    names = [plain(r["segment"]) for r in rows]
    drawn = go.Figure([_bar(rows, names, *bar) for bar in BARS])
    framed(drawn, title, x="Share of the whole", y="", height=120 + 70 * len(rows))
    drawn.update_layout(barmode="group", bargap=0.25, legend_traceorder="normal")
    drawn.update_yaxes(autorange="reversed", type="category", showgrid=False)
    shares = [r[bar[0]] or 0.0 for r in rows for bar in BARS]
    drawn.update_xaxes(tickformat=".0%", range=[min(0.0, 1.3 * min(shares)), 1.2 * max(shares)])
    return drawn


def _bar(rows: list[Row], names: list[str], column: str, words: str, colour: str, hatch: str) -> go.Bar:
    values = [r[column] for r in rows]
    return go.Bar(
        orientation="h",
        y=names,
        x=values,
        name=words,
        marker={"color": colour, "pattern": {"shape": hatch}},
        text=[share(v) for v in values],
        textposition="outside",
        cliponaxis=False,
    )
