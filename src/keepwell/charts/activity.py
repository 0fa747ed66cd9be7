"""Who is still a customer? The chance of it, by how often they came back and how long they have been silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import plotly.graph_objects as go
import pyarrow as pa
from ibis import _

from keepwell.charts import palette
from keepwell.charts.frame import framed, sentence
from keepwell.charts.words import plural, share, short_count
from keepwell.tables import Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

REPEATS = ((0, "none"), (1, "1"), (2, "2"), (3, "3–4"), (5, "5–9"), (10, "10+"))  # lowest of the bin, its words
SILENCE = ((0, "up to 1"), (31, "1–3"), (92, "3–6"), (183, "6–12"), (366, "12–24"), (731, "24+"))  # days; months
Row = dict[str, Any]


def activity_data(tables: Tables) -> ir.Table:
    """Return customers and mean `p_active` by bin of `repeats` and `silence` (in days), named by the bin's lowest."""
    values = tables["values"].filter(_.horizon == "12m").select("customer_id", "p_active")
    seen = tables["history"].inner_join(values, "customer_id")
    keys = {
        "repeats": _binned(seen.repeats, [low for low, _words in REPEATS]),
        "silence": _binned(seen.age - seen.recency, [low for low, _words in SILENCE]),
    }
    rows = seen.select(p_active=seen.p_active, **keys).group_by("repeats", "silence")
    return rows.aggregate(customers=_.count(), p_active=_.p_active.mean()).order_by("repeats", "silence")


def _binned(value: Any, lows: list[int]) -> Any:
    cases = [(value >= low, ibis.literal(low, "int64")) for low in reversed(lows[1:])]
    return ibis.cases(*cases, else_=ibis.literal(lows[0], "int64"))


def answer(data: pa.Table, *, currency: str = "") -> str:  # noqa: ARG001 - every chart is asked the same way
    """Say where the chance is highest and lowest, over bins that hold at least one customer in a hundred."""
    rows = data.to_pylist()
    if not rows:
        return "No customer has a forecast: the chance that they are still customers cannot be drawn"
    everyone = sum(r["customers"] for r in rows)
    if len(rows) == 1:
        return (
            f"{plural(everyone, 'customer')} with one kind of history: "
            f"the chance of still being a customer is {share(rows[0]['p_active'])}"
        )
    mean = sum(r["customers"] * r["p_active"] for r in rows) / everyone
    told = [r for r in rows if r["customers"] >= everyone / 100]
    high, low = (pick(told, key=lambda r: r["p_active"]) for pick in (max, min))
    return (
        f"About {share(mean)} of all buyers are still customers: from {share(high['p_active'])} ({_words(high)}) "
        f"down to {share(low['p_active'])} ({_words(low)})"
    )


def _words(row: Row) -> str:
    back = dict(REPEATS)[row["repeats"]]
    times = "never came back" if row["repeats"] == 0 else f"came back {back} time{'' if back == '1' else 's'}"
    return f"{times}, silent for {dict(SILENCE)[row['silence']]} month{'' if row['silence'] == 0 else 's'}"


def figure(data: pa.Table, *, currency: str = "") -> go.Figure:
    """Draw the map: the chance in each cell, with how many customers it holds."""
    rows, title = data.to_pylist(), answer(data, currency=currency)
    if len(rows) < 2:
        return sentence(title)
    cells = {(r["repeats"], r["silence"]): r for r in rows}
    grid = [[cells.get((often, quiet)) for quiet, _w in SILENCE] for often, _v in REPEATS]
    drawn = go.Figure(
        go.Heatmap(
            x=[words for _low, words in SILENCE],
            y=[words for _low, words in REPEATS],
            z=[[cell and cell["p_active"] for cell in line] for line in grid],
            text=[[_cell_text(cell) for cell in line] for line in grid],
            texttemplate="%{text}",
            textfont={"size": 11, "color": palette.INK},
            colorscale=palette.CELLS,
            zmin=0,
            zmax=1,
            xgap=2,
            ygap=2,
            hoverongaps=False,
            showscale=False,  # every cell says its number
        )
    )
    framed(drawn, title, x="Months since the last purchase", y="Times they came back", height=400)
    drawn.update_xaxes(type="category", showgrid=False)
    drawn.update_yaxes(type="category", showgrid=False)
    return drawn


def _cell_text(cell: Row | None) -> str:
    return f"<b>{share(cell['p_active'])}</b><br>{short_count(cell['customers'])}" if cell else ""
