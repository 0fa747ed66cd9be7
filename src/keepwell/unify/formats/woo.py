"""WooCommerce orders in the three shapes that its plug-ins export."""

from keepwell.unify.formats.shape import Format, columns, words

_VOID = words("""cancelled | canceled | failed | pending | pending payment | trash | draft | checkout-draft | auto-draft
    | wc-cancelled | wc-failed | wc-pending | wc-checkout-draft""")
_UNPAID = frozenset(["on-hold", "wc-on-hold", "on hold"])
_RETURNED = frozenset(["refunded", "wc-refunded"])
_GUESTS = frozenset(["0"])  # an order without an account; its e-mail says who

REST = Format(
    name="woocommerce",
    role="sales",
    title="WooCommerce orders",
    vendor="woocommerce",
    signatures=(
        ("order_id", "billing_email", "order_total"),
        ("id", "status", "date_created", "total", "total_tax", "shipping_total"),
    ),
    fields=columns("""
order_id: order_id | id
line_id: line_item_id
date: order_date | date_created | date_paid | paid_date
customer_id: customer_id | customer_user
email: billing_email | customer_email
first_name: billing_first_name
last_name: billing_last_name
phone: billing_phone
company: billing_company | shipping_company
street: billing_address_1 | shipping_address_1
street_2: billing_address_2
city: billing_city | shipping_city
region: billing_state | shipping_state
postcode: billing_postcode | shipping_postcode
country: billing_country | shipping_country
product_id: sku | product_sku | product_id | woo_product_id
description: item_name | product_name | woo_product_name | name
quantity: woo_quantity | quantity | qty | item_quantity
unit_price: item_price | price | unit_price
order_total: order_total | total
order_discount: discount_total | cart_discount | order_discount
shipping: shipping_total | order_shipping
tax: total_tax | order_tax | tax_total
refund: refunded_total | order_refund | total_refunded | refund_total
currency: order_currency | currency
status: order_status | status
channel: created_via
"""),
    required=("date",),
    money="documents",
    same="order",
    void=_VOID,
    unpaid=_UNPAID,
    returned=_RETURNED,
    refunds_dated=False,
    nobody=_GUESTS,
)

ADVANCED = Format(
    name="woocommerce advanced",
    role="sales",
    title="WooCommerce orders (Advanced Order Export)",
    vendor="woocommerce",
    signatures=(("Order Number", "Order Status", "Order Date", "Order Total Amount"),),
    fields=columns("""
order_id: Order Number
date: Order Date
customer_id: Customer User ID | Customer ID | User ID
email: Billing Email | Email (Billing) | Customer Account Email Address
first_name: Billing First Name | First Name (Billing)
last_name: Billing Last Name | Last Name (Billing)
name: Full Name (Billing)
phone: Billing Phone | Phone (Billing)
company: Billing Company | Company (Billing)
street: Billing Address 1 | Address 1 (Billing) | Address 1&2 (Billing) | Billing Address 1&2
street_2: Billing Address 2 | Address 2 (Billing)
city: Billing City | City (Billing)
region: Billing State | State Code (Billing) | State Name (Billing)
postcode: Billing Postcode | Postcode (Billing)
country: Billing Country | Country Code (Billing) | Country Name (Billing)
product_id: SKU | Product Id
description: Item Name | Product Name
quantity: Quantity | Quantity (- Refund)
unit_price: Item Cost | Item Price
order_total: Order Total Amount
order_discount: Cart Discount Amount
shipping: Order Shipping Amount
tax: Order Total Tax Amount | Order Tax Amount
refund: Order Refund Amount
currency: Order Currency | Currency
status: Order Status
"""),
    required=("date",),
    money="documents",
    same="order",
    void=_VOID,
    unpaid=_UNPAID,
    returned=_RETURNED,
    refunds_dated=False,
    nobody=_GUESTS,
)

ANALYTICS = Format(
    name="woocommerce analytics",
    role="sales",
    title="WooCommerce orders (Analytics download)",
    vendor="woocommerce",
    signatures=(("Date", "Order #", "Customer type", "Items sold"),),
    fields=columns("""
order_id: Order #
date: Date
customer_id: Customer
name: Customer
description: Product(s)
quantity: Items sold
amount: N. Revenue (formatted) | N. Revenue | Revenue | Net Sales
status: Status
channel: Attribution
"""),
    required=("date", "amount"),
    same="order",
    void=_VOID,
    unpaid=_UNPAID,
    returned=_RETURNED,
    notes=("customers are told apart by name, because this export has neither number nor e-mail",),
)

META = Format(
    name="woocommerce database",
    role="sales",
    title="WooCommerce orders (from the database)",
    vendor="woocommerce",
    signatures=(("_order_total", "_billing_email", "_paid_date"), ("_order_total", "_billing_email", "_date_paid")),
    fields=columns("""
order_id: order_id | ID | post_id
date: post_date | date_created | _paid_date | _date_paid | _completed_date
customer_id: _customer_user
email: _billing_email
first_name: _billing_first_name
last_name: _billing_last_name
phone: _billing_phone
company: _billing_company
street: _billing_address_1
street_2: _billing_address_2
city: _billing_city
region: _billing_state
postcode: _billing_postcode
country: _billing_country
order_total: _order_total
order_discount: _cart_discount
shipping: _order_shipping
tax: _order_tax
tax_2: _order_shipping_tax
refund: _refund_amount
currency: _order_currency
status: post_status | status
channel: _created_via
"""),
    required=("date", "order_total"),
    money="documents",
    same="order",
    void=_VOID,
    unpaid=_UNPAID,
    returned=_RETURNED,
    refunds_dated=False,
    nobody=_GUESTS,
)
