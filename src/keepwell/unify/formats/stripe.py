"""Stripe's exports: payments, in two generations (one row per charge, refunds as an amount on it), subscriptions."""

from keepwell.unify.formats.shape import Format, columns, words

_COMMON = """
order_id: id
line_id: id
customer_id: Customer ID
email: Customer Email
name: Card Name | Customer Description
description: Description
amount: Amount
refund: Amount Refunded
currency: Currency
paid_amount: Converted Amount
paid_refund: Converted Amount Refunded
paid_currency: Converted Currency
fee: Fee
status: Status
test: Mode
street: Card Address Line1
street_2: Card Address Line2
city: Card Address City
region: Card Address State
postcode: Card Address Zip
country: Card Address Country | Card Issue Country
channel: Payment Source Type
"""
_VOID = frozenset(["failed", "requires_payment_method", "canceled", "cancelled", "blocked", "incomplete", "pending"])

V1 = Format(
    name="stripe payments v1",
    role="sales",
    title="Stripe payments",
    vendor="stripe",
    signatures=(("id", "Created (UTC)", "Amount", "Amount Refunded"),),
    fields=columns("date: Created (UTC)" + _COMMON),
    required=("date", "amount"),
    same="key",
    zone="UTC",
    void=_VOID,
    refunds_dated=False,
)

V2 = Format(
    name="stripe payments v2",
    role="sales",
    title="Stripe payments",
    vendor="stripe",
    signatures=(("id", "Created date (UTC)", "Amount", "Amount Refunded"),),
    fields=columns("date: Created date (UTC)" + _COMMON),
    required=("date", "amount"),
    same="key",
    zone="UTC",
    void=_VOID,
    refunds_dated=False,
)

SUBSCRIPTIONS = Format(
    name="stripe subscriptions",
    role="subscriptions",
    title="Stripe subscriptions",
    vendor="stripe",
    signatures=(("id", "Customer ID", "Status", "Current Period Start (UTC)"),),
    fields=columns("""
subscription_id: id
customer_id: Customer ID
email: Customer Email
name: Customer Name
date: Start Date (UTC) | Created (UTC) | Start (UTC)
ended: Ended At (UTC) | Canceled At (UTC)
price: Amount
period: Interval
plan: Plan | Product | Product Name
reason: Cancellation Reason
currency: Currency
status: Status
"""),
    required=("date", "customer"),
    zone="UTC",
    void=words("incomplete | incomplete_expired"),
    over=words("canceled | cancelled"),
)

CUSTOMERS = Format(
    name="stripe customers",
    role="customers",
    title="Stripe customers",
    vendor="stripe",
    signatures=(("id", "Email", "Created (UTC)", "Delinquent"),),
    fields=columns("""
customer_id: id
email: Email
name: Name | Description
phone: Phone
street: Address Line1 | Card Address Line1
street_2: Address Line2 | Card Address Line2
city: Address City | Card Address City
region: Address State | Card Address State
postcode: Address Postal Code | Address Zip | Card Address Zip
country: Address Country | Card Address Country | Card Issue Country | Card Country
"""),
    required=("customer",),
    zone="UTC",
)

BALANCE = Format(
    name="stripe balance",
    role="payouts",
    title="Stripe balance report",
    signatures=(("reporting_category", "currency", "gross", "fee", "net"),),
    fields=columns("""
order_id: charge_id | source_id
line_id: balance_transaction_id
date: created_utc | created | available_on_utc | automatic_payout_effective_at_utc | automatic_payout_effective_at
kind: reporting_category
amount: gross
fee: fee
net: net
currency: currency
"""),
    required=("amount",),
    zone="UTC",
)
