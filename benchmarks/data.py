"""The shop that speed is measured on, simulated once: `python -m benchmarks.data`."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measure import child

HERE = Path(__file__).resolve().parent / "data"
SHOP = HERE / "pareto_1m"
CUSTOMERS, FEW = 1_000_000, 2_000


def shop() -> Path:
    """Return the folder of the simulated shop: orders.csv, products.csv, orders.parquet and history.parquet.

    few_orders.parquet and few_history.parquet hold the first 2,000 customers, to warm up on.
    """
    if not (SHOP / ".ready").exists():
        print("simulating 1,000,000 customers", file=sys.stderr)
        child(Path(sys.executable), "data")
    return SHOP


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
    first, last = np.full(CUSTOMERS, day.max()), np.zeros(CUSTOMERS, np.int64)
    np.minimum.at(first, who, day)
    np.maximum.at(last, who, day)
    repeats = np.bincount(who, minlength=CUSTOMERS) - 1  # the simulation has one order a customer and day
    columns = {"repeats": repeats, "recency": last - first, "age": day.max() - first}
    pa.parquet.write_table(pa.table(columns), SHOP / "history.parquet")
    pa.parquet.write_table(pa.table(columns).slice(0, FEW), SHOP / "few_history.parquet")
    (SHOP / ".ready").touch()


if __name__ == "__main__":
    _make()
    print("{}")
