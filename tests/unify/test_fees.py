"""Fees of payouts on the orders they were taken from."""

from decimal import Decimal

import pyarrow as pa

from keepwell.engine import collected
from keepwell.tables import CONTRACTS
from keepwell.unify.fees import adrift, charged

ORDERS = """
order_id,customer,date,product,amount,fee
1,ann,2024-01-01,pot,10,
1,ann,2024-01-01,cup,5,
2,bob,2024-01-02,pot,10,0.50
"""
PAYOUTS = """
Transaction Date,Type,Order,Payout ID,Amount,Fee,Net
2024-01-02,charge,1,7,15,0.61,14.39
2024-01-03,refund,1,7,-5,0.10,-5.10
2024-01-03,charge,2,7,10,0.90,9.10
2024-01-03,charge,404,7,10,0.33,9.67
2024-01-03,adjustment,,7,-2,0.05,-2.05
"""


def test_fees_stand_on_the_first_line_unless_the_order_tells_its_own(engine, raw_file, ran):
    tables = ran(engine, raw_file(ORDERS), raw_file(PAYOUTS, name="payouts.csv"))
    fees = [(row["order_id"], row["product_id"], row["payment_fee"]) for row in tables["order_lines"]]
    assert fees == [("1", "pot", Decimal("0.71")), ("1", "cup", None), ("2", "pot", Decimal("0.5"))]
    assert len(tables["payouts"]) == 5


def table(engine, name, rows):
    there = CONTRACTS[name].schema.to_pyarrow()
    schema = pa.schema([there.field(column).with_nullable(True) for column in there.names])
    full = [dict.fromkeys(schema.names) | row for row in rows]
    return engine.table(pa.Table.from_pylist(full, schema=schema).to_batches(), schema)


def test_fees_that_no_order_bears_are_told_apart(duckdb):
    lines = table(duckdb, "order_lines", [{"file": "f", "line": 2, "order_id": "1"}])
    payouts = table(
        duckdb,
        "payouts",
        [{"file": "p", "line": n, "order_id": o, "fee": Decimal(n)} for n, o in enumerate(["1", "404", None, "1"], 1)],
    )
    assert sorted(row["line"] for row in collected(duckdb, adrift(lines, payouts)).to_pylist()) == [2, 3]
    (line,) = collected(duckdb, charged(lines, payouts)).to_pylist()
    assert line["payment_fee"] == 5
