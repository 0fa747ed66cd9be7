"""The section on products: which of them earn the money."""

from __future__ import annotations

from typing import Any

from keepwell.charts import goods
from keepwell.report.gather import Gathered
from keepwell.report.parts import Column, Grid, Part, Section, grid, plot, priced

Row = dict[str, Any]


def sold(data: Gathered, *, currency: str) -> Section | None:
    """Show the best and worst products, and their groups; None where fewer than two products are named."""
    rows = data["goods"].to_pylist()
    if len(rows) < 2:
        return None
    parts: list[Part] = [
        plot(
            "goods",
            goods.answer(data["goods"], currency=currency),
            goods.figure(data["goods"], currency=currency),
            note="What is left of a product's sales after discounts, refunds and product cost. Postage, packing and "
            "fees belong to orders and not to products. A discount on a whole order is spread over its products by "
            "their value.",
            behind=_told(rows, currency),
        )
    ]
    if any(r["category"] for r in data["categories"].to_pylist()):
        parts.append(_categories(data["categories"].to_pylist(), currency))
    return Section("products", "Products", "The products", tuple(parts))


def _columns(first: tuple[Column, ...], currency: str) -> tuple[Column, ...]:
    return (
        *first,
        Column("units", "Units", "count"),
        Column("gross", priced("Sales", currency), "rough"),
        Column("discounts", "Discounts", "rough"),
        Column("refunds", "Refunds", "rough"),
        Column("product_cost", "Product cost", "rough"),
        Column("contribution_1", "Left", "rough"),
        Column("left", "Of net sales", "share"),
    )


def _left(row: Row) -> Row:
    net = row["gross"] - row["discounts"] - row["refunds"]
    return {**row, "left": row["contribution_1"] / net if net > 0 else None}


def _told(rows: list[Row], currency: str) -> Grid:
    first = (Column("place", "Rank", "count"), Column("product_id", "Code"), Column("name", "Product"))
    half = goods.LISTED
    caption = "Products by what is left after product cost"
    if rows[0]["products"] > len(rows):
        caption += f": the {half} best and the {half} worst of {rows[0]['products']:,}"
    note = "All products, by month: keepwell export product_contribution --to products.csv"
    told = [_left(row) for row in rows]
    return grid(f"{caption} (table: product_contribution)", told, _columns(first, currency), note=note, folded=True)


def _categories(rows: list[Row], currency: str) -> Grid:
    first = (Column("category", "Group"), Column("products", "Products", "count"))
    told = [_left({**row, "category": row["category"] or "no group"}) for row in rows]
    return grid("Groups of products (table: product_contribution)", told, _columns(first, currency))
