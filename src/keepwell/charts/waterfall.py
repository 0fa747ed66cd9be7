"""From sales to contribution: where the money went, over all customers and months."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go
import pyarrow as pa

from keepwell.charts import palette
from keepwell.charts.frame import framed, money_axis, plain, sentence, unit
from keepwell.charts.words import money, share
from keepwell.tables import LEDGER_LINES, Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

# Ledger line, its words, and whether it adds to contribution or takes from it. Tax is the state's and is left out.
STEPS = (
    ("gross", "sales before discounts", 1),
    ("discounts", "discounts", -1),
    ("shipping_charged", "delivery charged", 1),
    ("other", "fees, adjustments", 1),
    ("refunds", "refunds", -1),
    ("", "net revenue", 0),
    ("product_cost", "product cost", -1),
    ("fulfilment", "fulfilment", -1),
    ("payment_fees", "payment fees", -1),
    ("returns_handling", "work on returns", -1),
    ("service", "service", -1),
    ("marketing", "contacts made", -1),
    ("acquisition", "winning customers", -1),
)


def waterfall_data(tables: Tables) -> ir.Table:
    """Return one row: the sum of every ledger line, of `contribution` and of `assumed_sales`; null without months."""
    ledger = tables["ledger"]
    lines = (*LEDGER_LINES, "contribution", "assumed_sales")
    return ledger.aggregate(**{line: ledger[line].sum().cast("decimal(38,4)") for line in lines})


def _totals(data: pa.Table) -> dict[str, float]:
    rows = data.to_pylist()
    return {name: float(value or 0) for name, value in rows[0].items()} if rows else {}


def net_revenue(totals: dict[str, float]) -> float:
    """Return sales after discounts and refunds, with delivery and other income, without tax."""
    return sum(sign * totals[line] for line, _words, sign in STEPS[:5])


def answer(data: pa.Table, *, currency: str) -> str:
    """Say what is left of the revenue."""
    totals = _totals(data)
    if not any(totals.values()):
        return "No money has moved yet: the ledger is empty"
    revenue, left = net_revenue(totals), totals["contribution"]
    if revenue <= 0:
        return f"Refunds and discounts exceed sales: net revenue is {money(revenue, currency)}"
    kept = f"{money(left, currency)} of {money(revenue, currency)} net revenue is left as contribution"
    doubt = share(totals["assumed_sales"] / revenue)
    note = f"; the cost of {doubt} of it is assumed, not measured" if totals["assumed_sales"] > 0 else ""
    return f"{kept} ({share(left / revenue)}){note}"


def figure(data: pa.Table, *, currency: str) -> go.Figure:
    """Draw the steps from the top down; steps of nothing are left out."""
    totals, title = _totals(data), answer(data, currency=currency)
    if not any(totals.values()):
        return sentence(title)
    shown = [s for s in STEPS if not s[0] or totals[s[0]] != 0] + [("contribution", "contribution", 0)]
    sums = {"": net_revenue(totals), "contribution": totals["contribution"]}
    values = [sums[line] if sign == 0 else sign * totals[line] for line, _words, sign in shown]
    drawn = go.Figure(_bars(shown, values, totals, currency))
    framed(drawn, title, x=f"Amount, {unit(currency)}", y="", height=110 + 42 * len(shown))
    reach = _reach(shown, values)
    drawn.update_layout(showlegend=False, waterfallgap=0.3)
    drawn.update_yaxes(autorange="reversed", showgrid=False)
    drawn.update_xaxes(range=[1.02 * min(reach), 1.02 * max(reach)], **money_axis(currency, top=max(map(abs, reach))))
    return drawn


def _bars(
    shown: list[tuple[str, str, int]], values: list[float], totals: dict[str, float], currency: str
) -> go.Waterfall:
    return go.Waterfall(
        orientation="h",
        y=[_label(step, value, totals, currency) for step, value in zip(shown, values, strict=True)],
        x=values,
        measure=["total" if sign == 0 else "relative" for _line, _words, sign in shown],
        increasing={"marker": {"color": palette.PROFIT}},
        decreasing={"marker": {"color": palette.LOSS}},
        totals={"marker": {"color": palette.INK}},
        connector={"line": {"color": palette.UNCERTAIN, "width": 1}},
    )


def _label(step: tuple[str, str, int], value: float, totals: dict[str, float], currency: str) -> str:
    """Name a step and its amount: beside the axis, where no bar can cover it."""
    line, words, sign = step
    assumed = line == "product_cost" and totals["assumed_sales"] > 0
    plus = "+" if sign and value > 0 else ""
    return f"{words}{' (assumed)' if assumed else ''}<br><b>{plus}{plain(money(value, currency))}</b>"


def _reach(shown: list[tuple[str, str, int]], values: list[float]) -> list[float]:
    """Return every height that the stairs touch."""
    level, touched = 0.0, [0.0]
    for step, value in zip(shown, values, strict=True):
        level = value if step[2] == 0 else level + value
        touched.append(level)
    return touched
