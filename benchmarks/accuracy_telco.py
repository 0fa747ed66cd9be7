"""Who leaves within the quarter: calibration and log loss on a held-out half of the telco customers."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import data, peer

NAME = "accuracy_telco"
TABLES = ("demographics", "services", "status")
# Known only once a customer has left or stayed, or made from it.
LEAKS = (
    "Satisfaction_Score", "Customer_Status", "Churn_Label", "Churn_Value", "Churn_Score", "CLTV", "Churn_Category",
    "Churn_Reason",
)  # fmt: skip
NOTHING = ("Customer_ID", "Count", "Quarter")
# Amounts that grow with time are looked at by their logarithm, as their effect is in proportion.
GROWING = (
    "Tenure_in_Months", "Total_Charges", "Total_Refunds", "Total_Extra_Data_Charges", "Total_Long_Distance_Charges",
    "Total_Revenue",
)  # fmt: skip
FOLDS = 5
CONTRACT = "Contract"
Table = dict[str, Any]


def run() -> tuple[list[dict[str, Any]], list[str]] | None:
    """Return one row per method, on the half that was held out."""
    folder = data.real("telco_churn")
    if folder is None:
        return None
    from keepwell.models import leaving

    ids, table, left = _read(folder)
    half = np.array([_digit(name) % 2 for name in ids])
    fold = np.array([_digit(f"fold {name}") % FOLDS for name in ids])
    known, held = np.flatnonzero(half == 0), np.flatnonzero(half == 1)
    pairs = {"alone": [], "with the contract": [(CONTRACT, name) for name in table if name != CONTRACT]}
    inner = {name: _crossed(_rows(table, known), left[known], fold[known], asked) for name, asked in pairs.items()}
    best = min(inner, key=lambda name: inner[name])
    fits = {name: leaving.fit(_rows(table, known), left[known], pairs=asked) for name, asked in pairs.items()}
    chances = {f"leaving, {name}": leaving.predict(fit, _rows(table, held)) for name, fit in fits.items()}
    chances |= _logistic(table, left, known, held)
    rows = [_row(name, chance, left[held], chosen=name == f"leaving, {best}") for name, chance in chances.items()]
    told = "; ".join(f"{name} {loss:.4f}" for name, loss in inner.items())
    return rows, [
        f"{len(known):,} customers to fit and choose on, {len(held):,} held out, told apart by the SHA-256 of their "
        f"number; columns left out because they leak: {', '.join(LEAKS)}.",
        f"Log loss by {FOLDS}-fold cross-validation within the half to fit on: {told}. So '{best}' was chosen before "
        "the other half was looked at.",
        "spiegelhalter_z: standard normal where the chances are right. deciles_within: tenths by chance whose share "
        "that left lies within the 99% binomial band of the mean chance.",
        "scikit-learn's logistic regression has the same columns, standardised, kinds as zeros and ones.",
    ]


def _digit(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest(), 16)


def _read(folder: Path) -> tuple[list[str], Table, Any]:
    """Return the customers' numbers, the columns that were known before, and who left."""
    people: dict[str, dict[str, str]] = {}
    for name in TABLES:
        path = folder / f"Telco_customer_churn_{name}.csv"
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                people.setdefault(row["Customer_ID"], {}).update(row)
    ids = sorted(people)
    names = [name for name in people[ids[0]] if name not in LEAKS + NOTHING]
    table = {name: _column([people[one][name] for one in ids], grows=name in GROWING) for name in names}
    return ids, table, np.array([people[one]["Churn_Value"] == "1" for one in ids], float)


def _column(values: list[str], *, grows: bool) -> Any:
    try:
        numbers = np.array([float(value) for value in values])
    except ValueError:
        return np.array(values)
    return np.log1p(numbers) if grows else numbers


def _rows(table: Table, rows: Any) -> Table:
    return {name: column[rows] for name, column in table.items()}


def _crossed(table: Table, left: Any, fold: Any, pairs: list[tuple[str, str]]) -> float:
    """Return the log loss of rows that were left out in turn."""
    from keepwell.models import leaving

    chance = np.zeros(len(left))
    for one in range(FOLDS):
        inside, outside = np.flatnonzero(fold != one), np.flatnonzero(fold == one)
        fit = leaving.fit(_rows(table, inside), left[inside], pairs=pairs)
        chance[outside] = leaving.predict(fit, _rows(table, outside))
    return leaving.log_loss(chance, left)


def _logistic(table: Table, left: Any, known: Any, held: Any) -> dict[str, Any]:
    """Return the chances of scikit-learn's logistic regression, run in the peers' environment."""
    python = peer.python()
    ready = python.parent.parent / ".scikit-learn"
    if not ready.exists():
        print("installing scikit-learn beside the peer", file=sys.stderr)
        subprocess.run([python, "-m", "pip", "install", "-q", "scikit-learn"], check=True)
        ready.touch()
    columns = []
    for value in table.values():
        if value.dtype.kind == "f":
            columns.append((value - value[known].mean()) / value[known].std())
        else:
            columns += [(value == level).astype(float) for level in np.unique(value)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npz"
        np.savez(path, x=np.column_stack(columns), left=left, known=known, held=held)
        step = Path(__file__).with_name("peer_logistic.py")
        done = subprocess.run([python, step, path], check=True, capture_output=True, text=True)
    return {name: np.array(chance) for name, chance in json.loads(done.stdout).items()}


def _row(name: str, chance: Any, left: Any, *, chosen: bool) -> dict[str, Any]:
    from keepwell.models import leaving

    tenths = leaving.tenths(chance, left)
    order = np.argsort(np.argsort(chance))
    gone, stayed = order[left > 0], order[left == 0]
    area = (gone.sum() - len(gone) * (len(gone) - 1) / 2) / (len(gone) * len(stayed))
    return {
        "method": name,
        "chosen": "yes" if chosen else "",
        "log_loss": round(leaving.log_loss(chance, left), 4),
        "brier": round(float(((chance - left) ** 2).mean()), 4),
        "auc": round(float(area), 4),
        "expected": round(float(chance.mean()), 4),
        "actual": round(float(left.mean()), 4),
        "spiegelhalter_z": round(leaving.spiegelhalter(chance, left), 2),
        "deciles_within": f"{sum(one.within for one in tenths)} of {len(tenths)}",
    }
