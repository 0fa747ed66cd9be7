"""A fit beside the data: the small tables that `keepwell.charts.fits` draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from keepwell.charts import fits as charts
from keepwell.errors import ConfigError, DataError
from keepwell.lab.frames import columns
from keepwell.lab.reading import read
from keepwell.models.shapes import Floats

if TYPE_CHECKING:
    import plotly.graph_objects as go

KINDS = ("repeats", "active", "holdout")
MOST = 7  # repeats with a bar of their own; the last holds all above
ACROSS = 24  # cells of the map of activity each way


def drawn(fit: Any, frame: Any, *, kind: str, ahead: float | None, arrays: dict[str, Any]) -> go.Figure:
    """Draw a `PurchaseFit` beside histories; see `PurchaseFit.plot`."""
    if kind not in KINDS:
        raise ConfigError(f"there is no plot {kind!r}", "kind", f"There are: {', '.join(KINDS)}.")
    found = read(frame, {k: v for k, v in arrays.items() if k != "actual"})
    if kind == "repeats":
        return charts.repeats(repeats(fit, found), label=fit.family.label)
    if kind == "active":
        return charts.active(active(fit, found), label=fit.family.label)
    came = columns(frame, {"actual": arrays.get("actual")}, needed=("actual",), wanted=())["actual"]
    if ahead is None:
        raise DataError("how long the purchases were counted is not given", "ahead", "Give ahead=.")
    return charts.holdout(holdout(fit, found, came, ahead=ahead), label=fit.family.label)


def repeats(fit: Any, found: dict[str, Floats]) -> pa.Table:
    """Return customers by repeats, `actual` and `expected` by the model from their ages alone: `MOST` + 1 rows."""
    cells, _ = fit.cells(found)
    ages, where = np.unique(cells.age, return_inverse=True)
    people = np.bincount(where, weights=cells.count)
    below = np.arange(MOST)
    params, module = fit.in_steps(), fit.family.module
    chances = np.array([module.pmf_new(params, float(age), below) for age in ages])
    expected = people @ chances
    actual = np.bincount(np.minimum(cells.repeats, MOST), weights=cells.count, minlength=MOST + 1)
    whole = np.r_[expected, people.sum() - expected.sum()]
    return pa.table({"repeats": np.arange(MOST + 1), "actual": actual, "expected": whole})


def active(fit: Any, found: dict[str, Floats]) -> pa.Table:
    """Return the chance of still being a customer, over repeats and recency at the longest age in the data."""
    longest = float(found["age"].max())
    counts = np.unique(np.rint(np.linspace(0, max(1, np.quantile(found["repeats"], 0.995)), ACROSS))).astype(float)
    times = np.rint(np.linspace(0, longest * fit.steps, ACROSS)) / fit.steps
    x, t_x = (grid.ravel() for grid in np.meshgrid(counts, times, indexing="ij"))
    able = ((x > 0) == (t_x > 0)) & (x <= np.rint(t_x * fit.steps))  # one purchase a step at most
    chance = np.full(len(x), np.nan)
    ages = np.full(len(x), longest)
    params = fit.params
    chance[able] = fit.family.module.active(params, x=x[able], t_x=t_x[able], T=ages[able])
    return pa.table({"repeats": x, "recency": t_x, "age": ages, "p_active": pa.array(chance, from_pandas=True)})


def holdout(fit: Any, found: dict[str, Floats], came: Floats, *, ahead: float) -> pa.Table:
    """Return by repeats the mean purchases that came and that were forecast: up to `MOST` + 1 rows."""
    cells, place = fit.cells(found)
    forecast = fit.forecast(cells, ahead=ahead).orders[place]
    group = np.minimum(found["repeats"], MOST).astype(np.int64)
    people = np.bincount(group, weights=found["count"], minlength=MOST + 1)
    sums = [np.bincount(group, weights=found["count"] * v, minlength=MOST + 1) for v in (came, forecast)]
    some = people > 0
    actual, expected = (s[some] / people[some] for s in sums)
    table = {"repeats": np.flatnonzero(some), "customers": people[some], "actual": actual, "expected": expected}
    return pa.table(table)
