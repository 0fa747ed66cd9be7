"""The section on the contact programme: whom to keep and whom to stop."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from keepwell.charts import keep
from keepwell.report.gather import LISTED, Gathered
from keepwell.report.parts import Column, Grid, Part, Section, Text, grid, plot, priced
from keepwell.settings import Assumptions

HOW_TO = "keepwell run FILES --contact-cost 0.80 --contacts-per-year 6"

_ANEW = (
    " At each share the curve chooses anew whom to stop; the range on the first screen holds the list of the assumed "
    "share fixed, so its ends are others."
)


def kept(data: Gathered, *, currency: str, assumed: Assumptions) -> Section:
    """Show the curve, the verdicts and the lists."""
    curve = data["keep"]
    chart = plot(
        "keep",
        keep.answer(curve, currency=currency, assumed=assumed),
        keep.figure(curve, currency=currency, assumed=assumed),
        note="What contact causes is assumed, not measured: the shaded range is what was thought possible. Leaving "
        "a few customers out at random for a season would measure it." + (_ANEW if data["verdicts"].num_rows else ""),
        behind=_curve(curve, currency),
    )
    parts: list[Part] = [chart]
    if data["verdicts"].num_rows:
        parts += [_verdicts(data["verdicts"], currency), *_lists(data, currency), Text(_doubts())]
    elif curve.num_rows:
        parts.append(Text("Nobody is judged, because no cost of contact was given. To get the list:", command=HOW_TO))
    return Section("keep", "Keep or stop", "Keep or stop", tuple(parts))


def _curve(curve: pa.Table, currency: str) -> Grid:
    columns = (
        Column("share", "Share of orders that contact causes", "share"),
        Column("stopped", "Customers on whom it does not pay", "count"),
        Column("saves", priced("Saved in 12 months", currency), "money"),
        Column("highest_cost", priced("Highest yearly cost that pays on half", currency), "money"),
    )
    return grid("The curve (table: break_even; assumed)", curve.to_pylist(), columns, folded=True)


def _verdicts(found: pa.Table, currency: str) -> Grid:
    words = {"keep": "sure: keep", "stop": "sure: stop", "unsure": "the assumed range does not decide"}
    rows = [{**r, "verdict": words.get(r["verdict"], r["verdict"])} for r in found.to_pylist()]
    columns = (
        Column("action", "Do"),
        Column("verdict", "Verdict"),
        Column("customers", "Customers", "count"),
        Column("cost", priced("Cost of contact", currency), "money"),
        Column("gain", priced("Gain of contact", currency), "money"),
        Column("gain_lower", "at the lowest share", "money"),
        Column("gain_upper", "at the highest share", "money"),
    )
    return grid("Verdicts on the contact programme, 12 months (table: plan; assumed)", rows, columns)


def _lists(data: Gathered, currency: str) -> list[Grid]:
    columns = (
        Column("customer_key", "Customer"),
        Column("name", "Name"),
        Column("break_even", "Must cause", "share"),
        Column("gain", priced("Gain of contact", currency), "money"),
        Column("gain_lower", "from", "money"),
        Column("gain_upper", "to", "money"),
        Column("pays_back", "Chance it pays back", "share"),
        Column("right", "Chance the verdict is right", "share"),
        Column("reason", "Why"),
    )
    note = "All verdicts: keepwell export plan --to plan.csv. One customer's arithmetic: keepwell explain CUSTOMER"
    lists = (
        (f"Stop first: the {LISTED} surest, with most saved", data["stop"], True),
        (
            f"Test these: {LISTED} customers with most at stake on whom the assumed range does not decide",
            data["close"],
            True,
        ),
    )
    return [grid(f"{c} (table: plan; assumed)", t.to_pylist(), columns, note=note, folded=f) for c, t, f in lists if t]


def _doubts() -> str:
    return (
        "Two doubts are kept apart. ‘Chance it pays back’ is about one person's luck: most people buy nothing in most "
        "years, so it is low even where contact pays on average. ‘Chance the verdict is right’ is about the average, "
        "over what is not known of the effect of contact and of the customer's value."
    )


def stop_totals(data: Gathered) -> dict[str, Any]:
    """Return what the stop list adds up to: customers, sure ones, and what it saves at each end of the range."""
    rows = data["verdicts"].to_pylist()
    stop = [r for r in rows if r["action"] == "stop"]
    ends = sorted((-sum(r["gain_upper"] for r in stop), -sum(r["gain_lower"] for r in stop)))
    return {
        "customers": sum(r["customers"] for r in stop),
        "sure": sum(r["customers"] for r in stop if r["verdict"] == "stop"),
        "unsure": sum(r["customers"] for r in rows if r["verdict"] == "unsure"),
        "judged": sum(r["customers"] for r in rows),
        "saves": -sum(r["gain"] for r in stop),
        "saves_low": ends[0],
        "saves_high": ends[1],
    }
