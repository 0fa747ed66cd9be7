"""What changed since the year before? From that year's contribution to the last one's, by where customers head."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import pyarrow as pa
from ibis import _

from keepwell.charts import palette
from keepwell.charts.frame import framed, money_axis, plain, sentence, unit
from keepwell.charts.words import money, plural, signed_share
from keepwell.tables import Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]
TWO_YEARS = 24  # months
TURNS = {
    "gone": "gone",
    "fading": "fading",
    "newly unprofitable": "newly unprofitable",
    "steady": "steady",
    "recovered": "recovered",
    "growing": "growing",
    "new": "new",
}


def bridge_data(tables: Tables) -> ir.Table:
    """Return per turn the customers, and their contribution of the last 12 months and of the 12 before.

    Columns: `turn`, `customers`, `recent`, `before`, and on every row `months`, how many the ledger spans.
    """
    ledger, trends = tables["ledger"], tables["trends"]
    last, first = ledger.month.max(), ledger.month.min()
    months = (last.year() - first.year()).cast("int64") * 12 + (last.month() - first.month()).cast("int64") + 1
    sums = {name: trends[name].sum().cast("decimal(38,4)") for name in ("recent", "before")}
    found = trends.group_by("turn").aggregate(customers=_.count(), **sums)
    return found.cross_join(ledger.aggregate(months=months)).order_by("turn")


def rows_of(data: pa.Table) -> list[Row]:
    """Return the turns in the order of the bridge: who took away first, who added last."""
    found = {r["turn"]: r for r in data.to_pylist()}
    return [
        {**found[turn], "words": words, "change": _change(found[turn])}
        for turn, words in TURNS.items()
        if turn in found
    ]


def _change(row: Row) -> Decimal:
    change: Decimal = row["recent"] - row["before"]
    return change


def whole(rows: list[Row], name: str) -> Decimal:
    """Return the sum of a column."""
    return sum((r[name] for r in rows), Decimal(0))


def comparable(rows: list[Row]) -> bool:
    """Return whether the log holds both years."""
    return bool(rows) and (rows[0]["months"] or 0) >= TWO_YEARS


def answer(data: pa.Table, *, currency: str) -> str:
    """Say what the last year earned beside the one before, and who made the difference."""
    rows = rows_of(data)
    if not rows:
        return "Nobody has earned or cost anything yet, so nothing can be compared with the year before"
    if not comparable(rows):
        months = plural(rows[0]["months"] or 0, "month")
        return f"The log spans {months}: the last 12 months have no whole year before them to be compared with"
    recent, before = whole(rows, "recent"), whole(rows, "before")
    part = f" ({signed_share(recent / before - 1)})" if before > 0 else ""
    verb = "more" if recent >= before else "less"
    said = f"Contribution of the last 12 months is {money(abs(recent - before), currency)} {verb} than of the 12 before"
    most = max(rows, key=lambda r: (abs(r["change"]), r["turn"]))
    way = "added" if most["change"] >= 0 else "took"
    return f"{said}{part}; customers {_named(most['turn'])} {way} most, {money(abs(most['change']), currency)}"


def _named(turn: str) -> str:
    return {"new": "who are new", "gone": "who are gone", "steady": "who stayed as they were"}.get(turn, f"‘{turn}’")


def figure(data: pa.Table, *, currency: str) -> go.Figure:
    """Draw the bridge from one year to the other."""
    rows, title = rows_of(data), answer(data, currency=currency)
    if not comparable(rows):
        return sentence(title)
    ends = (("12 months before", whole(rows, "before")), ("last 12 months", whole(rows, "recent")))
    shown = [
        (*ends[0], "absolute"),
        *((f"{r['words']} ({r['customers']:,})", r["change"], "relative") for r in rows if r["change"]),
        (*ends[1], "total"),
    ]
    steps = go.Waterfall(
        orientation="h",
        y=[_label(words, value, kind, currency) for words, value, kind in shown],
        x=[float(value) for _words, value, _kind in shown],
        measure=[kind for _words, _value, kind in shown],
        increasing={"marker": {"color": palette.PROFIT}},
        decreasing={"marker": {"color": palette.LOSS}},
        totals={"marker": {"color": palette.INK}},
        connector={"line": {"color": palette.UNCERTAIN, "width": 1}},
    )
    drawn = go.Figure(steps)
    framed(drawn, title, x=f"Contribution of 12 months, {unit(currency)}", y="", height=110 + 42 * len(shown))
    drawn.update_layout(showlegend=False, waterfallgap=0.3)
    drawn.update_yaxes(autorange="reversed", showgrid=False)
    drawn.update_xaxes(**money_axis(currency, top=float(max(abs(value) for _words, value in ends))))
    return drawn


def _label(words: str, value: Decimal, kind: str, currency: str) -> str:
    plus = "+" if kind == "relative" and value > 0 else ""
    return f"{plain(words)}<br><b>{plus}{plain(money(value, currency))}</b>"
