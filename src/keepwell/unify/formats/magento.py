"""Magento 2's grid of orders: one row per order, its subtotal and its total, no lines."""

from keepwell.unify.formats.shape import Format, columns, words

ORDERS = Format(
    name="magento2 orders",
    role="sales",
    title="Magento 2 orders",
    signatures=(("ID", "Purchase Point", "Purchase Date", "Grand Total (Base)"),),
    fields=columns("""
order_id: ID
date: Purchase Date
email: Customer Email
name: Bill-to Name | Customer Name
amount: Subtotal
order_total: Grand Total (Base)
shipping: Shipping and Handling
refund: Total Refunded
status: Status
channel: Purchase Point
"""),
    required=("date", "order_total"),
    money="documents",
    same="order",
    void=words("canceled | cancelled | pending_payment | pending payment | payment_review | payment review | fraud"
               " | suspected fraud"),
    returned=frozenset(["closed"]),
    refunds_dated=False,
    notes=("what the total holds besides subtotal and shipping (tax, discounts) stands in 'other'",),
)  # fmt: skip
