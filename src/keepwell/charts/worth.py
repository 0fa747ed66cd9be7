"""What is each customer worth over the next 12 months? Customers by size of value, coloured by tier.

The bins are 1, 2, 5, 10, 20, 50 ... of a unit that fits the data, because values spread over several powers of ten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import plotly.graph_objects as go
import pyarrow as pa
from ibis import _
from plotly.subplots import make_subplots

from keepwell.charts import palette
from keepwell.charts.frame import WIDE, framed, money_axis, plain, sentence, unit, wrapped
from keepwell.charts.words import MINUS, money, plural, share, short_count
from keepwell.tables import Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

TIERS = 6  # with the intervals that makes the seven things that a legend holds
Row = dict[str, Any]


def worth_data(tables: Tables) -> ir.Table:
    """Return customers by tier and bin of expected contribution over 12 months.

    Columns: `tier`, `low` and `high` (the bin), `customers`, `expected` (sum), and `q05`, `q50`, `q95` (means over
    the customers of their own quantiles); ordered by bin and tier.
    """
    values = tables["values"].filter(_.horizon == "12m")
    tiers = tables["segments"].filter(_.scheme == "tier").select("customer_id", tier="segment")
    known = values.left_join(tiers, "customer_id").drop("customer_id_right")
    known = known.mutate(tier=_.tier.fill_null("no tier"), v=_.expected_contribution)
    binned = _with_bins(known.cross_join(_sizes(values)))
    means = {q: _[q].mean() for q in ("q05", "q50", "q95")}
    rows = binned.group_by("tier", "low", "high").aggregate(customers=_.count(), expected=_.v.sum(), **means)
    return rows.order_by("low", "tier")


def _sizes(values: ir.Table) -> ir.Table:
    """Return the largest and the mean size of a value, in one row."""
    size = values.expected_contribution.abs()
    return values.aggregate(top=size.max(), usual=size.mean())


def _with_bins(known: ir.Table) -> ir.Table:
    """Add `low` and `high`, the ends of the 1-2-5 bin that holds `v`; `top` and `usual` are sizes of all `v`."""
    ten = ibis.literal(10.0)
    # The first bin holds what is small beside the mean, but bins never span more than five powers of ten.
    least = ibis.greatest(known.usual / 5, known.top / 100_000).nullif(0.0)
    sized = known.mutate(small=(ten ** least.log10().floor()).fill_null(1.0))
    size = sized.v.abs() / sized.small
    tens = (ibis.greatest(size, 1.0).log10() + 1e-12).floor()
    sized = sized.mutate(size=size, tens=tens, lead=ibis.greatest(size, 1.0) / ten**tens)
    first = ibis.cases((sized["lead"] >= 5, 5.0), (sized["lead"] >= 2, 2.0), else_=1.0)
    ends = sized.mutate(
        near=ibis.ifelse(sized["size"] < 1, 0.0, first * ten**sized.tens * sized.small),
        far=ibis.ifelse(
            sized["size"] < 1,
            sized.small,
            ibis.ifelse(first == 1, 2.0, first * 2 + (first == 2).cast("float64")) * ten**sized.tens * sized.small,
        ),
    )
    below = ends.v < 0
    return ends.mutate(low=ibis.ifelse(below, -ends.far, ends.near), high=ibis.ifelse(below, -ends.near, ends.far))


def _tiers(rows: list[Row]) -> list[str]:
    """Return the tiers from the most to the least valuable customer on average."""
    size: dict[str, list[float]] = {}
    for row in rows:
        total = size.setdefault(row["tier"], [0.0, 0.0])
        total[0] += row["expected"]
        total[1] += row["customers"]
    return sorted(size, key=lambda tier: (-size[tier][0] / size[tier][1], tier))


def answer(data: pa.Table, *, currency: str) -> str:
    """Say how value is spread."""
    rows = data.to_pylist()
    if not rows:
        return "No customer has a forecast: nobody's value can be drawn"
    customers, whole = sum(r["customers"] for r in rows), sum(r["expected"] for r in rows)
    if customers == 1:
        return f"One customer, expected to bring {money(whole, currency)} over the next 12 months"
    limit = _half(rows, customers)
    best = _tiers(rows)[0]
    top = [r for r in rows if r["tier"] == best]
    said = (
        f"{share(limit[1])} of customers are expected to bring less than {money(limit[0], currency)} each in 12 months"
    )
    if whole <= 0 or best == "no tier":
        return said
    held, of = share(sum(r["expected"] for r in top) / whole), share(sum(r["customers"] for r in top) / customers)
    return f"{said}; the tier ‘{best}’, {of} of them, holds {held} of what is expected"


def _half(rows: list[Row], customers: int) -> tuple[float, float]:
    """Return the lowest end of a bin with at least half of the customers below it, and their share."""
    below, limit = 0, 0.0
    for row in sorted(rows, key=lambda r: r["high"]):
        if below >= customers / 2 and row["high"] > limit:
            break
        below, limit = below + row["customers"], row["high"]
    return limit, below / customers


def figure(data: pa.Table, *, currency: str) -> go.Figure:
    """Draw customers per bin above, and below what a single customer of the bin may bring (90% interval)."""
    rows, title = data.to_pylist(), answer(data, currency=currency)
    if sum(r["customers"] for r in rows) < 2:
        return sentence(title)
    bins = _bins(rows)
    labels = [_bin_label(*ends) for ends in bins]
    drawn = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08, row_heights=[0.6, 0.4])
    for trace in (*_stacks(rows, bins, labels), _totals(rows, bins, labels)):
        drawn.add_trace(trace, row=1, col=1)
    drawn.add_trace(_whiskers(rows, bins, labels), row=2, col=1)
    framed(drawn, title, x="", y="Customers", height=520)
    money_title = f"Expected contribution of a customer over 12 months, {unit(currency)}"
    drawn.update_layout(
        barmode="stack", bargap=0.08, legend_traceorder="normal", yaxis2_title_text=f"May bring, {unit(currency)}"
    )
    drawn.update_layout(
        xaxis2_title_text=wrapped(money_title, 38), yaxis2=money_axis(currency, top=max(r["q95"] for r in rows))
    )
    tallest = max(drawn.data[-2].y)
    drawn.update_yaxes(row=1, col=1, tickformat=",", range=[0, 1.15 * tallest])  # room for the numbers above
    drawn.update_xaxes(type="category", categoryorder="array", categoryarray=labels, showgrid=False)
    return drawn


def _bins(rows: list[Row]) -> list[tuple[float, float]]:
    return sorted({(r["low"], r["high"]) for r in rows})


def _bin_label(low: float, high: float) -> str:
    return f"{_short(low)}{' to ' if low < 0 else '–'}{_short(high)}"


def _short(value: float) -> str:
    scale, letter = (1e6, "M") if abs(value) >= 1e6 else (1e3, "k") if abs(value) >= 1e3 else (1.0, "")
    return f"{value / scale + 0.0:,.6g}{letter}".replace("-", MINUS)  # adding 0 turns -0 into 0


def _stacks(rows: list[Row], bins: list[tuple[float, float]], labels: list[str]) -> list[go.Bar]:
    names = _tiers(rows)
    shown = names if len(names) <= TIERS else names[: TIERS - 1]
    groups = [(name, {name}) for name in shown] + ([("all others", set(names) - set(shown))] if shown != names else [])
    bars = []
    for (name, tiers), colour in zip(groups, palette.steps(len(groups)), strict=True):
        held = dict.fromkeys(bins, 0)
        for row in rows:
            if row["tier"] in tiers:
                held[row["low"], row["high"]] += row["customers"]
        marker = {"color": colour, "line": {"color": palette.INK, "width": 0.5}}
        bars.append(go.Bar(x=labels, y=list(held.values()), name=plain(name), marker=marker))
    return bars


def _totals(rows: list[Row], bins: list[tuple[float, float]], labels: list[str]) -> go.Scatter:
    """Return the customers of each bin as a number above its bar, for small bars cannot be read."""
    held = dict.fromkeys(bins, 0)
    for row in rows:
        held[row["low"], row["high"]] += row["customers"]
    words = [short_count(n) for n in held.values()]
    return go.Scatter(
        x=labels, y=list(held.values()), text=words, mode="text", textposition="top center", showlegend=False, meta=WIDE
    )


def _whiskers(rows: list[Row], bins: list[tuple[float, float]], labels: list[str]) -> go.Scatter:
    """Return the means of the middle and of the ends of the intervals, per bin."""
    middle, below, above = [], [], []
    for ends in bins:
        here = [r for r in rows if (r["low"], r["high"]) == ends]
        n = sum(r["customers"] for r in here)
        q05, q50, q95 = (sum(r[q] * r["customers"] for r in here) / n for q in ("q05", "q50", "q95"))
        middle.append(q50)
        below.append(q50 - q05)
        above.append(q95 - q50)
    return go.Scatter(
        x=labels,
        y=middle,
        mode="markers",
        name="one customer: middle and 90% interval",
        marker={"color": palette.CHOSEN, "size": 8, "symbol": "diamond"},
        error_y={"array": above, "arrayminus": below, "color": palette.UNCERTAIN, "thickness": 2, "width": 4},
    )


def interval_note(data: pa.Table) -> str:
    """Say what the whiskers mean, for a caption."""
    return (
        f"Bars count {plural(sum(r['customers'] for r in data.to_pylist()), 'customer')} by what is expected of them. "
        "Below, what one such customer may really bring: the mark is the middle, the line the 90% interval. "
        "Most single customers bring nothing or several times their expectation."
    )
