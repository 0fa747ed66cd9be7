"""The section on trust: the same method on the shop's own past, and on the truth where a simulation knows it."""

from __future__ import annotations

from typing import Any

from keepwell.charts import calibration, forecast, tenths
from keepwell.charts.words import share, signed_share
from keepwell.loop.forecasts import lead, named
from keepwell.report.ahead import cautions, contest
from keepwell.report.gather import Gathered
from keepwell.report.parts import Column, Grid, Part, Section, Text, grid, plot, priced

SHOWN = (
    *("customers", "expected", "actual", "bias", "mae", "rmse", "crps", "crps_se"),
    *("spearman", "gini", "capture_10", "coverage_90"),
    *("expected_contribution", "actual_contribution"),
)
Row = dict[str, Any]


def tested(data: Gathered) -> list[Row]:
    """Return the backtest with one row per origin, horizon, method and group, its measures as columns."""
    rows: dict[tuple[Any, ...], Row] = {}
    for r in data["backtest"].to_pylist():
        key = {name: r[name] for name in ("origin", "horizon", "method", "group")}
        rows.setdefault(tuple(key.values()), {**key, **dict.fromkeys(SHOWN)})[r["measure"]] = r["value"]
    return list(rows.values())


def champion_rows(data: Gathered, champion: str) -> list[Row]:
    """Return the used method's results over all customers, one an origin at its longest horizon, oldest first."""
    rows = [r for r in tested(data) if r["method"] == champion and r["group"] == "all" and r["expected"] is not None]
    longest: dict[Any, Row] = {}
    for row in sorted(rows, key=lambda r: r["horizon"]):
        longest[row["origin"]] = row
    return [longest[origin] for origin in sorted(longest)]


def trusted(data: Gathered, summary: Row, *, champion: str, currency: str) -> Section:
    """Show warnings, forecast beside outcome, whether the intervals are honest, and every method's score."""
    parts: list[Part] = [*cautions(summary), _path(data), *contest(data, summary)]
    parts += [_tenths(data, champion), _calibration(data, champion)]
    rows = tested(data)
    if rows:
        parts += [_methods(rows, champion, currency), _groups(rows, champion), Text(_reading())]
        parts += [Text(said)] if (said := beaten(summary)) else []
    return Section("trust", "Trust", "How far to trust the forecast", tuple(parts))


def _path(data: Gathered) -> Any:
    path = data["forecast"]
    columns = (
        Column("origin", "Forecast made on", "day"),
        Column("period", "Period ends", "day"),
        Column("expected", "Expected", "rough"),
        Column("lower", "5%", "rough"),
        Column("upper", "95%", "rough"),
        Column("actual", "Came", "rough"),
    )
    return plot(
        "forecast",
        forecast.answer(path),
        forecast.figure(path),
        note=f"Dots are what happened, lines what was forecast with what was known on the dotted day. Over all tested "
        f"days, {forecast.inside_share(path)} periods lay inside their 90% band.",
        behind=grid("Purchase days by period (table: forecast_path)", path.to_pylist(), columns, folded=True),
    )


def _tenths(data: Gathered, champion: str) -> Any:
    bars = data["tenths"]
    columns = (
        Column("tenth", "Tenth by forecast", "count"),
        Column("forecast", "Forecast a customer", "fine"),
        Column("actual", "Came", "fine"),
        Column("tests", "Tests", "count"),
    )
    return plot(
        "tenths",
        tenths.answer(bars, method=champion),
        tenths.figure(bars, method=champion),
        note="Customers of each test stand in ten equal groups by what was forecast of them. Bars of one height mean "
        "that the forecast is right for those who buy much and for those who buy little.",
        behind=grid(
            "Forecast and outcome by tenths (table: backtest)", tenths.pooled(bars, champion), columns, folded=True
        ),
    )


