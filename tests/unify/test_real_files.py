"""The real files, against the figures that are known of them."""

import csv
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from ibis import _

from keepwell.engine import collected
from keepwell.settings import Reading, Settings
from keepwell.unify import described, run
from keepwell.unify.reading import read_file

ARRIVED = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def read(shared_data, tmp_path):
    """Read real files by their path below the shared folder."""

    def go(*names):
        how = {"reading": Reading(), "into": tmp_path, "source": "main", "arrived": ARRIVED}
        return [read_file(shared_data / name, **how) for name in names]

    return go


def totals(engine, table):
    return collected(
        engine,
        table.aggregate(
            lines=_.count(),
            customers=_.customer_id.nunique(where=_.customer_id != "unknown"),
            nobody=(_.customer_id == "unknown").sum().cast("int64"),
            orders=_.order_id.nunique(),
            gross=_.gross.sum(),
            money=_.money.sum(),
            cost=_.product_cost.sum(),
            first=_.order_date.min(),
            last=_.order_date.max(),
        ),
    ).to_pylist()[0]


def test_cdnow_is_whole(duckdb, read):
    tables = run(read("cdnow/CDNOW_master.txt"), Settings(), duckdb)
    found = totals(duckdb, tables["order_lines"])
    assert (found["lines"], found["customers"], found["money"]) == (69659, 23570, Decimal("2500315.63"))
    assert (found["first"], found["last"]) == (date(1997, 1, 1), date(1998, 6, 30))


def test_cdnow_without_a_header_is_whole(duckdb, read):
    found = totals(duckdb, run(read("cdnow/CDNOW_sample.txt"), Settings(), duckdb)["order_lines"])
    assert (found["lines"], found["customers"]) == (6919, 2357)


@pytest.mark.slow
def test_online_retail_is_accounted_for_to_the_last_line(duckdb, read):
    tables = run(read("online_retail/online_retail.csv.gz"), Settings(), duckdb)
    (file,) = collected(duckdb, tables["files"]).to_pylist()
    assert file["facts"] + file["quarantined"] + file["duplicates"] == file["rows"] == 541909
    assert file["money_in"] == Decimal("9747747.934")
    found = totals(duckdb, tables["order_lines"])
    assert (found["nobody"], found["customers"], found["orders"]) == (135080, 4372, 25900)
    back = tables["order_lines"].filter(_.order_id.startswith("C"))
    assert collected(duckdb, back.aggregate(n=_.count(), gross=_.gross.sum())).to_pylist() == [{"n": 9288, "gross": 0}]


ADVENTURE = [f"adventureworks/AdventureWorks_{n}.csv" for n in ("Sales_2015", "Sales_2016", "Sales_2017", "Products")]


def test_adventureworks_earns_what_is_known_to_the_cent(duckdb, read):
    files = read(*ADVENTURE, "adventureworks/AdventureWorks_Customers.csv")
    tables = run(files, Settings(), duckdb)
    found = totals(duckdb, tables["order_lines"])
    assert (found["lines"], found["customers"]) == (56046, 17416)
    assert found["gross"].quantize(Decimal("0.01")) == Decimal("24914586.82")
    assert (found["gross"] - found["cost"]).quantize(Decimal("0.01")) == Decimal("10457715.43")
    people = tables["customers"].aggregate(n=_.count(), named=_.email.notnull().sum().cast("int64"))
    assert collected(duckdb, people).to_pylist() == [{"n": 18148, "named": 18148}]
    born = collected(duckdb, tables["people"].filter(_.email == "jon24@adventure-works.com")).to_pylist()
    assert [row["born"] for row in born] == [date(1966, 4, 8)]
    notes = collected(duckdb, tables["files"].filter(_.name == "AdventureWorks_Sales_2015.csv")).to_pylist()[0]["notes"]
    assert any("day/month/year" in note for note in json.loads(notes))


def test_adventureworks_takes_back_what_came_back_to_the_cent(duckdb, read, shared_data):
    tables = run(read(*ADVENTURE, "adventureworks/AdventureWorks_Returns.csv"), Settings(), duckdb)
    back = collected(duckdb, tables["order_lines"].filter(_.refund > 0)).to_pylist()
    folder = shared_data / "adventureworks"
    goods = {r["ProductKey"]: r for r in read_by_hand(folder / "AdventureWorks_Products.csv")}
    returned = read_by_hand(folder / "AdventureWorks_Returns.csv")
    for column, ours in (("ProductPrice", "refund"), ("ProductCost", "product_cost")):
        by_hand = sum(int(r["ReturnQuantity"]) * Decimal(goods[r["ProductKey"]][column]) for r in returned)
        assert abs(sum(row[ours] for row in back)) == by_hand.quantize(Decimal("0.0001"))
    assert (len(back), {row["customer_id"] for row in back}) == (1809, {"unknown"})
    assert totals(duckdb, tables["order_lines"])["lines"] == 56046 + 1809


def read_by_hand(path):
    """Return a CSV file's rows by Python's own reader."""
    with path.open(encoding="cp1252", newline="") as text:
        return list(csv.DictReader(text))


@pytest.mark.spark
def test_adventureworks_is_the_same_on_spark(duckdb, spark, read):
    files = read(*ADVENTURE)
    here, there = (run(files, Settings(), engine)["order_lines"] for engine in (duckdb, spark))
    columns = [c for c in here.columns if c not in ("description", "country", "channel")]
    rows = [
        collected(e, t.select(columns).order_by("file", "line").limit(5000))
        for e, t in ((duckdb, here), (spark, there))
    ]
    assert rows[0].to_pylist() == rows[1].to_pylist()
    assert totals(duckdb, here) == totals(spark, there)


def test_a_description_says_how_a_file_would_be_read(duckdb, read):
    (sales, products) = described(read(ADVENTURE[0], ADVENTURE[3]), Settings(), duckdb)
    assert (sales.format, sales.role, sales.rows, sales.usable, sales.problems) == ("generic", "sales", 2630, 2630, ())
    assert dict(sales.mapping)["date"] == "OrderDate"
    assert "StockDate" in sales.unused
    assert sales.sample[0]["order_date"] == date(2015, 1, 1)
    assert Decimal(sales.money) == Decimal("6404933.5803")
    assert products.role == "products"
    (alone,) = described(read(ADVENTURE[0]), Settings(), duckdb)
    assert alone.usable == 0
    assert sum(problem.rows for problem in alone.problems) == 2630
    assert alone.problems[0].reason == "no price for the product"
