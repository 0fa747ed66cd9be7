"""Square's exports: one row per payment, or one per item sold; a refund is a row of its own, with its day."""

from keepwell.unify.formats.shape import Format, columns

_WHO = """
customer_id: Customer ID | Customer Reference ID
name: Customer Name
channel: Source | Location
date: Date
time: Time
time_zone: Time Zone
event: Event Type
order_id: Transaction ID
currency: Currency
discount: Discounts
gross: Gross Sales
tax: Tax
"""

TRANSACTIONS = Format(
    name="square transactions",
    role="sales",
    title="Square payments",
    vendor="square",
    signatures=(("Date", "Time", "Time Zone", "Gross Sales", "Total Collected", "Transaction ID"),),
    fields=columns(
        _WHO
        + """
line_id: Payment ID
amount: Total Collected
tip: Tip
fee: Fees
description: Description
"""
    ),
    required=("date", "amount"),
    same="key",
    signed_fees=True,
)

ITEMS = Format(
    name="square items",
    role="sales",
    title="Square items",
    vendor="square",
    signatures=(
        ("Date", "Time", "Item", "Qty", "Price Point Name", "Gross Sales", "Transaction ID"),
        ("Date", "Time", "Item", "Qty", "Gross Sales", "Net Sales", "Transaction ID"),
    ),
    fields=columns(
        _WHO
        + """
product_id: SKU | Item
description: Item
category: Category
quantity: Qty
"""
    ),
    required=("date", "gross"),
)
