"""A fit in words and as a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from keepwell.models.shapes import Fit, held
from keepwell.models.shapes import parameters as plain

WIDTH = 1.6449  # standard deviations from the middle to the end of a 90% interval


def parameters(fit: Fit[Any]) -> pa.Table:
    """Return one row per parameter; the interval is that of its logarithm, null where it is not determined."""
    values = plain(fit.params) | held(fit.params)
    spread = np.sqrt(np.maximum(np.diag(np.asarray(fit.log_covariance, float)), 0.0))
    rows: list[dict[str, Any]] = []
    for i, (name, estimate) in enumerate(values.items()):
        sd = fit.sd.get(name, np.nan)
        known = np.isfinite(sd)
        wide = WIDTH * spread[i] if known and i < len(spread) and np.isfinite(spread[i]) else np.nan
        ends = (estimate * np.exp(-wide), estimate * np.exp(wide)) if np.isfinite(wide) else (None, None)
        sure = float(sd) if known else None
        rows.append({"parameter": name, "estimate": estimate, "sd": sure, "lower": ends[0], "upper": ends[1]})
    schema: dict[str, pa.DataType] = {"parameter": pa.string()}
    schema |= dict.fromkeys(("estimate", "sd", "lower", "upper"), pa.float64())
    return pa.Table.from_pylist(rows, schema=pa.schema(schema))


def summary(label: str, fit: Fit[Any], *, of: str = "customers") -> str:
    """Return the fit in words."""
    fixed = held(fit.params)
    lines = [f"{label} on {fit.customers:,.0f} {of}, log-likelihood {fit.log_likelihood:,.2f}"]
    for row in parameters(fit).to_pylist():
        sure = f"sd {row['sd']:.4g}" if row["sd"] is not None else "held" if row["parameter"] in fixed else "not known"
        ends = "" if row["lower"] is None else f", 90% from {row['lower']:.4g} to {row['upper']:.4g}"
        lines.append(f"  {row['parameter']:<8}{row['estimate']:>12.5g}  {sure}{ends}")
    return "\n".join([*lines, f"  {fit.ending}"])
