"""Forecasts of the next 12 months beside the truth, in every simulated world: 100,000 customers, ten seeds.

`python -m benchmarks.accuracy_worlds WORLD SEED [CUSTOMERS]` is one run; `run` makes all of them in turn. What is done
already stays in data/accuracy_worlds.jsonl, so that an interrupted benchmark goes on; remove that file to start anew.
The environment's SEEDS takes fewer seeds.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks import data
from benchmarks.measure import child

NAME = "accuracy_worlds"
CUSTOMERS, SEEDS = 100_000, range(1, int(os.environ.get("SEEDS", "10")) + 1)
DONE = data.HERE / "accuracy_worlds.jsonl"


def run() -> tuple[list[dict[str, Any]], list[str]]:
    """Return one row per world and what the columns mean."""
    from keepwell.simulate import WORLDS

    done = {(name, seed): _cached(name, seed) for seed in SEEDS for name in WORLDS}
    rows = [_world(name, [done[name, seed] for seed in SEEDS]) for name in WORLDS]
    return rows, [
        f"{CUSTOMERS:,} customers, {len(SEEDS)} seeds a world; the whole of `keepwell run` on its files each time.",
        "ratio: forecast of the next 12 months over the truth, the mean over seeds; worst: the one farthest from 1.",
        "pit_points: the farthest that any tenth of the probability integral transform of the purchase days is from "
        "10%, in points: of the mean over seeds, and the worst seed.",
        "equity_holds: how many seeds' 90% interval of equity holds the truth; width: its mean, as a share of equity.",
    ]


def _world(name: str, answers: list[dict[str, Any]]) -> dict[str, Any]:
    tenths = [mean(tenth) for tenth in zip(*(one["pit"] for one in answers), strict=True)]
    return {
        "world": name,
        "orders_ratio": round(mean(one["orders"] for one in answers), 3),
        "contribution_ratio": round(mean(one["contribution"] for one in answers), 3),
        "contribution_worst": max((one["contribution"] for one in answers), key=lambda ratio: abs(ratio - 1)),
        "pit_points": round(100 * max(abs(tenth - 0.1) for tenth in tenths), 2),
        "pit_points_worst": round(100 * max(abs(tenth - 0.1) for one in answers for tenth in one["pit"]), 2),
        "equity_holds": f"{sum(one['holds'] for one in answers)} of {len(answers)}",
        "equity_width": round(mean(one["width"] for one in answers), 2),
        "model": "/".join(sorted({one["model"] for one in answers})),
    }


def _cached(name: str, seed: int) -> dict[str, Any]:
    lines = DONE.read_text(encoding="utf-8").splitlines() if DONE.exists() else []
    for line in map(json.loads, lines):
        if (line["world"], line["seed"]) == (name, seed):
            return line
    answer = child(Path(sys.executable), NAME, name, str(seed))
    print(json.dumps(answer), file=sys.stderr)
    DONE.parent.mkdir(exist_ok=True)
    with DONE.open("a", encoding="utf-8") as file:
        file.write(json.dumps(answer) + "\n")
    return answer


def _one(name: str, seed: int, customers: int) -> dict[str, Any]:
    """Simulate, run, compare."""
    import keepwell
    from keepwell.simulate import compared, simulated, suggested, world, written

    scene = world(name)
    shop = simulated(scene, customers=customers, seed=seed)
    costs = float(suggested(scene)["costs"]["fulfilment_per_order"])
    with tempfile.TemporaryDirectory() as folder:
        files = written(shop, Path(folder))
        book = keepwell.open(Path(folder) / "shop.keepwell", create=True)
        with _listened(made := {}):
            answer = book.run(*files, fulfilment_per_order=costs)
        tables = {name: book.table(name) for name in ("values", "equity", "customers", "history", "fits")}
    report = compared(tables["values"], tables["equity"], shop.truth, customers=tables["customers"])
    interval = report["interval"]
    model, tenths = _transform(tables, shop.truth, made)
    return {
        "world": name,
        "seed": seed,
        "orders": round(report["orders"]["ratio"], 4),
        "contribution": round(report["contribution"]["ratio"], 4),
        "active": round(report["active"]["ratio"], 4),
        "holds": interval["holds"],
        "width": round((interval["upper"] - interval["lower"]) / report["contribution"]["forecast"], 4),
        "found": round(report["found"], 4),
        "pit": [round(tenth, 5) for tenth in tenths],
        "model": model,
        "seconds": answer["seconds"],
    }


def _listened(made: dict[str, Any]) -> Any:
    """Let the stage put what it forecast with into `made`: no table holds whole distributions."""
    from unittest.mock import patch

    from keepwell.predict import valuing

    plain = valuing.future

    def future(scene: Any, chosen: Any, *rest: Any) -> Any:
        made.update(scene=scene, future=plain(scene, chosen, *rest))
        return made["future"]

    return patch.object(valuing, "future", future)


def _transform(tables: dict[str, Any], truth: Any, made: dict[str, Any]) -> tuple[str, list[float]]:
    """Return the method of the values and the shares of the transform of the purchase days in each tenth."""
    from dataclasses import replace

    import numpy as np

    from keepwell.predict.past import cells_of

    history = tables["history"].sort_by("customer_id")
    own = {key: i for i, key in enumerate(history["customer_id"].to_pylist())}
    names = tables["customers"].select(["customer_id", "customer_key"])
    both = names.join(truth.select(["customer_id", "orders"]), "customer_key", "customer_id", join_type="inner")
    both = [(own[row["customer_id"]], row["orders"]) for row in both.to_pylist() if row["customer_id"] in own]
    who, came = (np.array(column) for column in zip(*both, strict=True))
    chosen = made["future"].chosen["12m"]
    if chosen.answer.per == "customer":
        forecast, row = chosen.answer.forecast(365), who
    else:
        forecast = made["future"].aheads["12m"]
        past = [history[name].to_numpy() for name in ("repeats", "recency", "age")]
        row = cells_of(made["scene"].cells, *past)[who]
    rows = replace(forecast, p_active=forecast.p_active[row], group=forecast.group[row])
    return chosen.method, tenths_of(rows, came)


def tenths_of(forecast: Any, came: Any) -> list[float]:
    """Return the share of the transform in each tenth, spread evenly between the distribution below and at `came`."""
    import numpy as np

    first, size = forecast.start[forecast.group], np.diff(forecast.start)[forecast.group]
    whole = np.concatenate([[0.0], np.cumsum(forecast.pmf)])
    up_to = [whole[first + np.minimum(k, size)] - whole[first] for k in (came, came + 1)]
    gone = 1 - forecast.p_active
    below = np.where(came > 0, gone + forecast.p_active * up_to[0], 0.0)
    at = np.minimum(gone + forecast.p_active * up_to[1], 1.0)
    edges = np.linspace(0, 1, 11)
    reached = np.clip((edges[:, None] - below) / np.maximum(at - below, 1e-12), 0, 1).mean(axis=1)
    return [float(share) for share in np.diff(reached)]


if __name__ == "__main__":
    size = int(sys.argv[3]) if len(sys.argv) > 3 else CUSTOMERS
    print(json.dumps(_one(sys.argv[1], int(sys.argv[2]), size)))
