"""What `keepwell.check` says of a file."""

from datetime import date
from decimal import Decimal

import pytest

import keepwell
from keepwell.errors import DataError


def test_a_file_of_sales_is_described_without_being_changed(orders_csv):
    before = orders_csv.read_bytes()
    told = keepwell.check(orders_csv)
    rows = [line.split(",") for line in before.decode().splitlines()[1:]]
    assert orders_csv.read_bytes() == before
    assert told["role"] == "sales"
    assert told["mapping"]["customer_id"] == "customer_id"
    assert told["header"] == ["order_id", "customer_id", "date", "amount"]
    assert (told["rows"], told["facts"], told["quarantined"]) == (len(rows), len(rows) - 1, 1)
    assert Decimal(told["money"]) == sum(Decimal(row[3]) for row in rows if row[2] != "2024-11-31")
    assert told["nobody"] == sum(not row[1] for row in rows)
    assert told["customers"] == len({row[1] for row in rows if row[1]})
    assert list(told["reasons"].values()) == [1]
    assert told["examples"][0]["value"] == "2024-11-31"
    assert told["examples"][0]["line"] == len(rows) + 1


def test_options_change_how_it_is_read(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("who,when,paid\na,02/01/2024,5\nb,03/01/2024,5\n")
    columns = {"who": "customer_id"}
    days = [keepwell.check(path, date_order=order, columns=columns)["last"] for order in ("dmy", "mdy")]
    assert days == [date(2024, 1, 3), date(2024, 3, 1)]


def test_a_file_of_products_is_told_by_its_columns(tmp_path):
    path = tmp_path / "products.csv"
    path.write_text("product_id,name,cost\nA1,Mug,2.50\n")
    told = keepwell.check(path)
    assert (told["role"], told["rows"]) == ("products", 1)


def test_what_is_no_table_is_a_sentence(tmp_path):
    path = tmp_path / "empty.csv"
    path.touch()
    with pytest.raises(DataError):
        keepwell.check(path)


def test_files_that_go_together_are_checked_together(tmp_path):
    sales, products = tmp_path / "sales.csv", tmp_path / "products.csv"
    sales.write_text("order_id,customer_id,date,product_id,quantity\n1,a,2024-03-01,A1,2\n2,b,2024-03-02,B9,1\n")
    products.write_text("product_id,product_name,price,cost\nA1,Mug,4.00,2.50\n")
    alone, both = keepwell.check(sales), keepwell.check(sales, products)
    assert (alone["facts"], alone["quarantined"]) == (0, 2)
    assert (both["facts"], both["quarantined"], both["money"]) == (1, 1, "8.0000")
