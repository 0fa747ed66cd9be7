"""A fitted model of staying: how long subscriptions last, when each end is announced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from keepwell.errors import DataError
from keepwell.lab import files, told
from keepwell.lab.frames import added, columns, numbers
from keepwell.models.shapes import Fit, Floats

LABELS = {
    "sbg": "shifted beta-geometric",
    "betaweibull": "beta-discrete-Weibull",
    "exponentialgamma": "exponential-gamma",
    "weibullgamma": "Weibull-gamma",
}
IN_PERIODS = ("sbg", "betaweibull")
MODELS = {
    name: f"{label}: how long subscriptions last, in {'whole periods' if name in IN_PERIODS else 'any unit of time'}"
    for name, label in LABELS.items()
}


@dataclass(frozen=True, slots=True)
class StayFit:
    """A fitted model of staying: plain values, no data kept. Time is in the unit of the data."""

    model: str
    fit: Fit[Any]
    steps: float = 1.0  # these models need no steps; kept so that every saved fit has one shape

    @property
    def params(self) -> Any:
        """The parameters."""
        return self.fit.params

    @property
    def log_likelihood(self) -> float:
        """The log-likelihood of all subscriptions."""
        return self.fit.log_likelihood

    def to_frame(self) -> pa.Table:
        """Return one row per parameter: `parameter`, `estimate`, `sd`, `lower` and `upper`."""
        return told.parameters(self.fit)

    def summary(self) -> str:
        """Return the fit in words."""
        return told.summary(LABELS[self.model], self.fit, of="subscriptions")

    def __str__(self) -> str:
        return self.summary()

    def survival(self, time: Any) -> Floats:
        """Return the chance that a new subscription is still there after `time`, shape of `time`."""
        answer: Floats = self._module.survival(self.params, np.asarray(time, float))
        return answer

    def predict(self, frame: Any = None, *, ahead: Any, **arrays: Any) -> Any:
        """Say of each running subscription how likely it is to last.

        Args:
            frame: One row per subscription with its age in `time` (or `periods`, `lifetime`).
            ahead: How far to look, one number or several.
            arrays: `time` in place of a frame.

        Returns:
            The frame with `p_stay` (chance of lasting so much longer) and `p_leave` (the rest); for several `ahead`,
            with each behind the name: `p_stay_6`, `p_stay_12`.

        Raises:
            DataError: The column is missing, or an age is below 0.
        """
        age = columns(frame, arrays, needed=("time",), wanted=())["time"]
        if (age < 0).any():
            i = int(np.argmax(age < 0))
            raise DataError(f"time {age[i]:g} is below 0", f"row {i}", "Count time from the start.")
        further = numbers(ahead, "ahead")
        stay = self._module.predict(self.params, age, further)
        names = [""] if np.ndim(ahead) == 0 else [f"_{value:g}" for value in further]
        answer: dict[str, Any] = {}
        for i, name in enumerate(names):
            answer |= {f"p_stay{name}": pa.array(stay[:, i]), f"p_leave{name}": pa.array(1 - stay[:, i])}
        return added(frame, answer)

    def simulate(self, n: int, *, watched: Any, rng: np.random.Generator) -> pa.Table:
        """Draw `n` subscriptions, each watched for so much time: `time` and whether it `ended` by then."""
        until = np.broadcast_to(np.asarray(watched, float), (n,))
        life = _lives(self.model, self.params, n, rng)
        return pa.table({"time": np.minimum(life, until), "ended": life <= until})

    def save(self, path: str | Path) -> Path:
        """Write the fit to a small JSON file that `lab.load` reads, and return its path."""
        return files.save(path, kind="staying", model=self.model, fit=self.fit, steps=1.0)

    @property
    def _module(self) -> Any:
        return import_module(f"keepwell.models.{self.model}")


def fitted(model: str, frame: Any, arrays: dict[str, Any]) -> StayFit:
    """Fit a model of staying; see `keepwell.lab.fit`."""
    from keepwell.models.stays import stays

    module = import_module(f"keepwell.models.{model}")
    survivors = arrays.get("survivors")
    if survivors is not None:
        return StayFit(model, module.fit(stays(**_of_survivors(numbers(survivors, "survivors")))))
    found = columns(frame, arrays, needed=("time", "ended"), wanted=("count", "seen_from"))
    return StayFit(model, module.fit(stays(**found)))


def _of_survivors(there: Floats) -> dict[str, Any]:
    """Return lengths of stay of a cohort from how many are there after 0, 1, 2... periods."""
    if len(there) < 2 or (np.diff(there) > 0).any() or there[-1] < 0:
        words = "survivors are no falling counts"
        raise DataError(words, "survivors", "Say how many were there at the start, then after 1, 2... periods.")
    last = len(there) - 1
    time: Sequence[float] = [*range(1, last + 1), last]
    ended = [True] * last + [False]
    return {"time": time, "ended": ended, "count": [*(-np.diff(there)), there[-1]]}


def _lives(model: str, p: Any, n: int, rng: np.random.Generator) -> Floats:
    """Return when each of `n` subscriptions ends; in whole periods for the models of discrete time."""
    c = getattr(p, "c", 1.0)
    if model in IN_PERIODS:
        shape = (p.alpha, p.beta) if model == "sbg" else (p.gamma, p.delta)
        leaves = np.clip(rng.beta(*shape, n), 1e-12, 1 - 1e-12)
        # One stays t periods with the chance (1 - leaves)^(t^c).
        return np.ceil((rng.exponential(1, n) / -np.log1p(-leaves)) ** (1 / c))
    wait = rng.exponential(1, n) / rng.gamma(p.r, 1.0, n)
    lives: Floats = p.alpha * wait ** (1 / c)
    return lives
