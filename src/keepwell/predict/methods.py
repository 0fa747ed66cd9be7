"""The methods that compete in the backtest, and how one plugs in.

A method is a name and a function `at`, which makes it ready at a *scene*: all that was known on one day. What it
gives back forecasts any number of days ahead,

- one row per cell of the scene (`per="cell"`): the purchase models, worn with or without a calendar;
- or one row per customer, in the order of `Scene.customers().ids` (`per="customer"`): methods that see more of a
  customer than the cell. Where one of these takes part, all methods are judged customer by customer.

A method that cannot be made ready raises `FitError`; its problem is told, and it takes no part at that origin.
Methods are asked from the simplest to the least simple, and find the answers of the simpler in `Scene.answers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Protocol

import pyarrow as pa

from keepwell.engine import collected
from keepwell.errors import FitError
from keepwell.models.calendar import Part
from keepwell.models.shapes import Cells, Forecast, Ints
from keepwell.predict import baselines
from keepwell.predict.challenger import Challenger, Facts, Memory, challenger
from keepwell.predict.covariates import told
from keepwell.predict.daily import Daily
from keepwell.predict.fitted import Fitted, NoPartError, fallback, too_few
from keepwell.predict.origins import QUARTER
from keepwell.predict.past import CELL, Past, Seen, cells_of
from keepwell.predict.season import comparable, rows, seasoned
from keepwell.settings import Event, Predict

if TYPE_CHECKING:
    from keepwell.predict.log import Log

LABELS = {
    "pooled": "pooled rate",
    "paretonbd": "Pareto/NBD",
    "mbgnbd": "MBG/NBD",
    "bgnbd": "BG/NBD",
    "mbgcnbdk": "MBG/CNBD-k",
}  # of the purchase models, the simplest first; of those with four parameters, whose customers may leave the soonest
SEASON, COVARIATES, STACK = "season", "covariates", "stack"
ENOUGH_TO_TELL = 500  # customers, below which nothing is learned of what tells them apart
QUARTERS_BACK = (0, 1, 2, 4)  # where methods that see each customer are tested: as far back as horizons look ahead


@dataclass(frozen=True, slots=True)
class Customers:
    """The customers of a scene; shape (customers,), in the order of their ids."""

    ids: pa.Array[Any] | None
    cell: Ints  # index into the cells


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known on one day."""

    log: Log  # the whole log: what is read there has to be cut at `day`
    day: date  # last day observed
    past: Past  # cells, with money
    daily: Daily  # up to `day`
    answers: Mapping[str, Answer]  # of the simpler methods
    customers: Callable[[], Customers]  # read when first asked for, and kept

    @property
    def cells(self) -> Cells:
        """Return the histories."""
        return self.past.cells


def scene_of(log: Log) -> Scene:
    """Return the scene of the last day observed."""

    @cache
    def customers() -> Customers:
        table = collected(log.engine, log.history.select("customer_id", *CELL).order_by("customer_id"))
        cell = cells_of(log.past.cells, *(table[name].to_numpy() for name in CELL))
        return Customers(table["customer_id"].combine_chunks(), cell)

    return Scene(log, log.as_of, log.past, log.daily, {}, customers)


class Asked(Protocol):
    """Forecasts what is `days` ahead; purchases are discounted at `rate` a day (continuous)."""

    def __call__(self, days: int, *, rate: float = 0.0) -> Forecast:
        """Return one row per cell or per customer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A method made ready at a scene."""

    forecast: Asked
    per: Literal["cell", "customer"]
    one: Fitted  # the purchase model that it is, or that it leans on; it tells what a forecast does not:
    # the course day by day, a whole life, the next order
    parts: tuple[Part, ...] = ()  # what it multiplies rates by, to be told with the fits
    trees: Challenger | None = None  # what corrects it


@dataclass(frozen=True, slots=True)
class Method:
    """One way to forecast."""

    name: str  # as it stands in `backtest`
    label: str  # as it is told
    at: Callable[[Scene], Answer]


def methods(settings: Predict) -> list[Method]:
    """Return the methods that the settings name, the simplest first."""
    found = [purchase_model(name) for name in LABELS if name in settings.models]
    if settings.season:
        found.append(with_season(settings.events))
    if settings.covariates:
        found.append(with_covariates(settings.covariates))
    if settings.challenger:
        found.append(with_trees(settings.seed))
    return found


def purchase_model(name: str) -> Method:
    """Return the method of a purchase model, a module of `models`."""
    return Method(name, LABELS[name], lambda scene: by_cell(fitted(name, scene.cells), scene.cells))


def with_season(events: Sequence[Event]) -> Method:
    """Return the method that has the likeliest purchase model wear the shop's calendar."""

    def at(scene: Scene) -> Answer:
        if not comparable(scene.daily.first, scene.day, scene.log.as_of):
            raise NoPartError("no time of year can be seen yet", "", "")
        one = _likeliest(scene)
        worn = seasoned(SEASON, one, scene.cells, scene.daily, as_of=scene.day, events=events)
        return replace(by_cell(worn, scene.cells), parts=tuple(rows(worn)))

    return Method(SEASON, "the likeliest purchase model on the shop's calendar", at)


