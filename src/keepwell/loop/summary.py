"""What a run says at its end: one plain object, money as text with all its decimals."""

from __future__ import annotations

import json
from typing import Any

from keepwell.decide import stop_total
from keepwell.engine import Engine, collected, number
from keepwell.loop.assumptions import assumed
from keepwell.loop.conservation import Account, four_decimals, whole
from keepwell.loop.forecasts import MARKS, champion, horizons, shown_test, warnings
from keepwell.settings import Settings
from keepwell.tables import MEASURES, UNKNOWN, Tables

Summary = dict[str, Any]
HORIZON = "12m"
SILENT = 31  # days without a fact before the day asked for that are worth a word
CORRECTING = "--mode correct"  # in the note on a file that may have been meant to correct an earlier one
POOLED = "pooled"  # the method that stands in where no model can be fitted


def summary(tables: Tables, settings: Settings, engine: Engine, *, account: Account, as_of_given: bool) -> Summary:
    """Return all of the summary that follows from the tables; `run`, `workspace`, `seconds`, `report` come later."""
    files = collected(engine, tables["files"].order_by("name", "file")).to_pylist()
    earned, models, equity = _earned(tables, engine), _models(tables, engine), _equity(tables, engine)
    ahead = [] if equity["expected"] is None else horizons(tables, engine)  # nobody bought: nothing is known
    sums = earned | {"as_of_given": as_of_given, "assumed_dates": _assumed_dates(tables, settings, engine)}
    return {
        "as_of": str(settings.as_of),
        "rows": {
            "in": account.rows_in,
            "facts": account.facts,
            "quarantined": account.quarantined,
            "duplicates": account.duplicates,
        },
        "money": {
            "in": str(account.money_in),
            "ledger": str(account.ledger),
            "quarantined": str(account.money_quarantined),
            "duplicates": str(account.money_duplicates),
            "unknown_customer": str(account.unknown_customer),
            "unknown_contribution": str(earned["of_nobody"]),
        },
        "files": [_file(row) for row in files],
        "customers": earned["customers"],
        "revenue": str(account.ledger),
        "contribution": str(earned["contribution"]),
        "equity": equity,
        "models": models,
        "horizons": ahead,
        "backtest": {"champion": champion(ahead), "table": _backtest(tables, engine)},
        "trust": shown_test(tables, engine),
        "warnings": warnings(tables, engine),
        "stop": _stop(tables, settings, engine),
        "assumptions": assumed(settings, files=files, sums=sums),
        "notes": [
            *_notes(account, settings, _reasons(tables, engine)),
            *(f"{note}." for row in files for note in json.loads(row["notes"]) if CORRECTING in note),
            *(_silence(tables, settings, engine) if as_of_given else []),
            *_doubts(models),
        ],
    }


def _file(row: dict[str, Any]) -> dict[str, Any]:
    mapping = json.loads(row["mapping"])
    money = str(four_decimals(row["money_in"]))
    return {"name": row["name"], "format": row["format"], "rows": row["rows"], "money": money, "mapping": mapping}


def _earned(tables: Tables, engine: Engine) -> dict[str, Any]:
    """Return the number of known customers, and contribution (and of it nobody's), net and assumed sales."""
    t, people = tables["ledger"], tables["customers"]
    sums = {name: t[name].sum().cast("decimal(38,4)") for name in ("gross", "discounts", "refunds")}
    sums |= {name: t[name].sum().cast("decimal(38,4)") for name in ("contribution", "assumed_sales")}
    sums["of_nobody"] = t.contribution.sum(where=t.customer_id == UNKNOWN).fill_null(0).cast("decimal(38,4)")
    row = collected(engine, t.aggregate(**sums)).to_pylist()[0]
    earned = {name: four_decimals(value) for name, value in row.items()}
    known = people.aggregate(customers=whole((people.customer_id != UNKNOWN).cast("int64")))
    customers = collected(engine, known).to_pylist()[0]["customers"] or 0
    net = earned["gross"] - earned["discounts"] - earned["refunds"]
    return earned | {"net_sales": net, "customers": customers}


def _assumed_dates(tables: Tables, settings: Settings, engine: Engine) -> int:
    """Return how many refunds of the run have no date of their own."""
    t = tables["order_lines"].filter(lambda lines: lines.order_date <= settings.as_of)
    rows = collected(engine, t.aggregate(n=t.count(where=t.refund_date_assumed & (t.refund != 0)))).to_pylist()
    return int(rows[0]["n"])


