"""How far can the forecast be trusted? The same method, stopped at an earlier day, beside what then came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import pyarrow as pa

from keepwell.charts import palette
from keepwell.charts.frame import framed, sentence
from keepwell.charts.words import count, day, share, signed_share
from keepwell.tables import Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]


def forecast_data(tables: Tables) -> ir.Table:
    """Return the forecast path of every origin, ordered by origin and period."""
    return tables["forecast_path"].order_by("origin", "period")


@dataclass(frozen=True, slots=True)
class Track:
    """One forecast beside what came: purchase days of all customers together."""

    origin: date
    expected: float
    actual: float
    inside: int  # periods inside their 90% interval
    periods: int  # periods over
    days: int  # that it looked ahead, as far as they are over


def tracks(data: pa.Table) -> list[Track]:
    """Return one track an origin with periods that are over, from the earliest."""
    origins: dict[date, list[Row]] = {}
    for row in data.to_pylist():
        if row["actual"] is not None:
            origins.setdefault(row["origin"], []).append(row)
    return [
        Track(
            origin=origin,
            expected=sum(r["expected"] for r in rows),
            actual=sum(r["actual"] for r in rows),
            inside=sum(r["lower"] <= r["actual"] <= r["upper"] for r in rows),
            periods=len(rows),
            days=(max(r["period"] for r in rows) - origin).days,
        )
        for origin, rows in sorted(origins.items())
    ]


def answer(data: pa.Table, *, currency: str = "") -> str:  # noqa: ARG001 - every chart is asked the same way
    """Say what the latest origin's forecast would have been, and what came."""
    past = tracks(data)
    if not past:
        return "The history is too short to forecast a part of it from the rest, so the forecast is untested"
    last = past[-1]
    error = f" ({signed_share(last.expected / last.actual - 1)})" if last.actual else ""
    return (
        f"On {day(last.origin)} the same method would have forecast {count(round(last.expected))} purchases; "
        f"{count(round(last.actual))} came{error}, {last.inside} of {last.periods} periods inside the 90% band"
    )


def figure(data: pa.Table, *, currency: str = "") -> go.Figure:
    """Draw the latest tested forecast with its 90% band and what came as dots; the coming periods are dashed."""
    past, title = tracks(data), answer(data, currency=currency)
    rows = data.to_pylist()
    if not past:
        return sentence(title)
    tested = _whole([r for r in rows if r["origin"] == past[-1].origin])
    coming = _whole([r for r in rows if r["origin"] == rows[-1]["origin"] and r["actual"] is None])
    before = _earlier(rows, past[-1].origin)
    drawn = go.Figure([*_band(tested, "tested forecast", "solid", palette.PROFIT), _dots(before + tested)])
    if coming and coming[0]["origin"] != past[-1].origin:
        drawn.add_traces(_band(coming, "forecast of what is to come", "dash", palette.CHOSEN))
    framed(drawn, title, x="Last day of the period", y="Purchase days in the period", height=400)
    _mark(drawn, past[-1].origin)
    drawn.update_yaxes(rangemode="tozero", tickformat=",")
    return drawn


def _mark(drawn: go.Figure, origin: date) -> None:
    """Draw the day on which the tested forecast was made."""
    line = {"color": palette.UNCERTAIN, "dash": "dot"}
    drawn.add_shape(type="line", x0=origin.isoformat(), x1=origin.isoformat(), y0=0, y1=1, yref="paper", line=line)
    words = {"text": "forecast made", "showarrow": False, "xanchor": "right", "yanchor": "top", "xshift": -4}
    drawn.add_annotation(x=origin.isoformat(), y=1, yref="paper", font={"color": palette.INK}, **words)


def _whole(rows: list[Row]) -> list[Row]:
    """Leave out a last period that is shorter than the others: its few days would look like a fall."""
    ends = [rows[0]["origin"], *(r["period"] for r in rows)] if rows else []
    days = [(later - earlier).days for earlier, later in pairwise(ends)]
    return rows[:-1] if len(rows) > 1 and days[-1] < days[0] else rows


def _earlier(rows: list[Row], origin: date) -> list[Row]:
    """Return what came before an origin, each period once."""
    seen = {r["period"]: r for r in rows if r["actual"] is not None and r["period"] <= origin}
    return [seen[period] for period in sorted(seen)]


def _band(rows: list[Row], name: str, dash: str, colour: str) -> list[go.Scatter]:
    x = [r["period"].isoformat() for r in rows]
    edge: dict[str, Any] = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "legendgroup": name}
    return [
        go.Scatter(x=x, y=[r["lower"] for r in rows], showlegend=False, **edge),
        go.Scatter(
            x=x,
            y=[r["upper"] for r in rows],
            fill="tonexty",
            fillcolor=palette.UNCERTAIN_FILL,
            name="90% interval",
            showlegend=dash == "solid",
            **edge,
        ),
        go.Scatter(
            x=x,
            y=[r["expected"] for r in rows],
            mode="lines",
            name=name,
            line={"color": colour, "width": 3, "dash": dash},
        ),
    ]


def _dots(rows: list[Row]) -> go.Scatter:
    return go.Scatter(
        x=[r["period"].isoformat() for r in rows if r["actual"] is not None],
        y=[r["actual"] for r in rows if r["actual"] is not None],
        mode="markers",
        name="what came",
        marker={"color": palette.INK, "size": 7},
    )


def inside_share(data: pa.Table) -> str:
    """Say how many periods of all tested origins lay inside their interval."""
    past = tracks(data)
    inside, periods = sum(t.inside for t in past), sum(t.periods for t in past)
    return f"{inside} of {periods} ({share(inside / periods)})" if periods else "none tested"
