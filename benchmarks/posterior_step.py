"""Our side of `posterior_1m`: `python -m benchmarks.posterior_step PARQUET`, a file of the table `history`."""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import measured
from keepwell.engine import collected
from keepwell.engine.duck import DuckEngine
from keepwell.models import compound, paretonbd, posterior
from keepwell.models.gammagamma import GammaGamma
from keepwell.predict import doubt, horizon, spend
from keepwell.predict.belief import MarginBelief
from keepwell.predict.fitted import Fitted
from keepwell.predict.level import NONE
from keepwell.predict.past import grouped
from keepwell.predict.value import Known, lookup, values

DRAWS, SEED, AS_OF = 256, 20240101, date(2024, 12, 31)
SURE = MarginBelief(0.3, 0.3, 0.3, slope=0.0, per_order=0.0)


def forecast(engine: DuckEngine, path: str) -> dict[str, Any]:
    """Fit, draw both posteriors, and write the predictive distribution of every customer's next 12 months."""
    marks = [time.monotonic()]
    rows = engine.read(Path(path))
    past = grouped(engine, rows)
    marks.append(time.monotonic())
    one = Fitted("paretonbd", paretonbd, paretonbd.fit(past.cells))
    marks.append(time.monotonic())
    known = doubt.posterior(one, past.cells, seed=SEED)
    marks.append(time.monotonic())
    n, total, squares = spend.customers_money(engine, rows)
    some = spend.Money(int(n.sum()), losing=0, nothing=0, contribution=float(total.sum()), assumed_sales=0.0)
    worth = spend.fitted(some, n=n, total=total, squares=squares)
    assert isinstance(worth.params, GammaGamma), worth.why
    of_spend = posterior.of_spend(worth.fit, n=n, mean=total / n, seed=SEED)
    marks.append(time.monotonic())
    rate = horizon.rate_a_day(0.10)
    (year,) = doubt.ahead(one, past.cells, known, spans={"12m": 365}, rate=rate)
    at = compound.points(DRAWS, seed=SEED)
    given = Known(
        lookup=lookup(past.cells),
        horizons=(year,),
        wait=np.full(len(past.cells.age), np.inf),
        as_of=AS_OF,
        soon=np.zeros((3, len(past.cells.age))),
        worth=compound.gamma_worth(worth.params, at, SURE.shared(at.shared).factor),
        level=NONE,
        spend_sd=spend.mean_sd(worth),
        basis=("",),
    )
    made = engine.keep(values(engine, rows, given))
    sums = made.aggregate(
        customers=made.count(), q05=made.q05.mean(), q95=made.q95.mean(), expected=made.expected_contribution.sum()
    )
    answer = collected(engine, sums).to_pylist()[0]
    marks.append(time.monotonic())
    parts = dict(zip(("group", "fit", "posterior", "spend", "values"), np.diff(marks).tolist(), strict=True))
    return {
        **answer,
        "parts": parts,
        "cells": len(past.cells.age),
        "method": known.method,
        "k": known.k,
        "ess": known.ess,
        "sd": dict(zip(known.names, (known.sd / known.mean).tolist(), strict=True)),
        "spend_sd": dict(zip(of_spend.names, (of_spend.sd / of_spend.mean).tolist(), strict=True)),
        "words": doubt.words(year),
        "added": doubt.added(year),
    }


if __name__ == "__main__":
    own = DuckEngine(memory="1GB", threads=2)
    answer = measured(partial(forecast, own), sys.argv[1])
    own.close()
    print(json.dumps(answer))
