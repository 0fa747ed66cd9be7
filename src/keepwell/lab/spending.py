"""A fitted model of what an order is worth."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from keepwell.errors import DataError
from keepwell.lab import files, told
from keepwell.lab.frames import added, arrow, columns, like
from keepwell.models.shapes import Fit, Floats

MODELS = {
    "gammagamma": "Gamma-Gamma: what an order is worth, where every order is worth something",
    "signedspend": "signed spend: what an order is worth, where some orders lose money",
}
_LABELS = {name: words.partition(":")[0] for name, words in MODELS.items()}


@dataclass(frozen=True, slots=True)
class SpendFit:
    """A fitted model of the worth of an order: plain values, no data kept."""

    model: str
    fit: Fit[Any]
    steps: float = 1.0  # money has no steps; kept so that every saved fit has one shape

    @property
    def params(self) -> Any:
        """The parameters; money in the unit of the data."""
        return self.fit.params

    @property
    def log_likelihood(self) -> float:
        """The log-likelihood of all customers."""
        return self.fit.log_likelihood

    def to_frame(self) -> pa.Table:
        """Return one row per parameter: `parameter`, `estimate`, `sd`, `lower` and `upper`."""
        return told.parameters(self.fit)

    def summary(self) -> str:
        """Return the fit in words."""
        return told.summary(_LABELS[self.model], self.fit)

    def __str__(self) -> str:
        return self.summary()

    def predict(self, frame: Any = None, **arrays: Any) -> Any:
        """Say of each customer what an order of theirs will be worth.

        Args:
            frame: One row per customer: `orders` with `mean` or `total`, or the names that other libraries use. Rows
                with 0 orders get the population's mean.
            arrays: The same by name, in place of a frame.

        Returns:
            The frame with `spend` (expected worth of an order) and `spend_weight` (weight of the customer's own
            orders in it, 0..1) added.

        Raises:
            DataError: A column is missing.
            FitError: The mean of an order is infinite under these parameters.
        """
        n, total, _ = _read(frame, arrays, squares=False)
        found = import_module(f"keepwell.models.{self.model}").predict(self.params, n=n, total=total)
        answer = {"spend": found.mean, "spend_weight": found.weight}
        return added(frame, {name: pa.array(values) for name, values in answer.items()})

    def simulate(self, n: int, *, orders: Any, rng: np.random.Generator, like_frame: Any = None) -> Any:
        """Draw `n` customers with `orders` orders each: `orders`, `mean`, `total` and `squares` of their worth."""
        made = np.broadcast_to(np.asarray(orders, np.int64), (n,))
        who = np.repeat(np.arange(n), made)
        worth = _worth(self.model, self.params, n, who, rng)
        total = np.bincount(who, weights=worth, minlength=n)
        squares = np.bincount(who, weights=worth**2, minlength=n)
        mean = total / np.maximum(made, 1)
        table = pa.table({"orders": made, "mean": mean, "total": total, "squares": squares})
        return table if like_frame is None else like(like_frame, table)

    def save(self, path: str | Path) -> Path:
        """Write the fit to a small JSON file that `lab.load` reads, and return its path."""
        return files.save(path, kind="spend", model=self.model, fit=self.fit, steps=1.0)


def fitted(model: str, frame: Any, arrays: dict[str, Any]) -> SpendFit:
    """Fit a model of spend to customers with an order; see `keepwell.lab.fit`."""
    n, total, squares = _read(frame, arrays, squares=model == "signedspend")
    some = n > 0
    module = import_module(f"keepwell.models.{model}")
    if model == "signedspend":
        return SpendFit(model, module.fit(n=n[some], total=total[some], squares=squares[some]))
    wrong = some & (total <= 0)
    if wrong.any():
        i = int(np.argmax(wrong))
        mend = "Gamma-Gamma knows no orders of 0 or less: leave these out, or fit 'signedspend'."
        raise DataError(f"the orders come to {total[i]:g}", f"row {i}", mend)
    return SpendFit(model, module.fit(n=n[some], mean=total[some] / n[some]))


def _read(frame: Any, arrays: dict[str, Any], *, squares: bool) -> tuple[Floats, Floats, Floats]:
    """Return the number of orders, their sum and sum of squares; the last is zeros where it is not asked for."""
    given = {"orders" if name == "n" else name: values for name, values in arrays.items()}
    has_total = given.get("total") is not None or (
        given.get("mean") is None and frame is not None and "total" in arrow(frame).column_names
    )
    needed = ["orders", "total" if has_total else "mean", *(["squares"] if squares else [])]
    found = columns(frame, given, needed=needed, wanted=())
    n = found["orders"]
    wrong = (n < 0) | (n != np.rint(n))
    if wrong.any():
        i = int(np.argmax(wrong))
        raise DataError(f"orders {n[i]:g} is no count", f"row {i}", "Give whole numbers from 0 on.")
    total = found["total"] if has_total else found["mean"] * n
    return n, total, found.get("squares", np.zeros(len(n)))


def _worth(model: str, p: Any, n: int, who: Any, rng: np.random.Generator) -> Floats:
    if model == "gammagamma":
        worth: Floats = rng.gamma(p.p, 1.0, len(who)) / rng.gamma(p.q, 1 / p.gamma, n)[who]
        return worth
    own = rng.normal(p.mean, np.sqrt(p.between), n)
    variance = p.freedom * p.scale / rng.chisquare(p.freedom, n)
    signed: Floats = rng.normal(own[who], np.sqrt(variance)[who])
    return signed
