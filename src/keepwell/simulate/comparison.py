"""Forecast against truth, once a shop is simulated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keepwell.errors import DataError

_HORIZON = "12m"


def compared(values: Any, equity: Any, truth: pa.Table, *, customers: Any = None) -> dict[str, Any]:
    """Return how the forecast of the next 12 months stands against what is true.

    Args:
        values: The run's table `values`, an Arrow or an Ibis table.
        equity: The run's table `equity`.
        truth: `Simulation.truth`.
        customers: The run's table `customers`, which says whose id is whose; without it, `values` must
            carry the shop's own customer numbers.

    Returns:
        `customers` compared; `left_out`, those in the truth without a forecast (all they ever bought was taken
        back) and `left_out_contribution`, what they truly brought; then `orders`, `contribution` (discounted, as
        the forecast is) and `active`, each with `forecast`, `truth` and `ratio` (null where the truth is 0);
        `interval`: `lower`, `upper`, `holds` (does it hold the truth?); `deciles`: ten groups from the highest
        forecast to the lowest, each with `decile`, `customers`, `forecast`, `truth`, `forecast_orders`, `orders`;
        `found`: share of the truth's best tenth of contribution that the forecast's best tenth holds.

    Raises:
        DataError: No customer of the forecast is in the truth.
    """
    both = _joined(_table(values), truth, None if customers is None else _table(customers))
    expected, true = (both[name].to_numpy() for name in ("expected_contribution", "discounted"))
    whole = _table(equity).filter(pc.field("horizon") == _HORIZON).to_pylist()[0]
    total = float(true.sum())
    missing = pc.sum(truth["discounted"]).as_py() - total
    return {
        "customers": both.num_rows,
        "left_out": truth.num_rows - both.num_rows,
        "left_out_contribution": missing,
        "orders": _pair(_sum(both, "expected_orders"), _sum(both, "orders")),
        "contribution": _pair(float(expected.sum()), total),
        "active": _pair(_sum(both, "p_active"), _sum(both, "active")),
        "interval": {
            "lower": whole["lower"],
            "upper": whole["upper"],
            "holds": bool(whole["lower"] <= total <= whole["upper"]),
        },
        "deciles": _deciles(both),
        "found": _found(expected, true),
    }


def _table(table: Any) -> pa.Table:
    """Return an Arrow table as it is, an Ibis one executed."""
    return table if isinstance(table, pa.Table) else table.to_pyarrow()


def _joined(values: pa.Table, truth: pa.Table, customers: pa.Table | None) -> pa.Table:
    """Return forecast and truth side by side, the highest forecast first, ties by the shop's number."""
    values = values.filter(pc.field("horizon") == _HORIZON)
    values = values.select(["customer_id", "p_active", "expected_orders", "expected_contribution"])
    if customers is not None:
        names = customers.select(["customer_id", "customer_key"])
        values = values.join(names, "customer_id").drop_columns("customer_id")
        values = values.rename_columns({"customer_key": "customer_id"})
    kept = truth.select(["customer_id", "active", "orders", "discounted"])
    both = values.join(kept, "customer_id", join_type="inner")
    if not both.num_rows:
        mend = "Give the run's `customers` too, and the truth of the shop that was run."
        raise DataError("no customer of the forecast is in the truth", "values.customer_id", mend)
    return both.sort_by([("expected_contribution", "descending"), ("customer_id", "ascending")])


def _deciles(both: pa.Table) -> list[dict[str, float]]:
    tenth = np.arange(both.num_rows) * 10 // both.num_rows
    sums = {
        name: np.bincount(tenth, both[column].to_numpy(), minlength=10)
        for name, column in {
            "forecast": "expected_contribution",
            "truth": "discounted",
            "forecast_orders": "expected_orders",
            "orders": "orders",
        }.items()
    }
    sizes = np.bincount(tenth, minlength=10)
    return [
        {"decile": i + 1, "customers": int(sizes[i])} | {name: float(of[i]) for name, of in sums.items()}
        for i in range(10)
    ]


def _found(expected: Any, true: Any) -> float | None:
    """Return how much of the most that a tenth of customers brought the tenth with the highest forecast brought.

    `expected` is in falling order; null where no tenth brought anything.
    """
    size = max(1, len(expected) // 10)
    most = float(np.sort(true)[-size:].sum())
    return float(true[:size].sum()) / most if most > 0 else None


def _pair(forecast: float, truth: float) -> dict[str, float | None]:
    return {"forecast": forecast, "truth": truth, "ratio": forecast / truth if truth else None}


def _sum(table: pa.Table, column: str) -> float:
    return float(pc.sum(table[column].cast(pa.float64())).as_py())
