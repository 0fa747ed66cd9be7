"""Several models beside each other on purchases that they have not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from keepwell.errors import DataError
from keepwell.lab.frames import columns
from keepwell.lab.purchases import PurchaseFit
from keepwell.lab.reading import read
from keepwell.models.shapes import Floats

if TYPE_CHECKING:
    from keepwell.predict.score import Judged

SHOWN = ("bias", "mae", "rmse", "crps", "spearman", "gini", "capture_10", "coverage_90")


@dataclass(frozen=True, slots=True)
class Comparison:
    """How well each method forecast what came; the lowest mean CRPS wins."""

    table: pa.Table  # one row a method, the best first: its measures, and by how much its CRPS lies above the best
    winner: str
    runner_up: str
    won_by: float  # share by which the winner's CRPS lies below the runner-up's
    won_by_se: float  # its standard error over customers

    def summary(self) -> str:
        """Return the verdict in words, above the measures."""
        sure = "a clear" if self.won_by > 2 * self.won_by_se else "no clear"
        lines = [
            f"{self.winner} forecasts best: its CRPS is {self.won_by:.2%} below that of {self.runner_up} "
            f"(standard error {self.won_by_se:.2%}), {sure} difference."
        ]
        names = [name for name in self.table.column_names if name != "method"]
        lines.append(f"  {'':<18}" + "".join(f"{name:>12}" for name in names))
        for row in self.table.to_pylist():
            cells = "".join(f"{'' if row[name] is None else format(row[name], '.4f'):>12}" for name in names)
            lines.append(f"  {row['method']:<18}{cells}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.summary()


def compare(fits: Sequence[PurchaseFit], frame: Any = None, *, ahead: float, **arrays: Any) -> Comparison:
    """Hold the forecasts of fitted models against what came, beside two rules that need no model.

    Args:
        fits: Models of buying, fitted to the histories up to the same day.
        frame: Histories up to that day, with what came in `actual` (as `histories(log, ahead=...)` gives it).
        ahead: How long `actual` was counted, in the unit of the histories.
        arrays: In place of a frame: `x`, `t_x`, `T` and `actual`.

    Raises:
        DataError: `actual` is missing or no count, or there is nothing to compare.
    """
    from keepwell.predict.baselines import own_rate, population  # with the stage and its engine, so not before
    from keepwell.predict.score import Outcomes, group_of, judged, measures

    if not fits:
        raise DataError("there is no fit to compare", "fits", "Give at least one.")
    found = read(frame, {k: v for k, v in arrays.items() if k != "actual"})
    came = columns(frame, {"actual": arrays.get("actual")}, needed=("actual",), wanted=())["actual"]
    _check(came, len(found["repeats"]))
    rules = {"own past rate": own_rate, "population mean": population}
    judgements: dict[str, Judged] = {}
    rows = []
    for name, one, rule in [*_named(fits), *((name, fits[0], rule) for name, rule in rules.items())]:
        cells, place = one.cells(found)
        steps = one.whole_steps(ahead, "ahead")
        forecast = one.forecast(cells, ahead=ahead) if rule is None else rule(cells, days=steps)
        outcomes = Outcomes(cell=place, actual=came.astype(np.int64), count=found["count"])
        judgements[name] = judged(forecast, outcomes)
        told = {
            m: v
            for group, m, v in measures(judgements[name], outcomes, group_of(cells.repeats)[place])
            if group == "all"
        }
        rows.append({"method": name, **{m: told.get(m) for m in SHOWN if m in told}})
    return _verdict(rows, judgements, found["count"])


def _named(fits: Sequence[PurchaseFit]) -> list[tuple[str, PurchaseFit, Any]]:
    """Name each fit by its model, and by its place where a model comes twice."""
    labels = [one.family.label for one in fits]
    twice = {label for label in labels if labels.count(label) > 1}
    return [
        (f"{label} ({i})" if label in twice else label, one, None)
        for i, (label, one) in enumerate(zip(labels, fits, strict=True), 1)
    ]


def _check(came: Floats, rows: int) -> None:
    if len(came) != rows:
        raise DataError(f"actual has {len(came)} rows and the histories {rows}", "actual", "Give one a customer.")
    wrong = (came < 0) | (came != np.rint(came))
    if wrong.any():
        i = int(np.argmax(wrong))
        raise DataError(f"actual {came[i]:g} is no count of purchases", f"row {i}", "Give whole numbers from 0 on.")


def _verdict(rows: list[dict[str, Any]], judgements: dict[str, Judged], count: Floats) -> Comparison:
    rows.sort(key=lambda row: row["crps"])
    best, second = rows[0]["method"], rows[min(1, len(rows) - 1)]["method"]
    gap = judgements[second].crps - judgements[best].crps
    customers = float(count.sum())
    mean = float(count @ gap) / customers
    error = np.sqrt(float(count @ (gap - mean) ** 2) / max(customers - 1, 1) / customers)
    base = rows[min(1, len(rows) - 1)]["crps"]
    for row in rows:
        row["above_best"] = row["crps"] / rows[0]["crps"] - 1 if rows[0]["crps"] else None
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table({name: [row.get(name) for row in rows] for name in names})
    return Comparison(table, best, second, mean / base if base else 0.0, float(error / base) if base else 0.0)
