"""Shopify's exports of orders, products and customers.

An order is one row per line item; what belongs to the order stands on its first row only. Refunds are an
amount on the order without a date, and there is no cost: it comes from the product export, by SKU.
"""

from keepwell.unify.formats.shape import Format, columns

ORDERS = Format(
    name="shopify orders",
    role="sales",
    title="Shopify orders",
    vendor="shopify",
    signatures=(("Name", "Financial Status", "Created at", "Lineitem quantity", "Lineitem price"),),
    fields=columns("""
order_id: Name
date: Created at
email: Email
name: Billing Name | Shipping Name
country: Billing Country | Shipping Country
channel: Source
product_id: Lineitem sku
description: Lineitem name
quantity: Lineitem quantity
unit_price: Lineitem price
discount: Lineitem discount
order_total: Total
order_discount: Discount Amount
shipping: Shipping
tax: Taxes
refund: Refunded Amount
currency: Currency
status: Financial Status
cancelled: Cancelled at
"""),
    required=("date",),
    money="documents",
    same="order",
    void=frozenset(["voided", "expired"]),
    returned=frozenset(["refunded"]),
    refunds_dated=False,
)

PRODUCTS = Format(
    name="shopify products",
    role="products",
    title="Shopify products",
    vendor="shopify",
    signatures=(("Handle", "Variant SKU", "Cost per item"), ("Handle", "Variant SKU", "Variant Price")),
    fields=columns("""
product_id: Variant SKU
description: Title
category: Type | Product Category
price: Variant Price
unit_cost: Cost per item
"""),
    required=("product_id",),
)

CUSTOMERS = Format(
    name="shopify customers",
    role="customers",
    title="Shopify customers",
    vendor="shopify",
    signatures=(
        ("Customer ID", "Email", "Total Spent", "Total Orders"),
        ("First Name", "Email", "Total Spent", "Total Orders", "Tax Exempt"),
    ),
    fields=columns("""
customer_id: Customer ID
email: Email
first_name: First Name
last_name: Last Name
country: Default Address Country Code | Country | Country Code
"""),
    required=("customer",),
)

PAYOUTS = Format(
    name="shopify payouts",
    role="payouts",
    title="Shopify payouts",
    signatures=(("Transaction Date", "Type", "Order", "Payout ID", "Fee", "Net"),),
    fields=columns("""
order_id: Order
date: Transaction Date
kind: Type
amount: Amount
fee: Fee
net: Net
currency: Currency
"""),
    required=("amount",),
)
