"""What does winning a customer cost, and what do they bring? By the channel that they came through."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import pyarrow as pa
from ibis import _

from keepwell.charts import palette
from keepwell.charts.frame import framed, money_axis, plain, sentence, unit
from keepwell.charts.words import money, plural
from keepwell.tables import Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]
MOST = 7  # channels drawn


def winning_data(tables: Tables) -> ir.Table:
    """Return cost, contribution and expected value by month of the first purchase and channel.

    Columns: those of `acquisition`, and `expected`, what is expected of these customers over their life from now on
    (null where nothing is).
    """
    bought = tables["history"].select("customer_id", cohort=_.first_date.cast("timestamp").truncate("M").date())
    worth = tables["values"].filter(_.horizon == "life").select("customer_id", "expected_contribution")
    channels = tables["customers"].select("customer_id", "channel")
    valued = bought.inner_join(worth, "customer_id").left_join(channels, "customer_id")
    sums = valued.group_by("cohort", plain=_plain(valued.channel)).aggregate(expected=_.expected_contribution.sum())
    told = tables["acquisition"]
    joined = told.mutate(plain=_plain(told.channel)).left_join(sums, ["cohort", "plain"])
    return joined.select(*told.columns, "expected").order_by("cohort", "channel")


def _plain(channel: Any) -> Any:
    return channel.fill_null("").strip().lower()


def by_channel(data: pa.Table) -> list[Row]:
    """Return the channels with spend, the dearest first; of each the cohorts from its first to its last spend.

    Each: `channel`, `customers`, `spend`, `cost` (of winning one), `earned` and `expected` (a customer), `ratio` (what
    they bring, so far and expected, by what they cost), `months` (cohorts won for money), `back` (of them paid back)
    and `payback` (median months of these).
    """
    groups: dict[str, list[Row]] = {}
    for row in paid_for(data):
        groups.setdefault(row["channel"], []).append(row)
    found = [_summed(channel, rows) for channel, rows in groups.items()]
    return sorted(found, key=lambda r: (-r["spend"], r["channel"]))


def paid_for(data: pa.Table) -> list[Row]:
    """Return the cohorts of channels with spend, from the channel's first month with spend to its last."""
    rows = data.to_pylist()
    spent: dict[str, list[Any]] = {}
    for row in rows:
        if row["spend"] > 0:
            spent.setdefault(row["channel"], []).append(row["cohort"])
    ends = {channel: (min(months), max(months)) for channel, months in spent.items()}
    return [r for r in rows if r["channel"] in ends and ends[r["channel"]][0] <= r["cohort"] <= ends[r["channel"]][1]]


def by_year(data: pa.Table) -> list[Row]:
    """Return the same by year of the first purchase."""
    groups: dict[int, list[Row]] = {}
    for row in paid_for(data):
        groups.setdefault(row["cohort"].year, []).append(row)
    return [_summed(str(year), rows) for year, rows in sorted(groups.items())]


def _summed(name: str, rows: list[Row]) -> Row:
    customers, spend = sum(r["customers"] for r in rows), sum(r["spend"] for r in rows)
    earned, expected = float(sum(r["contribution"] for r in rows)), sum(r["expected"] or 0.0 for r in rows)
    paid = [r for r in rows if r["spend"] > 0]
    back = [r["payback"] for r in paid if r["payback"] is not None]
    return {
        "channel": name or "not known",
        "customers": customers,
        "spend": spend,
        "cost": float(spend) / customers if customers else None,
        "earned": earned / customers if customers else None,
        "expected": expected / customers if customers else None,
        "ratio": (earned + expected) / float(spend) if spend > 0 else None,
        "months": len(paid),
        "back": len(back),
        "payback": median(back) if back else None,
    }


def answer(data: pa.Table, *, currency: str) -> str:
    """Say what winning a customer costs and what each unit of money spent brings, best and worst."""
    rows = [r for r in by_channel(data) if r["cost"] is not None]
    if not rows:
        return "No marketing money by channel is in the files, so what winning customers costs is not known"
    spend, won = sum(r["spend"] for r in rows), sum(r["customers"] for r in rows)
    said = f"Winning a customer costs {money(float(spend) / won, currency)} on average"
    ranked = sorted(rows, key=lambda r: (-(r["ratio"] or 0), r["channel"]))
    best, worst = ranked[0], ranked[-1]
    said += f"; ‘{best['channel']}’ brings {best['ratio']:.1f} for each 1 spent"
    return said if best is worst else f"{said}, ‘{worst['channel']}’ {worst['ratio']:.1f}"


def figure(data: pa.Table, *, currency: str) -> go.Figure:
    """Draw what a customer of each channel cost, and what they brought and are expected to bring."""
    rows, title = [r for r in by_channel(data) if r["cost"] is not None][:MOST], answer(data, currency=currency)
    if not rows:
        return sentence(title)
    names = [f"{plain(r['channel'])}<br><b>{plural(r['customers'], 'customer')}</b>" for r in rows]
    looks: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("cost", "cost of winning one", {"color": palette.LOSS}),
        ("earned", "brought so far", {"color": palette.INK}),
        ("expected", "expected from now on", {"color": palette.PROFIT, "pattern": {"shape": "/"}}),
    )
    bars = [
        go.Bar(orientation="h", y=names, x=[r[key] for r in rows], name=words, marker=look)
        for key, words, look in looks
    ]
    drawn = go.Figure(bars)
    framed(drawn, title, x=f"A customer, {unit(currency)}", y="", height=130 + 62 * len(rows))
    drawn.update_layout(barmode="group", bargap=0.25, legend_traceorder="normal")
    drawn.update_yaxes(autorange="reversed", type="category", showgrid=False)
    top = max(abs(r[key] or 0.0) for r in rows for key, *_more in looks)
    drawn.update_xaxes(**money_axis(currency, top=top))
    return drawn
