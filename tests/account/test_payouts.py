"""Fees of payouts that no order bears stand in `unassigned`."""

from datetime import date
from decimal import Decimal

import pyarrow as pa

from keepwell import account
from keepwell.engine import collected
from keepwell.settings import Settings
from keepwell.tables import CONTRACTS

JUNE = date(2024, 6, 30)
PAYOUTS = (
    ("1", date(2024, 1, 5), "charge", "1"),
    ("404", date(2024, 1, 6), "charge", "2"),
    (None, date(2024, 2, 7), "adjustment", "3"),
    ("404", date(2024, 6, 30), "charge", "4"),
    ("404", date(2024, 7, 1), "charge", "5"),
)


def test_fees_of_no_order_are_shown_and_not_spread(duckdb, order_lines):
    names = ("order_id", "date", "kind", "fee")
    rows = [
        {"file": "p", "line": n, "amount": Decimal(9), **dict(zip(names, (*told, Decimal(fee)), strict=True))}
        for n, (*told, fee) in enumerate(PAYOUTS, start=2)
    ]
    schema = CONTRACTS["payouts"].schema.to_pyarrow()
    payouts = duckdb.table(pa.Table.from_pylist(rows, schema=schema).to_batches(), schema)
    lines = order_lines(duckdb, {"order_id": "1", "gross": 20, "payment_fee": 1})
    tables = account.run({"order_lines": lines, "payouts": payouts}, Settings(as_of=JUNE), duckdb)
    found = collected(duckdb, tables["unassigned"]).to_pylist()
    told = {(row["month"].month, row["ledger_line"], row["subject"]): row["amount"] for row in found}
    line = "payment_fees"
    assert told == {(1, line, "charge"): 2, (2, line, "adjustment"): 3, (6, line, "charge"): 4}
    assert sum(row["payment_fees"] for row in collected(duckdb, tables["ledger"]).to_pylist()) == 1
