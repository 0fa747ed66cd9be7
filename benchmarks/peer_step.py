"""The peer's side of a benchmark; runs in the peer's environment: `python -m benchmarks.peer_step STEP PARQUET`."""

import json
import sys
import time
import warnings
from typing import Any

import lifetimes
import lifetimes.utils
import pandas as pd

from benchmarks.measure import measured


def history(path: str, customer: str = "customer_id") -> dict[str, Any]:
    """Condense an order log."""
    orders = pd.read_parquet(path, columns=[customer, "order_date", "amount"])
    rfm = lifetimes.utils.summary_data_from_transaction_data(
        orders, customer, "order_date", "amount", include_first_transaction=False
    )
    return {"customers": len(rfm), **{name: float(rfm[name].sum()) for name in ("frequency", "recency", "T")}}


def bgnbd(path: str) -> dict[str, Any]:
    """Fit BG/NBD."""
    return _fitted(lifetimes.BetaGeoFitter(penalizer_coef=0.0), path)


def paretonbd(path: str) -> dict[str, Any]:
    """Fit Pareto/NBD."""
    return _fitted(lifetimes.ParetoNBDFitter(penalizer_coef=0.0), path)


def _fitted(model: Any, path: str) -> dict[str, Any]:
    rows = pd.read_parquet(path, columns=["repeats", "recency", "age"])
    began = time.monotonic()
    model.fit(rows["repeats"], rows["recency"], rows["age"])
    spent = time.monotonic() - began
    return {"fit_s": spent, "params": {name: float(value) for name, value in model.params_.items()}}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    STEPS = {
        "history": history,
        "history_numbers": lambda path: history(path, "customer"),
        "bgnbd": bgnbd,
        "paretonbd": paretonbd,
    }
    print(json.dumps(measured(STEPS[sys.argv[1]], sys.argv[2])))
