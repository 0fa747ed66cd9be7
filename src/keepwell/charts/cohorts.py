"""Do customers come back? Of those who first bought in a period, the share that buys in each later one."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import ibis
import plotly.graph_objects as go
import pyarrow as pa
from ibis import _

from keepwell.charts import palette
from keepwell.charts.frame import framed, sentence
from keepwell.charts.words import plural, share
from keepwell.tables import UNKNOWN, Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

# Months to a period and the days of history up to which it is used: a triangle of at most 18 columns stays readable.
MONTH, QUARTER, YEAR = 1, 3, 12
LONGEST = ((MONTH, 430), (QUARTER, 1600))
NAMES = {MONTH: "month", QUARTER: "quarter", YEAR: "year"}
Row = dict[str, Any]


def cohorts_data(tables: Tables) -> ir.Table:
    """Return buyers by cohort and age, from the purchases of known customers.

    Columns: `months` (length of a period), `cohort` and `later` (periods since the year 0, and periods after it),
    `customers` (who bought in it), `last` (last day observed); ordered by cohort and age.
    """
    bought = tables["order_contribution"].filter(_.purchase & (_.customer_id != UNKNOWN))
    span = bought.aggregate(first=_.order_date.min(), last=_.order_date.max())
    days = span.last.delta(span.first, unit="day")
    months = ibis.cases(*((days <= limit, months) for months, limit in LONGEST), else_=YEAR).cast("int64")
    timed = bought.select("customer_id", "order_date").cross_join(span.select(months=months, last="last"))
    month = timed.order_date.year().cast("int64") * 12 + timed.order_date.month().cast("int64") - 1
    timed = timed.select("customer_id", "months", "last", period=(month // timed.months).cast("int64"))
    firsts = timed.group_by("customer_id").aggregate(cohort=_.period.min())
    seen = timed.distinct().inner_join(firsts, "customer_id")
    aged = seen.group_by("months", "last", "cohort", later=seen.period - seen.cohort).aggregate(customers=_.count())
    return aged.select("months", "cohort", "later", "customers", "last").order_by("cohort", "later")


def period(index: int, months: int) -> str:
    """Name a period, e.g. 'Q1 1997'."""
    year, part = divmod(index * months, 12)
    if months == YEAR:
        return str(year)
    return f"Q{part // 3 + 1} {year}" if months == QUARTER else f"{date(year, part + 1, 1):%b %Y}"


def _over(row: Row, later: int) -> bool:
    """Return whether the period `later` after the row's cohort had ended on the last day observed."""
    year, part = divmod((row["cohort"] + later + 1) * row["months"], 12)
    return date(year, part + 1, 1) <= date.fromordinal(row["last"].toordinal() + 1)


def _back(rows: list[Row], later: int) -> tuple[int, int]:
    """Return how many of the customers for whom that period is over bought in it, and how many they are."""
    sizes = {r["cohort"]: r for r in rows if r["later"] == 0 and _over(r, later)}
    came = sum(r["customers"] for r in rows if r["later"] == later and r["cohort"] in sizes)
    return came, sum(r["customers"] for r in sizes.values())


def answer(data: pa.Table, *, currency: str = "") -> str:  # noqa: ARG001 - every chart is asked the same way
    """Say how many new customers buy in the next period, and a year later."""
    rows = data.to_pylist()
    if not rows:
        return "No known customer has bought anything yet"
    months = rows[0]["months"]
    came, of = _back(rows, 1)
    if not of:
        customers = plural(sum(r["customers"] for r in rows if r["later"] == 0), "customer")
        return f"{customers}, but no full {NAMES[months]} after their first: too short to see who comes back"
    said = f"{share(came / of)} of new customers buy again in the next {NAMES[months]}"
    if months == YEAR:
        return said
    came, of = _back(rows, 12 // months)
    return f"{said}, {share(came / of)} in the same {NAMES[months]} a year later" if of else said


def figure(data: pa.Table, *, currency: str = "") -> go.Figure:
    """Draw the triangle; a cell of a period that was not over on the last day is marked with a star."""
    rows, title = data.to_pylist(), answer(data, currency=currency)
    if not rows or max(r["cohort"] + r["later"] for r in rows) == min(r["cohort"] for r in rows):
        return sentence(title)
    months, last = rows[0]["months"], max(r["cohort"] + r["later"] for r in rows)
    sizes = {r["cohort"]: r["customers"] for r in rows if r["later"] == 0}
    came = {(r["cohort"], r["later"]): r for r in rows}
    cohorts = sorted(sizes)
    ages = range(1, last - cohorts[0] + 1)
    shares = [[_share(came, sizes, c, k) if c + k <= last else None for k in ages] for c in cohorts]
    first = {r["cohort"]: r for r in rows if r["later"] == 0}
    text = [
        [_cell(value, over=_over(first[c], k)) for k, value in zip(ages, line, strict=True)]
        for c, line in zip(cohorts, shares, strict=True)
    ]
    labels = [f"{period(c, months)} ({sizes[c]:,})" for c in cohorts]
    drawn = go.Figure(_heat(list(ages), labels, shares, text))
    framed(
        drawn,
        title,
        x=f"{NAMES[months].capitalize()}s later (cells: % who bought; * not over)",
        y="First bought in (customers)",
        height=max(260, 130 + 26 * len(cohorts)),
        wrap=26,  # the names of the rows leave little room
    )
    drawn.update_xaxes(dtick=1, showgrid=False, zeroline=False)
    drawn.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return drawn


def _share(came: dict[tuple[int, int], Row], sizes: dict[int, int], cohort: int, later: int) -> float:
    row = came.get((cohort, later))
    return row["customers"] / sizes[cohort] if row else 0.0


def _cell(value: float | None, *, over: bool) -> str:
    return "" if value is None else f"{100 * value:.0f}{'' if over else '*'}"


def _heat(x: list[int], y: list[str], z: list[list[float | None]], text: list[list[str]]) -> go.Heatmap:
    top = max((v for line in z for v in line if v is not None), default=1.0) or 1.0
    return go.Heatmap(
        x=x,
        y=y,
        z=z,
        text=text,
        texttemplate="%{text}",
        textfont={"size": 11, "color": palette.INK},
        colorscale=palette.CELLS,
        zmin=0,
        zmax=top,
        xgap=1,
        ygap=1,
        hoverongaps=False,
        showscale=False,
    )
