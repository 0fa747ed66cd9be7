"""What all customers together did, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import ibis
import numpy as np

from keepwell.engine import Engine, collected
from keepwell.models.shapes import Floats

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True, slots=True)
class Daily:
    """Sums over all customers, a day each; shape (days,), the first day of the log first."""

    first: date
    newcomers: Floats  # customers whose first purchase day it is
    repeats: Floats  # second and later purchase days
    log_gaps: Floats  # of these repeats: sum of ln(days since the purchase day before)

    def until(self, day: date) -> Daily:
        """Return what was known of it on `day`."""
        size = (day - self.first).days + 1
        return Daily(self.first, self.newcomers[:size], self.repeats[:size], self.log_gaps[:size])

    def log_gaps_until(self, day: date) -> float:
        """Return the sum of ln(days between neighbouring purchase days) known on `day`."""
        return float(self.until(day).log_gaps.sum())


def daily(engine: Engine, days: ir.Table, *, first: date, as_of: date) -> Daily:
    """Count the purchase days a day, from the table of `customer_days`.

    The engine counts whole numbers, by day and by days since the purchase before, so that the sums of logarithms are
    the same in every run.
    """
    bought = days.filter(days.bought == 1)
    mine = ibis.window(group_by="customer_id", order_by="day")
    dated = bought.select("day", before=bought.day.lag().over(mine))
    dated = dated.select("day", gap=dated.day.delta(dated.before, unit="day"))
    rows = collected(engine, dated.group_by("day", "gap").aggregate(n=dated.count()).order_by("day", "gap"))
    at = (rows["day"].to_numpy().astype("datetime64[D]") - np.datetime64(first)).astype(np.int64)
    gap = rows["gap"].to_numpy().astype(np.float64)
    n = rows["n"].to_numpy().astype(np.float64)
    size, again = (as_of - first).days + 1, ~np.isnan(gap)

    def summed(values: Floats, rows: np.ndarray) -> Floats:
        return np.bincount(at[rows], weights=values[rows], minlength=size).astype(np.float64)

    return Daily(first, summed(n, ~again), summed(n, again), summed(n * np.log(np.where(again, gap, 1.0)), again))


def known_customers(engine: Engine, days: ir.Table, *, origin: date, first: date, as_of: date) -> Floats:
    """Return the purchase days a day of customers who had bought by `origin`; shape (days,)."""
    bought = days.filter(days.bought == 1)
    starts = bought.group_by("customer_id").aggregate(start=bought.day.min())
    early = starts.filter(starts.start <= ibis.date(origin))
    of_them = bought.semi_join(early, "customer_id")
    rows = collected(engine, of_them.group_by("day").aggregate(n=of_them.count()))
    at = (rows["day"].to_numpy().astype("datetime64[D]") - np.datetime64(first)).astype(np.int64)
    counts = np.bincount(at, weights=rows["n"].to_numpy(), minlength=(as_of - first).days + 1)
    return counts.astype(np.float64)
