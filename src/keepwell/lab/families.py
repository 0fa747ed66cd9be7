"""Which models the lab knows, what their parameters are, and how customers are drawn from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from keepwell.errors import ConfigError
from keepwell.models.shapes import Floats, Ints

Drawn = tuple[Ints, Floats, Ints]  # repeats, recency, and the purchases after the age; shape (n,) each


@dataclass(frozen=True, slots=True)
class Family:
    """One model of buying."""

    name: str
    label: str
    scales: frozenset[str]  # parameters that are times
    draw: Callable[[Any, Floats, float, np.random.Generator], Drawn]
    discrete: bool = False  # time is a number of chances to buy

    @property
    def module(self) -> Any:
        """The file of `models` that computes it."""
        return import_module(f"keepwell.models.{self.name}")

    @property
    def build(self) -> Callable[..., Any]:
        """The dataclass of its parameters."""
        return build(self.module)


def build(module: Any) -> Callable[..., Any]:
    """Return the parameter dataclass of a file of `models`: the first that it defines."""
    found = [c for c in vars(module).values() if isinstance(c, type) and c.__module__ == module.__name__]
    answer: Callable[..., Any] = next(c for c in found if hasattr(c, "__dataclass_fields__"))
    return answer


def family(name: str) -> Family:
    """Return a model of buying by its name.

    Raises:
        ConfigError: There is none of that name.
    """
    if name not in FAMILIES:
        raise ConfigError(f"there is no model of buying {name!r}", "model", f"There are: {', '.join(FAMILIES)}.")
    return FAMILIES[name]


def _pareto(p: Any, age: Floats, ahead: float, rng: np.random.Generator) -> Drawn:
    rate = rng.gamma(p.r, 1 / p.alpha, len(age))
    life = rng.exponential(1, len(age)) / rng.gamma(p.s, 1 / p.beta, len(age))
    stay = np.minimum(life, age)
    x = rng.poisson(rate * stay)
    later = rng.poisson(rate * np.clip(life - age, 0, ahead))
    return x, _last(stay, x, np.zeros(len(age)), rng), later


def _stopped(p: Any, age: Floats, ahead: float, rng: np.random.Generator, *, spared: int) -> Drawn:
    """Draw where each purchase may be the last, the first purchase spared or not; every k-th event is a purchase."""
    k = int(getattr(p, "k", 1))
    rate = rng.gamma(p.r, 1 / p.alpha, len(age))
    most = rng.geometric(np.maximum(rng.beta(p.a, p.b, len(age)), 1e-12)) - 1 + spared
    events = rng.poisson(rate * age)
    x = np.minimum(events // k, most)
    later = np.minimum((events + rng.poisson(rate * ahead)) // k, most) - x
    return x, _last(age, k * x, events - k * x, rng), later


def _last(span: Floats, x: Ints, after: Ints | Floats, rng: np.random.Generator) -> Floats:
    """Return the time of the x-th of x + after events that are spread evenly over a span; 0 without any."""
    return np.where(x > 0, span * rng.beta(np.maximum(x, 1), after + 1.0), 0.0)


def _bgnbd(p: Any, age: Floats, ahead: float, rng: np.random.Generator) -> Drawn:
    return _stopped(p, age, ahead, rng, spared=1)


def _mbgnbd(p: Any, age: Floats, ahead: float, rng: np.random.Generator) -> Drawn:
    return _stopped(p, age, ahead, rng, spared=0)


def _bgbb(p: Any, age: Floats, ahead: float, rng: np.random.Generator) -> Drawn:
    """Draw chance by chance: before each a customer may leave, then buys or not."""
    buys, leaves = rng.beta(p.alpha, p.beta, len(age)), rng.beta(p.gamma, p.delta, len(age))
    here = np.ones(len(age), bool)
    x, recency, later = np.zeros((3, len(age)), np.int64)
    for chance in range(1, int(age.max(initial=0) + ahead) + 1):
        here &= rng.random(len(age)) > leaves
        bought = here & (rng.random(len(age)) < buys)
        past = bought & (chance <= age)
        x += past
        recency[past] = chance
        later += bought & (chance > age) & (chance <= age + ahead)
    return x, recency.astype(float), later


FAMILIES = {
    "paretonbd": Family("paretonbd", "Pareto/NBD", frozenset({"alpha", "beta"}), _pareto),
    "bgnbd": Family("bgnbd", "BG/NBD", frozenset({"alpha"}), _bgnbd),
    "mbgnbd": Family("mbgnbd", "MBG/NBD", frozenset({"alpha"}), _mbgnbd),
    "mbgcnbdk": Family("mbgcnbdk", "MBG/CNBD-k", frozenset({"alpha"}), _mbgnbd),
    "bgbb": Family("bgbb", "BG/BB", frozenset(), _bgbb, discrete=True),
}
