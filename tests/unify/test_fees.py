"""Fees of payouts on the orders they were taken from."""

from decimal import Decimal

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


def test_a_fee_taken_after_the_day_of_the_run_is_not_known_unless_no_day_was_asked_for(duckdb, raw_file, ran):
    files = raw_file(ORDERS), raw_file(PAYOUTS, name="payouts.csv")
    known = {
        day: ran(duckdb, *files, as_of=day)["order_lines"][0]["payment_fee"] for day in ("2024-01-02", "2024-01-03")
    }
    assert known == {"2024-01-02": Decimal("0.61"), "2024-01-03": Decimal("0.71")}
    late = raw_file(PAYOUTS.replace("2024-01-0", "2024-02-0"), name="payouts.csv")
    assert ran(duckdb, files[0], late)["order_lines"][0]["payment_fee"] == Decimal("0.71")
    assert ran(duckdb, files[0], late, as_of="2024-01-31")["order_lines"][0]["payment_fee"] is None
