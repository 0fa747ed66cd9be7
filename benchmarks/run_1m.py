"""`keepwell run orders.csv products.csv` on 1M simulated customers, from the shell."""

from typing import Any

from benchmarks import data, whole
from benchmarks.measure import median, result

NAME = "run_1m"


def run() -> tuple[dict[str, Any], list[str]]:
    """Measure three runs."""
    shop = data.shop()
    files = (shop / "orders.csv", shop / "products.csv")
    ours = median([whole.ran(*files) for _ in range(3)])
    return result(NAME, data.CUSTOMERS, ours), [whole.stages(ours["answer"])]
