"""The stage: from what orders earned to what customers will earn."""

from __future__ import annotations

from itertools import chain

from keepwell.engine import Engine
from keepwell.errors import ConfigError
from keepwell.predict import valuing, written
from keepwell.predict.backtest import backtest
from keepwell.predict.choice import LIFE, choices
from keepwell.predict.correlation import correlation
from keepwell.predict.equity import Equity
from keepwell.predict.log import read
from keepwell.predict.methods import answers, methods, scene_of
from keepwell.predict.origins import origins
from keepwell.predict.subscribers import Subscribed, alongside, subscribed
from keepwell.predict.warnings import Case
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings
from keepwell.tables import HORIZONS, YEAR_DAYS, Tables

MADE = ("history", "fits", "backtest", "forecast_path", "values", "equity", "warnings", "boosted")


def run(tables: Tables, settings: Settings, engine: Engine, *, tell: Tell = quiet) -> Tables:
    """Return what is known and forecast of customers from `order_contribution`; `MADE` names the tables.

    `settings.as_of` is the last day observed.

    Raises:
        ConfigError: `as_of` is not set.
    """
    if settings.as_of is None:
        raise ConfigError("the last day observed is not known", "as_of", "Set as_of.")
    tell("history")
    log = read(engine, tables, settings, settings.as_of)
    paying = subscribed(tables, settings, engine, tell=tell)
    if log is None:
        return _nothing(engine, paying)
    scene, among = scene_of(log), methods(settings.predict)
    ready, failed = answers(among, scene)
    at = origins(log.first, log.as_of, horizon=YEAR_DAYS) if ready else []
    tests = backtest(log, at, among, tell=tell)
    chosen = choices(among, ready, failed, tests, log.past.cells)
    tell("spend")
    of = valuing.worth(log, chosen, tests)
    tell("values")
    ahead = valuing.future(scene, chosen, tests)
    bought = valuing.valued(log, ahead, of)
    tell("equity")
    values, totals = alongside(engine, bought, valuing.totals(log, ahead, of, tests, bought), paying)
    mended = frozenset(name for name, mend in ahead.mends.items() if mend is not None)
    case = Case(log, failed, chosen, tests, correlation(engine, log.history), ahead.known, mended)
    rows = {
        "fits": chain(
            written.fits(log, ready or {"pooled": chosen[LIFE].answer}, tests, of.spend, ahead.known),
            written.courses(log.as_of, paying),
        ),
        "backtest": written.backtest(tests, chosen),
        "forecast_path": written.paths(log, ahead, tests),
        "equity": written.equity(totals),
        "warnings": written.warnings(case),
        "boosted": written.boosted(log.as_of, chosen),
    }
    made = {name: written.table(engine, name, each) for name, each in rows.items()}
    return {"history": log.history, "values": values, **made}


def _nothing(engine: Engine, paying: Subscribed | None) -> Tables:
    """Return the tables of a log in which no known customer ever bought; some may pay for subscriptions."""
    zero = [Equity(name, 0.0, 0.0, 0.0, 0, "no known customer has a purchase") for name in (*HORIZONS, LIFE)]
    empty = {name: written.table(engine, name, ()) for name in MADE}
    values, totals = alongside(engine, empty["values"], zero, paying)
    return empty | {"values": values, "equity": written.table(engine, "equity", written.equity(totals))}
