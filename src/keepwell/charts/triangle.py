"""What do the customers of one season bring, season after season? Orders and contribution of each, cohort by cohort."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import pyarrow as pa
from ibis import _

from keepwell.charts import palette
from keepwell.charts.cohorts import LONGEST, NAMES, YEAR, period
from keepwell.charts.frame import framed, sentence, unit
from keepwell.charts.words import money
from keepwell.tables import Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]
DAYS = 30.4375  # of a month


@dataclass(frozen=True, slots=True)
class Measure:
    """What a triangle shows."""

    name: str
    column: str
    added: bool  # from the first period on, or each period alone
    words: str


EARNED = Measure("brought", "contribution", added=True, words="contribution a customer so far")
ORDERED = Measure("ordered", "orders", added=False, words="orders a customer")


def triangle_data(tables: Tables) -> ir.Table:
    """Return every cohort month after month, all channels together.

    Columns: `cohort`, `age`, `customers`, `active`, `returned`, `orders`, `contribution`, and on every row `last`, the
    last day with an order.
    """
    last = tables["order_contribution"].aggregate(last=_.order_date.max())
    found = tables["cohorts"].filter(_.channel == "all").drop("channel")
    return found.cross_join(last).filter(_.last.notnull()).order_by("cohort", "age")


def _index(month: date) -> int:
    return month.year * 12 + month.month - 1


def span(rows: list[Row]) -> int:
    """Return how many months make a period, so that the triangle stays readable."""
    months = max(r["age"] for r in rows) + 1
    return next((length for length, days in LONGEST if months * DAYS <= days), YEAR)


def periods(rows: list[Row], measure: Measure) -> list[Row]:
    """Return the cells: `cohort`, `later` (periods), `customers`, `whole`, `value` (a customer), `over` (past)."""
    length = span(rows)
    sizes: dict[int, int] = defaultdict(int)
    sums: dict[tuple[int, int], Any] = defaultdict(int)
    for r in rows:
        cohort = _index(r["cohort"]) // length
        sizes[cohort] += r["customers"] if r["age"] == 0 else 0
        sums[cohort, (_index(r["cohort"]) + r["age"]) // length - cohort] += r[measure.column]
    cells, so_far = [], 0
    for (cohort, later), whole in sorted(sums.items()):
        so_far = so_far + whole if measure.added and later else whole
        end = date(*divmod_month((cohort + later + 1) * length))
        over = end <= date.fromordinal(rows[0]["last"].toordinal() + 1)
        cell = {"cohort": cohort, "later": later, "customers": sizes[cohort], "whole": so_far, "over": over}
        cells.append({**cell, "value": float(so_far) / sizes[cohort]})
    return cells


def divmod_month(index: int) -> tuple[int, int, int]:
    """Return year, month and 1 of a month's number since the year 0."""
    return index // 12, index % 12 + 1, 1


def answer(data: pa.Table, *, currency: str, measure: Measure = EARNED) -> str:
    """Say what a new customer brings in the first period, and what within a year."""
    rows = data.to_pylist()
    if not rows:
        return "No known customer has bought anything yet, so there are no cohorts to follow"
    length, cells = span(rows), periods(rows, measure)
    first, later = _mean(cells, 0), _mean(cells, 12 // length if length < YEAR else 1)
    name = NAMES[length]
    if first is None:
        return f"No {name} is over yet: too short to say what new customers bring"
    words = _amount(measure, currency)
    if measure.added:
        more = f", and {words(later)} by the end of the same {name} a year later" if later is not None else ""
        return f"A new customer brings {words(first)} in the {name} they come{more}"
    more = f", {words(later)} in the same {name} a year later" if later is not None else ""
    return f"A new customer orders {words(first)} times in the {name} they come{more}"


def _amount(measure: Measure, currency: str) -> Callable[[float], str]:
    return (lambda v: money(v, currency)) if measure.added else (lambda v: f"{v:.2f}")


def _mean(cells: list[Row], later: int) -> float | None:
    """Return the mean over the customers of cohorts for whom the period is over."""
    seen = [c for c in cells if c["later"] == later and c["over"]]
    customers = sum(c["customers"] for c in seen)
    return float(sum(c["whole"] for c in seen)) / customers if customers else None


def figure(data: pa.Table, *, currency: str, measure: Measure = EARNED) -> go.Figure:
    """Draw the triangle; a period that was not over on the last day is marked with a star."""
    rows, title = data.to_pylist(), answer(data, currency=currency, measure=measure)
    if not rows or len({(r["cohort"], r["age"]) for r in rows}) < 2:
        return sentence(title)
    length, cells = span(rows), periods(rows, measure)
    found = {(c["cohort"], c["later"]): c for c in cells}
    cohorts = sorted({c["cohort"] for c in cells})
    ages = list(range(max(c["later"] for c in cells) + 1))
    sizes = {c["cohort"]: c["customers"] for c in cells}
    z = [[found[c, k]["value"] if (c, k) in found else None for k in ages] for c in cohorts]
    text = [[_cell(found.get((c, k)), measure) for k in ages] for c in cohorts]
    drawn = go.Figure(_heat(ages, [f"{period(c, length)} ({sizes[c]:,})" for c in cohorts], z, text))
    name = f"{NAMES[length].capitalize()}s later"
    of = f", {unit(currency)}" if measure.added else ""
    x = f"{name} (cells: {measure.words}{of}; * not over)"
    framed(drawn, title, x=x, y="First bought in (customers)", height=max(260, 130 + 26 * len(cohorts)), wrap=26)
    drawn.update_xaxes(dtick=1, showgrid=False, zeroline=False)
    drawn.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return drawn


def _cell(cell: Row | None, measure: Measure) -> str:
    if cell is None:
        return ""
    return f"{cell['value']:,.{0 if measure.added else 2}f}{'' if cell['over'] else '*'}".replace("-", "\N{MINUS SIGN}")


def _heat(x: list[int], y: list[str], z: list[list[float | None]], text: list[list[str]]) -> go.Heatmap:
    values = [v for line in z for v in line if v is not None]
    look = {"colorscale": palette.CELLS, "zmin": min(0.0, *values), "zmax": max(values) or 1.0, "showscale": False}
    font = {"size": 11, "color": palette.INK}
    more = {"texttemplate": "%{text}", "textfont": font, "xgap": 1, "ygap": 1, "hoverongaps": False}
    return go.Heatmap(x=x, y=y, z=z, text=text, **look, **more)
