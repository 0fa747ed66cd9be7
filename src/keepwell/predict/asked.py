"""Any number of days ahead: what a run would forecast customer by customer, with the method that its backtest chooses.

A run looks ahead over the horizons of the table `values`. This asks the same methods, judged at the same origins and
chosen by the same contest, for other stretches of time; benchmarks use it to forecast what is known by now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from keepwell.engine import Engine
from keepwell.errors import ConfigError, DataError
from keepwell.models.shapes import Forecast
from keepwell.predict import total as totals
from keepwell.predict.backtest import Tested, backtest, over
from keepwell.predict.choice import Chosen, chosen
from keepwell.predict.level import recency
from keepwell.predict.log import read
from keepwell.predict.methods import Customers, answers, methods, scene_of
from keepwell.predict.origins import origins
from keepwell.progress import Tell, quiet
from keepwell.settings import Settings
from keepwell.tables import YEAR_DAYS, Tables


@dataclass(frozen=True, slots=True)
class Asked:
    """The forecast of one stretch of time."""

    method: str  # as it stands in `backtest`
    words: str  # why it
    ids: pa.Array[Any]  # of the customers, in the order of the forecast
    forecast: Forecast  # one row per customer
    lower: float  # 5% of the purchase days of all customers together
    upper: float  # 95%


def asked(
    tables: Tables, settings: Settings, engine: Engine, *, days: Sequence[int], tell: Tell = quiet
) -> list[Asked]:
    """Forecast the purchase days of each customer in the next so many days, for each of `days`.

    Raises:
        ConfigError: `as_of` is not set.
        DataError: Nobody who is known ever bought.
    """
    if settings.as_of is None:
        raise ConfigError("the last day observed is not known", "as_of", "Set as_of.")
    log = read(engine, tables, settings, settings.as_of)
    if log is None:
        raise DataError("nobody who is known ever bought", "order_contribution", "Give purchases of known customers.")
    scene, among = scene_of(log), methods(settings.predict)
    ready, failed = answers(among, scene)
    tests = backtest(log, origins(log.first, log.as_of, horizon=YEAR_DAYS) if ready else [], among, tell=tell)
    found = [chosen(among, ready, failed, over(tests, span), log.past.cells) for span in days]
    return [_asked(one, scene.customers(), tests, span) for one, span in zip(found, days, strict=True)]


def _asked(one: Chosen, who: Customers, tests: Sequence[Tested], days: int) -> Asked:
    forecast = one.answer.forecast(days)
    if one.answer.per == "cell":
        forecast = _rows(forecast, who)
    lower, upper = totals.interval(float(forecast.orders.sum()), _error(tests, one.method, days))
    if who.ids is None:
        raise DataError("customers have no ids here", "", "Ask for the forecast of a whole log.")
    return Asked(one.method, one.words, who.ids, forecast, lower, upper)


def _rows(forecast: Forecast, who: Customers) -> Forecast:
    """Return one row per customer of one row per cell."""
    cells = {name: getattr(forecast, name)[who.cell] for name in ("p_active", "orders", "discounted", "group")}
    return replace(forecast, **cells)


def _error(tests: Sequence[Tested], method: str, days: int) -> totals.Error:
    """Return what is believed of the relative error of the purchase days of all."""
    able = [t for t in over(tests, days) if method in t.orders and min(t.came.sum(), t.orders[method].sum()) > 0]
    errors = np.array([np.log(t.came.sum() / t.orders[method].sum()) for t in able])
    day = np.array([float(t.origin.day.toordinal()) for t in able])
    horizon = np.array([float(t.origin.horizon) for t in able])
    weight = np.array([t.customers for t in able]) * recency(able) if able else None
    return totals.error(errors, day=day, horizon=horizon, weight=weight)
