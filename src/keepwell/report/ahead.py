"""What lies ahead, horizon by horizon: worth, the method behind it, orders soon to come, and subscribers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keepwell.charts import staying
from keepwell.charts.words import count, plural, share
from keepwell.loop.forecasts import named
from keepwell.predict.origins import horizon_of
from keepwell.report.gather import Gathered
from keepwell.report.parts import Caution, Column, Grid, Part, Section, Text, grid, plot, priced
from keepwell.tables import HORIZONS

Row = Mapping[str, Any]
NAMES = {"3m": "3 months", "6m": "6 months", "12m": "12 months", "life": "life"}
BASELINES = {
    "own past rate": "own past rate",
    "hiatus": "hiatus rule",
    "last year's orders": "last year's orders",
    "population mean": "everybody's mean",
}
# Which warnings stand beside which numbers; all others stand with the trust in the forecast.
OF_CUSTOMERS = frozenset({"correlated spend"})
OF_COHORTS = frozenset({"odd cohort"})


def horizons(data: Gathered, *, currency: str) -> tuple[Part, ...]:
    """Return worth by horizon, and how many will order soon; nothing where no value is known."""
    worth = {row["horizon"]: row for row in data["equity"].to_pylist() if row["horizon"] in NAMES}
    if not data["soon"].num_rows or not worth:
        return ()
    rows = [
        {**worth[name], "name": words, "method": _method(data, name), **_soon_or_none(data, name)}
        for name, words in NAMES.items()
        if name in worth
    ]
    columns = (
        Column("name", "In the next"),
        Column("expected", priced("Expected", currency), "money"),
        Column("lower", "5%", "money"),
        Column("upper", "95%", "money"),
        Column("orders", "Orders", "count"),
        Column("buyers", "Customers who order", "count"),
        Column("method", "Made with"),
    )
    note = "Each horizon is forecast with the method that its own backtest chose; a life cannot be tested."
    return (grid("All customers together, by horizon (tables: equity, values, backtest)", rows, columns, note=note),)


def _method(data: Gathered, horizon: str) -> str:
    """Return the method that most values of a horizon were made with, as their basis names it."""
    rows = [row for row in data["bases"].to_pylist() if row["horizon"] == horizon]
    if not rows:
        return ""
    basis = max(rows, key=lambda row: row["customers"])["basis"]
    said = str(basis.partition("purchases: ")[2] or basis)
    return min((said.partition(end)[0] for end in (" (", "; ")), key=len)


def _soon_or_none(data: Gathered, horizon: str) -> dict[str, Any]:
    found = [row for row in data["soon"].to_pylist() if row["horizon"] == horizon]
    return {name: found[0][name] if found else None for name in ("orders", "buyers")}


def soon(data: Gathered) -> tuple[Part, ...]:
    """Say how many customers are expected to order within 30, 60 and 90 days."""
    rows = data["soon"].to_pylist()
    if not rows or not rows[0]["customers"]:
        return ()
    row = rows[0]
    told = ", ".join(f"{count(round(row[f'within_{days}']))} within {days} days" for days in (30, 60, 90))
    part = share(row["within_30"] / row["customers"])
    return (
        Text(
            f"Orders soon: of {plural(row['customers'], 'customer')} with a purchase, {told} are expected to order "
            f"again ({part} within 30 days). Each customer's own chances stand in the table values as p_order_30, "
            "p_order_60 and p_order_90."
        ),
    )


def contest(data: Gathered, summary: Row) -> tuple[Part, ...]:
    """Show for each horizon by how much the method used beat the rules that everybody knows."""
    rows = [row for row in summary.get("horizons") or () if row.get("champion") and row["horizon"] in HORIZONS]
    if not rows:
        return ()
    scores = _scores(data)
    told = []
    for row in rows:
        tests = [one for (_, days), one in scores.items() if horizon_of(days) == row["horizon"]]
        beside = {name: _less(tests, row["champion"], name) for name in BASELINES}
        told.append({**row, "name": NAMES[row["horizon"]], "method": named(row["champion"]), **beside})
    columns = (
        Column("name", "Horizon"),
        Column("method", "Method used"),
        *(Column(name, f"Error beside {words}", "signed") for name, words in BASELINES.items()),
        Column("tests", "Tests", "count"),
        Column("error_low", "Total off by, lowest", "signed"),
        Column("error_high", "highest", "signed"),
    )
    note = (
        f"{_verdict(told)} Error is the mean CRPS over the tests of the horizon in which both took part, the distance "
        "between a customer's whole forecast and what came; −20% is a fifth less error than the rule's. The hiatus "
        "rule counts as lost whoever is silent for long, and the others go on at their own rate."
    )
    return (grid("The method used against rules that everybody knows (table: backtest)", told, columns, note=note),)


def _verdict(rows: Sequence[Mapping[str, Any]]) -> str:
    won = [row for row in rows if (row["won_by"] or 0) > 2 * (row["won_by_se"] or 0)]
    if len(won) == len(rows):
        return "On every horizon the method used beat the best of these rules by more than chance would."
    lost = [row["name"] for row in rows if (row["won_by"] or 0) <= 0]
    if lost:
        return f"Over {' and '.join(lost)} a plain rule did better."
    return "Not on every horizon is the lead over the best of these rules more than chance."


def _scores(data: Gathered) -> dict[tuple[Any, int], dict[str, tuple[float, float]]]:
    """Return the mean CRPS and the customers of each method, by test: an origin and the days it looked ahead."""
    tests: dict[tuple[Any, int], dict[str, tuple[float, float]]] = {}
    for row in data["scores"].to_pylist():
        if row["crps"] is not None and row["customers"]:
            test = tests.setdefault((row["origin"], row["horizon"]), {})
            test[row["method"]] = (row["crps"], row["customers"])
    return tests


def _less(tests: Sequence[Mapping[str, tuple[float, float]]], mine: str, rule: str) -> float | None:
    """Return by what share a method's error differs from a rule's, over the tests in which both took part.

    A method that takes part at few origins only cannot be held against a rule at all of them: some are harder.
    """
    both = [(one[mine], one[rule]) for one in tests if mine in one and rule in one]
    whole = sum(error * customers for _, (error, customers) in both)
    return sum(error * customers for (error, customers), _ in both) / whole - 1 if whole else None


def cautions(summary: Row, kinds: frozenset[str] | None = None) -> tuple[Part, ...]:
    """Return the warnings of these kinds, or with None all that stand beside no other number; the serious first."""
    elsewhere = OF_CUSTOMERS | OF_COHORTS
    rows = summary.get("warnings") or ()
    wanted = [row for row in rows if (row["kind"] not in elsewhere if kinds is None else row["kind"] in kinds)]
    return tuple(Caution(_subject(row), row["words"], serious=row["serious"]) for row in wanted)


def _subject(row: Row) -> str:
    kind, subject = str(row["kind"]).capitalize(), str(row["subject"])
    return kind if subject == "all" else f"{kind} ({NAMES.get(subject, named(subject))})"


def first_screen(summary: Row) -> str:
    """Return one line for the first screen where a warning is serious; '' where none is."""
    serious = [row for row in summary.get("warnings") or () if row["serious"]]
    if not serious:
        return ""
    more = f" And {plural(len(serious) - 1, 'more warning', 'more warnings')}." if len(serious) > 1 else ""
    return f"{serious[0]['words']}{more}"


def subscribers(data: Gathered) -> Section | None:
    """Show how long subscribers stay and how many are expected to leave; None without subscriptions."""
    rows = data["staying"]
    if not rows.num_rows:
        return None
    columns = (
        Column("month", "Months since the start", "count"),
        Column("there", "Watched so long", "count"),
        Column("share", "Still there", "share"),
        Column("lower", "5%", "share"),
        Column("upper", "95%", "share"),
    )
    behind = grid("Subscribers by months (table: subscriptions)", staying.survival(rows), columns, folded=True)
    note = (
        "Counted from all subscriptions, those that still run included: one who runs was watched for as long as they "
        "are there. The band widens where few were watched so long."
    )
    chart = plot("staying", staying.answer(rows), staying.figure(rows), note=note, behind=behind)
    return Section("subscribers", "Subscribers", "The subscribers", (chart, *_leaving(data)))


def _leaving(data: Gathered) -> tuple[Grid, ...]:
    found = {row["horizon"]: row for row in data["leaving"].to_pylist()}
    rows = [{**found[name], "name": NAMES[name]} for name in HORIZONS if name in found]
    if not rows:
        return ()
    columns = (
        Column("name", "Within"),
        Column("subscribers", "Subscribers now", "count"),
        Column("leave", "Expected to leave", "count"),
        Column("p_leave", "Of all", "share"),
        Column("least", "Least likely tenth", "share"),
        Column("most", "Likeliest tenth", "share"),
    )
    note = "Each subscriber's own chance stands in the table values as p_leave."
    return (grid("Chance of leaving (table: values)", rows, columns, note=note),)
