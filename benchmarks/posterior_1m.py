"""The posterior of Pareto/NBD and Gamma-Gamma, and predictive intervals of 12 months of contribution, 1M customers."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks import data, rounds
from benchmarks.measure import child, median, result

NAME = "posterior_1m"
ROUNDS = 3
PEER = "pymc-marketing 0.19.2 (recorded, 100,000 customers)"
PEER_S, PEER_MB = 453.0, 10_700.0  # to sample both models; scoring was cut off after 600 s in all, at this memory


def run() -> tuple[dict[str, Any], list[str]]:
    """Measure ours; the peer's figures are those recorded at a tenth of the customers, by NUTS on the same cores."""
    path = _history()
    times = [child(rounds.OWN, "posterior_step", str(path)) for _ in range(ROUNDS)]
    ours = median(times)
    line = result(NAME, data.CUSTOMERS, ours)
    line |= {"peer": PEER, "peer_s": PEER_S, "peer_mb": PEER_MB, "ratio": round(PEER_S / ours["s"], 2)}
    doubts = {**ours["sd"], **ours["spend_sd"]}
    notes = [
        "seconds: " + ", ".join(f"{name} {value:.1f}" for name, value in ours["parts"].items()),
        f"{ours['method']}: k {ours['k']:.2f}, worth {ours['ess']:.0f} draws; {ours['words']}",
        "relative sd of the parameters: " + ", ".join(f"{name} {value:.2%}" for name, value in doubts.items()),
        "the peer's figures are recorded ones of 453 s to sample 100,000 customers (BG/NBD 170 s, Gamma-Gamma 283 s); "
        "its scoring of them was stopped at 600 s and 10.7 GB",
    ]
    return line, notes


def _history() -> Any:
    """Return the table `history` of the shop as a file, made once from its orders; the first customers beside it."""
    shop = data.shop()
    target = shop / "worth.parquet"
    if not target.exists():
        orders = pq.read_table(shop / "orders.parquet", columns=["customer", "order_date", "amount"])
        table = _condensed(orders)
        pq.write_table(table.slice(0, data.FEW), shop / "few_worth.parquet")
        pq.write_table(table, target)
    return target


def _condensed(orders: pa.Table) -> pa.Table:
    """Condense orders, one a customer and day, to the columns that values are made from."""
    last = pc.max(orders["order_date"])
    day = pa.table({"customer": orders["customer"], "day": orders["order_date"], "amount": orders["amount"]})
    first = day.sort_by([("customer", "ascending"), ("day", "ascending")])
    each = first.append_column("square", pc.multiply(first["amount"], first["amount"]))
    found = each.group_by("customer", use_threads=False).aggregate(
        [("day", "min"), ("day", "max"), ("day", "count"), ("amount", "first"), ("amount", "sum"), ("square", "sum")]
    )
    number = pc.cast(found["customer"], pa.string())
    repeat = pc.subtract(found["amount_sum"], found["amount_first"])
    squares = pc.subtract(found["square_sum"], pc.multiply(found["amount_first"], found["amount_first"]))
    return pa.table(
        {
            "customer_id": number,
            "repeats": pc.subtract(found["day_count"], 1),
            "recency": pc.days_between(found["day_min"], found["day_max"]),
            "age": pc.days_between(found["day_min"], last),
            "first_contribution": found["amount_first"],
            "repeat_sum": repeat,
            "repeat_sum_squares": pc.max_element_wise(squares, 0.0),
        }
    )


if __name__ == "__main__":
    print(_history())
