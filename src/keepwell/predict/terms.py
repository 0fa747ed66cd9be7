"""How subscriptions run: payment days by the calendar, lengths of stay, and the model that each way of paying gets.

A subscription is paid in advance: on its first day, and again each period on the same day of the month (its last day,
where the month is shorter), the same day of the year, or every 7 or 1 days. An end on a payment day, or the day before,
is one that did not renew. Where most ends fall there, leaving is a matter of renewals and time is counted in them;
otherwise people leave on any day, and time is days. Either way two models compete, and AIC chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from keepwell.engine import Engine, collected
from keepwell.errors import FitError
from keepwell.models import betaweibull, exponentialgamma, sbg, stays, weibullgamma
from keepwell.models.sbg import SBG
from keepwell.models.shapes import Fit, Floats, Ints
from keepwell.models.stays import Bools, Stays

if TYPE_CHECKING:
    import ibis.expr.types as ir

Days = npt.NDArray[Any]  # of datetime64
PERIODS = ("day", "week", "month", "year")
LENGTHS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}  # days
LEAST_ON_TIME = 0.5  # of the ends on a payment day, from which on leaving is a matter of renewals
RENEWING = {"sbg": sbg, "betaweibull": betaweibull}
LEAVING = {"exponentialgamma": exponentialgamma, "weibullgamma": weibullgamma}
LABELS = {
    "sbg": "shifted beta-geometric",
    "betaweibull": "beta-discrete-Weibull",
    "exponentialgamma": "exponential-gamma",
    "weibullgamma": "Weibull-gamma",
    "one share": "one share for all",
}
SURE = 1e6  # size of a beta distribution that is a single share
DAY = np.timedelta64(1, "D")
_TYPES: dict[str, pa.DataType] = {
    "period": pa.string(),
    "renewals": pa.int64(),
    "days": pa.int64(),
    "gone": pa.bool_(),
    "due": pa.bool_(),
}
STAYS = pa.schema(_TYPES)


@dataclass(frozen=True, slots=True)
class Course:
    """How the subscriptions of one period go on; `params` are of `model`, in renewals or in days."""

    period: str
    name: str
    renewing: bool  # time is counted in renewals; else in days
    model: ModuleType
    params: Any
    fit: Fit[Any] | None  # None where nobody left
    ageing: bool  # the chance of staying hangs on how long one has stayed
    words: str

    def alive(self, params: Any, age: Floats, ahead: Floats) -> Floats:
        """Return S(age + ahead) / S(age), in the course's own time; `age` of shape (n, 1), `ahead` of (n, m)."""
        begun = age if self.ageing else np.zeros_like(age)
        until = begun + ahead
        if self.renewing:  # whole numbers, most of them the same
            there = self.model.log_survival(params, np.arange(until.max(initial=0.0) + 1))
            later, now = there[until.astype(np.int64)], there[begun.astype(np.int64)]
        else:
            later, now = self.model.log_survival(params, until), self.model.log_survival(params, begun)
        answer: Floats = np.exp(later - now)
        return answer


def completed(period: str, started: Days, until: Days) -> Ints:
    """Return the whole periods from `started` to `until`, shape (n,) each.

    >>> completed("month", np.array(["2024-01-31"], "M8[D]"), np.array(["2024-02-29"], "M8[D]"))
    array([1])
    """
    if period in ("day", "week"):
        whole: Ints = (until - started).astype(np.int64) // int(LENGTHS[period])
        return whole
    months = (until.astype("M8[M]") - started.astype("M8[M]")).astype(np.int64)
    due = np.minimum(_day_of_month(started), _month_days(until.astype("M8[M]")))
    made: Ints = months - (_day_of_month(until) < due)
    return made // 12 if period == "year" else made


def payment_days(period: str, started: Days, number: Ints) -> Days:
    """Return the days of payments, 0 the first; `started` and `number` are of shapes that broadcast.

    >>> payment_days("month", np.array(["2024-01-31"], "M8[D]"), np.arange(3)).astype(str).tolist()
    ['2024-01-31', '2024-02-29', '2024-03-31']
    """
    if period in ("day", "week"):
        found: Days = started + number * int(LENGTHS[period]) * DAY
        return found
    month: Days = started.astype("M8[M]") + number * (12 if period == "year" else 1)
    day = np.minimum(_day_of_month(started), _month_days(month))
    answer: Days = month.astype("M8[D]") + (day - 1) * DAY
    return answer


def _day_of_month(day: Days) -> Ints:
    found: Ints = (day - day.astype("M8[M]").astype("M8[D]")).astype(np.int64) + 1
    return found


def _month_days(month: Days) -> Ints:
    found: Ints = ((month + 1).astype("M8[D]") - month.astype("M8[D]")).astype(np.int64)
    return found


def begun(subscriptions: ir.Table, as_of: date) -> ir.Table:
    """Return the subscriptions that had begun, with `last` (day of the end, else `as_of`) and `gone` as of that day.

    An end after `as_of` has not happened.
    """
    import ibis

    day = ibis.date(as_of.isoformat())
    there = subscriptions.filter(subscriptions.started <= day, subscriptions.period.isin(PERIODS))
    gone = (there.ended <= day).fill_null(ibis.literal(value=False))
    return there.mutate(gone=gone, last=gone.ifelse(there.ended, day))


