"""The rows of the small tables: fits, backtest, the path of all orders, equity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from keepwell.engine import Engine
from keepwell.models.posterior import Posterior
from keepwell.models.shapes import Fit, held, parameters
from keepwell.predict.backtest import Tested, over
from keepwell.predict.challenger import told
from keepwell.predict.choice import Chosen, marks
from keepwell.predict.crowd import crowd
from keepwell.predict.daily import known_customers
from keepwell.predict.equity import ASSUMED_SD, Equity
from keepwell.predict.level import recency
from keepwell.predict.log import Log
from keepwell.predict.methods import Answer
from keepwell.predict.origins import Origin
from keepwell.predict.path import Course, main_origin, path
from keepwell.predict.spend import SpendFit
from keepwell.predict.subscribers import Subscribed
from keepwell.predict.value import YEAR
from keepwell.predict.valuing import Future
from keepwell.predict.warnings import Case, warned
from keepwell.tables import CONTRACTS, YEAR_DAYS, checked

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]


def table(engine: Engine, name: str, rows: Iterable[Row]) -> ir.Table:
    """Make a small table of plain rows."""
    schema = pa.schema([pa.field(f.name, f.type) for f in CONTRACTS[name].schema.to_pyarrow()])
    made = pa.Table.from_pylist(list(rows), schema=schema)
    return checked(name, engine.table(made.to_batches(), schema))


def fits(
    log: Log,
    ready: Mapping[str, Answer],
    tests: Sequence[Tested],
    spend: SpendFit,
    known: Mapping[str, Posterior],
) -> Iterator[Row]:
    """Yield the parameters of the models of each day; a method that only leans on a model does not repeat it.

    `known` is the posterior of the models that values are made with.
    """
    for name, answer in ready.items():
        if answer.one.name == name:
            yield from _with_posterior(_one_fit(name, log.as_of, answer.one.fit), known.get(name))
        yield from _parts(name, log.as_of, answer)
    yield from _one_fit(spend.name, log.as_of, spend.fit)
    for test in tests:
        for name, one in test.models.items():
            if one.name == name:
                yield from _one_fit(name, test.origin.day, one.fit)


def _parts(name: str, origin: date, answer: Answer) -> Iterator[Row]:
    """Yield what a method multiplies rates by."""
    common = {"model": name, "origin": origin, "lower": None, "upper": None}
    for part in answer.parts:
        words = "by what rates are multiplied, against the mean"
        yield {**common, "parameter": part.name, "estimate": part.factor, "sd": part.sd, "diagnostics": words}


def _with_posterior(rows: Iterable[Row], known: Posterior | None) -> Iterator[Row]:
    """Yield the rows of a fit with sd and quantiles of its posterior, and a row for how far to trust it."""
    if known is None:
        yield from rows
        return
    ends = np.column_stack([known.sd, known.quantile(0.05), known.quantile(0.95)]).tolist()
    of = {
        name: dict(zip(("sd", "lower", "upper"), each, strict=True))
        for name, each in zip(known.names, ends, strict=True)
    }
    last: Row = {}
    for row in rows:
        last = row
        yield row | of.get(row["parameter"], {})
    k = {"parameter": "pareto_k", "estimate": known.k, "sd": None, "lower": None, "upper": None}
    if np.isfinite(known.k):
        yield last | k | {"diagnostics": f"{known.method}; worth {known.ess:.0f} draws"}


def _one_fit(model: str, origin: date, fit: Fit[Any]) -> Iterator[Row]:
    common = {"model": model, "origin": origin, "diagnostics": fit.ending, "lower": None, "upper": None}
    for name, estimate in parameters(fit.params).items():
        sd = fit.sd[name]
        yield {**common, "parameter": name, "estimate": estimate, "sd": float(sd) if np.isfinite(sd) else None}
    fixed = held(fit.params) | {name: float(getattr(fit, name)) for name in ("log_likelihood", "customers", "cells")}
    for name, value in fixed.items():
        if np.isfinite(value):
            yield {**common, "parameter": name, "estimate": value, "sd": None}


def courses(as_of: date, found: Subscribed | None) -> Iterator[Row]:
    """Yield the parameters of the models of subscriptions, one model a way of paying; time in renewals or days."""
    for course in found.courses if found else ():
        if course.fit is not None:
            yield from _one_fit(f"{course.name}, paid by the {course.period}", as_of, course.fit)


def backtest(tests: Sequence[Tested], chosen: Mapping[str, Chosen]) -> Iterator[Row]:
    """Yield all measures, and what came of the contest."""
    for test in tests:
        for method, group, measure, value in test.scores:
            yield _measure(test.origin, method, group, measure, value)
    for mark in marks(chosen, tests):
        yield _measure(mark.origin, mark.method, "all", mark.measure, mark.value)


def _measure(origin: Origin, method: str, group: str, measure: str, value: float) -> Row:
    return {
        "origin": origin.day,
        "horizon": origin.horizon,
        "method": method,
        "group": group,
        "measure": measure,
        "value": value,
    }


def paths(log: Log, ahead: Future, tests: Sequence[Tested]) -> Iterator[Row]:
    """Yield the path from the backtest's main origin, then the one from the end of the log.

    Both have the course that the purchase model of 12 months gives them, and end at the total of the method of 12
    months, where that only leans on the model.
    """
    year = ahead.chosen[YEAR]
    full = {test.origin: test for test in tests if test.models}
    main = main_origin(list(full), first=log.first, as_of=log.as_of, horizon=YEAR_DAYS)
    shared = _shared_orders(tests, year.method)
    if main is not None:
        test = full[main]
        name = year.method if year.method in test.models else next(iter(test.models))
        known = known_customers(log.engine, log.days, origin=main.day, first=log.first, as_of=log.as_of)
        course = Course(test.models[name], test.crowds[name], main.day, main.horizon, _whole(test, name))
        yield from path(course, shared=shared, daily=log.daily, came=known)
    near = crowd(log.past.cells, ahead.aheads[YEAR].p_active)
    course = Course(year.model, near, log.as_of, YEAR_DAYS, ahead.orders(YEAR))
    yield from path(course, shared=shared, daily=log.daily, came=None)


def _whole(test: Tested, name: str) -> float | None:
    """Return all purchase days that a method forecast, where its model would forecast others."""
    return None if test.models[name].name == name else float(test.orders[name].sum())


def _shared_orders(tests: Sequence[Tested], method: str) -> float:
    """Return the root mean square of ln(actual / forecast) of purchase days over the origins."""
    able = [t for t in over(tests, YEAR_DAYS) if method in t.orders and t.came.sum() > 0 and t.orders[method].sum() > 0]
    if not able:
        return ASSUMED_SD
    errors = np.array([np.log(t.came.sum() / t.orders[method].sum()) for t in able])
    weight = np.array([t.customers for t in able]) * recency(able)
    return float(np.sqrt(weight @ errors**2 / weight.sum()))


def boosted(as_of: date, chosen: Mapping[str, Chosen]) -> Iterator[Row]:
    """Yield the trees of each horizon whose values they correct."""
    for horizon, one in chosen.items():
        if one.answer.trees is not None and one.answer.trees.stack.booster.rounds:
            features, model = told(one.answer.trees)
            yield {"name": horizon, "origin": as_of, "features": features, "model": model}


def equity(rows: Iterable[Equity]) -> Iterator[Row]:
    """Yield the totals."""
    for row in rows:
        yield {name: getattr(row, name) for name in ("horizon", "expected", "lower", "upper", "origins", "basis")}


def warnings(case: Case) -> Iterator[Row]:
    """Yield what the forecasts cannot bear."""
    for each in warned(case):
        yield {name: getattr(each, name) for name in ("kind", "subject", "words", "number")}
