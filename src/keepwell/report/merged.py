"""The section on identity: what finding the records of one person changed."""

from __future__ import annotations

from typing import Any

from keepwell.charts.words import plural, share
from keepwell.report.gather import Gathered
from keepwell.report.parts import Column, Grid, Part, Section, Text, grid, priced

Row = dict[str, Any]
KINDS = {
    "number": "the same customer number",
    "email": "the same e-mail address",
    "phone": "the same phone number",
    "matched": "name, address and the like",
    "decided": "a person said so",
}
STATES = {
    "merged": "one person",
    "proposed": "to be reviewed",
    "refused": "refused on review",
    "never": "never one person",
}


def merged(data: Gathered, *, currency: str) -> Section | None:
    """Show customers, repeat rate and value before and after merging; None where no record was merged or proposed."""
    row, pairs = data["identity"].to_pylist()[0], data["merges"].to_pylist()
    if not (row["alone"] or 0) > (row["customers"] or 0) and not pairs:
        return None
    parts: list[Part] = [Text(_words(row))]
    if row["alone"] > row["customers"]:
        parts.append(_before_after(row, currency))
    if pairs:
        parts.append(_evidence(pairs))
    if data["households"].num_rows:
        parts.append(_groups(data))
    return Section("people", "People", "Who is one person", tuple(parts))


def _words(row: Row) -> str:
    joined = row["alone"] - row["customers"]
    if not joined:
        return "No records were joined yet, but some are proposed for review: keepwell identities review"
    rate = _rate(row["again_before"], row["bought_before"]), _rate(row["again"], row["bought"])
    return (
        f"By their keys alone the files would count {plural(row['alone'], 'customer')}; "
        f"{plural(joined, 'of them was', 'of them were')} found to be somebody known already, which leaves "
        f"{row['customers']:,}. Seen so, {share(rate[1])} of buyers have bought again; without it {share(rate[0])} "
        "would seem to."
    )


def _rate(again: int, bought: int) -> float | None:
    return again / bought if bought else None


def _each(whole: Any, customers: int) -> float | None:
    return float(whole or 0) / customers if customers else None


def _before_after(row: Row, currency: str) -> Grid:
    bought = row["bought_before"], row["bought"]
    rows = [
        {"what": "Customers", "before": f"{row['alone']:,}", "after": f"{row['customers']:,}"},
        {"what": "of them with a purchase", "before": f"{bought[0]:,}", "after": f"{bought[1]:,}"},
        {
            "what": "Repeat rate (bought on two days or more, of those who bought)",
            "before": share(_rate(row["again_before"], bought[0])),
            "after": share(_rate(row["again"], bought[1])),
        },
        {
            "what": priced("Contribution so far of a customer with a purchase", currency),
            "before": _money(_each(row["contribution"], bought[0])),
            "after": _money(_each(row["contribution"], bought[1])),
        },
    ]
    columns = (
        Column("what", "What"),
        Column("before", "By keys alone", "told"),
        Column("after", "One person, one customer", "told"),
    )
    note = (
        "By keys alone: each customer number or e-mail address is a customer, and so is each record without either. "
        "The sums of the ledger are the same; only the customers they belong to differ."
    )
    return grid("What merging changed (tables: people, customers, order_contribution)", rows, columns, note=note)


def _money(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}".replace("-", "−")


def _evidence(pairs: list[Row]) -> Grid:
    told = [
        {**row, "kind": KINDS.get(row["kind"], row["kind"]), "state": STATES.get(row["state"], row["state"])}
        for row in pairs
    ]
    columns = (Column("kind", "By"), Column("state", "Taken for"), Column("pairs", "Pairs of records", "count"))
    note = "To look at pairs and their evidence: keepwell identities review"
    return grid("Pairs of records, by the evidence (table: merges)", told, columns, note=note, folded=True)


def _groups(data: Gathered) -> Grid:
    rows = [
        {**r, "kind": {"household": "households", "account": "companies"}[r["kind"]]}
        for r in data["households"].to_pylist()
    ]
    columns = (
        Column("kind", "What"),
        Column("groups", "How many", "count"),
        Column("customers", "Customers in them", "count"),
    )
    return grid("Households and companies above the customers (table: groups)", rows, columns, folded=True)
