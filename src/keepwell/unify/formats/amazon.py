"""Amazon's order report (one row per item, with a buyer) and its date range report (all that moved, without one).

In the date range report orders and refunds are sales; transfers to the bank, service fees and adjustments are
payouts. Beside an order report, which has the same orders with their buyers, the whole date range report is payouts,
its refunds among them. What Amazon takes stands as negative amounts, and `total` is what is left for the seller.
"""

from keepwell.unify.formats.shape import Format, columns, words

ORDERS = Format(
    name="amazon orders",
    role="sales",
    title="Amazon order items",
    signatures=(("order-id", "purchase-date", "item-price"), ("order-id", "order-date", "item-price")),
    fields=columns("""
order_id: order-id
line_id: order-item-id
date: purchase-date | order-date
email: buyer-email
name: buyer-name | recipient-name
phone: buyer-phone-number
street: ship-address-1
street_2: ship-address-2
city: ship-city
region: ship-state
postcode: ship-postal-code
country: ship-country
product_id: sku | asin
description: product-name
quantity: quantity-purchased | quantity | quantity-shipped
gross: item-price
discount: item-promotion-discount
discount_2: ship-promotion-discount
shipping: shipping-price
shipping_2: gift-wrap-price
tax: item-tax
tax_2: shipping-tax
tax_3: gift-wrap-tax
currency: currency
status: order-status
channel: sales-channel
"""),
    required=("date", "gross"),
    zone="UTC",
    void=words("cancelled | canceled | pending | unfulfillable"),
)

DATE_RANGE = Format(
    name="amazon date range",
    role="sales",
    title="Amazon date range report",
    signatures=(("date/time", "settlement id", "type", "order id", "product sales", "selling fees"),),
    fields=columns("""
order_id: order id
date: date/time
event: type
product_id: sku
description: description
quantity: quantity
gross: product sales
discount: promotional rebates
discount_2: promotional rebates tax
shipping: shipping credits
shipping_2: gift wrap credits
tax: product sales tax
tax_2: shipping credits tax
tax_3: giftwrap credits tax | gift wrap credits tax
tax_4: regulatory fee
tax_5: tax on regulatory fee
tax_6: marketplace withheld tax
fee: selling fees
fee_2: fba fees
fee_3: other transaction fees
fee_4: other
channel: marketplace
"""),
    required=("date", "gross"),
    signed_fees=True,
    kinds=words("""order | refund | chargeback refund | a-to-z guarantee claim | a-to-z guarantee refund
        | order_retrocharge | refund_retrocharge"""),
    rest="amazon fees",
    aside="amazon orders",
    notes=("this report names no buyer: its orders belong to the unknown customer",),
)

FEES = Format(
    name="amazon fees",
    role="payouts",
    title="Amazon transfers, fees and adjustments",
    fields=columns("""
order_id: order id
date: date/time
kind: type
net: total
fee: selling fees
fee_2: fba fees
fee_3: other transaction fees
"""),
    signed_fees=True,
)
