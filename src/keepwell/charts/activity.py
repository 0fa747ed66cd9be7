"""Who will buy again, and who is still a customer? By how often they came back and how long they have been silent.

Two readings of one map: the chance of a purchase in the next 12 months, which can be seen to come true or not, and
the chance of still being a customer, which nobody ever sees.
"""

from __future__ import annotations

from dataclasses import dataclass
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
CERTAIN = 0.9999
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """One chance that the map can show."""

    column: str
    words: str  # follows "about 30% of all buyers"


ACTIVE = Reading("p_active", "are still customers")
BUYS = Reading("p_buys", "will buy again within 12 months")


def activity_data(tables: Tables) -> ir.Table:
    """Return customers and mean chances by bin of `repeats` and `silence` (in days), named by the bin's lowest.

    Columns: `repeats`, `silence`, `customers`, `p_active`, `p_buys`; ordered by bin.
    """
    values = tables["values"].filter(_.horizon == "12m").select("customer_id", "p_active", "p_zero")
    seen = tables["history"].inner_join(values, "customer_id")
    keys = {
        "repeats": _binned(seen.repeats, [low for low, _words in REPEATS]),
        "silence": _binned(seen.age - seen.recency, [low for low, _words in SILENCE]),
    }
    rows = seen.select(p_active=seen.p_active, p_buys=1 - seen.p_zero, **keys).group_by("repeats", "silence")
    means = rows.aggregate(customers=_.count(), p_active=_.p_active.mean(), p_buys=_.p_buys.mean())
    return means.order_by("repeats", "silence")


def _binned(value: Any, lows: list[int]) -> Any:
    cases = [(value >= low, ibis.literal(low, "int64")) for low in reversed(lows[1:])]
    return ibis.cases(*cases, else_=ibis.literal(lows[0], "int64"))


def nobody_left(data: pa.Table) -> bool:
    """Return whether the model calls everybody a customer: then there is nothing to draw."""
    return data.num_rows > 0 and all(r["p_active"] >= CERTAIN for r in data.to_pylist())


def never_leave(data: pa.Table) -> bool:
    """Return whether the model calls everybody who never came back a customer: then it cannot tell for them."""
    once = [r for r in data.to_pylist() if r["repeats"] == 0]
    return bool(once) and all(r["p_active"] >= CERTAIN for r in once)


def answer(data: pa.Table, *, currency: str = "", reading: Reading = ACTIVE) -> str:  # noqa: ARG001 - asked like all
    """Say where the chance is highest and lowest, over bins that hold at least one customer in a hundred."""
    rows = data.to_pylist()
    if not rows:
        return f"No customer has a forecast: how many {reading.words} cannot be drawn"
    if reading == ACTIVE and nobody_left(data):
        return f"Nobody seems to have left: the model finds no sign of it among {_heads(rows)}"
    blind = reading == ACTIVE and never_leave(data)
    told = [r for r in rows if not (blind and r["repeats"] == 0)]
    everyone, column = sum(r["customers"] for r in told), reading.column
    mean = sum(r["customers"] * r[column] for r in told) / everyone
    of = "customers who ever came back" if blind else "all buyers"
    said = f"About {share(mean)} of {of} {reading.words}"
    if len(told) == 1:
        return f"{said} ({_heads(told)} with one kind of history)"
    often = [r for r in told if r["customers"] >= everyone / 100]
    high, low = (pick(often, key=lambda r: r[column]) for pick in (max, min))
    return f"{said}: from {share(high[column])} ({_words(high)}) down to {share(low[column])} ({_words(low)})"


def _heads(rows: list[Row]) -> str:
    return plural(sum(r["customers"] for r in rows), "customer")


def _words(row: Row) -> str:
    back = dict(REPEATS)[row["repeats"]]
    times = "never came back" if row["repeats"] == 0 else f"came back {back} time{'' if back == '1' else 's'}"
    return f"{times}, silent for {dict(SILENCE)[row['silence']]} month{'' if row['silence'] == 0 else 's'}"


def figure(data: pa.Table, *, currency: str = "", reading: Reading = ACTIVE) -> go.Figure:
    """Draw the map: the chance in each cell, with how many customers it holds."""
    rows, title = data.to_pylist(), answer(data, currency=currency, reading=reading)
    if len(rows) < 2 or (reading == ACTIVE and nobody_left(data)):
        return sentence(title)
    cells = {(r["repeats"], r["silence"]): r for r in rows}
    grid = [[cells.get((often, quiet)) for quiet, _w in SILENCE] for often, _v in REPEATS]
    drawn = go.Figure(
        go.Heatmap(
            x=[words for _low, words in SILENCE],
            y=[words for _low, words in REPEATS],
            z=[[cell and cell[reading.column] for cell in line] for line in grid],
            text=[[_cell_text(cell, reading) for cell in line] for line in grid],
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


def _cell_text(cell: Row | None, reading: Reading) -> str:
    if cell is None:
        return ""
    chance = cell[reading.column]
    told = "0%" if chance < 0.0005 else share(chance)  # "under 0.1%" would not fit
    return f"<b>{told}</b><br>{short_count(cell['customers'])}"
