"""How long do subscribers stay? The share still there by months since the start, with what is not known of it."""

from __future__ import annotations

from math import exp, log, sqrt
from typing import TYPE_CHECKING, Any

import ibis
import plotly.graph_objects as go
import pyarrow as pa
from ibis import _

from keepwell.charts import palette
from keepwell.charts.frame import framed, sentence
from keepwell.charts.words import count, plural, share
from keepwell.tables import Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

MONTH = 30.4375  # days
MOST = 60  # months drawn
Z95 = 1.6449
Row = dict[str, Any]


def staying_data(tables: Tables) -> ir.Table:
    """Return subscriptions by whole months that they lasted: `months`, `ended` (how many ended then), `running`.

    As of the day that is forecast from: later starts and ends have not happened. Where nothing is forecast that day is
    the latest of the orders', the subscriptions' and the ends.
    """
    subs, lines = tables["subscriptions"], tables["order_lines"]
    from_day = tables["forecast_path"].aggregate(origin=_.origin.max())
    last = lines.aggregate(bought=lines.order_date.max())
    begun = subs.aggregate(begun=subs.started.max(), left=subs.ended.max())
    dated = subs.cross_join(begun).cross_join(last).cross_join(from_day)
    known = (dated.begun, dated["left"].fill_null(dated.begun), dated.bought.fill_null(dated.begun))
    until = dated.mutate(until=dated.origin.fill_null(ibis.greatest(*known)))
    over = until.mutate(over=(_.ended <= _.until).fill_null(ibis.literal(value=False)))
    whole = over.mutate(end=_.over.ifelse(_.ended, _.until))
    whole = whole.filter(_.end >= _.started)
    days = whole.end.delta(whole.started, unit="day").cast("float64")
    told = whole.mutate(months=(days / MONTH).floor().cast("int64"), gone=_.over.cast("int64"))
    sums = told.group_by("months").aggregate(
        ended=_.gone.sum().cast("decimal(38,0)").cast("int64"), all=_.count().cast("int64")
    )
    return sums.select("months", "ended", running=sums["all"] - sums.ended).order_by("months")


def survival(data: pa.Table) -> list[Row]:
    """Return the share still there after each month, with its 90% band (Kaplan & Meier 1958; Greenwood 1926).

    `month`, `there` (subscriptions watched so long), `share`, `lower`, `upper`; the band is of ln(-ln share).
    """
    rows = data.to_pylist()
    left = sum(r["ended"] + r["running"] for r in rows)
    found: list[Row] = [{"month": 0, "there": left, "share": 1.0, "lower": 1.0, "upper": 1.0}]
    stays, spread = 1.0, 0.0
    for r in rows:
        if r["months"] >= MOST or not left:
            break
        # One who ended within a month was there at its start and not at its end; who runs was last seen within it.
        watched = left - r["running"] / 2
        if r["ended"] >= watched:
            break
        stays *= 1 - r["ended"] / watched
        spread += r["ended"] / (watched * (watched - r["ended"]))
        found.append({"month": r["months"] + 1, "there": left, "share": stays, **_band(stays, spread)})
        left -= r["ended"] + r["running"]
    return found if len(found) > 1 else []


def _band(stays: float, spread: float) -> Row:
    if stays >= 1:
        return {"lower": 1.0, "upper": 1.0}
    wide = exp(Z95 * sqrt(spread) / abs(log(stays)))
    return {"lower": stays**wide, "upper": stays ** (1 / wide)}


def answer(data: pa.Table, *, currency: str = "") -> str:  # noqa: ARG001 - asked like every chart
    """Say how many are still there after a year, or after as long as is known."""
    rows = survival(data)
    if not rows:
        return "There is too little history to say how long subscribers stay"
    at = max((r for r in rows if r["month"] <= 12), key=lambda r: r["month"])
    return f"{share(at['share'])} of subscribers are still there after {plural(at['month'], 'month')}"


def figure(data: pa.Table, *, currency: str = "") -> go.Figure:
    """Draw the share still there as steps, with its 90% band."""
    rows, title = survival(data), answer(data, currency=currency)
    if not rows:
        return sentence(title)
    x = [r["month"] for r in rows]
    edge: dict[str, Any] = {"mode": "lines", "line": {"width": 0, "shape": "hv"}, "hoverinfo": "skip"}
    look = {"color": palette.INK, "width": 3, "shape": "hv"}
    drawn = go.Figure(
        [
            go.Scatter(x=x, y=[r["lower"] for r in rows], showlegend=False, **edge),
            go.Scatter(
                x=x, y=[r["upper"] for r in rows], fill="tonexty", fillcolor=palette.UNCERTAIN_FILL,
                name="90% interval", **edge,
            ),
            go.Scatter(x=x, y=[r["share"] for r in rows], mode="lines", name="still there", line=look),
        ]
    )  # fmt: skip
    whole = count(rows[0]["there"])
    framed(drawn, title, x=f"Months since the start (of {whole} subscriptions)", y="Share still there")
    drawn.update_yaxes(tickformat=".0%", range=[0, 1.02])
    return drawn
