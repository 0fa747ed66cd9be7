"""What a run says of its forecasts: value and champion per horizon, the test that is shown, and the warnings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ibis import _

from keepwell.engine import Engine, collected
from keepwell.predict.methods import LABELS
from keepwell.predict.origins import horizon_of
from keepwell.tables import HORIZONS, Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]
NAMES = {
    **LABELS,
    "season": "the likeliest model on the shop's calendar",
    "covariates": "customers who differ by their first order",
    "stack": "purchase models corrected by boosted trees",
}  # baselines have plain words for names
ORDER = (*HORIZONS, "life")
MARKS = ("champion", "best", "won_by", "won_by_se")
# Warnings that a reader must hear before using any number; the others stand beside the numbers they concern.
SERIOUS = frozenset({"too few", "too short", "flat fit", "beaten"})


def horizons(tables: Tables, engine: Engine) -> list[Row]:
    """Return one object per horizon, the nearest first.

    `horizon`, `expected`, `lower`, `upper` (money as text), and where the horizon was tested `champion`, `best`,
    `won_by` (share by which the champion's CRPS lies below the best baseline's), `won_by_se`, `tests`, `error_low` and
    `error_high` (of the total, over these tests); nulls else. 'life' is made with the method of 12 months and cannot
    be tested.
    """
    tested = _tested(tables, engine)
    rows = collected(engine, tables["equity"]).to_pylist()
    found = sorted((row for row in rows if row["horizon"] in ORDER), key=lambda row: ORDER.index(row["horizon"]))
    return [
        {"horizon": row["horizon"]}
        | {name: f"{row[name]:.4f}" for name in ("expected", "lower", "upper")}
        | tested.get(row["horizon"], _UNTESTED)
        for row in found
    ]


_UNTESTED: Row = dict.fromkeys((*MARKS, "tests", "error_low", "error_high"))


def _tested(tables: Tables, engine: Engine) -> dict[str, Row]:
    """Return of each tested horizon what came of the contest, and how far off the champion's totals were."""
    table = tables["backtest"]
    wanted = table.filter(_["group"] == "all", _.measure.isin([*MARKS, "expected", "actual"]))
    rows = collected(engine, wanted.order_by("origin", "horizon", "method", "measure")).to_pylist()
    marks: dict[str, Row] = {}
    for row in rows:
        if row["measure"] in MARKS:
            told = row["method"] if row["measure"] in {"champion", "best"} else row["value"]
            marks.setdefault(horizon_of(row["horizon"]), dict(_UNTESTED))[row["measure"]] = told
    return {name: mark | _off(rows, name, mark["champion"]) for name, mark in marks.items()}


def _off(rows: list[Row], horizon: str, method: str | None) -> Row:
    errors = _errors([row for row in rows if horizon_of(row["horizon"]) == horizon], method)
    ends = {"error_low": min(errors), "error_high": max(errors)} if errors else {}
    return {"tests": len(errors)} | ends


def _errors(rows: list[Row], method: str | None) -> list[float]:
    """Return how far off the totals of a method were, one an origin and span."""
    sums: dict[Any, Row] = {}
    for row in rows:
        if row["method"] == method and row["measure"] in {"expected", "actual"}:
            sums.setdefault((row["origin"], row["horizon"]), {})[row["measure"]] = row["value"]
    return [one["expected"] / one["actual"] - 1 for one in sums.values() if len(one) == 2 and one["actual"]]


def named(method: str) -> str:
    """Return a method's name as people write it."""
    return NAMES.get(method, method)


def lead(found: Sequence[Row]) -> Row | None:
    """Return the horizon of 12 months, or the longest that was tested; None without any."""
    tested = {row["horizon"]: row for row in found if row["champion"]}
    return tested.get("12m") or next(reversed(tested.values()), None)


def champion(found: Sequence[Row]) -> str | None:
    """Return the method behind the lead."""
    row = lead(found)
    return row["champion"] if row else None


def shown_test(tables: Tables, engine: Engine) -> Row | None:
    """Return the test that is shown everywhere, in short: the forecast path of the latest origin that is over.

    `origin`, `days`, `expected` and `actual` purchase days, `inside` of `periods` inside their 90% interval.
    """
    rows = collected(engine, _over(tables["forecast_path"])).to_pylist()
    if not rows:
        return None
    last = rows[-1]
    days = (last["end"] - last["origin"]).days
    return {
        "origin": str(last["origin"]),
        "days": days,
        **{name: last[name] for name in ("expected", "actual", "inside", "periods")},
    }


def _over(path: ir.Table) -> ir.Table:
    came = path.filter(_.actual.notnull())
    inside = came.actual.between(came.lower, came.upper).cast("int64")
    return (
        came.mutate(inside=inside)
        .group_by("origin")
        .aggregate(
            end=_.period.max(),
            expected=_.expected.sum(),
            actual=_.actual.sum(),
            inside=_.inside.sum().cast("decimal(38,0)").cast("int64"),
            periods=_.count(),
        )
        .order_by("origin")
    )


def warnings(tables: Tables, engine: Engine) -> list[Row]:
    """Return what the forecasts cannot bear, the serious first: `kind`, `subject`, `words`, `serious`."""
    if "warnings" not in tables:
        return []
    rows = collected(engine, tables["warnings"].order_by("kind", "subject")).to_pylist()
    told = [{**{name: row[name] for name in ("kind", "subject", "words")}, "serious": _serious(row)} for row in rows]
    return sorted(told, key=lambda row: not row["serious"])


def _serious(row: Row) -> bool:
    """Say whether a warning is of the numbers that lead: those of 12 months, or all."""
    return row["kind"] in SERIOUS and row["subject"] not in {"3m", "6m"}
