"""Who costs more than they bring, and why? Loss-making customers by the main reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import pyarrow as pa
from ibis import _

from keepwell.charts import palette
from keepwell.charts.frame import framed, money_axis, plain, sentence, unit
from keepwell.charts.words import money, plural, share
from keepwell.tables import UNKNOWN, Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]
NAMES: dict[str, str] = {
    "returns": "returns",
    "discounts": "discounts",
    "small orders": "small orders",
    "costly orders": "orders costly to send",
    "adjustments": "adjustments, fees",
    "service": "tickets, calls, visits",
    "marketing": "contacts made",
    "acquisition": "winning them",
    "product cost": "the goods themselves",
    "everybody": "no single reason",
}


def losses_data(tables: Tables) -> ir.Table:
    """Return per reason the loss-makers, what they lost and the excess of that reason, the largest loss first.

    Columns: `reason`, `customers`, `contribution`, `excess`, and on every row `known`, all customers in the ledger.
    """
    ledger = tables["ledger"].filter(_.customer_id != UNKNOWN)
    known = ledger.aggregate(known=_.customer_id.nunique().cast("int64"))
    found = tables["loss_makers"].group_by("reason")
    sums = found.aggregate(
        customers=_.count(),
        contribution=_.contribution.sum().cast("decimal(38,4)"),
        excess=_.excess.sum().cast("decimal(38,4)"),
    )
    return sums.cross_join(known).order_by("contribution", "reason")


def named(reason: str) -> str:
    """Return a reason in words."""
    return NAMES.get(reason, reason)


def answer(data: pa.Table, *, currency: str) -> str:
    """Say how many customers lose money, how much, and why most of it."""
    rows = data.to_pylist()
    if not rows:
        return "No customer cost more than they brought so far"
    n, lost = sum(r["customers"] for r in rows), sum(r["contribution"] for r in rows)
    of = f" ({share(n / rows[0]['known'])} of all)" if rows[0]["known"] else ""
    verb = "costs more than they bring" if n == 1 else "cost more than they bring"
    return (
        f"{plural(n, 'customer')}{of} {verb}, {money(-lost, currency)} together; "
        f"the largest part is lost to {named(rows[0]['reason'])}"
    )


def figure(data: pa.Table, *, currency: str) -> go.Figure:
    """Draw what was lost, a bar a reason."""
    rows, title = data.to_pylist(), answer(data, currency=currency)
    if not rows:
        return sentence(title)
    lost = [-float(r["contribution"]) for r in rows]
    bars = go.Bar(orientation="h", y=[_label(r, currency) for r in rows], x=lost, marker={"color": palette.LOSS})
    drawn = go.Figure([bars])
    framed(drawn, title, x=f"Lost on these customers, {unit(currency)}", y="", height=90 + 48 * len(rows))
    drawn.update_yaxes(autorange="reversed", type="category", showgrid=False)
    drawn.update_xaxes(**money_axis(currency, top=max(lost)))
    return drawn


def _label(row: Row, currency: str) -> str:
    lost = plain(money(-row["contribution"], currency))
    return f"{plain(named(row['reason']))}<br><b>{lost}</b>, {plural(row['customers'], 'customer')}"