def _equity(tables: Tables, engine: Engine) -> dict[str, Any]:
    """Return what all customers will earn; nulls where no known customer ever bought, for nothing is known then."""
    t, bought = tables["equity"], tables["values"]
    rows = collected(engine, t.filter(t.horizon == HORIZON)).to_pylist()
    if not rows or not number(engine, whole(bought.horizon.notnull().cast("int64"))):
        return {"expected": None, "lower": None, "upper": None, "horizon": HORIZON}
    return {name: f"{rows[0][name]:.4f}" for name in ("expected", "lower", "upper")} | {"horizon": HORIZON}


def _models(tables: Tables, engine: Engine) -> list[str]:
    """Return the models that were fitted."""
    rows = collected(engine, tables["fits"].select("model").distinct()).to_pylist()
    return sorted(row["model"] for row in rows)


def _backtest(tables: Tables, engine: Engine) -> list[dict[str, Any]]:
    """Return one object per origin, days ahead and method."""
    t = tables["backtest"]
    rows = collected(engine, t.filter(t.group == "all").order_by("origin", "horizon", "method", "measure")).to_pylist()
    table: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = (row["origin"], row["horizon"], row["method"])
        if row["measure"] in MEASURES and row["measure"] not in MARKS:
            line = table.setdefault(key, {"origin": str(key[0]), "horizon": key[1], "method": key[2]})
            line[row["measure"]] = row["value"]
    return list(table.values())


def _stop(tables: Tables, settings: Settings, engine: Engine) -> dict[str, Any] | None:
    if settings.contact.cost is None:
        return None
    row = collected(engine, stop_total(tables["plan"])).to_pylist()[0]
    return {"customers": row["customers"], "saves": f"{row['saves']:.4f}"}


def _reasons(tables: Tables, engine: Engine) -> list[tuple[str, int]]:
    """Return why rows are in quarantine, and how many for each reason, the most first."""
    t = tables["quarantine"]
    rows = collected(engine, t.group_by("reason").aggregate(n=t.count())).to_pylist()
    return sorted(((row["reason"], row["n"]) for row in rows), key=lambda one: (-one[1], one[0]))


def _notes(account: Account, settings: Settings, reasons: list[tuple[str, int]]) -> list[str]:
    """Return what a careful reader should hear."""
    notes = []
    if account.quarantined:
        share = account.quarantined / account.rows_in
        why = "" if not reasons else ": " if len(reasons) == 1 else f", {reasons[0][1]:,} of them: "
        why += reasons[0][0] if reasons else ""
        text = f"{_rows(account.quarantined)} ({share:.1%}) in quarantine{why}; `keepwell check FILE` shows them."
        notes.append(text)
    if account.unread:
        notes.append(f"The amount of {_rows(account.unread)} could not be read; that money is not known.")
    if account.later_rows:
        later = f"{_rows(account.later_rows)} dated after {settings.as_of} ({account.later:,.2f} of money)"
        notes.append(f"{later} left out of this run.")
    if account.unknown_customer:
        part = f"{account.unknown_customer / account.ledger:.1%}" if account.ledger > 0 else "a part"
        money = f"{account.unknown_customer:,.2f} ({part} of the money)"
        notes.append(f"{money} names no customer and is in nobody's value.")
    return notes


def _silence(tables: Tables, settings: Settings, engine: Engine) -> list[str]:
    """Say it where the files end long before the day asked for: who bought in between looks lost."""
    t, day = tables["order_lines"], settings.as_of
    last = collected(engine, t.aggregate(last=t.order_date.max())).to_pylist()[0]["last"]
    if day is None or last is None or (day - last).days <= SILENT:
        return []
    gap = f"The files end on {last}, {(day - last).days:,} days before {day}"
    return [f"{gap}: if customers bought since, they look lost here; --as-of {last} looks from the last fact."]


def _rows(n: int) -> str:
    return f"{n:,} row" if n == 1 else f"{n:,} rows"


def _doubts(models: list[str]) -> list[str]:
    """Say it where the history is too small for a model."""
    if not models:
        return ["No known customer bought anything that was not taken back, so there is nothing to forecast."]
    if POOLED in models:
        return ["There is too little history to tell customers apart: one shared rate forecasts all, in wide doubt."]
    return []
