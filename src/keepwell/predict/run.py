"""The stage: from what orders earned to what customers will earn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from keepwell.engine import Engine
from keepwell.errors import ConfigError
from keepwell.models.compound import GammaWorth, SignedWorth, gamma_worth, points, signed_worth
from keepwell.models.gammagamma import GammaGamma
from keepwell.models.shapes import Cells, Fit, parameters
from keepwell.predict import horizon as horizons
from keepwell.predict import spend as spending
from keepwell.predict.backtest import Tested, backtest
from keepwell.predict.belief import MarginBelief, margin_belief
from keepwell.predict.contest import BASELINES, LABELS, Fitted, Verdict, fallback, fitted, verdict
from keepwell.predict.crowd import crowd
from keepwell.predict.equity import ASSUMED_SD, Equity, equities, measured
from keepwell.predict.history import customer_days, from_occasions
from keepwell.predict.horizon import Ahead
from keepwell.predict.level import Level, level, recency
from keepwell.predict.origins import Origin, origins
from keepwell.predict.past import Days, Past, divided, first_day, grouped
from keepwell.predict.path import Course, daily, main_origin, path
from keepwell.predict.spend import SpendFit
from keepwell.predict.value import Known, lookup, next_orders, values
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings
from keepwell.tables import CONTRACTS, YEAR_DAYS, Tables, checked

if TYPE_CHECKING:
    import ibis.expr.types as ir

SPENDS = {"gammagamma": "Gamma-Gamma", "signedspend": "signed spend"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The purchase model that values are made with, and what is said of the choice."""

    one: Fitted
    winner: str | None  # of models and baselines together; None without a backtest
    words: str


def run(tables: Tables, settings: Settings, engine: Engine, *, tell: Tell = quiet) -> Tables:
    """Return `history`, `fits`, `backtest`, `forecast_path`, `values` and `equity` from `order_contribution`.

    `settings.as_of` is the last day observed.

    Raises:
        ConfigError: `as_of` is not set.
    """
    if settings.as_of is None:
        raise ConfigError("the last day observed is not known", "as_of", "Set as_of.")
    tell("history")
    log = _read(engine, tables["order_contribution"], settings.as_of)
    if log is None:
        return _nothing(engine)
    fits, failed = fitted(settings.predict.models, log.past.cells)
    at = origins(log.first, log.as_of, horizon=YEAR_DAYS) if fits else []
    tests = backtest(engine, log.parts, at, [one.name for one in fits], tell=tell)
    chosen = _chosen(fits, failed, tests, log.past.cells)
    tell("spend")
    money = spending.money_of(engine, log.occasions)
    n, total, squares = spending.customers_money(engine, log.history)
    spend = spending.fitted(money, n=n, total=total, squares=squares)
    belief = margin_belief(money, settings.assumptions)
    tell("values")
    aheads = _aheads(chosen.one, log, settings)
    of = level(tests, chosen.one.name)
    known = _known(chosen, spend, of, belief, aheads, log, settings)
    valued = values(engine, log.history, known)
    tell("equity")
    shares = measured(tests, chosen.one.name, of, horizon=YEAR_DAYS)
    together = equities(aheads, log.past, spend, of, shares, belief, seed=settings.predict.seed)
    return {
        "history": log.history,
        "fits": _table(engine, "fits", _fit_rows(log.as_of, fits or [chosen.one], tests, spend)),
        "backtest": _table(engine, "backtest", _backtest_rows(tests, chosen)),
        "forecast_path": _table(engine, "forecast_path", _paths(engine, log, chosen, aheads[0], tests)),
        "values": valued,
        "equity": _table(engine, "equity", [_equity_row(row) for row in together]),
    }


@dataclass(frozen=True, slots=True)
class Log:
    """The past, kept in the engine's scratch files because it is read several times."""

    as_of: date
    first: date  # day of the first purchase of all
    days: ir.Table  # `customer_days`
    parts: Days
    occasions: ir.Table
    history: ir.Table
    past: Past


