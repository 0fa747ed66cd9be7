"""What a simulated shop adds: the forecast beside the truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keepwell.charts import deciles
from keepwell.charts.words import count, money, share, signed_share
from keepwell.report.parts import Column, Grid, Part, Plot, Text, grid, plot, priced

Row = dict[str, Any]
NAMES = {"contribution": "Contribution, discounted", "orders": "Purchases", "active": "Customers still there"}


def truth(known: Mapping[str, Any] | None, *, currency: str) -> tuple[Part, ...]:
    """Return forecast beside truth in words, as a chart and as a table; nothing where no truth is known.

    Args:
        known: As the simulation compares them: `contribution`, `orders` and `active`, each with `forecast` and
            `truth`; `interval` with `lower` and `upper`; `deciles`; `found`.
        currency: The reporting currency.
    """
    if not known:
        return ()
    return Text(_words(known, currency)), _deciles(known, currency), _table(known, currency)


def _error(pair: Mapping[str, float]) -> float | None:
    return pair["forecast"] / pair["truth"] - 1 if pair["truth"] else None


def _words(known: Mapping[str, Any], currency: str) -> str:
    pair, orders, ends = known["contribution"], known["orders"], known["interval"]
    inside = "inside" if ends["lower"] <= pair["truth"] <= ends["upper"] else "outside"
    return (
        f"For the next 12 months {money(pair['forecast'], currency)} was forecast "
        f"({money(ends['lower'], currency)} to {money(ends['upper'], currency)}), and the simulation brought "
        f"{money(pair['truth'], currency)}: {inside} the 90% interval, an error of {signed_share(_error(pair))}. "
        f"{count(round(orders['forecast']))} purchases were forecast, {count(round(orders['truth']))} came "
        f"({signed_share(_error(orders))})."
    )


def _deciles(known: Mapping[str, Any], currency: str) -> Plot:
    data = deciles.deciles_data(known["deciles"])
    columns = (
        Column("decile", "Tenth of customers", "count"),
        Column("customers", "Customers", "count"),
        Column("forecast", priced("Forecast", currency), "money"),
        Column("truth", priced("Truth", currency), "money"),
    )
    found = known.get("found")
    most = (
        f" The first tenth brought {share(found)} of what the best tenth would have, picked with the future known."
        if found is not None
        else ""
    )
    return plot(
        "deciles",
        deciles.answer(data),
        deciles.figure(data, currency=currency),
        note=f"Customers stand in ten equal groups by what was expected of them.{most}",
        behind=grid("Forecast beside truth by tenths (simulation)", data.to_pylist(), columns, folded=True),
    )


def _table(known: Mapping[str, Any], currency: str) -> Grid:
    rows: list[Row] = [
        {"what": priced(words, currency) if name == "contribution" else words, **known[name]}
        for name, words in NAMES.items()
    ]
    columns = (
        Column("what", "In the next 12 months"),
        Column("forecast", "Forecast", "rough"),
        Column("truth", "Truth", "rough"),
        Column("error", "Error", "signed"),
    )
    told = [{**row, "error": _error(row)} for row in rows]
    return grid("Forecast beside truth (tables: equity, values; simulation)", told, columns, folded=True)
