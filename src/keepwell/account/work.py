"""The cost model as the settings write it, checked and put in order: who works, what calls for it, for how long."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Literal, cast

from keepwell.account.formula import MOST, Formula, Kind, read
from keepwell.errors import ConfigError
from keepwell.settings import Activity, Costs, LedgerCost, Resource

Driver = Literal["order", "line", "return", "first order", "touch"]

_GOODS: dict[str, Kind] = {"units": "number", "weight": "number", "value": "number"}
_ORDER: dict[str, Kind] = {"lines": "number", **_GOODS, "rush": "truth", "country": "text"}
# What a formula may name, by what calls for the work: of the order, of the one line, of what came back, of the contact.
NAMES: dict[Driver, dict[str, Kind]] = {
    "order": _ORDER,
    "line": {**_GOODS, "rush": "truth", "country": "text"},
    "return": {"lines": "number", **_GOODS, "country": "text"},
    "first order": _ORDER,
    "touch": {"minutes": "number"},
}
PER_ORDER, PER_CONTACT = "per order", "per contact"  # stand for a resource where money is paid a time
_MEND = "See `costs.resources` and `costs.activities` in keepwell.toml."


@dataclass(frozen=True, slots=True)
class Work:
    """An activity: `minutes` each time, drawn from the resource, standing in a line of the ledger."""

    name: str
    resource: str
    driver: Driver
    kind: str  # of the contact, in lower case; '' where no contact calls for it
    minutes: Decimal | Formula
    ledger: LedgerCost

    def names(self) -> frozenset[str]:
        """Return what its formula names; nothing where it is a plain number."""
        return self.minutes.names if isinstance(self.minutes, Formula) else frozenset()


@dataclass(frozen=True, slots=True)
class Period:
    """What a resource costs and can work a month, from one month to another (None: as far as the facts go)."""

    resource: str
    cost: Decimal
    minutes: Decimal
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Model:
    """All resources and all work."""

    periods: tuple[Period, ...] = ()
    works: tuple[Work, ...] = ()

    def of(self, *drivers: Driver) -> tuple[Work, ...]:
        """Return the work that one of these calls for."""
        return tuple(work for work in self.works if work.driver in drivers)

    def place(self, work: Work) -> str:
        """Return the start of the names of the columns that hold what this work took."""
        return f"w{self.works.index(work)}_"


def model(costs: Costs) -> Model:
    """Check the settings' resources and activities and return the model.

    Raises:
        ConfigError: A name stands there twice or not at all, months are out of order, or a formula cannot be read.
    """
    periods = tuple(_period(resource) for resource in costs.resources)
    _check_months(periods)
    there = {period.resource for period in periods}
    works = tuple(_work(activity, there) for activity in costs.activities)
    twice = [name for name, n in Counter(work.name for work in works).items() if n > 1]
    if twice:
        raise ConfigError(f"two activities are named {twice[0]!r}", "costs.activities", "Give each a name of its own.")
    return Model(periods, works)


def _period(resource: Resource) -> Period:
    first = resource.first and resource.first.replace(day=1)
    last = resource.last and resource.last.replace(day=1)
    where = f"resource {resource.name!r}"
    if not resource.name.strip():
        raise ConfigError("a resource has no name", "costs.resources", "Give it one, e.g. name = 'warehouse'.")
    if resource.name in (PER_ORDER, PER_CONTACT):
        problem = f"a resource is named {resource.name!r}, which stands for what is paid a time"
        raise ConfigError(problem, "costs.resources", "Give it another name, e.g. 'warehouse'.")
    if first and last and last < first:
        raise ConfigError(f"its last month {last:%Y-%m} is before its first, {first:%Y-%m}", where, "Mend one of them.")
    return Period(resource.name, resource.cost, Decimal(str(resource.minutes)), first, last)


def _check_months(periods: tuple[Period, ...]) -> None:
    """A resource whose cost changes stands there several times, each for months of its own."""
    for name in {period.resource for period in periods}:
        same = sorted((p for p in periods if p.resource == name), key=lambda p: p.first or date.min)
        for one, other in pairwise(same):
            if other.first is None or one.last is None or other.first <= one.last:
                problem = f"resource {name!r} stands there twice for the same months"
                raise ConfigError(problem, "costs.resources", "Give `last` of the one and `first` of the other.")


def _work(activity: Activity, resources: set[str]) -> Work:
    where = f"activity {activity.name!r}"
    if not activity.name.strip():
        raise ConfigError("an activity has no name", "costs.activities", "Give it one, e.g. name = 'pick and pack'.")
    if activity.resource not in resources:
        there = f"There are: {', '.join(sorted(resources))}." if resources else "There is none yet."
        raise ConfigError(f"there is no resource {activity.resource!r}", where, f"{there} {_MEND}")
    driver, kind = _driver(activity.per, where)
    return Work(activity.name, activity.resource, driver, kind, _minutes(activity, driver, where), activity.ledger)


def _driver(per: str, where: str) -> tuple[Driver, str]:
    plain = " ".join(per.casefold().split())
    first, _, kind = plain.partition(" ")
    if first == "touch" and kind:
        return "touch", kind
    if plain in NAMES and plain != "touch":
        return cast("Driver", plain), ""
    mend = "There are: order, line, return, first order, and touch with a kind of contact, e.g. 'touch ticket'."
    raise ConfigError(f"{per!r} calls for no work", where, mend)


def _minutes(activity: Activity, driver: Driver, where: str) -> Decimal | Formula:
    if isinstance(activity.minutes, str):
        return read(activity.minutes, names=NAMES[driver], where=where)
    if not 0 <= activity.minutes <= MOST:
        raise ConfigError(f"{activity.minutes} minutes", where, "Give the minutes of one time, or a formula.")
    return Decimal(str(activity.minutes)).quantize(Decimal("0.0001"))
