"""The challenger: what the engine knows of customers, brought to the stack and back.

Learning reads the customers of a few earlier days, as they were known then, beside what came of them until the day
that is forecast from; nothing later is read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keepwell.engine import Engine, collected
from keepwell.errors import FitError
from keepwell.models.shapes import Cells, Forecast, Ints
from keepwell.predict import origins as places
from keepwell.predict import stack as stacks
from keepwell.predict.boosted import Matrix
from keepwell.predict.daily import Daily
from keepwell.predict.features import COLUMNS, KINDS, features
from keepwell.predict.fitted import Fitted, too_few
from keepwell.predict.past import Days
from keepwell.predict.stack import Origin, People, Reach, Stack
from keepwell.tables import YEAR_DAYS

if TYPE_CHECKING:
    import ibis.expr.types as ir

STEP, MOST_ORIGINS = 28, 6  # days between origins, at least; and how many there are
YOUNGEST = 56  # days of log before the first origin
MOST_ROWS = 200_000  # customers times origins that are learned from; of larger shops a part, by a digest of the ids
MOST_KINDS = 30  # different channels or countries that are told apart
READS = (*(name for name in COLUMNS if name != "repeats"), *KINDS)


@dataclass(frozen=True, slots=True)
class Facts:
    """Where customers are read from."""

    engine: Engine
    parts: Days
    days: ir.Table  # `customer_days`
    tables: Mapping[str, ir.Table]
    daily: Daily
    first: date
    day: date  # last day known

    def features(self, day: date, share: float) -> ir.Table:
        """Return what was known of customers on a day."""
        known = self.parts.around(places.Origin(day, 0))
        return features(known, self.days, self.tables, until=day, share=share)


@dataclass(frozen=True, slots=True)
class Coder:
    """The words that categories may have, by column; a word's code is its place."""

    words: Mapping[str, tuple[str, ...]]

    def matrix(self, table: pa.Table | pa.RecordBatch) -> Matrix:
        """Return the features of rows as numbers, in the order of `COLUMNS` and `KINDS`."""
        numbers = [table.column(name).to_numpy(zero_copy_only=False).astype(np.float32) for name in COLUMNS]
        return np.column_stack([*numbers, *(self._codes(table.column(name), name) for name in KINDS)])

    def _codes(self, column: Any, name: str) -> Matrix:
        known = pa.array(self.words[name], pa.string())
        code = pc.fill_null(pc.index_in(column.cast(pa.string()), value_set=known), -1).to_numpy(zero_copy_only=False)
        return np.where(code < 0, np.nan, code).astype(np.float32)


def coder(table: pa.Table) -> Coder:
    """Return the commonest words of each column; others have no code."""
    words = {}
    for name in KINDS:
        counts = Counter(word for word in table[name].to_pylist() if word)
        words[name] = tuple(sorted(counts, key=lambda word: (-counts[word], word))[:MOST_KINDS])
    return Coder(words)


@dataclass(frozen=True)
class Challenger:
    """The stack on a day, with its customers."""

    facts: Facts
    cells: Cells
    stack: Stack
    coder: Coder
    sample: People
    share: float  # of the customers, who were learned from

    @property
    def words(self) -> str:
        """Say what it is made of, and of how many."""
        part = "" if self.share >= 1 else f" of {self.share:.0%} of the customers, chosen by their ids"
        return f"{self.stack.words}{part}"

    @cached_property
    def everybody(self) -> People:
        """All customers of the day, in the order of their ids."""
        table = collected(self.facts.engine, self.facts.features(self.facts.day, 1.0).order_by("customer_id"))
        return people(table, self.coder, np.arange(table.num_rows))

    @cached_property
    def cell(self) -> Ints:
        """The cell of each of them."""
        return stacks.find(self.cells, self.everybody)

    def reach(self, days: int, *, rate: float = 0.0) -> Reach:
        """Look so many days ahead."""
        return stacks.reach(self.stack, self.cells, self.sample, days=days, rate=rate)

    def forecast(self, days: int, *, rate: float = 0.0) -> Forecast:
        """Return one row per customer, in the order of their ids."""
        return self.reach(days, rate=rate).forecast(self.everybody, self.cell)


