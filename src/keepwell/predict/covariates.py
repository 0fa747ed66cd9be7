"""What customers differ by from their first order on: channel, country, first product, first basket, cohort.

A level (one channel, one product...) counts as such from `FEWEST` customers on; rarer ones share the level 'other', and
the most frequent `LEVELS` are told apart. All is read from the first purchase day, so it was known at every origin
after it. How levels differ is estimated with partial pooling (`models.pooling`), each covariate by itself first; those
that tell something are then put together, the telling ones first, as long as no more than `GROUPS` groups of customers
come of it.

The method answers customer by customer, leaning on the likeliest purchase model, with its calendar where one is worn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from keepwell.engine import collected
from keepwell.errors import FitError
from keepwell.models import pooling
from keepwell.models.calendar import Part
from keepwell.models.fitter import Objective
from keepwell.models.histories import Rows
from keepwell.models.pooling import Kinds, Pooling
from keepwell.models.shapes import Cells, Floats, Forecast, Ints, held, parameters
from keepwell.predict.fitted import Fitted, NoPartError
from keepwell.predict.log import Log
from keepwell.predict.season import Seasoned

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

FEWEST = 100  # customers of a level of its own
LEVELS = 8  # levels of a covariate, 'other' left out
BINS = 4  # of the first basket, of equal numbers of customers
GROUPS = 64  # groups of customers that share all levels
TELLS = 0.05  # spread of the effects from which a covariate tells something: 5%
ODD = 4.0  # standard deviations from which a cohort is unlike the others
FACTOR = np.log(1.25)  # and difference in buying, as a logarithm
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Coded:
    """The levels of each customer, in the order of the ids; `codes` has shape (customers, covariates)."""

    ids: pa.Array[Any]
    names: tuple[str, ...]  # of the covariates
    levels: tuple[tuple[str, ...], ...]  # of each covariate
    codes: Ints


@dataclass(frozen=True, slots=True)
class Told:
    """A pooled model of groups of customers."""

    one: Fitted  # that all customers share
    model: Any  # the same without its calendar
    worn: Seasoned | None
    kinds: Kinds
    params: tuple[Any, ...]  # of each group
    row: Ints  # of each customer among the cells of all groups, one after the other
    parts: tuple[Part, ...]  # what each level multiplies rates by

    def forecast(self, days: int, *, rate: float = 0.0) -> Forecast:
        """Return one row per customer."""
        ahead, by = (days, rate) if self.worn is None else (self.worn.ahead(days), self.worn.rate(days, rate))
        each = [
            self.model.predict(p, cells, days=ahead, rate=by)
            for p, cells in zip(self.params, self.kinds.cells, strict=True)
        ]
        return _rows(each, self.row, days)


def told(
    log: Log, day: date, names: Sequence[str], one: Fitted, cells: Cells, *, ids: pa.Array[Any] | None, cell: Ints
) -> Told:
    """Return a model whose customers differ by what is known of them on `day`.

    Args:
        log: The whole log.
        day: Last day known.
        names: The covariates, as the settings name them.
        one: The model of all customers.
        cells: All histories.
        ids: The customers, in order.
        cell: Each customer's place among the cells.

    Raises:
        NoPartError: No covariate is known, or none tells customers apart.
    """
    coded = codes(log, day, names)
    if ids is None or not coded.ids.equals(ids):
        raise FitError("the orders of some customers are not among the lines", "", "Please report it.")
    ground = _ground(one, cells, cell)
    objective, start = likelihood(ground.model, one.fit.params)
    kept = _telling(coded, ground, objective, start)
    if not kept:
        said = ", ".join(coded.names) or "nothing is known of them"
        raise NoPartError(
            f"customers of one kind are like those of another ({said})", "", "Leave out predict.covariates."
        )
    kinds, row = _kinds(coded, kept, ground)
    found = pooling.pooled(kinds, objective, start=start)
    logs = pooling.logs_of(found, kinds.design)
    params = tuple(_with_logs(one.fit.params, each) for each in logs)
    return Told(one, ground.model, ground.worn, kinds, params, row, tuple(_parts(found, coded, kept)))


@dataclass(frozen=True, slots=True)
class _Ground:
    """A purchase model without its calendar, and the histories on its clock."""

    model: Any
    worn: Seasoned | None
    cells: Cells
    cell: Ints  # of each customer


def _ground(one: Fitted, cells: Cells, cell: Ints) -> _Ground:
    if not isinstance(one.model, Seasoned):
        return _Ground(one.model, None, cells, cell)
    merged, of = one.model.on_clock(cells)
    return _Ground(one.model.base, one.model, merged, of[cell])


def _with_logs(params: Any, logs: Floats) -> Any:
    """Return the parameters with other logarithms."""
    return replace(params, **dict(zip(parameters(params), np.exp(logs).tolist(), strict=True)))


def likelihood(model: Any, params: Any) -> tuple[Callable[[Rows], Objective], Floats]:
    """Return a purchase model's objective and the logarithms of its parameters; the phases of a purchase stay."""
    objective = model.objective_of(params) if held(params) else model.objective
    return objective, np.log(list(parameters(params).values()))