def _read(engine: Engine, order_contribution: ir.Table, as_of: date) -> Log | None:
    """Return the past as of a day, or None where nobody who is known ever bought."""
    days = engine.keep(customer_days(order_contribution, until=as_of))
    first = first_day(engine, days)
    if first is None:
        return None
    parts = divided(engine, days)
    occasions = engine.keep(parts.occasions())
    history = engine.keep(from_occasions(occasions, until=as_of))
    return Log(as_of, first, days, parts, occasions, history, grouped(engine, history))


def _chosen(fits: list[Fitted], failed: list[str], tests: Sequence[Tested], cells: Cells) -> Chosen:
    notes = list(failed)
    if not fits:
        return Chosen(fallback(cells), None, "; ".join(["pooled rate with wide doubt", *notes]))
    names = [one.name for one in fits]
    rounds = [test.scored for test in tests]
    best = verdict(rounds, names)
    overall = verdict(rounds, [*names, *BASELINES])
    if best is None:
        best = Verdict(min(names, key=list(LABELS).index), "the log is too short for a backtest, the simplest is taken")
    if overall is not None and overall.champion in BASELINES:
        notes.append(f"beware: '{overall.champion}' forecast better in the backtest")
    one = next(one for one in fits if one.name == best.champion)
    words = "; ".join([f"{LABELS[one.name]} ({best.reason})", *notes])
    return Chosen(one, overall.champion if overall else None, words)


def _aheads(one: Fitted, log: Log, settings: Settings) -> list[Ahead]:
    rate = horizons.rate_a_day(settings.assumptions.discount_rate)
    year, cells = YEAR_DAYS, log.past.cells
    near = horizons.ahead(one, cells, name="12m", days=year, rate=rate)
    if one.name == "pooled":
        life = (log.as_of - log.first).days
    else:
        life = horizons.life_days(one, crowd(cells, near.p_active), rate=rate)
    far = horizons.ahead(one, cells, name="life", days=max(year, life), rate=rate)
    return horizons.with_doubt(one, cells, [near, far], rate=rate)


def _known(
    chosen: Chosen,
    spend: SpendFit,
    of: Level,
    belief: MarginBelief,
    aheads: list[Ahead],
    log: Log,
    settings: Settings,
) -> Known:
    """Gather what the valuing of a batch needs."""
    at = points(settings.predict.draws, seed=settings.predict.seed)
    shared = belief.shared(at.shared)
    worth: GammaWorth | SignedWorth
    if isinstance(spend.params, GammaGamma):
        worth = gamma_worth(spend.params, at, shared.factor)
    else:
        worth = signed_worth(spend.params, at, shared)
    wait = chosen.one.model.next_order_days(chosen.one.fit.params, log.past.cells)
    return Known(
        lookup=lookup(log.past.cells),
        horizons=tuple(aheads),
        next_order=next_orders(wait, log.as_of),
        worth=worth,
        level=of,
        spend_sd=spending.mean_sd(spend),
        basis=tuple(_basis(chosen, spend, of, ahead) for ahead in aheads),
    )


def _basis(chosen: Chosen, spend: SpendFit, of: Level, ahead: Ahead) -> str:
    far = f"{ahead.days} days" if ahead.name == "12m" else f"{ahead.days / 365:.3g} years"
    parts = (
        f"purchases: {chosen.words}",
        f"spend: {SPENDS[spend.name]} ({spend.why})",
        of.words,
        f"looking {far} ahead",
    )
    return "; ".join(part for part in parts if part)


