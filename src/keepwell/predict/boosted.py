"""Boosted trees on arrays: by what factor a customer's purchases differ from what the models expect of them.

LightGBM grows trees for Poisson counts on top of the models' expectation, which enters as the starting point, so that
what is learned is a factor:

    purchases ~ Poisson(expected x exp(sum over trees)).

A factor learned over one stretch of time says something of another stretch, because length and age are in the
expectation already. What each column of a customer contributes to the logarithm of the factor are LightGBM's own
SHAP values (Lundberg & Lee 2017, A unified approach to interpreting model predictions): they add up to it.

The number of trees is chosen in time order: trees grown on what was known by some day are tried on what came after
it. One thread does the work: threads that wait for each other
cost more than they bring where other work runs beside, and the same examples give the same trees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from keepwell.errors import FitError
from keepwell.models.shapes import Floats, Ints

Matrix = npt.NDArray[np.float32]

MOST_ROUNDS, PATIENCE = 125, 12
UNTESTED_ROUNDS = 30  # trees where the log is too short to choose their number in time order
GROWTH = {
    "objective": "poisson",
    "num_leaves": 8,
    "learning_rate": 0.1,
    "min_data_in_leaf": 200,
    "lambda_l2": 5.0,
    "poisson_max_delta_step": 0.1,  # the default of 0.7 halves each step
    "max_bin": 63,
    "max_cat_threshold": 8,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


@dataclass(frozen=True, slots=True)
class Examples:
    """Customers on earlier days, with what came; shape (rows,) unless said otherwise."""

    x: Matrix  # features, shape (rows, features); nan where not defined
    expected: Floats  # purchases expected by the models
    came: Ints  # purchases that came
    weight: Floats

    def part(self, chosen: npt.NDArray[np.bool_]) -> Examples:
        """Return the chosen rows."""
        return Examples(self.x[chosen], self.expected[chosen], self.came[chosen], self.weight[chosen])


@dataclass(frozen=True, slots=True)
class Booster:
    """Grown trees: LightGBM's own text, and what their columns are called."""

    model: str  # '' where there are none
    names: tuple[str, ...]
    rounds: int

    def factor(self, x: Matrix) -> Floats:
        """Return by what each row's expected purchases are multiplied, shape (rows,)."""
        if not self.rounds:
            return np.ones(len(x))
        raw = _loaded(self.model).predict(x, raw_score=True, num_threads=1)
        answer: Floats = np.exp(np.asarray(raw, np.float64))
        return answer


def grown(examples: Examples, *, names: Sequence[str], kinds: Sequence[str], rounds: int, seed: int) -> Booster:
    """Grow trees; none from examples of whom nobody came.

    Args:
        examples: What they learn from.
        names: Names of the columns.
        kinds: Those of `names` that hold codes of categories.
        rounds: Number of trees.
        seed: LightGBM's; trees that see all rows and columns draw nothing.

    Raises:
        FitError: LightGBM is not to be had here.
    """
    lgb = _lightgbm()
    if not rounds or not examples.came.any():
        return Booster("", tuple(names), 0)
    data = _dataset(lgb, examples, names, kinds)
    model = lgb.train(_settings(len(examples.came), seed), data, num_boost_round=rounds)
    return Booster(model.model_to_string(), tuple(names), rounds)


def rounds_in_time(early: Examples, late: Examples, *, names: Sequence[str], kinds: Sequence[str], seed: int) -> int:
    """Return the number of trees, grown on `early`, that forecast `late` best; 0 where none is better, or none grows.

    Raises:
        FitError: LightGBM is not to be had here.
    """
    lgb = _lightgbm()
    if not early.came.any():
        return 0
    data = _dataset(lgb, early, names, kinds)
    trial = _dataset(lgb, late, names, kinds, reference=data)
    stop = lgb.early_stopping(PATIENCE, verbose=False)
    model = lgb.train(
        _settings(len(early.came), seed), data, num_boost_round=MOST_ROUNDS, valid_sets=[trial], callbacks=[stop]
    )
    best = int(model.best_iteration)
    raw = np.asarray(model.predict(late.x, raw_score=True, num_iteration=best, num_threads=1))
    return best if _loss(late, raw) < _loss(late, np.zeros(len(raw))) else 0


def reasons(model: str, row: Sequence[float], names: Sequence[str]) -> list[tuple[str, float]]:
    """Take one customer's factor apart: what each column multiplies it by, the strongest first.

    The factors of all columns and '' (what holds for everybody) multiply to the whole factor, up to rounding.

    Args:
        model: LightGBM's text form.
        row: The customer's features, in the order of `names`; nan where not defined.
        names: The columns' names.

    Raises:
        FitError: LightGBM is not to be had here.
    """
    x = np.asarray(row, np.float32).reshape(1, -1)
    parts = np.asarray(_loaded(model).predict(x, pred_contrib=True, num_threads=1))[0]
    factors = [(name, float(np.exp(part))) for name, part in zip((*names, ""), parts, strict=True)]
    return sorted(factors, key=lambda one: (-abs(np.log(one[1])), one[0]))


def _loss(examples: Examples, raw: Floats) -> float:
    """Return the weighted Poisson loss, but for what the trees cannot change."""
    loss = examples.expected * np.exp(raw) - examples.came * raw
    return float(examples.weight @ loss / examples.weight.sum())


def _dataset(lgb: ModuleType, examples: Examples, names: Sequence[str], kinds: Sequence[str], **more: Any) -> Any:
    return lgb.Dataset(
        examples.x,
        examples.came,
        weight=examples.weight,
        init_score=np.log(examples.expected),
        feature_name=list(names),
        categorical_feature=list(kinds),
        params={"verbose": -1, "max_bin": GROWTH["max_bin"]},
        **more,
    )


def _settings(rows: int, seed: int) -> dict[str, Any]:
    least = min(max(rows // 200, 20), 200)
    return {**GROWTH, "min_data_in_leaf": least, "seed": seed, "num_threads": 1}


@lru_cache(maxsize=4)
def _loaded(model: str) -> Any:
    return _lightgbm().Booster(model_str=model)


def _lightgbm() -> ModuleType:
    """Import LightGBM, which needs the system's OpenMP library."""
    try:
        import lightgbm
    except (ImportError, OSError) as error:
        raise FitError(
            f"LightGBM cannot be loaded ({error})", "", "Install lightgbm and the system's OpenMP library, libgomp."
        ) from error
    module: ModuleType = lightgbm
    return module
