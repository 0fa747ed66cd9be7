"""Small order lines written by hand, and the lines of Online Retail in the same shape."""

from datetime import date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest

from keepwell import account
from keepwell.settings import Settings
from keepwell.tables import CONTRACTS, checked

DEFAULTS = {
    "file": "f",
    "source": "shop",
    "order_id": "o1",
    "customer_id": "ann",
    "product_id": "11111",
    "description": "TEAPOT",
    "quantity": 1,
    "gross": 0,
    "discount": 0,
    "shipping": 0,
    "tax": 0,
    "other": 0,
    "refund": 0,
    "product_cost": None,
    "payment_fee": None,
    "currency": "GBP",
    "rate": Decimal(1),
    "status": "ok",
    "refund_date_assumed": False,
    "country": None,
    "channel": None,
}
SCHEMA = CONTRACTS["order_lines"].schema.to_pyarrow()


def full_line(number, given):
    """Fill a line's columns; `day` is its date, ISO."""
    line = {**DEFAULTS, "line": number, **{k: v for k, v in given.items() if k != "day"}}
    day = date.fromisoformat(given.get("day", "2024-01-10"))
    line["order_date"] = day
    line.setdefault("ordered_at", datetime.combine(day, time(12)))
    amounts = {k: Decimal(str(line[k])) for k in ("gross", "discount", "shipping", "tax", "other", "refund")}
    sign = {"discount": -1, "refund": -1}
    line["money"] = sum((sign.get(k, 1) * v for k, v in amounts.items()), Decimal(0))
    line["source_money"] = line["money"]
    for name in (*amounts, "quantity", "product_cost", "payment_fee"):
        line[name] = None if line[name] is None else Decimal(str(line[name]))
    return line


@pytest.fixture
def order_lines():
    """Return a function that makes the table `order_lines` from a few columns a line."""

    def made(engine, *given):
        rows = [full_line(number, line) for number, line in enumerate(given, start=2)]
        batch = pa.RecordBatch.from_pylist(rows, schema=SCHEMA)
        return checked("order_lines", engine.table([batch], SCHEMA))

    return made


@pytest.fixture(scope="session")
def retail_file(tmp_path_factory):
    """Return a function that writes Online Retail as `order_lines`, once, and gives the Parquet file's path."""
    import duckdb

    made = {}

    def path(shared):
        if "path" not in made:
            made["path"] = tmp_path_factory.mktemp("retail") / "order_lines.parquet"
            source = shared / "online_retail" / "online_retail.csv.gz"
            duckdb.connect().execute(f"COPY ({RETAIL.format(source=source)}) TO '{made['path']}' (FORMAT parquet)")
        return made["path"]

    return path


@pytest.fixture(scope="session")
def retail_books(duckdb, retail_file):
    """Return a function that books Online Retail, once, and gives the stage's tables."""
    made = {}

    def books(shared):
        if not made:
            facts = {"order_lines": duckdb.read(retail_file(shared))}
            made.update(account.run(facts, Settings(as_of=date(2011, 12, 9)), duckdb))
        return made

    return books


RETAIL = """
WITH read AS (
  SELECT row_number() OVER () + 1 AS line, *,
         strptime(InvoiceDate, ['%Y-%m-%d %H:%M:%S', '%m/%d/%Y %H:%M']) AS happened,
         CAST(CAST(Quantity AS INT) * CAST(UnitPrice AS DECIMAL(18,4)) AS DECIMAL(18,4)) AS amount
  FROM read_csv('{source}', all_varchar = true))
SELECT 'f' AS file, line, 'uci' AS source, InvoiceNo AS order_id, coalesce(CustomerID, 'unknown') AS customer_id,
  happened AS ordered_at, CAST(happened AS DATE) AS order_date, StockCode AS product_id, Description AS description,
  CAST(Quantity AS DECIMAL(18,4)) AS quantity, CAST(greatest(amount, 0) AS DECIMAL(18,4)) AS gross,
  CAST(0 AS DECIMAL(18,4)) AS discount, CAST(0 AS DECIMAL(18,4)) AS shipping, CAST(0 AS DECIMAL(18,4)) AS tax,
  CAST(0 AS DECIMAL(18,4)) AS other, CAST(greatest(-amount, 0) AS DECIMAL(18,4)) AS refund, amount AS money,
  CAST(NULL AS DECIMAL(18,4)) AS product_cost, CAST(NULL AS DECIMAL(18,4)) AS payment_fee, 'GBP' AS currency,
  CAST(1 AS DECIMAL(18,8)) AS rate, amount AS source_money,
  'ok' AS status, false AS refund_date_assumed, Country AS country, CAST(NULL AS VARCHAR) AS channel
FROM read
"""