def challenger(
    facts: Facts, cells: Cells, models: Sequence[Fitted], fit: Callable[[str, Cells], Fitted], *, seed: int
) -> Challenger:
    """Make the stack ready with the models fitted on the day, which `fit` fits anew at each origin.

    Raises:
        FitError: The log is too short, nothing came back in it, or LightGBM is not to be had.
    """
    days = origin_days(facts.first, facts.day)
    share = min(1.0, MOST_ROWS / max(float(cells.count.sum()) * max(len(days), 1), 1.0))
    table = collected(facts.engine, facts.features(facts.day, share).order_by("customer_id"))
    code = coder(table)
    trial = trial_day(days)
    names = [one.name for one in models]
    found = [_origin(facts, day, trial, share, code, table["customer_id"], names, fit) for day in days]
    able = [origin for origin in found if origin is not None]
    if not able:
        raise FitError("the log is too short to learn from its past", "", "")
    sample = people(table, code, np.arange(table.num_rows))
    now = Origin(facts.day.toordinal(), sample, cells, np.zeros(0, np.int64), tuple(models), {}, ())
    tried = [i for i, origin in enumerate(able) if trial is not None and origin.day == trial.toordinal()]
    stack = stacks.ready(
        able, now, names=(*COLUMNS, *KINDS), kinds=KINDS, seed=seed, trial=tried[0] if tried and tried[0] else None
    )
    return Challenger(facts, cells, stack, code, sample, share)


def told(made: Challenger) -> tuple[str, str]:
    """Return the features' entry of the table `boosted` (names in order, words of the categories), and the trees."""
    features = {"names": list(made.stack.booster.names), "words": {k: list(v) for k, v in made.coder.words.items()}}
    return json.dumps(features), made.stack.booster.model


def origin_days(first: date, day: date) -> list[date]:
    """Return the earlier days that are learned from, the earliest first.

    >>> [str(d) for d in origin_days(date(2024, 1, 1), date(2024, 5, 1))]
    ['2024-03-06', '2024-04-03']
    """
    length = (day - first).days - YOUNGEST
    step = max(STEP, length // MOST_ORIGINS)
    number = min(max(length, 0) // step, MOST_ORIGINS)
    return [day - timedelta(days=step * k) for k in range(number, 0, -1)]


def trial_day(days: Sequence[date]) -> date | None:
    """Return the origin on which the number of trees is tried: two thirds along the origins; None with less than two.

    >>> trial_day([date(2024, 3, 6), date(2024, 4, 3)])
    datetime.date(2024, 4, 3)
    """
    return days[max(1, (2 * len(days)) // 3)] if len(days) > 1 else None


def people(table: pa.Table | pa.RecordBatch, code: Coder, number: Ints) -> People:
    """Return customers from their features."""
    whole = {
        name: table.column(name).to_numpy(zero_copy_only=False).astype(np.int64)
        for name in ("repeats", "recency", "age")
    }
    return People(code.matrix(table), whole["repeats"], whole["recency"], whole["age"], number)


def _origin(
    facts: Facts,
    day: date,
    trial: date | None,
    share: float,
    code: Coder,
    ids: Any,
    names: Sequence[str],
    fit: Callable[[str, Cells], Fitted],
) -> Origin | None:
    """Return an earlier day with what came until the day that is forecast from; None where models cannot be fitted."""
    known = tuple(places.spans(min((facts.day - day).days, YEAR_DAYS)))
    to_trial = (trial - day).days if trial is not None else 0
    stretches = sorted({*known, *([to_trial] if to_trial > 0 else [])})
    table = collected(facts.engine, _followed(facts, day, share, stretches))
    who = people(table, code, pc.index_in(table["customer_id"], value_set=ids).to_numpy(zero_copy_only=False))
    cells, cell = stacks.cells_of(who.repeats, who.recency, who.age)
    cells = replace(cells, log_intervals=share * facts.daily.log_gaps_until(day))
    came = {days: table[f"came_{days}"].to_numpy().astype(np.int64) for days in stretches}
    if too_few(cells) or not came[max(known)].sum():
        return None
    try:
        models = tuple(fit(name, cells) for name in names)
    except FitError:
        return None
    return Origin(day.toordinal(), who, cells, cell, models, came, known)


def _followed(facts: Facts, day: date, share: float, stretches: Sequence[int]) -> ir.Table:
    """Return what was known of customers on a day, and the purchase days that came within each stretch after it."""
    import ibis

    table = facts.features(day, share)
    later = facts.parts.around(places.Origin(facts.day, 0))
    later = later.filter(later.day > ibis.date(day))
    counts = {f"came_{n}": later.count(where=later.day <= ibis.date(day + timedelta(days=n))) for n in stretches}
    joined = table.left_join(later.group_by("customer_id").aggregate(**counts), "customer_id")
    joined = joined.drop("customer_id_right").mutate(**{name: joined[name].fill_null(0) for name in counts})
    return joined.order_by("customer_id")
