"""Files that the literature is measured on: UCI Online Retail and CDNOW."""

from keepwell.unify.formats.shape import Format, columns

ONLINE_RETAIL = Format(
    name="online retail",
    role="sales",
    title="UCI Online Retail invoice lines",
    signatures=(
        ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"),
        ("Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID"),
    ),
    fields=columns("""
order_id: InvoiceNo | Invoice
date: InvoiceDate
customer_id: CustomerID | Customer ID
product_id: StockCode
description: Description
quantity: Quantity
unit_price: UnitPrice | Price
country: Country
"""),
    required=("date", "quantity", "unit_price"),
)

CDNOW = Format(
    name="cdnow",
    role="sales",
    title="CDNOW purchases",
    signatures=(("customer_id", "date", "number_of_cds", "dollar_value"),),
    fields=columns("""
customer_id: customer_id
date: date
quantity: number_of_cds
amount: dollar_value
"""),
    required=("date", "amount", "customer"),
)

# Without a header the columns are c1, c2..; told by their count and by what stands in them.
CDNOW_BARE = {
    4: {"customer_id": "c1", "date": "c2", "quantity": "c3", "amount": "c4"},
    5: {"customer_id": "c1", "date": "c3", "quantity": "c4", "amount": "c5"},
}
