"""What a simulated shop adds: the forecast beside the truth."""

from __future__ import annotations

from typing import Any

from keepwell.charts.words import count, money, signed_share
from keepwell.report.gather import Gathered
from keepwell.report.intake import decimal
from keepwell.report.parts import Column, Part, Text, grid

Row = dict[str, Any]


def truth(data: Gathered, known: Row | None, *, currency: str) -> tuple[Part, ...]:
    """Return forecast beside truth in words and as a table; nothing where no truth is known.

    Args:
        data: The gathered answers.
        known: {"contribution_12m": money, "orders_12m": number} of the 12 months after the run's last day.
        currency: The reporting currency.
    """
    year = next((r for r in data["equity"].to_pylist() if r["horizon"] == "12m"), None)
    if not known or year is None:
        return ()
    rows = [_contribution(year, float(decimal(known.get("contribution_12m"))), currency)]
    expected = data["coming"].to_pylist()[0]["orders"]
    if known.get("orders_12m") is not None and expected is not None:
        rows.append(_compared("purchases", {"expected": expected}, float(known["orders_12m"])))
    columns = (
        Column("what", "In the next 12 months"),
        Column("expected", "Forecast", "money"),
        Column("lower", "5%", "money"),
        Column("upper", "95%", "money"),
        Column("truth", "Truth", "money"),
        Column("error", "Error", "signed"),
    )
    return (
        Text(_words(rows, currency)),
        grid("Forecast beside truth (tables: equity, values)", rows, columns, folded=True),
    )


def _contribution(year: Row, actual: float, currency: str) -> Row:
    return _compared(f"contribution, {currency}" if currency else "contribution", year, actual)


def _compared(what: str, forecast: Row, actual: float) -> Row:
    error = forecast["expected"] / actual - 1 if actual else None
    ends = {end: forecast.get(end) for end in ("lower", "upper")}
    return {"what": what, "expected": forecast["expected"], **ends, "truth": actual, "error": error}


def _words(rows: list[Row], currency: str) -> str:
    row = rows[0]
    ends = f"{money(row['lower'], currency)} to {money(row['upper'], currency)}"
    inside = row["lower"] <= row["truth"] <= row["upper"]
    said = (
        f"For the 12 months to come the forecast is {money(row['expected'], currency)} ({ends}); the simulation then "
        f"brings {money(row['truth'], currency)}: the error is {signed_share(row['error'])}, "
        f"{'inside' if inside else 'outside'} the 90% interval."
    )
    for other in rows[1:]:
        forecast, came = count(round(other["expected"])), count(round(other["truth"]))
        said += f" {forecast} purchases are forecast, {came} come ({signed_share(other['error'])})."
    return said
