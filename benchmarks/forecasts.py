"""Forecasts of a real log from earlier days, beside plain models and what came: what the accuracy benchmarks share."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import mean
from typing import Any

WEEK = 7
PLAIN, OWN, OURS = "plain Pareto/NBD", "own past rate", "keepwell"
NOTES = [
    "weeks: known, then ahead. Of `keepwell` every choice is made by its backtest on what was known by then; plain "
    "Pareto/NBD is fitted to the same histories by maximum likelihood, own past rate is repeats / age.",
    "total_in: whether the purchase days of all customers lie inside the 90% interval of their total.",
    "pit: the farthest that any tenth of the randomised probability integral transform is from 10%, in points: all, "
    "then customers with 0, 1, 2-4 and 5 or more repeats.",
]


def pairs(log: Path, splits: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    """Return one row per split (weeks known, weeks ahead) and method, then what they come to over the splits."""
    with tempfile.TemporaryDirectory() as folder:
        rows = list(_splits(log, Path(folder), splits))
    return rows + [_over(rows, method) for method in (OURS, PLAIN, OWN)]


def _splits(log: Path, folder: Path, splits: Sequence[tuple[int, int]]) -> Iterator[dict[str, Any]]:
    """Read the file as a run does, then account and forecast anew at each day."""
    import keepwell
    from keepwell import account
    from keepwell.engine import collected, number, opened
    from keepwell.predict.asked import asked
    from keepwell.tables import UNKNOWN

    engine = opened(keepwell.settings.Settings().compute, scratch=folder)
    book = _read(log, folder)
    names = ("order_lines", "products", "customers")
    tables = {name: engine.table((t := book.table(name)).to_batches(), t.schema) for name in names}
    whole = book.table("order_contribution")
    everything = engine.table(whole.to_batches(), whole.schema)
    known = everything.filter(everything.purchase, everything.customer_id != UNKNOWN)
    first = number(engine, known.order_date.min())
    for weeks in dict.fromkeys(known_weeks for known_weeks, _ in splits):
        day = first + timedelta(days=weeks * WEEK - 1)
        settings = book.settings.model_copy(update={"as_of": day})
        made = tables | account.run(tables, settings, engine)
        ahead = [h for w, h in splits if w == weeks]
        found = asked(made, settings, engine, days=[h * WEEK for h in ahead], tell=_tell)
        then = made["order_contribution"]
        then = then.filter(then.purchase, then.customer_id != UNKNOWN, then.order_date <= day)
        before, after = (
            collected(engine, part.select("customer_id", "order_date").distinct())
            for part in (then, known.filter(known.order_date > day))
        )
        for weeks_ahead, one in zip(ahead, found, strict=True):
            yield from _methods(weeks, weeks_ahead, day, one, before, after)
    engine.close()


def _read(log: Path, folder: Path) -> Any:
    """Run the file once with one model, for its facts."""
    import keepwell

    place = folder / "shop.keepwell"
    place.mkdir()
    (place / "keepwell.toml").write_text(
        '[predict]\nmodels = ["bgnbd"]\nseason = false\ncovariates = []\nchallenger = false\n', encoding="utf-8"
    )
    book = keepwell.open(place, create=True)
    book.run(log, tell=_tell)
    (place / "keepwell.toml").unlink()
    return book


def _methods(weeks: int, ahead: int, day: Any, one: Any, before: Any, after: Any) -> Iterator[dict[str, Any]]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from keepwell.models import paretonbd
    from keepwell.predict import baselines, stack

    until = day + timedelta(days=ahead * WEEK)
    after = after.filter(pc.less_equal(after["order_date"], pa.scalar(until)))
    number = [
        np.asarray(pc.fill_null(pc.index_in(part["customer_id"], value_set=one.ids), -1)) for part in (before, after)
    ]
    size = len(one.ids)
    came = np.bincount(number[1][number[1] >= 0], minlength=size)
    at = np.array([(d - day).days for d in before["order_date"].to_pylist()])
    start, end = np.zeros(size, np.int64), np.full(size, -(10**6))
    np.minimum.at(start, number[0], at)
    np.maximum.at(end, number[0], at)
    repeats = np.bincount(number[0], minlength=size) - 1
    cells, cell = stack.cells_of(repeats, end - start, -start)
    horizon = ahead * WEEK
    plain = paretonbd.predict(paretonbd.fit(cells).params, cells, days=horizon)
    common = {"weeks": f"{weeks}/{ahead}", "customers": size, "actual": int(came.sum())}
    inside = "yes" if one.lower <= came.sum() <= one.upper else "no"
    yield {**common, "method": OURS, **_measured(one.forecast, np.arange(size), came, repeats)} | {
        "total_in": inside,
        "chosen": one.method,
    }
    yield {**common, "method": PLAIN, **_measured(plain, cell, came, repeats)}
    yield {**common, "method": OWN, **_measured(baselines.own_rate(cells, days=horizon), cell, came, repeats)}


def _measured(forecast: Any, row: Any, came: Any, repeats: Any) -> dict[str, Any]:
    """Return the measures of one forecast, as the backtest takes them."""
    import numpy as np

    from keepwell.predict.score import GROUPS, Outcomes, group_of, judged, measures

    outcomes = Outcomes(row, came, np.ones(len(came)))
    found = {(g, m): value for g, m, value in measures(judged(forecast, outcomes), outcomes, group_of(repeats))}
    answer = {name: round(float(found["all", name]), 4) for name in ("bias", "rmse", "mae", "crps", "spearman")}
    pit = [max(abs(found[g, f"pit_{d}"] - 0.1) for d in range(10)) for g in GROUPS if (g, "pit_0") in found]
    return answer | {"pit": " ".join(f"{100 * far:.1f}" for far in pit)}


def _over(rows: Sequence[dict[str, Any]], method: str) -> dict[str, Any]:
    """Return means over the splits, of the bias its absolute value."""
    mine = [row for row in rows if row["method"] == method]
    answer: dict[str, Any] = {"weeks": f"all {len(mine)}", "method": method}
    answer["bias"] = round(mean(abs(row["bias"]) for row in mine), 4)
    answer |= {name: round(float(mean(row[name] for row in mine)), 4) for name in ("rmse", "mae", "crps", "spearman")}
    if method == OURS:
        answer["total_in"] = f"{sum(row['total_in'] == 'yes' for row in mine)} of {len(mine)}"
    far = zip(*(map(float, row["pit"].split()) for row in mine), strict=True)
    return answer | {"pit": " ".join(f"{max(each):.1f}" for each in far)}


def _tell(text: str) -> None:
    print(text, file=sys.stderr)