def _calibration(data: Gathered, champion: str) -> Any:
    bars = data["calibration"]
    rows = [{**r, "tenth": r["tenth"] + 1} for r in calibration.pooled(bars, champion)]
    columns = (
        Column("tenth", "Tenth of the forecast", "count"),
        Column("share", "Share of customers, mean", "share"),
        Column("low", "Lowest test", "share"),
        Column("high", "Highest test", "share"),
    )
    return plot(
        "calibration",
        calibration.answer(bars, method=champion),
        calibration.figure(bars, method=champion),
        note="If the intervals are honest, every bar reaches the dashed 10% line. High ends mean intervals too narrow; "
        "a high middle, intervals too wide. Whiskers run from the lowest to the highest test.",
        behind=grid("Outcomes in their forecast (table: backtest)", rows, columns, folded=True),
    )


def _score_columns(first: Column) -> tuple[Column, ...]:
    return (
        first,
        Column("origin", "Forecast made on", "day"),
        Column("horizon", "Days ahead", "count"),
        Column("customers", "Customers", "count"),
        Column("expected", "Purchases forecast", "rough"),
        Column("actual", "Came", "rough"),
        Column("bias", "Error", "signed"),
        Column("mae", "Mean absolute error a customer", "fine"),
        Column("rmse", "Root mean squared error", "fine"),
        Column("crps", "CRPS", "fine"),
        Column("crps_se", "its standard error", "fine"),
        Column("spearman", "Rank correlation", "fine"),
        Column("gini", "Gini of the ranking", "fine"),
        Column("capture_10", "Bought by the tenth forecast highest", "share"),
        Column("coverage_90", "Inside own 90% interval", "share"),
    )


def _methods(rows: list[Row], champion: str, currency: str) -> Grid:
    everyone, used = [r for r in rows if r["group"] == "all"], " (used)"
    order = sorted(everyone, key=lambda r: (r["origin"], r["horizon"], r["method"] != champion, r["method"]))
    told = [{**r, "method": named(r["method"]) + used * (r["method"] == champion)} for r in order]
    caption = "Every method and every test, over all customers (table: backtest)"
    in_money = (
        Column("expected_contribution", priced("Contribution forecast", currency), "money"),
        Column("actual_contribution", "came", "money"),
    )
    return grid(caption, told, (*_score_columns(Column("method", "Method")), *in_money), folded=True)


def _groups(rows: list[Row], champion: str) -> Grid:
    mine = [r for r in rows if r["method"] == champion and r["group"] != "all"]
    order = sorted(mine, key=lambda r: (r["group"], r["origin"], r["horizon"]))
    caption = "The used method by how often customers had come back (table: backtest)"
    return grid(caption, order, _score_columns(Column("group", "Repeat purchases")), folded=True)


def _reading() -> str:
    return (
        "The method with the lowest mean CRPS over the tests is used; among those within one standard error of it, the "
        "simplest. CRPS is the mean distance between the forecast distribution and what came, in purchases a "
        "customer: lower is better, and it rewards honest intervals, not only good means."
    )


def beaten(summary: Row) -> str:
    """Say so where another method, a plain rule among them, forecast better than the one that is used."""
    row = lead(summary.get("horizons") or ())
    if row is None or row["best"] in {None, row["champion"]}:
        return ""
    return f"The method ‘{named(row['best'])}’ had a lower CRPS than the one used: see the table of all methods."


def error_range(rows: list[Row], summary: Row) -> str:
    """Say how far the totals were off over the tests, and how many customers lay inside their interval."""
    row = lead(summary.get("horizons") or ())
    covered = [r["coverage_90"] for r in rows if r["coverage_90"] is not None]
    said = ""
    if row is not None and (row["tests"] or 0) > 1:
        low, high = (signed_share(row[f"error_{end}"]) for end in ("low", "high"))
        ran = f"ran from {low} to {high}" if low != high else f"was {low} each time"
        said = f"Over {row['tests']} tests about that far ahead, the error {ran}. "
    if covered:
        mean = sum(covered) / len(covered)
        said += f"{share(mean)} of customers bought as often as their own 90% interval said."
    return said.strip()
