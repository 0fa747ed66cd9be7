"""How soon do customers come back? The share who bought again, by months since the first purchase, year after year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import plotly.graph_objects as go
import pyarrow as pa

from keepwell.charts import palette
from keepwell.charts.frame import framed, sentence
from keepwell.charts.triangle import triangle_data as returning_data
from keepwell.charts.words import share

Row = dict[str, Any]
ENOUGH = 30  # customers, for a curve of their own
YEARS = 4  # curves of single years, the latest
ALL = "all years"

__all__ = ["answer", "curve", "curves", "figure", "returning_data"]


def past(rows: Sequence[Row]) -> list[Row]:
    """Return the rows whose month was over on the last day."""
    return [r for r in rows if _over(r)]


def _over(row: Row) -> bool:
    at = row["cohort"].year * 12 + row["cohort"].month + row["age"]
    return date(at // 12, at % 12 + 1, 1) <= date.fromordinal(row["last"].toordinal() + 1)


def curve(rows: Sequence[Row]) -> list[Row]:
    """Return the share who had bought again, and who bought, by age, over cohorts of different ages.

    Who had not come back when their history ends counts up to then and no longer (Kaplan & Meier 1958), so that young
    cohorts bend nothing. Columns: `age`, `returned`, `active` (share who bought in that month), `customers` (seen so
    long). The curve ends where fewer than half of the customers have been seen.
    """
    seen = past(rows)
    whole = sum(r["customers"] for r in seen if r["age"] == 0)
    came = {(r["cohort"], r["age"]): r["returned"] for r in seen}
    stays, found = 1.0, []
    for age in range(max((r["age"] for r in seen), default=-1) + 1):
        at = [r for r in seen if r["age"] == age]
        customers = sum(r["customers"] for r in at)
        if not customers or 2 * customers < whole:
            break
        before = sum(came.get((r["cohort"], age - 1), 0) for r in at)
        waiting, back = customers - before, sum(r["returned"] for r in at) - before
        stays *= 1 - back / waiting if waiting else 1
        active = sum(r["active"] for r in at) / customers
        found.append({"age": age, "returned": 1 - stays, "active": active, "customers": customers})
    return found


def curves(data: pa.Table) -> dict[str, list[Row]]:
    """Return the curve of all cohorts, then those of the latest years with customers enough."""
    rows = data.to_pylist()
    years = sorted({r["cohort"].year for r in rows})
    found = {ALL: curve(rows)}
    for year in years if len(years) > 1 else []:
        own = [r for r in rows if r["cohort"].year == year]
        line = curve(own)
        if len(line) > 1 and line[0]["customers"] >= ENOUGH:
            found[str(year)] = line
    single = list(found)[1:][-YEARS:]
    return {name: found[name] for name in (ALL, *single)}


def answer(data: pa.Table, *, currency: str = "") -> str:  # noqa: ARG001 - every chart is asked the same way
    """Say how many come back within a year, or as long as can be seen."""
    line = curves(data)[ALL]
    if not line:
        return "No month of new customers is over yet: too short to say how soon they come back"
    at = min(line, key=lambda r: abs(r["age"] - 12))
    active = f"; {at['age']} months later {share(at['active'])} buy in any one month" if at["age"] else ""
    within = f"within {at['age']} months" if at["age"] else "in the same month"
    return f"{share(at['returned'])} of new customers buy again {within}{active}"


def figure(data: pa.Table, *, currency: str = "") -> go.Figure:
    """Draw the curve of all customers, those of single years, and the share who buy in a month."""
    lines, title = curves(data), answer(data, currency=currency)
    if len(lines[ALL]) < 2:
        return sentence(title)
    whole = lines.pop(ALL)
    x = [r["age"] for r in whole]
    back = {"color": palette.INK, "width": 3}
    drawn = go.Figure(go.Scatter(x=x, y=[r["returned"] for r in whole], name="bought again", mode="lines", line=back))
    looks = zip(
        lines.items(), reversed(palette.steps(len(lines))), ("dot", "dashdot", "dash", "longdash"), strict=False
    )
    for (name, line), colour, dash in looks:
        look = {"color": colour, "width": 2, "dash": dash}
        y = [r["returned"] for r in line]
        drawn.add_trace(go.Scatter(x=[r["age"] for r in line], y=y, name=f"came in {name}", mode="lines", line=look))
    dots = {"color": palette.UNCERTAIN, "size": 6}
    later = [r for r in whole if r["age"]]
    drawn.add_trace(
        go.Scatter(
            x=[r["age"] for r in later],
            y=[r["active"] for r in later],
            name="bought in that month",
            mode="markers",
            marker=dots,
        )
    )
    customers = f"{whole[0]['customers']:,}"
    framed(drawn, title, x=f"Months since the first purchase (of {customers} customers)", y="Share of customers")
    drawn.update_yaxes(tickformat=".0%", rangemode="tozero")
    return drawn
