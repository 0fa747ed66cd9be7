"""Loyverse's export of items sold and given back, which has their cost."""

from keepwell.unify.formats.shape import Format, columns, words

ITEMS = Format(
    name="loyverse items",
    role="sales",
    title="Loyverse items",
    signatures=(("Receipt number", "Receipt type", "Item", "Cost of goods"),),
    fields=columns("""
date: Date
order_id: Receipt number
event: Receipt type
name: Customer name
phone: Customer contacts
product_id: SKU | Item
description: Item
category: Category
quantity: Quantity
gross: Gross sales
discount: Discounts
tax: Taxes
cost: Cost of goods
channel: Store | POS
status: Status
"""),
    required=("date", "gross"),
    void=words("cancelled | canceled"),
    back=words("refund | return"),
    notes=("taxes are taken to be on top of the net sales",),
)
