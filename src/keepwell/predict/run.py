"""The stage: from what orders earned to what customers will earn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from keepwell.engine import Engine
from keepwell.errors import ConfigError
from keepwell.models.compound import GammaWorth, SignedWorth, gamma_worth, points, signed_worth
from keepwell.models.gammagamma import GammaGamma
from keepwell.predict import horizon as horizons
from keepwell.predict import spend as spending
from keepwell.predict import written
from keepwell.predict.backtest import backtest, over
from keepwell.predict.belief import MarginBelief, margin_belief
from keepwell.predict.choice import LIFE, Chosen, choices
from keepwell.predict.correlation import correlation
from keepwell.predict.crowd import crowd
from keepwell.predict.equity import Equity, equities, measured
from keepwell.predict.fitted import Fitted
from keepwell.predict.horizon import Ahead
from keepwell.predict.level import Level, level
from keepwell.predict.log import Log, read
from keepwell.predict.methods import answers, methods, scene_of
from keepwell.predict.origins import origins
from keepwell.predict.spend import SpendFit
from keepwell.predict.value import Known, lookup, next_orders, values
from keepwell.predict.warnings import Case
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings
from keepwell.tables import HORIZONS, YEAR_DAYS, Tables

SPENDS = {"gammagamma": "Gamma-Gamma", "signedspend": "signed spend"}
YEAR = "12m"


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
    if log is None:
        return _nothing(engine)
    among = methods(settings.predict)
    ready, failed = answers(among, scene_of(log))
    at = origins(log.first, log.as_of, horizon=YEAR_DAYS) if ready else []
    tests = backtest(log, at, among, tell=tell)
    chosen = choices(among, ready, failed, tests, log.past.cells)
    tell("spend")
    money = spending.money_of(engine, log.occasions)
    n, total, squares = spending.customers_money(engine, log.history)
    spend = spending.fitted(money, n=n, total=total, squares=squares)
    belief = margin_belief(money, settings.assumptions)
    tell("values")
    aheads = _aheads(chosen, log)
    of = level(over(tests, YEAR_DAYS), chosen[YEAR].method)
    valued = values(engine, log.history, _known(chosen, spend, of, belief, aheads, log))
    tell("equity")
    spans = {ahead.name: ahead.days for ahead in aheads}
    shares = {name: measured(tests, one.method, of, horizon=spans[name]) for name, one in chosen.items()}
    together = equities(aheads, log.past, spend, of, shares, belief, seed=settings.predict.seed)
    models = {name: one for name, answer in ready.items() if (one := answer.one)} or {"pooled": _one(chosen[YEAR])}
    rows: dict[str, Iterator[dict[str, Any]]] = {
        "fits": written.fits(log.as_of, models, tests, spend),
        "backtest": written.backtest(tests, chosen),
        "forecast_path": written.paths(log, chosen[YEAR], aheads[list(spans).index(YEAR)], tests),
        "equity": written.equity(together),
        "warnings": written.warnings(Case(log, failed, chosen, tests, correlation(engine, log.history))),
        "boosted": iter(()),
    }
    made = {name: written.table(engine, name, each) for name, each in rows.items()}
    return {"history": log.history, "values": valued, **made}


MADE = ("history", "fits", "backtest", "forecast_path", "values", "equity", "warnings", "boosted")


def _one(chosen: Chosen) -> Fitted:
    """Return the purchase model of a choice, or the one that it leans on."""
    if chosen.answer.one is None:
        raise ValueError(f"method {chosen.method!r} leans on no purchase model")
    return chosen.answer.one


def _aheads(chosen: Mapping[str, Chosen], log: Log) -> list[Ahead]:
    """Forecast the cells for each horizon with its purchase model."""
    rate = horizons.rate_a_day(log.settings.assumptions.discount_rate)
    cells, far = log.past.cells, _one(chosen[LIFE])
    if far.name == "pooled":
        life = (log.as_of - log.first).days
    else:
        life = horizons.life_days(far, crowd(cells, far.predict(cells, days=1).p_active), rate=rate)
    days = horizons.spans(life)
    done: dict[str, Ahead] = {}
    for method in dict.fromkeys(_one(one).name for one in chosen.values()):
        mine = {name: _one(one) for name, one in chosen.items() if _one(one).name == method}
        model = next(iter(mine.values()))
        each = [horizons.ahead(model, cells, name=name, days=days[name], rate=rate) for name in mine]
        done |= {ahead.name: ahead for ahead in horizons.with_doubt(model, cells, each, rate=rate)}
    return [done[name] for name in days]


def _known(
    chosen: Mapping[str, Chosen], spend: SpendFit, of: Level, belief: MarginBelief, aheads: Sequence[Ahead], log: Log
) -> Known:
    """Gather what the valuing of a batch needs."""
    cells, near, year = log.past.cells, _one(chosen[next(iter(HORIZONS))]), _one(chosen[YEAR])
    at = points(log.settings.predict.draws, seed=log.settings.predict.seed)
    shared = belief.shared(at.shared)
    worth: GammaWorth | SignedWorth
    if isinstance(spend.params, GammaGamma):
        worth = gamma_worth(spend.params, at, shared.factor)
    else:
        worth = signed_worth(spend.params, at, shared)
    return Known(
        lookup=lookup(cells),
        horizons=tuple(aheads),
        next_order=next_orders(year.model.next_order_days(year.fit.params, cells), log.as_of),
        soon=horizons.soon(near, cells),
        worth=worth,
        level=of,
        spend_sd=spending.mean_sd(spend),
        basis=tuple(_basis(chosen[ahead.name], spend, of, ahead) for ahead in aheads),
    )


def _basis(chosen: Chosen, spend: SpendFit, of: Level, ahead: Ahead) -> str:
    far = f"{ahead.days / 365:.3g} years" if ahead.name == LIFE else f"{ahead.days} days"
    parts = (
        f"purchases: {chosen.words}",
        f"spend: {SPENDS[spend.name]} ({spend.why})",
        of.words,
        f"looking {far} ahead",
    )
    return "; ".join(part for part in parts if part)


def _nothing(engine: Engine) -> Tables:
    """Return the tables of a log in which no known customer ever bought."""
    zero = [Equity(name, 0.0, 0.0, 0.0, 0, "no known customer has a purchase") for name in (*HORIZONS, LIFE)]
    empty = {name: written.table(engine, name, ()) for name in MADE}
    return empty | {"equity": written.table(engine, "equity", written.equity(zero))}
