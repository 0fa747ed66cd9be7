"""Does a fitted model describe its data? Customers by repeats, what came against the forecast, and who is active."""

from __future__ import annotations

import plotly.graph_objects as go
import pyarrow as pa

from keepwell.charts import palette
from keepwell.charts.frame import framed
from keepwell.charts.words import count, plural, share, signed_share


def repeats_answer(data: pa.Table) -> str:
    """Say how many customers never came back, in the data and by the model."""
    rows = data.to_pylist()
    once, whole = rows[0], sum(r["actual"] for r in rows)
    return (
        f"{plural(round(once['actual']), 'customer')} of {count(round(whole))} never came back; the model expects "
        f"{count(round(once['expected']))}"
    )


def repeats(data: pa.Table, *, label: str) -> go.Figure:
    """Draw customers by repeats: solid bars are the data, hatched the model's from the customers' ages alone.

    `data` has `repeats`, `actual` and `expected`; its last row holds all customers with so many repeats or more.
    """
    rows = data.to_pylist()
    names = [str(r["repeats"]) for r in rows]
    names[-1] += "+"
    drawn = go.Figure(_bars(rows, names, label))
    framed(drawn, repeats_answer(data), x="Times a customer came back", y="Customers")
    drawn.update_layout(barmode="group", bargap=0.25)
    drawn.update_xaxes(type="category", showgrid=False)
    drawn.update_yaxes(tickformat=",", rangemode="tozero")
    return drawn


def holdout_answer(data: pa.Table) -> str:
    """Say what was forecast in all and what came."""
    rows = data.to_pylist()
    expected, actual = (sum(r[name] * r["customers"] for r in rows) for name in ("expected", "actual"))
    error = f" ({signed_share(expected / actual - 1)})" if actual else ""
    return f"{count(round(expected))} purchases were forecast and {count(round(actual))} came{error}"


def holdout(data: pa.Table, *, label: str) -> go.Figure:
    """Draw mean purchases a customer by earlier repeats: solid is what came, hatched the forecast.

    `data` has `repeats`, `customers`, `actual` and `expected`; its last row holds all with so many repeats or more.
    """
    rows = data.to_pylist()
    names = [str(r["repeats"]) for r in rows]
    names[-1] += "+" if len(names) > 1 else ""
    drawn = go.Figure(_bars(rows, names, label))
    framed(drawn, holdout_answer(data), x="Times a customer had come back", y="Purchases a customer")
    drawn.update_layout(barmode="group", bargap=0.25)
    drawn.update_xaxes(type="category", showgrid=False)
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def active_answer(data: pa.Table) -> str:
    """Say the lowest and the highest chance on the map."""
    seen = [value for value in data["p_active"].to_pylist() if value is not None]
    return f"The chance of still being a customer runs from {share(min(seen))} to {share(max(seen))}"


def active(data: pa.Table, *, label: str) -> go.Figure:
    """Draw the chance of still being a customer over repeats and the time of the last purchase.

    `data` has `repeats`, `recency`, `age` (one value) and `p_active`, null where no such history can be.
    """
    rows = data.to_pylist()
    across, up = sorted({r["recency"] for r in rows}), sorted({r["repeats"] for r in rows})
    found = {(r["repeats"], r["recency"]): r["p_active"] for r in rows}
    z = [[found[x, t] for t in across] for x in up]
    bar = {"title": {"text": "chance"}, "tickformat": ".0%"}
    heat = go.Heatmap(x=across, y=up, z=z, zmin=0, zmax=1, colorscale=[list(c) for c in palette.CELLS], colorbar=bar)
    drawn = go.Figure(heat)
    age = rows[0]["age"]
    framed(drawn, active_answer(data), x=f"Last purchase, of {age:g} of time watched", y=f"Repeats ({label})")
    drawn.update_xaxes(showgrid=False)
    drawn.update_yaxes(showgrid=False)
    return drawn


def _bars(rows: list[dict[str, float]], names: list[str], label: str) -> list[go.Bar]:
    hatched = {"color": palette.PROFIT, "pattern": {"shape": "/"}}
    return [
        go.Bar(x=names, y=[r["actual"] for r in rows], name="data", marker={"color": palette.INK}),
        go.Bar(x=names, y=[r["expected"] for r in rows], name=label, marker=hatched),
    ]
