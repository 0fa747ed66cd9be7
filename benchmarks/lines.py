"""A CSV of 1 GB and 15M rows, with a few lines of every kind of damage: `python -m benchmarks.lines`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.data import HERE
from benchmarks.measure import child

FOLDER = HERE / "lines_15m"
HEADER = "order_id,customer_id,order_date,product_id,description,quantity,unit_price\n"
ROWS, PART, FEW = 15_000_000, 500_000, 2_000
# After each part: what it is, its text, and how many rows and how many bad rows that makes.
DAMAGE = (
    ("a field too few", b"1,C1,2023-01-01 10:00:00,P1,Mug,1\n", 0, 1),
    ("a field too many", b"2,C1,2023-01-01 10:00:00,P1,Mug, red,1,5.00\n", 0, 1),
    ("a zero byte", b"3,C1,2023-01-01 10:00:00,P1,M\0g,1,5.00\n", 0, 1),
    ("bytes that are no text", b"4,C1,2023-01-01 10:00:00,P1,M\xffg,1,5.00\n", 0, 1),
    ("text after a quote", b'5,C1,2023-01-01 10:00:00,P1,"Mug" red,1,5.00\n', 0, 1),
    ("a line break in quotes", b'6,C1,2023-01-01 10:00:00,P1,"Mug,\nred",0,5.00\n', 1, 0),
    ("a blank line", b"\n", 0, 0),
    ("nothing but delimiters", b",,,,,,\n", 0, 0),
    ("no number", b"7,C1,2023-01-01 10:00:00,P1,Mug,1,five\n", 1, 0),
    ("no such day", b"8,C1,2023-02-30 10:00:00,P1,Mug,1,5.00\n", 1, 0),
)
UNUSABLE = 2  # of those that are rows, in each part, go to quarantine by their values
DATED = 500  # cents of the row whose day cannot be read, though its money can


def text() -> tuple[Path, dict[str, int]]:
    """Return the file and what is in it: rows, bad, unusable, cents (money that can be read) and lines."""
    if not (FOLDER / "held.json").exists():
        print("writing 15,000,000 lines", file=sys.stderr)
        child(Path(sys.executable), "lines")
    held: dict[str, int] = json.loads((FOLDER / "held.json").read_text(encoding="utf-8"))
    return FOLDER / "orders.csv", held


def _make() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    _written(FOLDER / "few_orders.csv", rows=FEW, part=FEW)
    held = _written(FOLDER / "orders.csv", rows=ROWS, part=PART)
    (FOLDER / "held.json").write_text(json.dumps(held) + "\n", encoding="utf-8")


def _written(path: Path, *, rows: int, part: int) -> dict[str, int]:
    import pyarrow.csv

    parts = rows // part
    cents = 0
    with path.open("wb") as file:
        file.write(HEADER.encode())
        options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
        for begin in range(0, rows, part):
            table, money = _part(begin, part)
            pyarrow.csv.write_csv(table, file, options)
            file.write(b"".join(line for _what, line, _rows, _bad in DAMAGE))
            cents += money + DATED
    made, bad = (parts * sum(one[place] for one in DAMAGE) for place in (2, 3))
    lines = 1 + rows + parts * sum(line.count(b"\n") for _what, line, _rows, _bad in DAMAGE)
    return {"rows": rows + made, "bad": bad, "unusable": parts * UNUSABLE, "cents": cents, "lines": lines}


def _part(begin: int, rows: int) -> tuple[Any, int]:
    """Return some orders and their money in cents: which customer, day, product and price follows from the number."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    n = np.arange(begin, begin + rows, dtype=np.int64)
    product, units, price = n * 7919 % 5_000, n % 3 + 1, 100 + n * 104_729 % 9_900
    moment = pa.array((np.datetime64("2021-01-01", "s") + n * 8).astype("datetime64[s]"))
    words = pa.array(["mug, blue", "tea", "jug", "café crème", "plate"]).take(pa.array(product % 5))
    customer, code, whole = (_words(numbers) for numbers in (n * 15_485_863 % 1_000_000, product, price // 100))
    cents = pc.utf8_lpad(_words(price % 100), 2, "0")
    columns = {
        "order_id": pa.array(n),
        "customer_id": pc.binary_join_element_wise("C", customer, ""),
        "order_date": pc.strftime(moment, "%Y-%m-%d %H:%M:%S"),
        "product_id": pc.binary_join_element_wise("P", code, ""),
        "description": words,
        "quantity": pa.array(units),
        "unit_price": pc.binary_join_element_wise(whole, cents, "."),
    }
    return pa.table(columns), int((units * price).sum())


def _words(numbers: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.cast(pa.array(numbers), "string")


if __name__ == "__main__":
    _make()
    print("{}")
