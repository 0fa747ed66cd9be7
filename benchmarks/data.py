"""The shop that speed is measured on, simulated once: `python -m benchmarks.data`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks.measure import child

HERE = Path(__file__).resolve().parent / "data"
SHOP = HERE / "pareto_1m"
CROWD = HERE / "pareto_10m"
CUSTOMERS, FEW = 1_000_000, 2_000
PARTS, PART = 20, 500_000  # of the crowd of 10M, whose orders are never in memory together


def shop() -> Path:
    """Return the folder of the simulated shop: orders.csv, products.csv, orders.parquet and history.parquet.

    few_orders.parquet and few_history.parquet hold the first 2,000 customers, to warm up on.
    """
    if not (SHOP / ".ready").exists():
        print("simulating 1,000,000 customers", file=sys.stderr)
        child(Path(sys.executable), "data", "shop")
    return SHOP


def crowd() -> Path:
    """Return the folder with history.parquet and few_history.parquet of 10M customers of the same world."""
    if not (CROWD / ".ready").exists():
        print("simulating 10,000,000 customers", file=sys.stderr)
        child(Path(sys.executable), "data", "crowd")
    return CROWD


def real(name: str) -> Path | None:
    """Return a real file of the test data, or None where they are not to be found."""
    path = Path(__file__).resolve().parents[2] / "shared" / "data" / name
    return path if path.exists() else None


def _make() -> None:
    """Simulate, export, and condense by plain numpy what the models read."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet

    from keepwell.simulate import arrow, baskets, simulated, world, written

    simulation = simulated(world("pareto"), customers=CUSTOMERS, seed=1)
    written(simulation, SHOP)
    orders = simulation.orders
    units, price = (pc.cast(orders[name], pa.float64()) for name in ("quantity", "unit_price"))
    customer = pc.cast(pc.utf8_slice_codeunits(orders["customer_id"], 1), pa.int64())
    amount = pc.multiply(units, price)
    # Both sides read customer_id and order_date; of the money, each the type it keeps: floats there, decimals here.
    log = {
        "customer": customer,
        "customer_id": orders["customer_id"],
        "order_date": pc.cast(orders["order_date"], pa.timestamp("us")),
        "amount": amount,
        "contribution": arrow.money(np.rint(amount.to_numpy() * baskets.UNIT).astype(np.int64)),
    }
    table = pa.table(log)
    pa.parquet.write_table(table, SHOP / "orders.parquet")
    pa.parquet.write_table(table.filter(pc.less_equal(table["customer"], FEW)), SHOP / "few_orders.parquet")
    who, day = customer.to_numpy() - 1, orders["order_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    histories = pa.table(_condensed(who, day, last=day.max(), customers=CUSTOMERS))
    pa.parquet.write_table(histories, SHOP / "history.parquet")
    pa.parquet.write_table(histories.slice(0, FEW), SHOP / "few_history.parquet")
    (SHOP / ".ready").touch()


def _crowd() -> None:
    """Simulate the purchase days of 10M customers part by part, and keep their histories only."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet

    from keepwell.simulate import people, purchases, world

    pareto = world("pareto")
    CROWD.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([(name, pa.int64()) for name in ("repeats", "recency", "age")])
    with pa.parquet.ParquetWriter(CROWD / "history.parquet", schema) as writer:
        for part, rng in enumerate(np.random.default_rng(10).spawn(PARTS)):
            who = people.drawn(pareto, customers=PART, rng=rng)
            gets = purchases.mailed(pareto, customers=PART, rng=rng)
            bought = purchases.made(pareto, who, gets=gets, rng=rng)
            seen = bought.day < pareto.days
            columns = _condensed(bought.owner[seen], bought.day[seen], last=pareto.days - 1, customers=PART)
            histories = pa.table(columns, schema=schema)
            writer.write_table(histories)
            if part == 0:
                pa.parquet.write_table(histories.slice(0, FEW), CROWD / "few_history.parquet")
    (CROWD / ".ready").touch()


def _condensed(who: Any, day: Any, *, last: int, customers: int) -> dict[str, Any]:
    """Return repeats, recency and age from who bought on which day; nobody bought twice a day."""
    import numpy as np

    first, latest = np.full(customers, last), np.zeros(customers, np.int64)
    np.minimum.at(first, who, day)
    np.maximum.at(latest, who, day)
    repeats = np.bincount(who, minlength=customers) - 1
    return {"repeats": repeats, "recency": latest - first, "age": last - first}


if __name__ == "__main__":
    {"shop": _make, "crowd": _crowd}[sys.argv[1] if len(sys.argv) > 1 else "shop"]()
    print("{}")
