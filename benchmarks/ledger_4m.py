"""The ledger of 4.4M orders (10M lines) with activity costs, contacts and spend, from Parquet facts."""

import json
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.measure import child, median, peak, result

NAME = "ledger_4m"
ORDERS, LINES, CUSTOMERS, TOUCHES = 4_400_000, 10_000_000, 800_000, 500_000
_FACTS = {
    "order_lines": """
      SELECT 'f' AS file, n + 2 AS line, 's' AS source, 'A' || (100000 + n * {orders} // {lines}) AS order_id,
        'c' || substr(md5(((n * {orders} // {lines}) * 7919 % {customers})::VARCHAR), 1, 15) AS customer_id,
        ordered_at + INTERVAL 12 HOUR AS ordered_at, ordered_at::DATE AS order_date,
        lpad((n * 31 % 2000)::VARCHAR, 5, '0') AS product_id, 'THING ' || (n * 31 % 2000) AS description,
        (CASE WHEN back THEN -1 ELSE 1 + n % 3 END)::DECIMAL(18,4) AS quantity,
        (CASE WHEN back THEN 0 ELSE amount END)::DECIMAL(18,4) AS gross,
        (CASE WHEN back OR n % 9 > 0 THEN 0 ELSE amount / 10 END)::DECIMAL(18,4) AS discount,
        (CASE WHEN n % 5 = 0 AND NOT back THEN 3.95 ELSE 0 END)::DECIMAL(18,4) AS shipping,
        0::DECIMAL(18,4) AS tax, 0::DECIMAL(18,4) AS other,
        (CASE WHEN back THEN amount ELSE 0 END)::DECIMAL(18,4) AS refund,
        (CASE WHEN back THEN -amount ELSE amount END * 0.6)::DECIMAL(18,4) AS product_cost,
        NULL::DECIMAL(18,4) AS payment_fee, 'EUR' AS currency, 1::DECIMAL(18,8) AS rate,
        NULL::DECIMAL(18,4) AS source_money,
        'ok' AS status, false AS refund_date_assumed, CASE n % 4 WHEN 0 THEN 'AT' ELSE 'DE' END AS country,
        NULL::VARCHAR AS channel, (n % 50 / 10)::DECIMAL(18,4) AS weight, n % 20 = 0 AS rush,
        gross - discount + shipping - refund AS money
      FROM (SELECT range AS n, range % 12 = 11 AS back, (5 + hash(range) % 9000 / 100.0)::DECIMAL(18,2) AS amount,
        DATE '2022-01-01' + ((range * {orders} // {lines}) * 104729 % 1090
          + CASE WHEN range % 12 = 11 THEN 3 ELSE 0 END)::INTEGER AS ordered_at FROM range({lines}))""",
    "touches": """
      SELECT 't' AS file, range + 2 AS line,
        'c' || substr(md5((range * 13 % {customers})::VARCHAR), 1, 15) AS customer_id,
        (DATE '2022-01-01' + (range * 7 % 1090)::INTEGER)::TIMESTAMP AS at,
        DATE '2022-01-01' + (range * 7 % 1090)::INTEGER AS date,
        CASE range % 3 WHEN 0 THEN 'ticket' ELSE 'mail' END AS kind, NULL::VARCHAR AS channel,
        CASE range % 3 WHEN 1 THEN 'spring' END AS campaign,
        CASE WHEN range % 2 = 0 THEN 'A' || (100000 + range * 8) END AS order_id,
        CASE WHEN range % 6 = 0 THEN 7.5 END::DECIMAL(18,4) AS minutes, NULL::DECIMAL(18,4) AS cost
      FROM range({touches})""",
    "spend": """
      SELECT 's' AS file, range + 2 AS line, DATE '2022-01-01' + range::INTEGER AS date,
        ['ads', 'fair'][range % 2 + 1] AS channel,
        CASE WHEN range % 10 = 0 THEN 'spring' END AS campaign, 250.01::DECIMAL(18,4) AS amount FROM range(1000)""",
    "customers": """
      SELECT 'c' || substr(md5(range::VARCHAR), 1, 15) AS customer_id, ['ads', 'fair', 'shop'][range % 3 + 1] AS channel
      FROM range({customers})""",
}
_COSTS = {
    "resources": [
        {"name": "warehouse", "cost": "180000", "minutes": 400_000},
        {"name": "office", "cost": "90000", "minutes": 150_000},
    ],
    "activities": [
        {"name": "pack", "resource": "warehouse", "minutes": "1.5 + 0.2 * weight + (2 if rush else 0)"},
        {"name": "pick", "resource": "warehouse", "per": "line", "minutes": "0.4 + 0.1 * units"},
        {"name": "unpack", "resource": "warehouse", "per": "return", "minutes": 4, "ledger": "returns_handling"},
        {"name": "open account", "resource": "office", "per": "first order", "minutes": 3, "ledger": "service"},
        {"name": "answer", "resource": "office", "per": "touch ticket", "minutes": 9, "ledger": "service"},
    ],
    "touches": {"mail": "0.8"},
    "fulfilment_per_order": "2.2",
    "return_per_order": "1.5",
}


def run() -> tuple[dict[str, Any], list[str]]:
    """Measure three times, each in a process of its own; the facts are made once."""
    with tempfile.TemporaryDirectory() as folder:
        child(Path(sys.executable), NAME, "make", folder)
        rounds = [child(Path(sys.executable), NAME, "book", folder) for _ in range(3)]
    ours = median(rounds)
    return result(NAME, ORDERS, ours), [
        f"{ours['orders']:,} orders of {LINES:,} lines, {ours['months']:,} customer-months, {TOUCHES:,} contacts; what "
        f"customers bear and what nobody bears is all cost: {ours['cost']}"
    ]


def _make(folder: Path) -> dict[str, Any]:
    """Write the facts by plain SQL, the same each time but for the amounts' hash, which is DuckDB's."""
    import duckdb

    con = duckdb.connect(config={"threads": 2})
    sizes = {"orders": ORDERS, "lines": LINES, "customers": CUSTOMERS, "touches": TOUCHES}
    for name, query in _FACTS.items():
        con.execute(f"COPY ({query.format(**sizes)}) TO '{folder / name}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    return {}


def _book(folder: Path) -> dict[str, Any]:
    """Run the stage, write its tables as a run does, and check the whole."""
    from keepwell import account
    from keepwell.engine import collected
    from keepwell.engine.duck import DuckEngine
    from keepwell.loop.assigned import assigned
    from keepwell.settings import from_dict

    settings = from_dict({"costs": _COSTS, "as_of": date(2024, 12, 31)})
    engine = DuckEngine(memory="4GB", threads=2)
    facts = {name: engine.read(folder / f"{name}.parquet") for name in _FACTS}
    began = time.monotonic()
    tables = account.run(facts, settings, engine)
    for name in ("order_contribution", "ledger", "costs", "unassigned"):
        engine.write(tables[name], engine.path())
    seconds, most = time.monotonic() - began, peak()
    borne = assigned({**facts, **tables}, settings.costs, engine, as_of=date(2024, 12, 31))
    counts = {"orders": tables["order_contribution"].count(), "months": tables["ledger"].count()}
    found = {name: collected(engine, n.as_table()).column(0)[0].as_py() for name, n in counts.items()}
    engine.close()
    return {**found, "s": seconds, "mb": most, "cost": f"{borne.customers + borne.unassigned:,.2f}"}


if __name__ == "__main__":
    print(json.dumps({"make": _make, "book": _book}[sys.argv[1]](Path(sys.argv[2]))))
