"""Small order tables, hand-written or drawn from a Pareto/NBD shop."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from keepwell.tables import CONTRACTS, LEDGER_LINES

SCHEMA = pa.schema([pa.field(f.name, f.type) for f in CONTRACTS["order_contribution"].schema.to_pyarrow()])
START = date(2023, 1, 1)


def order_table(engine, customer, day, worth, *, purchase=None, assumed=None, start=START):
    """Return `order_contribution` of arrays: customers' names, days from the start, contributions."""
    size = len(customer)
    dates = [start + timedelta(days=int(d)) for d in day]
    columns = {name: ["0"] * size for name in (*LEDGER_LINES, "assumed_sales")}
    columns["gross"] = [f"{w:.4f}" for w in worth]
    columns |= dict.fromkeys(("contribution_1", "contribution_2", "contribution"), columns["gross"])
    columns["assumed_sales"] = ["0"] * size if assumed is None else [f"{a:.4f}" for a in assumed]
    columns |= {
        "order_id": [f"o{i}" for i in range(size)],
        "customer_id": list(customer),
        "order_date": dates,
        "month": [d.replace(day=1) for d in dates],
        "purchase": [True] * size if purchase is None else [bool(p) for p in purchase],
    }
    arrays = [
        pa.array(columns[f.name]).cast(f.type) if pa.types.is_decimal(f.type) else pa.array(columns[f.name], f.type)
        for f in SCHEMA
    ]
    return engine.table([pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)], SCHEMA)


def shop(customers, *, seed=1, days=546, arrivals=273, r=0.7, alpha=50.0, s=0.6, beta=150.0, ahead=365):
    """Draw a Pareto/NBD, Gamma-Gamma shop.

    Returns arrays customer, day and worth of all purchases, those of the `ahead` days after the end included.
    """
    rng = np.random.default_rng(seed)
    rate, leaving = rng.gamma(r, 1 / alpha, customers), rng.gamma(s, 1 / beta, customers)
    first = rng.uniform(0, arrivals, customers)
    here = np.minimum(rng.exponential(1 / leaving), days + ahead - first)
    number = rng.poisson(rate * here)
    owner = np.r_[np.arange(customers), np.repeat(np.arange(customers), number)]
    day = np.r_[first, first[owner[customers:]] + rng.uniform(size=number.sum()) * here[owner[customers:]]]
    worth = rng.gamma(6.25, 1 / rng.gamma(3.74, 1 / 15.44, customers)[owner])
    return np.char.mod("c%06d", owner), np.floor(day).astype(int), np.round(worth, 2)


@pytest.fixture(scope="session")
def orders_of():
    """The function that makes `order_contribution`; day 0 is 2023-01-01."""
    return order_table


@pytest.fixture(scope="session")
def draw_shop():
    """The function that draws a shop."""
    return shop


@pytest.fixture(scope="session")
def small_shop():
    """Purchases of 1,500 customers over 78 weeks, and a year after."""
    return shop(1_500)


@pytest.fixture(scope="session")
def cdnow():
    """The CDNOW master file, or a skip with the reason."""
    path = Path(__file__).resolve().parents[3] / "shared" / "data" / "cdnow" / "CDNOW_master.txt"
    if not path.is_file():
        pytest.skip(f"the real file is not at {path}")
    return path
