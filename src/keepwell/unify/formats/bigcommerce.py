"""BigCommerce's export of orders: one row per order, or its total repeated on each product's row."""

from keepwell.unify.formats.shape import Format, columns, words

ORDERS = Format(
    name="bigcommerce orders",
    role="sales",
    title="BigCommerce orders",
    vendor="bigcommerce",
    signatures=(("Order ID", "Order Date", "Order Status", "Order Total", "Email Address"),),
    fields=columns("""
order_id: Order ID
date: Order Date
customer_id: Customer ID
email: Email Address
first_name: First Name
last_name: Last Name
phone: Phone
company: Company
street: Billing Street 1
street_2: Billing Street 2
city: Billing Suburb | Billing City
region: Billing State
postcode: Billing Zip | Billing Postcode
country: Billing Country
order_total: Order Total
order_discount: Discount Amount | Coupon Value | Total Discount
shipping: Shipping Total
tax: Tax Total
refund: Refund Amount
currency: Order Currency Code | Currency
status: Order Status
channel: Order Source | Channel
"""),
    required=("date", "order_total"),
    money="documents",
    same="order",
    void=words("incomplete | pending | cancelled | canceled | declined | awaiting payment"),
    returned=frozenset(["refunded"]),
    refunds_dated=False,
    nobody=frozenset(["0"]),
)
