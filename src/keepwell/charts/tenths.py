"""Does the forecast know who buys? What was forecast beside what came, by tenths of customers by forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import pyarrow as pa
from ibis import _

from keepwell.charts import palette
from keepwell.charts.frame import framed, sentence
from keepwell.charts.words import count, plural
from keepwell.tables import Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

TENTHS = 10
UNTESTED = "Whether the forecast puts the right customers first could not be tested: the history is too short"
Row = dict[str, Any]


def tenths_data(tables: Tables) -> ir.Table:
    """Return the tenths of every test, by forecast and outcome.

    Columns: `method`, `origin`, `horizon`, `customers` (of the test), `tenth` (10: the highest forecast), `kind`
    ('forecast' or 'actual') and `value` (purchases a customer).
    """
    tested = tables["backtest"].filter(_["group"] == "all")
    sizes = tested.filter(_.measure == "customers").select("origin", "method", "horizon", customers="value")
    rows = tested.filter(_.measure.startswith("decile_")).inner_join(sizes, ["origin", "method", "horizon"])
    told = rows.mutate(kind=_.measure.split("_")[2], tenth=_.measure.split("_")[1].cast("int64"))
    columns = ("method", "origin", "horizon", "customers", "tenth", "kind", "value")
    return told.select(*columns).order_by("method", "origin", "horizon", "tenth", "kind")


def pooled(data: pa.Table, method: str) -> list[Row]:
    """Return per tenth the mean `forecast` and `actual` purchases a customer over the longest test of each origin."""
    rows = [r for r in data.to_pylist() if r["method"] == method and r["value"] == r["value"]]
    longest: dict[Any, int] = {}
    for r in rows:
        longest[r["origin"]] = max(longest.get(r["origin"], 0), r["horizon"])
    rows = [r for r in rows if r["horizon"] == longest[r["origin"]]]
    out = []
    for tenth in range(1, TENTHS + 1):
        means = {kind: _mean([r for r in rows if r["tenth"] == tenth and r["kind"] == kind]) for kind in KINDS}
        if None not in means.values():
            out.append({"tenth": tenth, "tests": len(longest), **means})
    return out if len(out) == TENTHS else []


KINDS = ("forecast", "actual")


def _mean(rows: list[Row]) -> float | None:
    weight = sum(r["customers"] for r in rows)
    return sum(r["value"] * r["customers"] for r in rows) / weight if weight else None


def answer(data: pa.Table, *, method: str, currency: str = "") -> str:  # noqa: ARG001 - asked like every chart
    """Say what the highest tenth was forecast to buy, and bought."""
    rows = pooled(data, method)
    if not rows:
        return UNTESTED
    top = rows[-1]
    return (
        f"The tenth of customers with the highest forecast bought {_times(top['actual'])} each; "
        f"{_times(top['forecast'])} were forecast, over {plural(top['tests'], 'test')}"
    )


def _times(value: float) -> str:
    return f"{value:.2f}" if value < 10 else count(value)


def figure(data: pa.Table, *, method: str, currency: str = "") -> go.Figure:
    """Draw forecast (hatched) and what came (solid) by tenths, the highest last."""
    rows, title = pooled(data, method), answer(data, method=method, currency=currency)
    if not rows:
        return sentence(title)
    names = [str(r["tenth"]) for r in rows]
    hatched = {"color": palette.PROFIT, "pattern": {"shape": "/"}}
    bars = [
        go.Bar(x=names, y=[r["forecast"] for r in rows], name="forecast", marker=hatched),
        go.Bar(x=names, y=[r["actual"] for r in rows], name="what came", marker={"color": palette.INK}),
    ]
    drawn = go.Figure(bars)
    framed(drawn, title, x="Tenth of customers by forecast (10: highest)", y="Purchases a customer")
    drawn.update_layout(barmode="group", bargap=0.25)
    drawn.update_xaxes(type="category", showgrid=False)
    drawn.update_yaxes(rangemode="tozero")
    return drawn
