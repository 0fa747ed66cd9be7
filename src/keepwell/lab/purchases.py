"""A fitted model of buying: what it says of customers, and customers drawn from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from keepwell.errors import DataError
from keepwell.lab import files, times, told
from keepwell.lab.families import Family, family
from keepwell.lab.frames import added, like
from keepwell.lab.reading import read
from keepwell.lab.within import none, quantile
from keepwell.models.shapes import Cells, Fit, Floats, Forecast, Ints

if TYPE_CHECKING:
    import plotly.graph_objects as go

LEVELS = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class PurchaseFit:
    """A fitted model of buying: plain values, no data kept. All times are in the unit of the data it was fitted to."""

    model: str  # name of the model
    fit: Fit[Any]  # parameters, log-likelihood, how the fit ended
    steps: float  # whole steps that one unit of time holds: 7 for weeks that came from days

    @property
    def params(self) -> Any:
        """The parameters."""
        return self.fit.params

    @property
    def log_likelihood(self) -> float:
        """The log-likelihood of all customers, of densities in the unit of the data."""
        return self.fit.log_likelihood

    @property
    def family(self) -> Family:
        """What the lab knows of the model."""
        return family(self.model)

    def to_frame(self) -> pa.Table:
        """Return one row per parameter: `parameter`, `estimate`, `sd`, and `lower` and `upper` of its 90% interval."""
        return told.parameters(self.fit)

    def summary(self) -> str:
        """Return the fit in words."""
        return told.summary(self.family.label, self.fit)

    def __str__(self) -> str:
        return self.summary()

    def predict(
        self,
        frame: Any = None,
        *,
        ahead: float,
        discount: float = 0.0,
        levels: Sequence[float] = LEVELS,
        **arrays: Any,
    ) -> Any:
        """Say of each customer what the next `ahead` of time will bring.

        Args:
            frame: Histories with columns `repeats`, `recency`, `age`, or the names that other libraries use.
            ahead: How far to look.
            discount: Continuous rate per unit of time at which a later purchase counts less; ln(1.15) / 52 is 15% a
                year in weeks.
            levels: Quantiles of the number of purchases to tell.
            arrays: `x`, `t_x` and `T` (or `repeats`, `recency`, `age`) in place of a frame.

        Returns:
            The frame with columns added: `p_active`, `expected` purchases, `discounted` (with a discount), `p_zero`
            (chance of no purchase), a quantile each (`q05`...), and `next_order` (time until the next purchase is as
            likely as not to have come; null: it never is).

        Raises:
            DataError: A column is missing, a history is impossible, or `ahead` is no whole number of steps.
        """
        histories = read(frame, arrays)
        cells, place = self.cells(histories)
        forecast = self.forecast(cells, ahead=ahead, discount=discount)
        wait = self.family.module.next_order_days(self.in_steps(), cells) / self.steps
        found: dict[str, Any] = {"p_active": forecast.p_active, "expected": forecast.orders}
        found |= {"discounted": forecast.discounted} if discount else {}
        found |= {"p_zero": none(forecast)}
        found |= {f"q{round(100 * level):02d}": quantile(forecast, level) for level in levels}
        found["next_order"] = np.where(np.isfinite(wait), wait, np.nan)
        answer: dict[str, Any] = {name: pa.array(v[place], from_pandas=True) for name, v in found.items()}
        return added(frame, answer)

    def forecast(self, cells: Cells, *, ahead: float, discount: float = 0.0) -> Forecast:
        """Return the forecast of cells in steps, as `keepwell.models` gives it."""
        days = self.whole_steps(ahead, "ahead")
        answer: Forecast = self.family.module.predict(self.in_steps(), cells, days=days, rate=discount / self.steps)
        return answer

    def cells(self, histories: dict[str, Floats]) -> tuple[Cells, Ints]:
        """Return the distinct histories in steps, and the cell of each row."""
        x, t_x, age, count = (histories[name] for name in ("repeats", "recency", "age", "count"))
        return times.in_steps(x, t_x, age, count, self.steps)

    def simulate(
        self, n: int, *, age: Any, rng: np.random.Generator, ahead: float = 0.0, like_frame: Any = None
    ) -> Any:
        """Draw `n` customers from the model.

        Args:
            n: How many.
            age: How long each is watched, one number or n of them.
            rng: What the draws are made with.
            ahead: Also draw what each buys in so much time afterwards.
            like_frame: A frame of the kind to return; Arrow without.

        Returns:
            `repeats`, `recency`, `age`, and with `ahead` also `actual`. Times are whole steps, as in real logs.
        """
        ages = np.broadcast_to(np.asarray(age, float), (n,))
        whole = np.rint(ages * self.steps)
        until = self.whole_steps(ahead, "ahead") if ahead else 0
        x, t_x, later = self.family.draw(self.in_steps(), whole, float(until), rng)
        recency = np.where(x > 0, np.maximum(np.ceil(t_x), 1.0), 0.0)
        table = pa.table({"repeats": x, "recency": recency / self.steps, "age": whole / self.steps})
        table = table.append_column("actual", pa.array(later)) if ahead else table
        return table if like_frame is None else like(like_frame, table)

    def plot(self, frame: Any = None, *, kind: str = "repeats", ahead: float | None = None, **arrays: Any) -> go.Figure:
        """Draw the fit beside the data.

        Args:
            frame: Histories; with kind 'holdout' also what came, column `actual`.
            kind: 'repeats' (how many customers came back how often, model beside data), 'active' (the chance of
                still being a customer over repeats and recency), or 'holdout' (forecast beside what came, by repeats).
            ahead: With kind 'holdout', how long `actual` was counted.
            arrays: In place of a frame, as in `predict`.

        Raises:
            ConfigError: There is no such kind.
            DataError: The frame cannot be used.
        """
        from keepwell.lab.plots import drawn

        return drawn(self, frame, kind=kind, ahead=ahead, arrays=arrays)

    def save(self, path: str | Path) -> Path:
        """Write the fit to a small JSON file that `lab.load` reads, and return its path."""
        return files.save(path, kind="purchases", model=self.model, fit=self.fit, steps=self.steps)

    def whole_steps(self, time: float, name: str) -> int:
        """Return a time as a whole number of steps.

        Raises:
            DataError: It is none, or below 0.
        """
        steps = time * self.steps
        if not np.isfinite(steps) or round(steps) < 0 or abs(steps - round(steps)) > max(0.005 * steps, 1e-6):
            inside = f"{self.steps:g} steps make one unit of time here"
            raise DataError(f"{time:g} is no whole number of steps", name, f"Give one from 0 on: {inside}.")
        return round(steps)

    def in_steps(self) -> Any:
        """Return the parameters with time in steps."""
        return times.scaled(self.params, self.family.scales, self.steps)
