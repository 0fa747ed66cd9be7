"""The sections on what was assumed, and on how the numbers were made."""

from __future__ import annotations

from typing import Any

from keepwell.charts.words import day
from keepwell.report.gather import Gathered
from keepwell.report.parts import Column, Grid, Part, Section, Text, grid
from keepwell.tables import CONTRACTS
from keepwell.version import __version__

Row = dict[str, Any]


def assumed(summary: Row) -> Section:
    """List every assumption with how to change it."""
    columns = (Column("name", "Assumption"), Column("value", "Value"), Column("change", "How to change it"))
    rows = summary["assumptions"]
    part: Part = (
        grid("What this report takes for granted", rows, columns)
        if rows
        else Text("Nothing was assumed: all is measured.")
    )
    hint = Text("All settings with their meaning: keepwell init writes them into keepwell.toml.")
    return Section("assumptions", "Assumptions", "What was assumed", (part, hint))


def details(data: Gathered, summary: Row, *, engine: str) -> Section:
    """Show the models, their parameters, the run and the tables."""
    return Section(
        "method",
        "Methods",
        "Methods and details",
        (_bases(data), _equity(data), _fits(data), _run(summary, engine), _seconds(summary), _tables()),
    )


def _bases(data: Gathered) -> Grid:
    columns = (
        Column("basis", "Models, in words"),
        Column("horizon", "Horizon"),
        Column("customers", "Customers", "count"),
    )
    return grid("How each customer's value was made (table: values)", data["bases"].to_pylist(), columns)


def _equity(data: Gathered) -> Grid:
    columns = (
        Column("horizon", "Horizon"),
        Column("expected", "Expected", "money"),
        Column("lower", "5%", "money"),
        Column("upper", "95%", "money"),
        Column("origins", "Tests behind the width", "count"),
        Column("basis", "Where the width comes from"),
    )
    return grid("All customers together (table: equity)", data["equity"].to_pylist(), columns)


def _fits(data: Gathered) -> Grid:
    columns = (
        Column("model", "Model"),
        Column("parameter", "Parameter"),
        Column("estimate", "Estimate", "number"),
        Column("sd", "sd", "number"),
        Column("diagnostics", "How the fit ended"),
    )
    fits = data["fits"].to_pylist()
    on = f" on {day(fits[0]['origin'])}" if fits else ""
    return grid(f"The fitted models{on}; time in days (table: fits)", fits, columns, folded=True)


def _run(summary: Row, engine: str) -> Grid:
    rows = [
        {"what": "Run", "is": summary["run"]},
        {"what": "Workspace", "is": summary["workspace"]},
        {"what": "Last day used", "is": summary["as_of"]},
        {"what": "Models that competed", "is": _names(summary["models"])},
        {"what": "Keepwell", "is": __version__},
        {"what": "Engine", "is": engine},
    ]
    return grid("The run", rows, (Column("what", "What"), Column("is", "Which")), folded=True)


def _names(models: Any) -> str:
    """Write the models, whichever shape they come in."""
    if isinstance(models, dict):
        return ", ".join(f"{name}: {model}" for name, model in models.items())
    return ", ".join(map(str, models)) if isinstance(models, list | tuple) else str(models or "")


def _seconds(summary: Row) -> Grid:
    rows = [{"stage": stage, "seconds": float(s)} for stage, s in summary["seconds"].items()]
    return grid("Time spent", rows, (Column("stage", "Stage"), Column("seconds", "Seconds", "number")), folded=True)


def _tables() -> Grid:
    rows = [{"name": name, "holds": contract.title} for name, contract in CONTRACTS.items()]
    note = "Any of them: keepwell export TABLE --to file.csv, .parquet or .xlsx"
    columns = (Column("name", "Table"), Column("holds", "What it holds"))
    return grid("The tables behind this report", rows, columns, note=note, folded=True)