def lengths(engine: Engine, there: ir.Table) -> dict[str, pa.Table]:
    """Return the lengths of stay of each period: `renewals`, `days`, `gone`, `due` (ended on a payment day), `n`."""
    chosen = there.select("period", "started", "last", "gone")
    rows = engine.mapped(chosen, _lengths, STAYS)
    counted = rows.group_by(list(STAYS.names)).aggregate(n=rows.count())
    table = collected(engine, counted.order_by(list(STAYS.names)))
    periods = table.column("period").to_pylist()
    return {p: table.filter(pa.array([q == p for q in periods])) for p in PERIODS if p in periods}


def _lengths(batch: pa.RecordBatch) -> pa.RecordBatch:
    period = np.array(batch.column("period").to_pylist(), dtype=object)
    started, last = (_dates(batch.column(name)) for name in ("started", "last"))
    gone = np.array(batch.column("gone").to_pylist(), dtype=bool)
    renewals, due = np.zeros(len(period), np.int64), np.zeros(len(period), bool)
    for one in PERIODS:
        rows = np.flatnonzero(period == one)
        of = partial(completed, one, started[rows])
        made = of(last[rows])
        # A payment due on the day of the end was not made.
        before = np.maximum(of(last[rows] - DAY) + 1, 1)
        renewals[rows] = np.where(gone[rows], before, made)
        due[rows] = gone[rows] & ((of(last[rows] - DAY) != made) | (of(last[rows] + DAY) != made))
    days = (last - started).astype(np.int64)
    columns = [batch.column("period"), *(pa.array(v) for v in (renewals, days, gone, due))]
    return pa.RecordBatch.from_arrays([columns[0].cast(pa.string()), *columns[1:]], schema=STAYS)


def _dates(column: Any) -> Days:
    days: Days = column.cast(pa.date32()).cast(pa.int32()).to_numpy(zero_copy_only=False).astype("M8[D]")
    return days


def courses(found: dict[str, pa.Table]) -> list[Course]:
    """Return the course of each period, chosen by AIC."""
    return [_course(period, table) for period, table in found.items()]


def _course(period: str, table: pa.Table) -> Course:
    renewals, days, n = (table.column(c).to_numpy().astype(float) for c in ("renewals", "days", "n"))
    gone, due = (np.array(table.column(c).to_pylist(), dtype=bool) for c in ("gone", "due"))
    ends = float(n[gone].sum())
    renewing = ends == 0 or float(n[gone & due].sum()) >= LEAST_ON_TIME * ends
    # Between two midnights an end is on average half a day later than its day.
    time = renewals if renewing else np.where(gone, days + 0.5, days)
    models = RENEWING if renewing else LEAVING
    fits = _fits(models, stays.stays(time, gone, n))
    if not fits:
        return _one_share(period, renewals, gone, n)
    name = min(fits, key=lambda one: stays.aic(fits[one]))
    clock = "renewals" if renewing else "days"
    words = f"{LABELS[name]} of {clock} for those who pay by the {period} ({ends:,.0f} of {n.sum():,.0f} had left)"
    if not fits[name].converged:
        words += f"; {fits[name].ending}"
    return Course(period, name, renewing, models[name], fits[name].params, fits[name], ageing=True, words=words)


def _fits(models: dict[str, ModuleType], found: Stays) -> dict[str, Fit[Any]]:
    fits = {}
    for name, model in models.items():
        try:
            fits[name] = model.fit(found)
        except FitError:
            continue
    return fits


def _one_share(period: str, renewals: Floats, gone: Bools, n: Floats) -> Course:
    """Return what can be said where no model can be fitted: one unknown share, believed to be Beta(1/2, 1/2) before."""
    ends, made = float(n[gone].sum()), float(n @ (renewals - gone))
    params = SBG(alpha=0.5 + ends, beta=0.5 + made)
    words = (
        f"{ends:,.0f} of {n.sum():,.0f} who pay by the {period} had left: too few to tell how the chance of staying "
        "changes, so one share for all, and wide doubt"
    )
    return Course(period, "one share", renewing=True, model=sbg, params=params, fit=None, ageing=False, words=words)


def moved(course: Course) -> Sequence[Any]:
    """Return the parameters moved by one standard deviation along each axis of what is not known of them."""
    if course.fit is None:
        a, b = course.params.alpha, course.params.beta
        share, sd = a / (a + b), np.sqrt(a * b / (a + b + 1)) / (a + b)
        share = float(min(share + sd, 1 - 1e-6))
        return (SBG(alpha=SURE * share, beta=SURE * (1 - share)),)
    covariance = np.array(course.fit.log_covariance)
    sizes, ways = np.linalg.eigh(covariance)
    theta = stays.logs(course.params)
    axes = [np.sqrt(size) * way for size, way in zip(sizes, ways.T, strict=True) if size > 1e-14]
    return [type(course.params)(*np.exp(np.clip(theta + axis, -30, 30)).tolist()) for axis in axes]
