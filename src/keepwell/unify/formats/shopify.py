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
phone: Phone | Billing Phone | Shipping Phone
name: Billing Name | Shipping Name
company: Billing Company | Shipping Company
street: Billing Address1 | Billing Street | Shipping Address1 | Shipping Street
street_2: Billing Address2
city: Billing City | Shipping City
postcode: Billing Zip | Shipping Zip
region: Billing Province | Shipping Province
country: Billing Country | Shipping Country
consent_email: Accepts Marketing
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
test: Payment Method
"""),
    required=("date",),
    money="documents",
    same="order",
    void=frozenset(["voided", "expired"]),
    unpaid=frozenset(["pending", "authorized", "unpaid"]),
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
phone: Phone | Default Address Phone
first_name: First Name
last_name: Last Name
company: Default Address Company | Company
street: Default Address Address1 | Address1
street_2: Default Address Address2 | Address2
city: Default Address City | City
postcode: Default Address Zip | Zip
region: Default Address Province Code | Province Code | Province
country: Default Address Country Code | Country Code | Country
consent_email: Accepts Email Marketing | Accepts Marketing
consent_sms: Accepts SMS Marketing
"""),
    required=("customer",),
)

PAYOUTS = Format(
    name="shopify payouts",
    role="payouts",
    title="Shopify payouts",
    vendor="shopify",
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
