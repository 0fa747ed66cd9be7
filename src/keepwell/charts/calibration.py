"""Are the forecast distributions honest? Where what came fell in what was forecast.

Each customer's outcome is placed in its own forecast distribution (the probability integral transform, randomised
where a number of orders has a chance of its own). If the distributions are honest, a tenth of the customers falls in
each tenth (Czado, Gneiting & Held 2009, Biometrics 65:1254-1261).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import pyarrow as pa
from ibis import _

from keepwell.charts import palette
from keepwell.charts.frame import framed, sentence
from keepwell.charts.words import plural, share
from keepwell.tables import Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

TENTHS = 10
Row = dict[str, Any]


def calibration_data(tables: Tables) -> ir.Table:
    """Return the shares of the transform over all customers, per method and origin at its longest horizon.

    Columns: `method`, `origin`, `tenth` (0..9), `share`, `customers`; ordered by method, origin and tenth.
    """
    tested = tables["backtest"].filter(_["group"] == "all")
    longest = tested.group_by("origin", "method").aggregate(horizon=_.horizon.max())
    tested = tested.semi_join(longest, ["origin", "method", "horizon"])
    sizes = tested.filter(_.measure == "customers").select("origin", "method", customers="value")
    shares = tested.filter(_.measure.startswith("pit_")).inner_join(sizes, ["origin", "method"])
    shares = shares.select("method", "origin", "customers", tenth=_.measure.right(1).cast("int64"), share="value")
    return shares.order_by("method", "origin", "tenth")


def pooled(data: pa.Table, method: str) -> list[Row]:
    """Return per tenth the mean share over origins (weighted by customers), its lowest and its highest."""
    rows = [r for r in data.to_pylist() if r["method"] == method and r["share"] == r["share"]]
    out = []
    for tenth in range(TENTHS):
        here = [r for r in rows if r["tenth"] == tenth]
        weight = sum(r["customers"] for r in here)
        if weight > 0:
            mean = sum(r["share"] * r["customers"] for r in here) / weight
            shares = [r["share"] for r in here]
            out.append({"tenth": tenth, "share": mean, "low": min(shares), "high": max(shares), "origins": len(here)})
    return out if len(out) == TENTHS else []


def answer(data: pa.Table, *, method: str, currency: str = "") -> str:  # noqa: ARG001 - asked like every chart
    """Say how even the tenths are."""
    rows = pooled(data, method)
    if not rows:
        return "Whether the intervals are honest could not be tested: the history is too short"
    shares = [r["share"] for r in rows]
    origins = plural(max(r["origins"] for r in rows), "test")
    return (
        f"Outcomes fell where the forecast said: {share(min(shares))} to {share(max(shares))} in each tenth"
        if max(abs(s - 0.1) for s in shares) <= 0.03
        else f"Outcomes did not fall evenly: a tenth of the forecast held {share(min(shares))} to {share(max(shares))}"
    ) + f" of customers, over {origins} (honest intervals: 10%)"


def figure(data: pa.Table, *, method: str, currency: str = "") -> go.Figure:
    """Draw the tenths as bars against the 10% line; whiskers run from the lowest to the highest origin."""
    rows, title = pooled(data, method), answer(data, method=method, currency=currency)
    if not rows:
        return sentence(title)
    shares = [r["share"] for r in rows]
    spread = {
        "type": "data",
        "array": [r["high"] - r["share"] for r in rows],
        "arrayminus": [r["share"] - r["low"] for r in rows],
        "color": palette.INK,
        "visible": max(r["origins"] for r in rows) > 1,
    }
    names = [str(i) for i in range(1, TENTHS + 1)]
    drawn = go.Figure(go.Bar(x=names, y=shares, marker={"color": palette.PROFIT}, error_y=spread, name="customers"))
    drawn.add_hline(y=0.1, line={"color": palette.INK, "dash": "dash", "width": 2})
    framed(drawn, title, x="Tenth of the forecast (1: fewest)", y="Share of customers in it")
    drawn.update_layout(showlegend=False)
    drawn.update_xaxes(type="category", showgrid=False)
    drawn.update_yaxes(tickformat=".0%", rangemode="tozero")
    return drawn