def codes(log: Log, day: date, names: Sequence[str]) -> Coded:
    """Return the levels of every customer who had bought by `day`."""
    wanted = [name for name in names if name in ("first_basket", "cohort") or "order_lines" in log.tables]
    kept = log.engine.keep(_described(log, day, wanted))
    columns: dict[str, ir.Value] = {}
    levels: list[tuple[str, ...]] = []
    for name in wanted:
        counted = collected(log.engine, kept.group_by(level=kept[name]).aggregate(n=kept.count()).order_by("level"))
        found = {row["level"]: int(row["n"]) for row in counted.to_pylist()}
        words, column = (_bins if name == "first_basket" else _frequent)(kept[name], found)
        if len(words) > 1:
            columns[name] = column
            levels.append(words)
    table = collected(log.engine, kept.select("customer_id", **columns).order_by("customer_id"))
    each = [table[name].to_numpy().astype(np.int64) for name in columns]
    return Coded(
        table["customer_id"].combine_chunks(),
        tuple(columns),
        tuple(levels),
        np.stack(each, axis=1) if each else np.zeros((table.num_rows, 0), np.int64),
    )


def _described(log: Log, day: date, names: Sequence[str]) -> ir.Table:
    """Return one row per customer known on `day`: what stands on their first purchase day, null where nothing does."""
    bought = log.days.filter(log.days.bought == 1, log.days.day <= ibis.date(day))
    first = bought.group_by("customer_id").aggregate(order_date=bought.day.min())
    table = first
    if "cohort" in names:
        quarter = table.order_date.year().cast("string") + "-Q" + table.order_date.quarter().cast("string")
        table = table.mutate(cohort=quarter)
    parts = []
    if "first_basket" in names:
        orders = log.tables["order_contribution"].semi_join(first, ["customer_id", "order_date"])
        spent = orders.group_by("customer_id").aggregate(first_basket=orders.gross.sum())
        parts.append(spent.mutate(first_basket=spent.first_basket.cast("float64").floor().cast("int64")))
    if set(names) & {"channel", "country", "first_product"}:
        lines = log.tables["order_lines"]
        lines = lines.filter(lines.gross > 0).semi_join(first, ["customer_id", "order_date"])
        parts.append(lines.group_by("customer_id").aggregate(channel=lines.channel.min(), country=lines.country.min()))
        if "first_product" in names:
            parts.append(_dearest(lines))
    for part in parts:
        table = table.left_join(part, "customer_id").drop("customer_id_right")
    return table.select("customer_id", *names)


def _dearest(lines: ir.Table) -> ir.Table:
    """Return the product of each customer's first day for which most was paid; of two, the one first in order."""
    named = lines.filter(lines.product_id.notnull())
    sums = named.group_by("customer_id", "product_id").aggregate(paid=named.gross.sum())
    most = sums.group_by("customer_id").aggregate(most=sums.paid.max())
    top = sums.join(most, "customer_id").filter(lambda t: t.paid == t.most)
    return top.group_by("customer_id").aggregate(first_product=top.product_id.min())


def _frequent(column: ir.Value, found: dict[str | None, int]) -> tuple[tuple[str, ...], ir.Value]:
    """Return the frequent levels with 'other' at their end, and the column of their places."""
    often = sorted(((-n, level) for level, n in found.items() if level is not None and n >= FEWEST))[:LEVELS]
    named = [level for _, level in often]
    rest = sum(found.values()) - sum(-n for n, _ in often)
    if not named:
        return (OTHER,), ibis.literal(0)
    place = ibis.cases(*((column == level, i) for i, level in enumerate(named)), else_=len(named))
    return (*named, OTHER) if rest else tuple(named), place.fill_null(len(named)).cast("int64")


def _bins(column: ir.Value, found: dict[int | None, int]) -> tuple[tuple[str, ...], ir.Value]:
    """Return bins of about as many customers each, cut at whole amounts, and the column of their places."""
    amounts = sorted(amount for amount in found if amount is not None)
    reached = np.cumsum([found[amount] for amount in amounts])
    if not amounts or reached[-1] < BINS * FEWEST:
        return (OTHER,), ibis.literal(0)
    shares = reached / reached[-1]
    cuts = sorted({amounts[int(np.searchsorted(shares, b / BINS))] for b in range(1, BINS)} - {amounts[0]})
    known = column.fill_null(amounts[0])
    place = sum((known >= cut).cast("int64") for cut in cuts) if cuts else ibis.literal(0)
    edges = [None, *cuts, None]
    words = [_between(low, high) for low, high in pairwise(edges)]
    return tuple(words), place


def _between(low: int | None, high: int | None) -> str:
    return f"below {high}" if low is None else f"from {low}" if high is None else f"from {low} to {high}"


