"""The sections on the customers: their worth, who is still one, who comes back, and who they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from keepwell.charts import activity, cohorts, profiles, returning, triangle, worth
from keepwell.report.ahead import OF_COHORTS, OF_CUSTOMERS, cautions, horizons, soon
from keepwell.report.gather import LISTED, Gathered
from keepwell.report.parts import Column, Grid, Section, grid, plot, priced

KINDS = (
    "A typical gap is the days in which half of those who came back did. New: one purchase, less than a typical gap "
    "ago. One-time: one purchase, longer ago. Lapsed: came back, and is now more likely gone than not. Frequent: buys "
    "at least once a typical gap. Occasional: less often."
)


def customers(data: Gathered, summary: Mapping[str, Any], *, currency: str) -> Section:
    """Show worth, activity and return, then the kinds, tiers and classes."""
    return Section(
        "customers",
        "Customers",
        "The customers",
        (
            _worth(data["worth"], currency),
            *cautions(summary, OF_CUSTOMERS),
            *horizons(data, currency=currency),
            *soon(data),
            _best(data["best"], currency),
            _buying(data["activity"]),
            _active(data["activity"]),
            _cohorts(data["cohorts"]),
            *_returning(data["triangle"]),
            *_triangles(data["triangle"], currency),
            *cautions(summary, OF_COHORTS),
            _kinds(data["kinds"], currency),
            _profiles("Value tiers (table: segment_profiles)", data["tiers"], currency),
            _profiles("Classes by recency, frequency and money (table: segment_profiles)", data["rfm"], currency),
        ),
    )


def _worth(data: pa.Table, currency: str) -> Any:
    columns = (
        Column("tier", "Tier"),
        Column("low", priced("From", currency), "number"),
        Column("high", priced("To", currency), "number"),
        Column("customers", "Customers", "count"),
        Column("expected", priced("Expected together", currency), "money"),
        Column("q05", "One customer: 5%", "money"),
        Column("q50", "Middle", "money"),
        Column("q95", "95%", "money"),
    )
    return plot(
        "worth",
        worth.answer(data, currency=currency),
        worth.figure(data, currency=currency),
        note=worth.interval_note(data),
        behind=grid("Customers by worth and tier (tables: values, segments)", data.to_pylist(), columns, folded=True),
    )


def _best(data: pa.Table, currency: str) -> Any:
    columns = (
        Column("customer_key", "Customer"),
        Column("name", "Name"),
        Column("kind", "Kind"),
        Column("p_active", "Still a customer", "share"),
        Column("p_order_30", "Orders within 30 days", "share"),
        Column("expected_orders", "Orders expected", "rough"),
        Column("expected_contribution", priced("Expected", currency), "money"),
        Column("q05", "May bring: from", "money"),
        Column("q95", "to (90% interval)", "money"),
        Column("next_order", "Next order by", "day"),
    )
    return grid(
        f"The {LISTED} customers of whom most is expected in the next 12 months (table: values)",
        data.to_pylist(),
        columns,
        note="‘Next order by’ is the day by which the next order is as likely as not. All customers: "
        "keepwell export values --to values.csv",
        folded=True,
    )


def _buying(data: pa.Table) -> Any:
    return plot(
        "buying",
        activity.answer(data, reading=activity.BUYS),
        activity.figure(data, reading=activity.BUYS),
        note="Each cell: the chance of at least one more purchase in the next 12 months, and below it how many "
        "customers it holds.",
        behind=_map("Chance of buying by history (tables: history, values)", data),
    )


def _active(data: pa.Table) -> Any:
    blind = (
        " The model used lets people leave only after they came back once, so it calls everybody who never did a "
        "customer: take their chance of buying above instead."
        if activity.never_leave(data)
        else ""
    )
    return plot(
        "activity",
        activity.answer(data),
        activity.figure(data),
        note="Each cell: the chance of still being a customer. Nobody announces leaving, so it is inferred from how "
        "long someone is silent against their own rhythm; someone can still be a customer and buy rarely." + blind,
        behind=_map("Chance of being a customer by history (tables: history, values)", data),
    )


def _map(caption: str, data: pa.Table) -> Grid:
    back, quiet = dict(activity.REPEATS), dict(activity.SILENCE)
    rows = [{**r, "repeats": back[r["repeats"]], "silence": quiet[r["silence"]]} for r in data.to_pylist()]
    columns = (
        Column("repeats", "Times they came back"),
        Column("silence", "Months since the last purchase"),
        Column("customers", "Customers", "count"),
        Column("p_buys", "Chance of buying within 12 months", "share"),
        Column("p_active", "Chance of still being a customer", "share"),
    )
    return grid(caption, rows, columns, folded=True)


def _cohorts(data: pa.Table) -> Any:
    rows = data.to_pylist()
    sizes = {r["cohort"]: r["customers"] for r in rows if r["later"] == 0}
    told = [
        {**r, "period": cohorts.period(r["cohort"], r["months"]), "part": r["customers"] / sizes[r["cohort"]]}
        for r in rows
    ]
    columns = (
        Column("period", "First bought in"),
        Column("later", "Periods later", "count"),
        Column("customers", "Customers who bought", "count"),
        Column("part", "Of the cohort", "share"),
    )
    return plot(
        "cohorts",
        cohorts.answer(data),
        cohorts.figure(data),
        note="A row follows the customers who first bought in one period. The last, unfinished period (*) still grows.",
        behind=grid("Buyers by cohort (table: order_contribution)", told, columns, folded=True),
    )


def _returning(data: pa.Table) -> tuple[Any, ...]:
    """Show how soon customers come back; nothing where no second month can be seen."""
    lines = returning.curves(data)
    if len(lines[returning.ALL]) < 2:
        return ()
    rows = [{"name": name, **row} for name, line in lines.items() for row in line]
    columns = (
        Column("name", "Came in"),
        Column("age", "Months since the first purchase", "count"),
        Column("customers", "Seen so long", "count"),
        Column("returned", "Bought again by then", "share"),
        Column("active", "Bought in that month", "share"),
    )
    chart = plot(
        "returning",
        returning.answer(data),
        returning.figure(data),
        note="Bought again: a purchase on a second day, by the end of that month. Who came lately is counted as long "
        "as they can be seen, so that young cohorts bend no line; each ends where half of its customers were seen.",
        behind=grid("Repeat and retention curves (table: cohorts)", rows, columns, folded=True),
    )
    return (chart,)


def _triangles(data: pa.Table, currency: str) -> tuple[Any, ...]:
    """Show orders and contribution of each cohort; nothing where there is only one period."""
    rows = data.to_pylist()
    if not rows or max(r["age"] for r in rows) < 1:
        return ()
    notes = {
        triangle.ORDERED: "Orders of a cohort in each period, divided by all of its customers.",
        triangle.EARNED: "What the customers of a cohort contributed from their first day on, divided by their number. "
        "What winning them cost is left out, so it can be held against this.",
    }
    return tuple(_triangle(data, measure, note, currency) for measure, note in notes.items())


def _triangle(data: pa.Table, measure: triangle.Measure, note: str, currency: str) -> Any:
    length = triangle.span(data.to_pylist())
    told = [{**c, "period": cohorts.period(c["cohort"], length)} for c in triangle.periods(data.to_pylist(), measure)]
    columns = (
        Column("period", "First bought in"),
        Column("later", "Periods later", "count"),
        Column("customers", "Customers of the cohort", "count"),
        Column("whole", priced("Contribution so far", currency), "money")
        if measure.added
        else Column("whole", "Orders", "count"),
        Column("value", "A customer", "rough"),
    )
    return plot(
        measure.name,
        triangle.answer(data, currency=currency, measure=measure),
        triangle.figure(data, currency=currency, measure=measure),
        note=f"{note} The last, unfinished period (*) still grows.",
        behind=grid(f"{measure.words.capitalize()} by cohort (table: cohorts)", told, columns, folded=True),
    )


def _kinds(data: pa.Table, currency: str) -> Any:
    return plot(
        "kinds",
        profiles.answer(data),
        profiles.figure(data),
        note=f"Solid bars are measured; hatched bars are a forecast. {KINDS}",
        behind=_profiles("Kinds of customers (table: segment_profiles)", data, currency),
    )


def _profiles(caption: str, data: pa.Table, currency: str) -> Any:
    columns = (
        Column("segment", "Name"),
        Column("customers", "Customers", "count"),
        Column("customers_share", "Of all", "share"),
        Column("contribution", priced("Contribution so far", currency), "money"),
        Column("contribution_share", "Of all", "share"),
        Column("expected", priced("Expected in 12 months", currency), "money"),
        Column("expected_share", "Of all", "share"),
        Column("p_active", "Chance of still being a customer", "share"),
        Column("orders", "Orders each so far", "rough"),
    )
    return grid(caption, data.to_pylist(), columns, folded=True)
