"""Etsy's sold items: one row per item; the order's shipping and sales tax stand on each of its rows."""

from keepwell.unify.formats.shape import Format, columns

ITEMS = Format(
    name="etsy sold items",
    role="sales",
    title="Etsy sold items",
    vendor="etsy",
    signatures=(("Sale Date", "Item Name", "Transaction ID", "Listing ID", "Order ID"),),
    fields=columns("""
order_id: Order ID
line_id: Transaction ID
date: Sale Date
customer_id: Buyer User ID | Buyer
name: Ship Name
street: Ship Address1
street_2: Ship Address2
city: Ship City
region: Ship State
postcode: Ship Zipcode
country: Ship Country
product_id: SKU | Listing ID
description: Item Name
quantity: Quantity
unit_price: Price
discount: Discount Amount
discount_2: InPerson Discount
shipping: Order Shipping | Shipping
tax: Order Sales Tax | Sales Tax
tax_2: VAT Paid by Buyer
currency: Currency
channel: Order Type
"""),
    required=("date", "quantity", "unit_price"),
    money="orders",
    same="order",
)
