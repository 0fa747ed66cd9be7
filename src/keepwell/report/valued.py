"""The sections on the customers: their worth, who is still one, who comes back, and who they are."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from keepwell.charts import activity, cohorts, profiles, worth
from keepwell.report.gather import LISTED, Gathered
from keepwell.report.parts import Column, Section, grid, plot


def customers(data: Gathered, *, currency: str) -> Section:
    """Show worth, activity and return, then the kinds, tiers and classes."""
    return Section(
        "customers",
        "Customers",
        "The customers",
        (
            _worth(data["worth"], currency),
            _best(data["best"], currency),
            _activity(data["activity"]),
            _cohorts(data["cohorts"]),
            _kinds(data["kinds"], currency),
            _profiles("Value tiers (table: segment_profiles)", data["tiers"], currency),
            _profiles("Classes by recency, frequency and money (table: segment_profiles)", data["rfm"], currency),
        ),
    )


def _worth(data: pa.Table, currency: str) -> Any:
    columns = (
        Column("tier", "Tier"),
        Column("low", f"From, {currency}", "number"),
        Column("high", f"To, {currency}", "number"),
        Column("customers", "Customers", "count"),
        Column("expected", f"Expected together, {currency}", "money"),
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
        Column("expected_orders", "Orders expected", "rough"),
        Column("expected_contribution", f"Expected, {currency}", "money"),
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


def _activity(data: pa.Table) -> Any:
    back, quiet = dict(activity.REPEATS), dict(activity.SILENCE)
    rows = [{**r, "repeats": back[r["repeats"]], "silence": quiet[r["silence"]]} for r in data.to_pylist()]
    columns = (
        Column("repeats", "Times they came back"),
        Column("silence", "Months since the last purchase"),
        Column("customers", "Customers", "count"),
        Column("p_active", "Chance of still being a customer", "share"),
    )
    return plot(
        "activity",
        activity.answer(data),
        activity.figure(data),
        note="Each cell: the chance of still being a customer, and below it how many customers it holds. Nobody "
        "announces leaving, so the chance is inferred from how long someone is silent against their own rhythm.",
        behind=grid("Chance by history (tables: history, values)", rows, columns, folded=True),
    )


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


def _kinds(data: pa.Table, currency: str) -> Any:
    return plot(
        "kinds",
        profiles.answer(data),
        profiles.figure(data),
        note="Solid bars are measured; hatched bars are a forecast.",
        behind=_profiles("Kinds of customers (table: segment_profiles)", data, currency),
    )


def _profiles(caption: str, data: pa.Table, currency: str) -> Any:
    columns = (
        Column("segment", "Name"),
        Column("customers", "Customers", "count"),
        Column("customers_share", "Of all", "share"),
        Column("contribution", f"Contribution so far, {currency}", "money"),
        Column("contribution_share", "Of all", "share"),
        Column("expected", f"Expected in 12 months, {currency}", "money"),
        Column("expected_share", "Of all", "share"),
        Column("p_active", "Chance of still being a customer", "share"),
        Column("orders", "Orders each so far", "rough"),
    )
    return grid(caption, data.to_pylist(), columns, folded=True)
