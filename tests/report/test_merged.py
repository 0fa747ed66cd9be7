"""What merging changed, beside counts over the rows themselves."""

from collections import defaultdict

from keepwell.engine import collected
from keepwell.report.gather import identity


def counted(days):
    return len(days), sum(len(when) > 1 for when in days.values())


def test_customers_and_repeat_rate_are_those_of_plain_counts(engine, arrow, place):
    row = collected(engine, identity(place(engine, arrow))).to_pylist()[0]
    own = {r["record_id"]: r["own_id"] for r in arrow["people"].to_pylist()}
    bought = {(r["customer_id"], r["order_date"]) for r in arrow["order_contribution"].to_pylist() if r["purchase"]}
    after, before = defaultdict(set), defaultdict(set)
    for line in arrow["order_lines"].to_pylist():
        if line["customer_id"] != "unknown" and (line["customer_id"], line["order_date"]) in bought:
            after[line["customer_id"]].add(line["order_date"])
            before[own[line["record_id"]]].add(line["order_date"])
    assert (row["bought"], row["again"]) == counted(after)
    assert (row["bought_before"], row["again_before"]) == counted(before)
    assert row["bought_before"] > row["bought"]
    assert (row["customers"], row["alone"]) == (len(arrow["customers"]), len(set(own.values())))
    ledger = [r["contribution"] for r in arrow["ledger"].to_pylist() if r["customer_id"] != "unknown"]
    assert row["contribution"] == sum(ledger)
