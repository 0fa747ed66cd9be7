"""Gumroad's sales: one row per purchase; a refund is an amount on it, or the word that it was whole."""

from keepwell.unify.formats.shape import Format, columns, words

SALES = Format(
    name="gumroad",
    role="sales",
    title="Gumroad sales",
    signatures=(("Purchase ID", "Purchase Email", "Purchase Date", "Sale Price ($)"),),
    fields=columns("""
order_id: Purchase ID
line_id: Purchase ID
date: Purchase Date
email: Purchase Email
name: Buyer Name
street: Street Address
city: City
postcode: Zip Code
region: State
country: Country
product_id: Product ID | Item Name
description: Item Name
quantity: Quantity
amount: Sale Price ($)
tax: Taxes ($)
shipping: Shipping ($)
fee: Fees ($)
refund: Partial Refund ($)
status: Fully Refunded?
channel: Referrer
"""),
    required=("date", "amount"),
    same="key",
    returned=words("1 | true | yes"),
    refunds_dated=False,
    notes=("the row of totals at the end names no day and stands in quarantine",),
)
