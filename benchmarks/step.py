"""Our side of a benchmark: `python -m benchmarks.step STEP PARQUET [PEER'S PARAMETERS]`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import ibis

from benchmarks.measure import measured
from keepwell.engine import collected
from keepwell.engine.duck import DuckEngine
from keepwell.models import bgnbd, paretonbd
from keepwell.models.shapes import Cells, parameters
from keepwell.predict.history import history


def condensed(engine: DuckEngine, path: str) -> dict[str, Any]:
    """Condense an order log to the table `history`, kept as the next stage reads it."""
    orders = engine.read(Path(path))
    booked = orders.mutate(
        order_date=orders.order_date.cast("date"),
        purchase=ibis.literal(value=True),
        assumed_sales=orders.contribution,
    )
    last = collected(engine, orders.aggregate(day=orders.order_date.max()))["day"][0].as_py().date()
    rows = engine.keep(history(booked, until=last))
    sums = {name: rows[name].sum().cast("float64") for name in ("repeats", "recency", "age")}
    answer = collected(engine, rows.aggregate(customers=rows.count(), **sums)).to_pylist()[0]
    return {"customers": answer["customers"], "frequency": answer["repeats"]} | {
        "recency": answer["recency"],
        "T": answer["age"],
    }


def cells(engine: DuckEngine, path: str) -> Cells:
    """Count the customers of each distinct history."""
    rows = engine.read(Path(path))
    table = collected(engine, rows.group_by("repeats", "recency", "age").aggregate(count=rows.count()))
    repeats, recency, age, count = (table[name].to_numpy() for name in ("repeats", "recency", "age", "count"))
    return Cells(repeats, recency, age, count.astype(float))


def fitted(engine: DuckEngine, path: str, *, model: ModuleType) -> dict[str, Any]:
    """Group, then fit: the seconds of each."""
    began = time.monotonic()
    of = cells(engine, path)
    grouped = time.monotonic()
    found = model.fit(of)
    return {
        "grouping_s": grouped - began,
        "fit_s": time.monotonic() - grouped,
        "cells": len(of.age),
        "params": parameters(found.params),
        "log_likelihood": found.log_likelihood,
        "ending": found.ending,
    }


def likelihood(engine: DuckEngine, path: str, *, model: ModuleType, params: dict[str, float]) -> float:
    """Return the log-likelihood of the same rows at somebody's parameters."""
    of = cells(engine, path)
    kind = model.BGNBD if model is bgnbd else model.ParetoNBD
    x, t_x, age = (values.astype(float) for values in (of.repeats, of.recency, of.age))
    return float(of.count @ model.log_likelihood(kind(**params), x=x, t_x=t_x, T=age))


if __name__ == "__main__":
    MODELS = {"bgnbd": bgnbd, "paretonbd": paretonbd}
    STEPS: dict[str, Callable[[DuckEngine, str], dict[str, Any]]] = {
        "history": condensed,
        **{name: partial(fitted, model=model) for name, model in MODELS.items()},
    }
    name, path = sys.argv[1:3]
    own = DuckEngine(memory="2GB", threads=2)
    answer = measured(partial(STEPS[name], own), path)
    if len(sys.argv) > 3:
        answer["at_peer"] = likelihood(own, path, model=MODELS[name], params=json.loads(sys.argv[3]))
    own.close()
    print(json.dumps(answer))