def _telling(coded: Coded, ground: _Ground, objective: Callable[[Rows], Objective], start: Floats) -> list[int]:
    """Return the covariates that tell customers apart, the most telling first, as long as groups are few enough."""
    spreads = {}
    for c, levels in enumerate(coded.levels):
        groups = pooling.grouped(ground.cells, coded.codes[:, c], ground.cell, len(levels))
        spreads[c] = float(pooling.pooled(pooling.alone(groups), objective, start=start).tells[0])
    kept: list[int] = []
    for c in sorted((c for c in spreads if spreads[c] >= TELLS), key=lambda c: (-spreads[c], c)):
        if len(np.unique(_joined(coded, [*kept, c]))) <= GROUPS:
            kept.append(c)
    return kept


def _joined(coded: Coded, kept: Sequence[int]) -> Ints:
    """Return one number for all levels of a customer."""
    key = np.zeros(len(coded.codes), np.int64)
    for c in kept:
        key = key * len(coded.levels[c]) + coded.codes[:, c]
    return key


def _kinds(coded: Coded, kept: Sequence[int], ground: _Ground) -> tuple[Kinds, Ints]:
    """Return the groups, and each customer's row among their cells one after the other."""
    _, first, group = np.unique(_joined(coded, kept), return_index=True, return_inverse=True)
    levels = coded.codes[first][:, list(kept)]
    groups = pooling.grouped(ground.cells, group, ground.cell, len(first))
    row = np.unique(group * len(ground.cells.age) + ground.cell, return_inverse=True)[1]
    return Kinds(groups, levels, tuple(len(coded.levels[c]) for c in kept)), row.astype(np.int64)


def _parts(found: Pooling, coded: Coded, kept: Sequence[int]) -> list[Part]:
    """Return by what each level multiplies the rates of buying and leaving."""
    names = [f"{coded.names[c]} {level}" for c in kept for level in coded.levels[c]]
    rows = []
    for what, effects, sds in (("buying", found.buying, found.buying_sd), ("leaving", found.leaving, found.leaving_sd)):
        for name, effect, sd in zip(names, effects, sds, strict=True):
            factor = float(np.exp(-effect))
            rows.append(Part(f"{what}: {name}", factor, factor * float(sd)))
    return rows


def _rows(each: Sequence[Forecast], row: Ints, days: int) -> Forecast:
    """Return the forecasts of groups as one, a row per customer."""
    starts = np.cumsum([0, *(f.start[-1] for f in each)])
    groups = np.cumsum([0, *(len(f.start) - 1 for f in each)])
    joined = {
        name: np.concatenate([getattr(f, name) for f in each])[row] for name in ("p_active", "orders", "discounted")
    }
    return Forecast(
        days=days,
        group=np.concatenate([f.group + g for f, g in zip(each, groups[:-1], strict=True)])[row],
        start=np.r_[np.concatenate([f.start[:-1] + s for f, s in zip(each, starts[:-1], strict=True)]), starts[-1]],
        pmf=np.concatenate([f.pmf for f in each]),
        **joined,
    )


def odd_cohorts(one: Fitted, cells: Cells, as_of: date) -> list[tuple[str, float, str]]:
    """Return the cohorts (quarters of the first purchase) that are unlike the others, beyond what chance explains.

    Each cohort is held against how much the others differ among themselves: z is its own difference in buying over
    the sd of that and of its estimate. Told are those beyond `ODD` that buy at least a quarter more or less; cohorts of
    under `FEWEST` customers are not judged.

    Returns:
        Cohort, z (above 0: they buy more often) and words, the oddest first.
    """
    if one.name == "pooled":
        return []
    first = np.datetime64(as_of) - cells.age
    quarter = first.astype("datetime64[M]").astype(np.int64) // 3
    names, of = np.unique(quarter, return_inverse=True)
    parts = [_some(cells, of == i) for i in range(len(names))]
    many = [i for i, part in enumerate(parts) if part.count.sum() >= FEWEST]
    ground = _ground(one, cells, np.zeros(0, np.int64))
    objective, start = likelihood(ground.model, one.fit.params)
    groups = [parts[i] if ground.worn is None else ground.worn.on_clock(parts[i])[0] for i in many]
    found = pooling.unlike(pooling.alone(groups), objective, start=start)
    told = [(names[many[i]], z, factor) for i, z, factor in found if abs(z) >= ODD and abs(np.log(factor)) >= FACTOR]
    return [(_quarter(int(name)), z, _odd_words(_quarter(int(name)), factor)) for name, z, factor in told]


def _some(cells: Cells, rows: np.ndarray) -> Cells:
    return Cells(cells.repeats[rows], cells.recency[rows], cells.age[rows], cells.count[rows])


def _quarter(number: int) -> str:
    """Return the name of a quarter counted from 1970.

    >>> _quarter(214)
    '2023-Q3'
    """
    return f"{1970 + number // 4}-Q{number % 4 + 1}"


def _odd_words(cohort: str, shift: float) -> str:
    return (
        f"customers who first bought in {cohort} buy {shift:.2g} times as often as the others would in their place; "
        "a forecast that takes all for alike is off for them: look what was different then (a campaign, a channel, "
        "a fault in the data), and let predict.covariates hold 'cohort'"
    )