def _paths(engine: Engine, log: Log, chosen: Chosen, year: Ahead, tests: Sequence[Tested]) -> Iterator[dict[str, Any]]:
    """Yield the path from the backtest's main origin, then the one from the end of the log."""
    by_origin = {test.origin: test for test in tests}
    main = main_origin(list(by_origin), first=log.first, as_of=log.as_of, horizon=year.days)
    counted = daily(engine, log.days, origin=main.day if main else log.as_of, first=log.first, as_of=log.as_of)
    shared = _shared_orders(tests, chosen.one.name)
    if main is not None:
        test = by_origin[main]
        one = next((m for m in test.models if m.name == chosen.one.name), test.models[0])
        course = Course(one, test.crowds[one.name], main.day, main.horizon)
        yield from path(course, shared=shared, daily=counted, actual=True)
    course = Course(chosen.one, crowd(log.past.cells, year.p_active), log.as_of, year.days)
    yield from path(course, shared=shared, daily=counted, actual=False)


def _shared_orders(tests: Sequence[Tested], method: str) -> float:
    """Return the root mean square of ln(actual / forecast) of purchase days over the origins."""
    able = [t for t in tests if method in t.orders and t.came.sum() > 0 and t.orders[method].sum() > 0]
    if not able:
        return ASSUMED_SD
    errors = np.array([np.log(t.came.sum() / t.orders[method].sum()) for t in able])
    weight = np.array([t.customers for t in able]) * recency(able)
    return float(np.sqrt(weight @ errors**2 / weight.sum()))


def _fit_rows(
    as_of: date, fits: Sequence[Fitted], tests: Sequence[Tested], spend: SpendFit
) -> Iterator[dict[str, Any]]:
    for one in fits:
        yield from _one_fit(one.name, as_of, one.fit)
    yield from _one_fit(spend.name, as_of, spend.fit)
    for test in tests:
        for one in test.models:
            yield from _one_fit(one.name, test.origin.day, one.fit)


def _one_fit(model: str, origin: date, fit: Fit[Any]) -> Iterator[dict[str, Any]]:
    common = {"model": model, "origin": origin, "diagnostics": fit.ending}
    for name, estimate in parameters(fit.params).items():
        sd = fit.sd[name]
        yield {**common, "parameter": name, "estimate": estimate, "sd": float(sd) if np.isfinite(sd) else None}
    for name in ("log_likelihood", "customers", "cells"):
        value = float(getattr(fit, name))
        if np.isfinite(value):
            yield {**common, "parameter": name, "estimate": value, "sd": None}


def _backtest_rows(tests: Sequence[Tested], chosen: Chosen) -> Iterator[dict[str, Any]]:
    for test in tests:
        for method, group, measure, value in test.scores:
            yield _backtest_row(test.origin, method, group, measure, value)
    if tests:
        yield _backtest_row(tests[-1].origin, chosen.one.name, "all", "champion", 1.0)
        if chosen.winner is not None:
            yield _backtest_row(tests[-1].origin, chosen.winner, "all", "best", 1.0)


def _backtest_row(origin: Origin, method: str, group: str, measure: str, value: float) -> dict[str, Any]:
    return {
        "origin": origin.day,
        "horizon": origin.horizon,
        "method": method,
        "group": group,
        "measure": measure,
        "value": value,
    }


def _equity_row(row: Equity) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("horizon", "expected", "lower", "upper", "origins", "basis")}


def _nothing(engine: Engine) -> Tables:
    """Return the tables of a log in which no known customer ever bought."""
    words = "no known customer has a purchase"
    zero = [Equity(name, 0.0, 0.0, 0.0, 0, words) for name in ("12m", "life")]
    empty: dict[str, list[dict[str, Any]]] = {n: [] for n in ("history", "fits", "backtest", "forecast_path", "values")}
    empty["equity"] = [_equity_row(row) for row in zero]
    return {name: _table(engine, name, rows) for name, rows in empty.items()}


def _table(engine: Engine, name: str, rows: Iterator[dict[str, Any]] | list[dict[str, Any]]) -> ir.Table:
    """Make a small table of plain rows."""
    schema = pa.schema([pa.field(f.name, f.type) for f in CONTRACTS[name].schema.to_pyarrow()])
    table = pa.Table.from_pylist(list(rows), schema=schema)
    return checked(name, engine.table(table.to_batches(), schema))
