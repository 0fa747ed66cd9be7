"""The challenger: what the engine knows of customers, brought to the stack and back.

Learning reads the customers of a few earlier days, as they were known then, beside what came of them until the day
that is forecast from; nothing later is read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
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
from keepwell.predict.origins import QUARTER
from keepwell.predict.past import Days
from keepwell.predict.stack import Origin, People, Reach, Stack
from keepwell.tables import YEAR_DAYS

if TYPE_CHECKING:
    import ibis.expr.types as ir

ORIGINS_BACK = (1, 2, 3, 4, 6, 8)  # half quarters from the day that is forecast from to the origins
YOUNGEST = 45  # days of log before the first origin
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
        if self.share >= 1:
            return self.sample
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


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of customers on a day, with the models fitted to it."""

    table: pa.Table  # features, in the order of the ids
    cells: Cells
    cell: Ints  # of each row of the table
    models: tuple[Fitted, ...]


Memory = dict[tuple[date, float, tuple[str, ...]], Known | None]  # by day, share of the customers and models


def challenger(
    facts: Facts,
    cells: Cells,
    models: Sequence[Fitted],
    fit: Callable[[str, Cells], Fitted],
    *,
    seed: int,
    everybody: float | None = None,
    memory: Memory | None = None,
) -> Challenger:
    """Make the stack ready with the models fitted on the day, which `fit` fits anew at each origin.

    Args:
        facts: Where customers are read from.
        cells: Their histories on the day.
        models: Fitted to them.
        fit: Fits a model by name.
        seed: Of the trees.
        everybody: Customers of the whole log, which tell whether all can be learned from; those of the day if None.
        memory: What days knew that were learned from before, to be read and added to: later days share their origins.

    Raises:
        FitError: The log is too short, nothing came back in it, or LightGBM is not to be had.
    """
    memory = {} if memory is None else memory
    days = origin_days(facts.first, facts.day)
    share = min(1.0, MOST_ROWS / max((everybody or float(cells.count.sum())) * len(ORIGINS_BACK), 1.0))
    table = collected(facts.engine, facts.features(facts.day, share).order_by("customer_id"))
    code, trial = coder(table), trial_day(days)
    names = tuple(one.name for one in models)
    able = []
    for day in days:
        if (day, share, names) not in memory:
            memory[day, share, names] = _known(facts, day, share, names, fit)
        known = memory[day, share, names]
        if known and (found := _origin(facts, day, trial, known, code, table["customer_id"])):
            able.append(found)
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

    They lie whole half quarters back, so that days a quarter apart learn from the same days.

    >>> [str(d) for d in origin_days(date(2024, 1, 1), date(2024, 7, 1))]
    ['2024-02-16', '2024-04-01', '2024-05-17']
    """
    days = (day - timedelta(days=back * QUARTER // 2) for back in reversed(ORIGINS_BACK))
    return [one for one in days if (one - first).days >= YOUNGEST]


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


def _known(
    facts: Facts, day: date, share: float, names: Sequence[str], fit: Callable[[str, Cells], Fitted]
) -> Known | None:
    """Return what was known on a day; None where models cannot be fitted to it."""
    table = collected(facts.engine, facts.features(day, share).order_by("customer_id"))
    history = (table[name].to_numpy().astype(np.int64) for name in ("repeats", "recency", "age"))
    cells, cell = stacks.cells_of(*history)
    cells = replace(cells, log_intervals=log_gaps(cells, facts.daily.log_gaps_until(day), share))
    if too_few(cells):
        return None
    try:
        return Known(table, cells, cell, tuple(fit(name, cells) for name in names))
    except FitError:
        return None


def log_gaps(cells: Cells, whole: float, share: float) -> float:
    """Return the sum of ln(days between neighbouring purchase days) of a part of the customers.

    Taken for their share of the sum over all, `whole`; but no more than if each of them had come evenly, which is the
    most that it can be: somebody who buys for a hundred others may not be among them.
    """
    if share >= 1:
        return whole
    x, t_x = np.maximum(cells.repeats, 1), np.maximum(cells.recency, 1)
    return min(share * whole, float(cells.count @ (cells.repeats * np.log(t_x / x))))


def _origin(facts: Facts, day: date, trial: date | None, known: Known, code: Coder, ids: Any) -> Origin | None:
    """Return an earlier day with what came until the day that is forecast from; None where nothing came."""
    stretches = tuple(places.spans(min((facts.day - day).days, YEAR_DAYS)))
    to_trial = (trial - day).days if trial is not None else 0
    came = _came(facts, day, known.table["customer_id"], {*stretches, *([to_trial] if to_trial > 0 else [])})
    if not came[max(stretches)].sum():
        return None
    number = pc.index_in(known.table["customer_id"], value_set=ids).to_numpy(zero_copy_only=False)
    who = people(known.table, code, number)
    return Origin(day.toordinal(), who, known.cells, known.cell, known.models, came, stretches)


def _came(facts: Facts, day: date, ids: Any, stretches: Set[int]) -> dict[int, Ints]:
    """Return the purchase days that came of each of the customers within each stretch after a day."""
    import ibis

    later = facts.parts.around(places.Origin(facts.day, 0))
    later = later.filter(later.day > ibis.date(day))
    counts = {f"came_{n}": later.count(where=later.day <= ibis.date(day + timedelta(days=n))) for n in stretches}
    table = collected(facts.engine, later.group_by("customer_id").aggregate(**counts))
    place = pc.index_in(ids, value_set=table["customer_id"]).to_numpy(zero_copy_only=False)
    found = ~np.isnan(place)
    answer = {n: np.zeros(len(place), np.int64) for n in sorted(stretches)}
    for n, came in answer.items():
        came[found] = table[f"came_{n}"].to_numpy()[place[found].astype(np.int64)]
    return answer
