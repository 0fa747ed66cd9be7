"""Recognising a file by its columns."""

import pytest

from keepwell.errors import ConfigError, DataError
from keepwell.settings import Reading
from keepwell.unify import recognised
from keepwell.unify.formats import FORMATS, SPECIAL, plain
from keepwell.unify.formats.shape import FIELDS


def told(raw_file, header, row=None, *, columns=None, **how):
    cells = row or ",".join("1" for _ in header.split(","))
    return recognised(raw_file(f"{header}\n{cells}\n", **how), Reading(columns=columns or {}))


@pytest.mark.parametrize("format_", SPECIAL, ids=lambda f: f.name)
def test_each_signature_is_told_whatever_its_case_and_spaces(raw_file, format_):
    needed = [format_.fields[field][0] for field in format_.required if field in format_.fields]
    for names in format_.signatures:
        header = dict.fromkeys([*names, *needed])
        assert told(raw_file, ",".join(name.upper().replace(" ", "_") for name in header)).format == format_.name


@pytest.mark.parametrize("format_", FORMATS.values(), ids=lambda f: f.name)
def test_every_field_of_a_format_is_a_field(format_):
    assert set(format_.fields) <= set(FIELDS)
    assert all(plain(name) for names in format_.fields.values() for name in names)


def test_generic_columns_are_found_under_their_many_names(raw_file):
    found = told(raw_file, "Cust_No,INVOICE DATE,Sales Amount,Basket-ID")
    assert dict(found.mapping) == {
        "customer_id": "Cust_No", "date": "INVOICE DATE", "amount": "Sales Amount", "order_id": "Basket-ID",
    }  # fmt: skip
    assert (found.format, found.role) == ("generic", "sales")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (  # Superstore
            "Order ID,Order Date,Ship Date,Customer ID,Customer Name,Product ID,Sales,Quantity,Discount,Profit",
            {"order_id": "Order ID", "date": "Order Date", "customer_id": "Customer ID", "name": "Customer Name",
             "product_id": "Product ID", "amount": "Sales", "quantity": "Quantity", "discount": "Discount"},
        ),
        (
            "customer_id,date,transaction_value",
            {"customer_id": "customer_id", "date": "date", "amount": "transaction_value"},
        ),
    ],
)  # fmt: skip
def test_exports_without_a_format_of_their_own_are_read_by_their_names(raw_file, header, expected):
    assert dict(told(raw_file, header).mapping) == expected


def test_the_order_date_is_not_the_stock_date(raw_file):
    header = "OrderDate,StockDate,OrderNumber,ProductKey,CustomerKey,TerritoryKey,OrderLineItem,OrderQuantity"
    found = told(raw_file, header)
    assert found.mapping["date"] == "OrderDate"
    assert found.mapping["line_id"] == "OrderLineItem"
    assert "StockDate" not in found.mapping.values()


def test_products_and_customers_are_told_apart_from_sales(raw_file):
    assert told(raw_file, "ProductKey,ProductName,ProductCost,ProductPrice").role == "products"
    assert told(raw_file, "CustomerKey,FirstName,LastName,EmailAddress,AnnualIncome").role == "customers"
    assert told(raw_file, "customer_id,email,Total Spent").role == "customers"


def test_the_name_in_a_list_of_products_is_the_products(raw_file):
    found = told(raw_file, "sku,name,price,cost")
    assert (found.role, found.mapping["description"], found.mapping["unit_cost"]) == ("products", "name", "cost")


def test_map_goes_first_and_ignore_leaves_out(raw_file):
    columns = {"who": "customer_id", "WHEN": "date", "amount": "ignore", "Amount Due": "amount"}
    found = told(raw_file, "who,when,what,amount,Amount Due", columns=columns)
    assert dict(found.mapping) == {"customer_id": "who", "date": "when", "amount": "Amount Due"}


def test_a_field_that_does_not_exist_names_the_nearest(raw_file):
    with pytest.raises(ConfigError, match="customer_id"):
        told(raw_file, "a,b", columns={"a": "customer"})


def test_a_missing_date_names_the_columns_and_the_one_that_holds_dates(raw_file):
    with pytest.raises(DataError, match=r"the columns are customer, bought, paid") as error:
        told(raw_file, "customer,bought,paid", "ann,2024-01-05,7.00")
    assert "--map bought=date" in str(error.value)


def test_a_missing_customer_is_asked_for(raw_file):
    with pytest.raises(DataError, match="no column was found for the customer"):
        told(raw_file, "Klant,date,amount", "ann,2024-01-05,7.00")


def test_a_missing_amount_is_guessed_among_the_numbers(raw_file):
    with pytest.raises(DataError, match=r"--map Gesamt=amount"):
        told(raw_file, "customer,date,Note,Gesamt", "ann,2024-01-05,hello,7.00")


