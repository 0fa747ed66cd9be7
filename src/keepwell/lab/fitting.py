"""`fit`: a model by its name, on arrays or a frame."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from keepwell.errors import ConfigError, DataError
from keepwell.lab import spending, staying
from keepwell.lab.families import FAMILIES, Family
from keepwell.lab.purchases import PurchaseFit
from keepwell.lab.reading import read
from keepwell.lab.times import in_steps, in_units, steps_in_unit

MODELS = {
    **{
        name: f"{one.label}: how often customers come back, leaving is never announced"
        for name, one in FAMILIES.items()
    },
    **staying.MODELS,
    **spending.MODELS,
}


def fit(model: str, frame: Any = None, /, **arrays: Any) -> Any:
    """Fit a model to histories.

    Args:
        model: One of `MODELS`.
        frame: One row per customer. Models of buying read `repeats`, `recency`, `age` (or frequency, recency, T) and,
            if there is one, `count`: how many customers share the row. Models of staying read `time` and `ended`
            (whether it ended then; else it runs). Models of spend read `orders` with `mean`, or with `total` and
            `squares`; rows without an order are left out.
        arrays: The same by name, in place of columns: `x`, `t_x` and `T`, `n` and `mean`... A cohort of subscribers
            may be given as `survivors`: how many were there at the start, then after 1, 2... periods.

    Returns:
        A `PurchaseFit`, a `StayFit` or a `SpendFit`.

    Raises:
        ConfigError: There is no such model.
        DataError: A column is missing, or a row is impossible; says which.
        FitError: The histories cannot determine such a model.
    """
    if model in FAMILIES:
        return _purchases(FAMILIES[model], frame, arrays)
    if model in staying.MODELS:
        return staying.fitted(model, frame, arrays)
    if model in spending.MODELS:
        return spending.fitted(model, frame, arrays)
    raise ConfigError(f"there is no model {model!r}", "model", f"There are: {', '.join(MODELS)}.")


def _purchases(one: Family, frame: Any, arrays: dict[str, Any]) -> PurchaseFit:
    found = read(frame, arrays, wanted=("log_intervals",))
    x, t_x, age, count = (found[name] for name in ("repeats", "recency", "age", "count"))
    steps = steps_in_unit(t_x, age)
    if one.discrete and steps != 1:
        raise DataError(
            f"{one.label} counts chances to buy, and these times are not whole", "recency, age", "Count them."
        )
    cells, _ = in_steps(x, t_x, age, count, steps)
    repeats = float(count @ x)
    if "log_intervals" in found:
        logs = float(count @ found["log_intervals"]) + repeats * float(np.log(steps))
        cells = replace(cells, log_intervals=logs)
    done = in_units(one.module.fit(cells), one.scales, steps, repeats=repeats)
    return PurchaseFit(one.name, done, steps)
