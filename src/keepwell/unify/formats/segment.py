"""Segment's and RudderStack's track calls, as JSON lines: one specification.

Completed orders are sales where no other file has any: the event's total, its products explaining it. A refunded or
cancelled order takes its total back on its own day. All else (views, carts, checkouts, updates) are events.
"""

from keepwell.unify.formats.shape import Format, columns, words

_EVENT = """
event: event
date: timestamp | originalTimestamp | sentAt | receivedAt
line_id: messageId
customer_id: userId
email: context.traits.email | properties.email | traits.email
first_name: context.traits.firstName | context.traits.first_name
last_name: context.traits.lastName | context.traits.last_name
phone: context.traits.phone
country: context.traits.address.country | context.location.country
currency: properties.currency
"""
_KINDS = words("order completed | completed order | order refunded | refunded order | order cancelled")

ORDERS = Format(
    name="segment orders",
    role="sales",
    title="Segment or RudderStack events",
    signatures=(("type", "event", "userId"), ("type", "event", "anonymousId"), ("type", "event", "messageId")),
    fields=columns(
        _EVENT
        + """
order_id: properties.order_id | properties.orderId | properties.checkout_id
order_total: properties.total | properties.value | properties.revenue
order_discount: properties.discount
shipping: properties.shipping
tax: properties.tax
product_id: properties.products.sku | properties.products.product_id
description: properties.products.name
category: properties.products.category
quantity: properties.products.quantity
unit_price: properties.products.price
channel: properties.affiliation
"""
    ),
    required=("date",),
    money="documents",
    back=words("order refunded | refunded order | order cancelled"),
    kinds=_KINDS,
    rest="segment events",
    aside="any",
)

EVENTS = Format(
    name="segment events",
    role="events",
    title="Segment or RudderStack events",
    fields=columns(
        _EVENT
        + """
product_id: properties.product_id | properties.sku | properties.products.product_id | properties.products.sku
order_id: properties.order_id
value: properties.value | properties.price | properties.total | properties.revenue
properties: properties
"""
    ),
    required=("date",),
)
