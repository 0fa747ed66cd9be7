"""From the methods chosen to what each customer is worth, and to the total of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from keepwell.engine import Engine, number
from keepwell.models.compound import GammaWorth, SignedWorth, gamma_worth, points, signed_worth
from keepwell.models.gammagamma import GammaGamma
from keepwell.models.posterior import Posterior
from keepwell.models.shapes import Floats
from keepwell.predict import conformal, doubt
from keepwell.predict import horizon as horizons
from keepwell.predict import spend as spending
from keepwell.predict.backtest import Tested, over
from keepwell.predict.belief import MarginBelief, margin_belief
from keepwell.predict.choice import LIFE, Chosen
from keepwell.predict.conformal import Adjustment
from keepwell.predict.crowd import crowd
from keepwell.predict.equity import Equity, equities, measured
from keepwell.predict.fitted import Fitted
from keepwell.predict.horizon import Ahead
from keepwell.predict.level import Level, level
from keepwell.predict.log import Log
from keepwell.predict.methods import Scene
from keepwell.predict.rowwise import Beside, beside
from keepwell.predict.spend import SpendFit
from keepwell.predict.value import YEAR, Known, lookup, values
from keepwell.tables import HORIZONS, YEAR_DAYS

if TYPE_CHECKING:
    import ibis.expr.types as ir

SPENDS = {"gammagamma": "Gamma-Gamma", "signedspend": "signed spend"}


@dataclass(frozen=True, slots=True)
class Worth:
    """What an order brings."""

    spend: SpendFit
    belief: MarginBelief
    level: Level


@dataclass(frozen=True, slots=True)
class Future:
    """What lies ahead, by horizon."""

    chosen: Mapping[str, Chosen]
    aheads: Mapping[str, Ahead]  # of the purchase models, by cell
    known: Mapping[str, Posterior]  # what is known of their parameters, by model
    mends: Mapping[str, Adjustment | None]  # of their distributions, by horizon
    beside: Beside  # of methods that forecast customer by customer
    summed: Mapping[str, float]  # purchase days of all, of these methods
    year: Floats | None = None  # see `Known.year`; None: 12 months are forecast by cell

    @property
    def apart(self) -> tuple[str, ...]:
        """The horizons whose forecast is not that of the customers' cells."""
        return (*self.beside.forecasters, *(() if self.year is None else (LIFE,)))

    def orders(self, horizon: str) -> float | None:
        """Return the purchase days of all customers together; None: what the purchase model says."""
        return self.summed.get(horizon)


def worth(log: Log, chosen: Mapping[str, Chosen], tests: Sequence[Tested]) -> Worth:
    """Fit what an order brings."""
    money = spending.money_of(log.engine, log.occasions)
    n, total, squares = spending.customers_money(log.engine, log.history)
    spend = spending.fitted(money, n=n, total=total, squares=squares)
    belief = margin_belief(money, log.settings.assumptions)
    return Worth(spend, belief, level(over(tests, YEAR_DAYS), chosen[YEAR].method))


def future(scene: Scene, chosen: Mapping[str, Chosen], tests: Sequence[Tested]) -> Future:
    """Forecast all horizons."""
    log = scene.log
    rate = horizons.rate_a_day(log.settings.assumptions.discount_rate)
    seed = log.settings.predict.seed
    models = _distinct([one.model for one in chosen.values()])
    known = {model.name: doubt.posterior(model, log.past.cells, seed=seed) for model in models}
    mends = {name: _mend(tests, one, name) for name, one in chosen.items()}
    # What a mend learned at origins was learned of distributions that were not mixed, so it goes on such ones.
    mended = frozenset(name for name, mend in mends.items() if mend is not None)
    plain = _aheads(log, chosen, known, rate, mended)
    aheads = _rising({name: conformal.adjusted(one, log.past.cells, mends[name]) for name, one in plain.items()})
    each = {
        name: one.answer.forecast(aheads[name].days, rate=rate)
        for name, one in chosen.items()
        if one.answer.per == "customer"
    }
    apart = beside(log.engine, log.history, scene.customers(), each, aheads) if each else Beside(log.history, {})
    summed = {name: float(forecast.orders.sum()) for name, forecast in each.items()}
    year = _year(log, chosen, aheads, known, rate) if YEAR in each else None
    return Future(chosen, aheads, known, mends, apart, summed, year)


def _year(
    log: Log, chosen: Mapping[str, Chosen], aheads: Mapping[str, Ahead], known: Mapping[str, Posterior], rate: float
) -> Floats:
    """Return what the model of a life says of 12 months, by cell: orders, and these discounted."""
    far, year = chosen[LIFE].model, aheads[YEAR]
    if far.name != chosen[YEAR].model.name:
        (year,) = doubt.ahead(far, log.past.cells, known[far.name], spans={YEAR: year.days}, rate=rate)
    return np.array([year.orders, year.discounted])