@pytest.mark.parametrize(
    "header", ["Date,Day", "ShipDate,TerritoryKey,ProductKey,ShipQuantity", "SalesTerritoryKey,Region,Continent"]
)
def test_other_tables_are_refused_with_what_was_looked_for(raw_file, header):
    with pytest.raises(DataError, match=r"looked for sales|no column was found"):
        told(raw_file, header)


def test_no_column_is_proposed_for_the_customer_that_is_not_like_one(raw_file):
    header = "ShipDate,TerritoryKey,ProductKey,ShipQuantity"
    with pytest.raises(DataError) as error:
        told(raw_file, header, "2015-01-18,9,312,1")
    asked = "--map ShipDate=date --map COLUMN=customer_id --map ShipQuantity=amount"
    assert asked in error.value.mend


def test_cdnow_without_a_header_is_told_by_its_dates(raw_file):
    four = recognised(raw_file("00001,19970101,1,11.77\n", header=False), Reading())
    five = recognised(raw_file("00004,0001,19970101,2,29.33\n", header=False), Reading())
    assert four.mapping["customer_id"] == five.mapping["customer_id"] == "c1"
    assert (four.mapping["date"], five.mapping["date"]) == ("c2", "c3")
    with pytest.raises(DataError, match="no header"):
        recognised(raw_file("a,b,c,d\n", header=False), Reading())
    columns = {"c1": "customer_id", "c2": "date", "c3": "amount"}
    assert recognised(raw_file("ann,2024-01-05,7\n", header=False), Reading(columns=columns)).role == "sales"


def test_german_columns_are_known(raw_file):
    found = told(raw_file, "Rechnungsnr,Kundennr,Rechnungsdatum,Gesamtbetrag,Währung")
    assert dict(found.mapping) == {
        "order_id": "Rechnungsnr", "customer_id": "Kundennr", "date": "Rechnungsdatum", "amount": "Gesamtbetrag",
        "currency": "Währung",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("header", "row", "role"),
    [
        ("ReturnDate,TerritoryKey,ProductKey,ReturnQuantity", "2015-01-18,9,312,1", "sales"),
        ("customer_id,date,type,minutes,cost", "7,2024-01-05,call,12,0", "touches"),
        ("Ticket ID,Email,Created At,Ticket Type", "1,a@x.org,2024-01-05,complaint", "touches"),
        ("Email,Sent At,Campaign,Cost", "a@x.org,2024-01-05,spring,0.70", "touches"),
        ("customer_id,survey date,NPS,comment", "7,2024-01-05,9,fine", "feedback"),
        ("product_id,review date,stars,review text", "p1,2024-01-05,4,good", "feedback"),
        ("user_id,timestamp,event,product_id", "7,2024-01-05T10:00:00,view,p1", "events"),
        ("month,channel,spend", "2024-01,search,100.00", "spend"),
        ("Campaign name,Day,Amount spent (USD)", "spring,2024-01-05,12.10", "spend"),
        ("date,channel,campaign,amount", "2024-01-05,search,spring,12.10", "spend"),
        ("Opportunity ID,Account Name,Stage,Amount,Close Date", "1,Acme,Closed Won,100,2024-01-05", "deals"),
        ("payout date,order,type,amount,fee,net", "2024-01-05,#1,charge,10.00,0.59,9.41", "payouts"),
        ("date,currency,rate", "2024-01-05,USD,0.91", "rates"),
        ("first name,last name,street,postcode,city", "Ann,Lee,High St 1,AB1,Town", "customers"),
        ("email,consent,consent date", "a@x.org,yes,2024-01-05", "customers"),
        # What looks like these and is not.
        ("date,customer,channel,amount", "2024-01-05,ann,web,7.00", "sales"),
        ("date,customer,campaign,rating,revenue", "2024-01-05,ann,spring,4,7.00", "sales"),
        ("order_id,date,customer,status,fee,amount,net", "1,2024-01-05,ann,paid,0.50,7.00,6.50", "sales"),
        ("customer_id,date,currency,rate,amount", "7,2024-01-05,USD,0.9,7.00", "sales"),
        ("date,customer,action,quantity,price", "2024-01-05,ann,sale,1,7.00", "sales"),
    ],
)
def test_a_table_is_told_by_the_columns_that_only_its_kind_has(raw_file, header, row, role):
    assert told(raw_file, header, row).role == role


def test_a_log_of_events_gives_its_purchases_as_sales(raw_file):
    header = "event_time,event_type,product_id,price,user_id"
    assert told(raw_file, header, "2024-01-05,view,p1,9.50,7").format == "generic event log"
    assert told(raw_file, header, "2024-01-05,purchase,p1,9.50,7").format == "generic"