def with_covariates(names: Sequence[str]) -> Method:
    """Return the method whose customers differ by what is known from their first order on."""

    def at(scene: Scene) -> Answer:
        _passed_over(scene)
        worn = scene.answers.get(SEASON)
        one = _likeliest(scene) if worn is None else worn.one
        people = scene.customers()
        found = told(scene.log, scene.day, names, one, scene.cells, ids=people.ids, cell=people.cell)
        return Answer(found.forecast, "customer", one, found.parts)

    return Method(COVARIATES, "customers who differ by what is known of their first order", at)


def with_trees(seed: int) -> Method:
    """Return the method that pools the purchase models and corrects them by boosted trees."""
    memory: Memory = {}

    def at(scene: Scene) -> Answer:
        log, plain = scene.log, _different(scene)
        if not plain:
            raise NoPartError("there is no purchase model to correct", "", "Name one in predict.models.")
        _passed_over(scene)
        facts = Facts(log.engine, log.parts, log.days, log.tables, scene.daily, log.first, scene.day)
        everybody = float(log.past.cells.count.sum())
        made = challenger(facts, scene.cells, plain, fitted, seed=seed, everybody=everybody, memory=memory)
        return Answer(made.forecast, "customer", _likeliest(scene), trees=made)

    return Method(STACK, "the purchase models corrected by boosted trees", at)


def _passed_over(scene: Scene) -> None:
    """Raise NoPartError where customers are not looked at one by one."""
    if scene.cells.count.sum() < ENOUGH_TO_TELL:
        raise NoPartError("too few customers to learn what tells them apart", "", "")
    if not _looking_back(scene):
        raise NoPartError("customers are not told apart at this origin", "", "")


def _looking_back(scene: Scene) -> bool:
    """Say whether a scene lies as far back as a horizon looks ahead; those of a log of less than two quarters do."""
    quarters, rest = divmod((scene.log.as_of - scene.day).days, QUARTER)
    return bool(rest) or quarters in QUARTERS_BACK


def _different(scene: Scene) -> list[Fitted]:
    """Return the purchase models but for an MBG/CNBD-k that is the MBG/NBD again."""
    plain = [answer.one for name, answer in scene.answers.items() if name in LABELS]
    return [one for one in plain if getattr(one.fit.params, "k", 0) != 1 or "mbgnbd" not in scene.answers]


def _likeliest(scene: Scene) -> Fitted:
    """Return the purchase model of the highest likelihood."""
    plain = [answer.one for name, answer in scene.answers.items() if name in LABELS]
    if not plain:
        raise NoPartError("there is no purchase model to lean on", "", "Name one in predict.models.")
    return max(plain, key=lambda one: one.fit.log_likelihood)


def by_cell(one: Fitted, cells: Cells) -> Answer:
    """Return the answer of a fitted purchase model."""

    def forecast(days: int, *, rate: float = 0.0) -> Forecast:
        return one.predict(cells, days=days, rate=rate)

    return Answer(forecast, "cell", one)


def fitted(name: str, cells: Cells) -> Fitted:
    """Fit a purchase model.

    Raises:
        FitError: It could not be fitted.
    """
    model = import_module(f"keepwell.models.{name}")
    return Fitted(name, model, model.fit(cells))  # a flat peak is a peak


def answers(among: list[Method], scene: Scene) -> tuple[dict[str, Answer], list[str]]:
    """Make methods ready; return those that could be, and a sentence for each that could not."""
    if few := too_few(scene.cells):
        return {}, [few]
    done: dict[str, Answer] = {}
    failed = []
    for method in among:
        try:
            done[method.name] = method.at(replace(scene, answers=done))
        except NoPartError:
            continue
        except FitError as error:
            failed.append(f"{method.label} could not be fitted: {error.problem}")
    return done, failed


def pooled(cells: Cells) -> Answer:
    """Return the answer that always is."""
    return by_cell(fallback(cells), cells)


@dataclass(frozen=True, slots=True)
class Baseline:
    """A forecast that everybody knows, with the row of it that each row of `Seen.rows` has."""

    forecast: Forecast
    row: Ints


BASELINES = (baselines.POPULATION, baselines.LAST_YEAR, baselines.OWN_RATE, baselines.HIATUS)  # the simplest first


def baseline(name: str, seen: Seen, days: int) -> Baseline:
    """Forecast by one of `BASELINES`."""
    cells, rows = seen.past.cells, seen.rows
    if name == baselines.LAST_YEAR:
        return Baseline(*baselines.last_span(rows.recent[days], days=days))
    if name == baselines.HIATUS:
        silent = seen.silences[days]
        cutoff = baselines.cutoff(silent.days, silent.came, silent.count)
        return Baseline(baselines.hiatus(cells, days=days, cutoff=cutoff), rows.cell)
    if name == baselines.OWN_RATE:
        return Baseline(baselines.own_rate(cells, days=days), rows.cell)
    return Baseline(baselines.population(cells, days=days), rows.cell)
