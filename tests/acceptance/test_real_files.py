"""The whole loop on real files, against numbers that are known."""

from decimal import Decimal

import pyarrow.compute as pc
import pytest

import keepwell as kw

pytestmark = pytest.mark.slow


def answer(keepwell, *arguments):
    status, said, error = keepwell("run", *arguments, "--json")
    assert status == 0, said or error
    return said


def test_cdnow(keepwell, shared_data):
    said = answer(keepwell, shared_data / "cdnow/CDNOW_master.txt")
    assert said["customers"] == 23_570
    assert Decimal(said["revenue"]) == Decimal("2500315.63")
    assert said["rows"] == {"in": 69_659, "facts": 69_659, "quarantined": 0, "duplicates": 0}
    methods = {row["method"] for row in said["backtest"]["table"]}
    assert {"paretonbd", "bgnbd"} <= methods
    assert len(methods) >= 4
    equity = {name: float(said["equity"][name]) for name in ("lower", "expected", "upper")}
    assert equity["lower"] < equity["expected"] < equity["upper"]


def test_cdnow_sample_has_no_header(keepwell, shared_data, plain, tmp_path):
    plain(tmp_path / "CDNOW_sample.keepwell")
    said = answer(keepwell, shared_data / "cdnow/CDNOW_sample.txt")
    assert (said["customers"], said["rows"]["facts"]) == (2_357, 6_919)


def test_online_retail_accounts_for_every_line(keepwell, shared_data, plain, tmp_path):
    plain(tmp_path / "online_retail.keepwell")
    said = answer(keepwell, shared_data / "online_retail/online_retail.csv.gz")
    rows, money = said["rows"], {name: Decimal(value) for name, value in said["money"].items()}
    assert rows["in"] == 541_909 == rows["facts"] + rows["quarantined"] + rows["duplicates"]
    assert money["in"] == Decimal("9747747.934")
    assert money["in"] == money["ledger"] + money["quarantined"] + money["duplicates"]
    table = kw.open("online_retail.keepwell").table("order_lines")
    nobody = table.filter(pc.equal(table["customer_id"], "unknown"))
    assert nobody.num_rows == 135_080
    assert money["unknown_customer"] == pc.sum(nobody["money"]).as_py()
    values = kw.open("online_retail.keepwell").values()
    assert "unknown" not in set(values["customer_id"].to_pylist())


def test_adventureworks_with_its_products(keepwell, shared_data, plain, tmp_path):
    plain(tmp_path / "aw.keepwell")
    folder = shared_data / "adventureworks"
    files = [*sorted(folder.glob("AdventureWorks_Sales_*.csv")), folder / "AdventureWorks_Products.csv"]
    said = answer(keepwell, *files, folder / "AdventureWorks_Customers.csv", "--workspace", "aw.keepwell")
    assert Decimal(said["revenue"]).quantize(Decimal("0.01")) == Decimal("24914586.82")
    ledger = kw.open("aw.keepwell").ledger()
    profit = pc.sum(ledger["gross"]).as_py() - pc.sum(ledger["product_cost"]).as_py()
    assert profit.quantize(Decimal("0.01")) == Decimal("10457715.43")
    assert said["customers"] >= 17_416


def test_the_same_run_twice_gives_the_same_numbers(keepwell, shared_data, plain, tmp_path):
    plain(tmp_path / "CDNOW_sample.keepwell")
    file = shared_data / "cdnow/CDNOW_sample.txt"
    first, second = (answer(keepwell, file, "--contact-cost", "0.5") for _ in range(2))
    for name in ("rows", "money", "customers", "revenue", "contribution", "stop", "models"):
        assert first[name] == second[name], name
    assert float(first["equity"]["expected"]) == pytest.approx(float(second["equity"]["expected"]), rel=1e-9)
