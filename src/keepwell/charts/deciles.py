"""Does the forecast put the right customers first? Forecast beside truth by tenths of customers, where it is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import pyarrow as pa

from keepwell.charts import palette
from keepwell.charts.frame import framed, money_axis, sentence, unit
from keepwell.charts.words import share

_FIELDS: dict[str, Any] = {
    "decile": pa.int64(),  # 1: the tenth of customers of whom most was expected
    "customers": pa.int64(),
    "forecast": pa.float64(),  # their contribution of 12 months
    "truth": pa.float64(),
}
SCHEMA = pa.schema(_FIELDS)


def deciles_data(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return the tenths as a table of `SCHEMA`; other columns are left out."""
    return pa.Table.from_pylist([{name: row[name] for name in SCHEMA.names} for row in rows], schema=SCHEMA)


def answer(data: pa.Table, *, currency: str = "") -> str:  # noqa: ARG001 - every chart is asked the same way
    """Say what the tenth with the highest forecast truly brought."""
    rows = data.to_pylist()
    whole, forecast = (sum(r[name] for r in rows) for name in ("truth", "forecast"))
    if not rows or whole <= 0 or forecast <= 0:
        return "Nobody bought anything in the simulated months: there is no truth to hold the forecast against"
    best = rows[0]
    return (
        f"The tenth of customers of whom most was expected truly brought {share(best['truth'] / whole)} of the whole; "
        f"{share(best['forecast'] / forecast)} was forecast"
    )


def figure(data: pa.Table, *, currency: str) -> go.Figure:
    """Draw forecast (hatched) and truth (solid) side by side."""
    rows, title = data.to_pylist(), answer(data, currency=currency)
    if not rows or sum(r["truth"] for r in rows) <= 0:
        return sentence(title)
    names = [str(r["decile"]) for r in rows]
    looks: dict[str, dict[str, Any]] = {
        "forecast": {"color": palette.PROFIT, "pattern": {"shape": "/"}},
        "truth": {"color": palette.INK},
    }
    drawn = go.Figure([go.Bar(x=names, y=[r[n] for r in rows], name=n, marker=look) for n, look in looks.items()])
    framed(drawn, title, x="Tenth of customers (1: most expected)", y=f"In 12 months, {unit(currency)}")
    drawn.update_layout(barmode="group", bargap=0.25)
    drawn.update_xaxes(type="category", showgrid=False)
    top = max(abs(r[n]) for r in rows for n in looks)
    drawn.update_yaxes(**money_axis(currency, top=top))
    return drawn
