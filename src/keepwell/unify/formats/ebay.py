"""eBay's transaction report: orders, refunds and claims are sales, its labels, fees and payouts are payouts.

What eBay takes stands as negative amounts. The gross amount holds the tax that eBay collects and pays on itself.
"""

from keepwell.unify.formats.shape import Format, columns, words

TRANSACTIONS = Format(
    name="ebay",
    role="sales",
    title="eBay transactions",
    vendor="ebay",
    signatures=(("Transaction creation date", "Type", "Order number", "Net amount", "Gross transaction amount"),),
    fields=columns("""
order_id: Order number
line_id: Transaction ID
date: Transaction creation date
event: Type
customer_id: Buyer username
name: Buyer name
city: Ship to city
region: Ship to province/region/state
postcode: Ship to zip
country: Ship to country
product_id: Custom label | Item ID
description: Item title
quantity: Quantity
amount: Gross transaction amount
gross: Item subtotal
shipping: Shipping and handling
tax: Seller collected tax
tax_2: eBay collected tax
fee: Final Value Fee - fixed
fee_2: Final Value Fee - variable
fee_3: Very high "item not as described" fee
fee_4: Below standard performance fee
fee_5: International fee
fee_6: Regulatory operating fee
fee_7: Deposit processing fee
currency: Transaction currency
"""),
    required=("date", "amount"),
    signed_fees=True,
    kinds=words("order | refund | claim | payment dispute"),
    rest="ebay fees",
)

FEES = Format(
    name="ebay fees",
    role="payouts",
    title="eBay labels, fees and payouts",
    fields=columns("""
order_id: Order number
line_id: Transaction ID
date: Transaction creation date
kind: Type
amount: Net amount
description: Description
currency: Payout currency | Transaction currency
"""),
    required=("amount",),
)