def _aheads(
    log: Log, chosen: Mapping[str, Chosen], known: Mapping[str, Posterior], rate: float, mended: frozenset[str]
) -> dict[str, Ahead]:
    """Forecast the cells for each horizon with its purchase model."""
    cells, far = log.past.cells, chosen[LIFE].model
    if far.name == "pooled":
        life = (log.as_of - log.first).days
    else:
        life = horizons.life_days(far, crowd(cells, far.predict(cells, days=1).p_active), rate=rate)
    days = horizons.spans(life)
    done: dict[str, Ahead] = {}
    for model in _distinct([one.model for one in chosen.values()]):
        mine = {name: days[name] for name, one in chosen.items() if one.model.name == model.name}
        each = doubt.ahead(model, cells, known[model.name], spans=mine, rate=rate, whole=mended)
        done |= {ahead.name: ahead for ahead in each}
    return {name: done[name] for name in days}


def _rising(aheads: Mapping[str, Ahead]) -> dict[str, Ahead]:
    """Let more time never mean less, although horizons may differ in method and in mending."""
    done: dict[str, Ahead] = {}
    before: Ahead | None = None
    for name, one in aheads.items():
        before = one if before is None else replace(one, **horizons.rising(one, before))
        done[name] = before
    return done


def _mend(tests: Sequence[Tested], one: Chosen, name: str) -> Adjustment | None:
    """Return how to mend the distributions of a horizon, by the origins that looked just so far."""
    if name == LIFE or one.answer.per == "customer":
        return None
    days = HORIZONS[name]
    return conformal.adjustment(
        [
            conformal.Past(test.origin.day.toordinal(), test.origin.day.toordinal() + days, test.tallies[one.method])
            for test in tests
            if test.origin.horizon == days and one.method in test.tallies
        ]
    )


def _distinct(models: Sequence[Fitted]) -> list[Fitted]:
    return list({model.name: model for model in models}.values())


def valued(log: Log, ahead: Future, of: Worth) -> ir.Table:
    """Return the table `values`."""
    cells, first = log.past.cells, next(iter(HORIZONS))
    near, year = ahead.chosen[first].model, ahead.chosen[YEAR].model
    soon = doubt.soon(near, cells, ahead.known[near.name], ahead.aheads[first])
    known = Known(
        lookup=lookup(cells),
        horizons=tuple(ahead.aheads.values()),
        wait=year.model.next_order_days(year.fit.params, cells),
        as_of=log.as_of,
        soon=conformal.sooner(soon, cells, ahead.mends[first]),
        worth=_draws(log, of),
        level=of.level,
        spend_sd=spending.mean_sd(of.spend),
        basis=tuple(_basis(ahead, name, of) for name in ahead.aheads),
        rows=ahead.beside.forecasters,
        reads=ahead.beside.reads,
        year=ahead.year,
    )
    return values(log.engine, ahead.beside.history, known)


def _draws(log: Log, of: Worth) -> GammaWorth | SignedWorth:
    at = points(log.settings.predict.draws, seed=log.settings.predict.seed)
    shared = of.belief.shared(at.shared)
    if isinstance(of.spend.params, GammaGamma):
        return gamma_worth(of.spend.params, at, shared.factor)
    return signed_worth(of.spend.params, at, shared)


def _basis(future: Future, name: str, of: Worth) -> str:
    ahead, mend = future.aheads[name], future.mends[name]
    far = f"{ahead.days / 365:.3g} years" if name == LIFE else f"{ahead.days} days"
    parts = (
        f"purchases: {future.chosen[name].words}",
        f"spend: {SPENDS[of.spend.name]} ({of.spend.why})",
        of.level.words,
        # What is mended, or said customer by customer, is not mixed, however well the parameters are known.
        "" if mend or name in future.beside.forecasters else doubt.words(ahead),
        mend.words if mend else "",
        "each customer's life in proportion to their 12 months" if name == LIFE and future.year is not None else "",
        f"looking {far} ahead",
    )
    return "; ".join(part for part in parts if part)


def totals(log: Log, ahead: Future, of: Worth, tests: Sequence[Tested], made: ir.Table) -> list[Equity]:
    """Return the total of each horizon; `made` is the table `values`."""
    shares = {
        name: measured(tests, chosen.method, of.level, horizon=ahead.aheads[name].days)
        for name, chosen in ahead.chosen.items()
    }
    return equities(
        list(ahead.aheads.values()),
        log.past,
        of.spend,
        of.level,
        shares,
        of.belief,
        seed=log.settings.predict.seed,
        expected={name: _summed(log.engine, made, name) for name in ahead.apart},
    )


def _summed(engine: Engine, made: ir.Table, name: str) -> float:
    return float(number(engine, made.expected_contribution.sum(where=made.horizon == name)))
