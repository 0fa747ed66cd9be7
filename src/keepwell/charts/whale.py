"""Who earns the profit? Customers from the best to the worst, and what they add up to.

The curve rises above 100% when some customers lose money: what the best earn beyond the whole, the worst take away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import plotly.graph_objects as go
import pyarrow as pa
from ibis import _

from keepwell.charts import palette
from keepwell.charts.frame import framed, money_axis, plain, sentence, unit
from keepwell.charts.words import money, plural, share
from keepwell.tables import Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

POINTS = 200  # more could not be told apart on a screen
ENOUGH = 5  # customers, for a fifth of them to be somebody
HALF = 0.5  # of the customers


def whale_data(tables: Tables) -> ir.Table:
    """Return at most `POINTS` + 1 rows of the whale table, evenly spread, the peak among them."""
    whale = tables["whale"]
    counted = whale.cross_join(whale.aggregate(n=_.customers.max()))
    step = ((counted.customers * POINTS - 1) // counted.n).cast("int64")
    ends = counted.group_by(step=step).aggregate(customers=_.customers.max()).select("customers")
    top = whale.filter(whale.contribution == whale.contribution.max()).aggregate(customers=_.customers.min())
    shown = whale.semi_join(ibis.union(ends, top, distinct=True), "customers")
    return shown.filter(shown.customers > 0).order_by("customers")


@dataclass(frozen=True, slots=True)
class Concentration:
    """What the curve says in numbers; money in the reporting currency."""

    customers: int
    whole: float  # contribution of all
    best_customers: int  # the best fifth
    best: float  # they earned
    worst_customers: int  # the worst fifth
    worst: float  # they earned; below 0 where they cost more than they brought
    peak: float  # highest the curve reaches
    peak_customers: int


def concentration(data: pa.Table) -> Concentration | None:
    """Return the numbers of the curve, or None where customers are too few for a fifth of them."""
    rows = data.select(["customers", "contribution"]).to_pylist()
    if not rows or rows[-1]["customers"] < ENOUGH:
        return None
    n, whole = rows[-1]["customers"], float(rows[-1]["contribution"])
    best = [r for r in rows if r["customers"] <= n / 5][-1:] or rows[:1]
    before = [r for r in rows if r["customers"] <= n - n // 5][-1]
    peak = max(rows, key=lambda r: (r["contribution"], -r["customers"]))
    return Concentration(
        customers=n,
        whole=whole,
        best_customers=best[0]["customers"],
        best=float(best[0]["contribution"]),
        worst_customers=n - before["customers"],
        worst=whole - float(before["contribution"]),
        peak=float(peak["contribution"]),
        peak_customers=peak["customers"],
    )


def answer(data: pa.Table, *, currency: str) -> str:
    """Say who earns the profit."""
    said = concentration(data)
    if said is None:
        return _too_few(data, currency)
    if said.whole == 0:
        return f"All {said.customers:,} customers together earned nothing and cost nothing"
    if said.whole < 0:
        return (
            f"All customers together lose {money(-said.whole, currency)}; "
            f"the best fifth of them bring {money(said.best, currency)}"
        )
    best = f"The best fifth of customers earn {share(said.best / said.whole)} of the profit"
    worst = share(abs(said.worst) / said.whole)
    return f"{best}; the worst fifth {'lose ' + worst + ' of it' if said.worst < 0 else 'earn ' + worst}"


def _too_few(data: pa.Table, currency: str) -> str:
    if not data.num_rows:
        return "No customer has earned or cost anything yet"
    last = data.slice(data.num_rows - 1).to_pylist()[0]
    earned = money(last["contribution"], currency)
    return f"{plural(last['customers'], 'customer')}: too few to tell the best from the worst; contribution {earned}"


def figure(data: pa.Table, *, currency: str) -> go.Figure:
    """Draw the curve: solid while customers add profit, dashed where they take it away."""
    said = concentration(data)
    title = answer(data, currency=currency)
    if said is None:
        return sentence(title)
    whole = said.whole if said.whole > 0 else None
    rows = data.to_pylist()
    x = [0.0, *(r["customers_share"] for r in rows)]
    y = [0.0, *(float(r["contribution"]) / (whole or 1.0) for r in rows)]
    lose = said.peak > said.whole
    turn = 1 + [r["customers"] for r in rows].index(said.peak_customers) if lose else len(x) - 1
    drawn = go.Figure([_line(x[: turn + 1], y[: turn + 1], "customers who earn profit", palette.PROFIT, "solid")])
    if lose:
        drawn.add_trace(_line(x[turn:], y[turn:], "customers who cost more than they bring", palette.LOSS, "dash"))
        drawn.add_trace(_peak(said, whole, currency))
    drawn.add_trace(_best(said, whole, currency))
    level = 1.0 if whole else 0.0
    drawn.add_hline(y=level, line={"color": palette.UNCERTAIN, "width": 1})
    axis = f"Contribution (100% = {money(whole, currency)})" if whole else f"Contribution, {unit(currency)}"
    framed(drawn, title, x=f"Customers, best first (100% = {said.customers:,})", y=axis)
    drawn.update_xaxes(tickformat=".0%", range=[0, 1.02])
    drawn.update_yaxes(range=_room(y))
    drawn.update_yaxes(**({"tickformat": ".0%"} if whole else money_axis(currency, top=max(map(abs, y)))))
    return drawn


def _room(y: list[float]) -> list[float]:
    """Return a range of the axis with room for the words over the peak."""
    low, high = min(y), max(y)
    return [low - 0.05 * (high - low), high + 0.12 * (high - low or 1.0)]


def _line(x: list[float], y: list[float], name: str, colour: str, dash: str) -> go.Scatter:
    return go.Scatter(x=x, y=y, name=name, mode="lines", line={"color": colour, "width": 3, "dash": dash})


def _peak(said: Concentration, whole: float | None, currency: str) -> go.Scatter:
    """Mark where the curve is highest: from there on customers cost more than they bring."""
    height = said.peak / (whole or 1.0)
    label = share(height) if whole else money(said.peak, currency)
    at = said.peak_customers / said.customers
    return go.Scatter(
        x=[at],
        y=[height],
        name="the peak",
        mode="markers+text",
        marker={"color": palette.INK, "size": 10, "symbol": "triangle-down"},
        text=[plain(f"peak: {label} at {share(at)} of customers")],
        textposition="top left" if at > HALF else "top right",
        textfont={"color": palette.INK, "size": 13},
    )


def _best(said: Concentration, whole: float | None, currency: str) -> go.Scatter:
    height = said.best / (whole or 1.0)
    label = share(height) if whole else money(said.best, currency)
    here: dict[str, Any] = {"color": palette.CHOSEN, "size": 10, "symbol": "diamond"}
    return go.Scatter(
        x=[said.best_customers / said.customers],
        y=[height],
        name="the best fifth",
        mode="markers+text",
        marker=here,
        text=[plain(f"best fifth: {label}")],
        textposition="bottom right",
        textfont={"color": palette.CHOSEN, "size": 13},
    )
