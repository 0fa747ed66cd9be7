"""Files of touches, feedback, events, spend, payouts and deals: typed, counted, and joined to their customers."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from keepwell.engine import collected
from keepwell.settings import Settings
from keepwell.tables import CONTRACTS, offences
from keepwell.unify import run

SALES = "order_id,customer_id,email,date,amount\n1,ann,ann@x.org,2024-01-05,10.00\n2,bob,,2024-02-01,5.00\n"
TOUCHES = """ticket id,email,created at,type,minutes,cost,order_id
t1,ANN@x.org,2024-01-07 10:00,Ticket,12.5,,1
t2,new@x.org,2024-01-08,call,3,0.20,
t3,,2024-01-09,call,-1,,
t4,ann@x.org,soon,call,1,,
"""
FEEDBACK = "customer_id,survey date,NPS,comment\nann,2024-02-01,9,fine\nbob,2024-02-02,,\nbob,2024-02-03,,slow\n"
EVENTS = "email,timestamp,event,product_id,value\nann@x.org,2024-01-04 09:00,view,p1,9.50\n,2024-01-04 09:01,cart,p1,\n"
SPEND = "month,channel,campaign,spend\n2024-01,search,,100.00\n2024-02,search,spring,n/a\n"
PAYOUTS = (
    "payout date,order,type,amount,fee,net\n2024-01-06,1,Charge,10.00,0.59,9.41\n2024-01-09,,Adjustment,,0.10,-1.10\n"
)
DEALS = """deal id,deal name,stage,amount,close date,company name
d1,Big one,Closed Won,1000.00,2024-03-01,Acme
d2,Small one,Negotiation,50.00,,Acme
d1,Big one,Closed Lost,1000.00,2024-03-02,Acme
"""


@pytest.fixture(scope="module")
def told(duckdb, file_in, ran, tmp_path_factory):
    """All kinds of files in one run."""
    folder = tmp_path_factory.mktemp("facts")
    files = {
        "touches": TOUCHES,
        "feedback": FEEDBACK,
        "events": EVENTS,
        "spend": SPEND,
        "payouts": PAYOUTS,
        "deals": DEALS,
    }
    later = {"arrived": datetime(2026, 11, 22, 13, tzinfo=UTC)}
    return ran(
        duckdb,
        file_in(folder, SALES),
        *(file_in(folder, text, name=f"{n}.csv", **later) for n, text in files.items()),
        identity={"match": True},
    )


def test_every_row_of_every_kind_is_in_one_place(told):
    for file in told["files"]:
        rows = file["facts"] + file["quarantined"] + file["duplicates"]
        assert file["rows"] == rows, file["name"]
        stem = file["name"].removesuffix(".csv")
        if stem in told:
            assert file["facts"] == len(told[stem]), file["name"]
            assert file["quarantined"] == sum(row["file"] == file["file"] for row in told["quarantine"])
    reasons = {(row["line"], row["reason"]) for row in told["quarantine"]}
    assert (4, "minutes below 0") in reasons
    assert (3, "neither a score nor words") in reasons
    assert (3, "no amount") in reasons
    assert len(told["quarantine"]) == 4


def test_rows_belong_to_the_customers_that_the_sales_know(told):
    ann = next(row for row in told["customers"] if row["email"] == "ann@x.org")
    new = next(row for row in told["customers"] if row["email"] == "new@x.org")
    assert [row["customer_id"] for row in told["touches"]] == [ann["customer_id"], new["customer_id"]]
    assert told["feedback"][0]["customer_id"] == told["order_lines"][0]["customer_id"] == ann["customer_id"]
    assert [row["customer_id"] for row in told["events"]] == [ann["customer_id"], "unknown"]
    assert ann["people"] == 3  # number and e-mail; the e-mail alone; the number alone
    assert new["first_seen"] == date(2024, 1, 8)


def test_a_touch_has_its_kind_minutes_and_cost(told):
    ticket, call = told["touches"]
    assert (ticket["kind"], ticket["minutes"], ticket["cost"], ticket["order_id"]) == (
        "ticket",
        Decimal("12.5"),
        None,
        "1",
    )
    assert (call["kind"], call["at"], call["cost"]) == ("call", datetime(2024, 1, 8), Decimal("0.20"))


def test_the_name_of_the_column_says_what_a_score_is(told):
    assert [(row["kind"], row["score"], row["text"]) for row in told["feedback"]] == [
        ("nps", 9, "fine"),
        ("nps", None, "slow"),
    ]


def test_spend_of_a_month_stands_on_its_first_day(told):
    assert [(row["date"], row["channel"], row["amount"]) for row in told["spend"]] == [
        (date(2024, 1, 1), "search", Decimal("100.00"))
    ]


def test_a_payout_without_an_amount_is_its_net_and_its_fee(told):
    assert [(row["kind"], row["order_id"], row["amount"], row["fee"]) for row in told["payouts"]] == [
        ("charge", "1", Decimal("10.00"), Decimal("0.59")),
        ("adjustment", None, Decimal("-1.00"), Decimal("0.10")),
    ]


def test_a_deal_counts_as_its_last_row_says(told):
    assert {row["deal_id"]: (row["stage"], row["won"], row["closed"]) for row in told["deals"]} == {
        "d1": ("Closed Lost", False, date(2024, 3, 2)),
        "d2": ("Negotiation", False, None),
    }
    assert len({row["customer_id"] for row in told["deals"]}) == 1


def test_their_money_is_no_sale(told):
    assert sum(file["money_in"] for file in told["files"]) == Decimal("15.00")


def test_all_tables_keep_their_contracts(duckdb, raw_file):
    texts = {"touches": TOUCHES, "events": EVENTS, "deals": DEALS, "payouts": PAYOUTS, "spend": SPEND}
    tables = run([raw_file(SALES), *(raw_file(t, name=f"{n}.csv") for n, t in texts.items())], Settings(), duckdb)
    for name, table in tables.items():
        assert table.schema().names == CONTRACTS[name].schema.names
        broken = collected(duckdb, offences(name, table)).to_pylist()[0]
        assert not any(n for rule, n in broken.items() if rule != "rows"), (name, broken)


def test_the_same_rows_in_two_exports_count_once(duckdb, raw_file, ran):
    more = TOUCHES.replace("t3,,2024-01-09,call,-1,,", "t5,ann@x.org,2024-01-10,call,4,,")
    tables = ran(duckdb, raw_file(SALES), raw_file(TOUCHES, name="a.csv"), raw_file(more, name="b.csv"))
    assert len(tables["touches"]) == 3
    assert len(tables["duplicates"]) == 2


@pytest.mark.spark
def test_spark_gives_the_same_facts(duckdb, spark, raw_file, ran):
    touches = "customer_id,date,type,minutes,cost\nann,2024-01-07,call,3.5,0.20\nzoe,2024-01-08,mail,,-1\n"
    files = [raw_file(SALES.replace("email", "note")), raw_file(touches, name="touches.csv")]
    files += [raw_file(text, name=name) for name, text in (("f.csv", FEEDBACK), ("p.csv", PAYOUTS), ("s.csv", SPEND))]
    here, there = (ran(engine, *files) for engine in (duckdb, spark))
    for name in ("touches", "feedback", "spend", "payouts", "people", "customers", "quarantine"):
        assert here[name] == there[name], name
