"""Klaviyo's profiles and campaigns, and its events as JSON: of the present interface, and of the one before.

Placed orders are sales where no other file has any; a refunded or cancelled order takes its value back. What was
ordered item by item, fulfilled, opened or clicked are events.
"""

from keepwell.unify.formats.shape import Format, columns, words

PROFILES = Format(
    name="klaviyo profiles",
    role="customers",
    title="Klaviyo profiles",
    vendor="klaviyo",
    signatures=(("Email", "Klaviyo ID"),),
    fields=columns("""
customer_id: Klaviyo ID
email: Email
first_name: First Name
last_name: Last Name
company: Organization
phone: Phone Number
street: Address
street_2: Address 2
city: City
region: State / Region
postcode: Zip Code
country: Country
channel: Source
consent_email: Consent | Email Marketing Consent
consent_sms: SMS Marketing Consent | SMS Consent Timestamp
consent_at: $consent_timestamp | Email Marketing Consent Timestamp
"""),
    required=("customer",),
    zone="UTC",
)

CAMPAIGNS = Format(
    name="klaviyo campaigns",
    role="events",
    title="Klaviyo campaigns",
    signatures=(("Campaign Name", "Total Recipients", "Unique Placed Order", "Revenue"),),
    fields=columns("""
line_id: Campaign ID
date: Send Time
event: Campaign Name
value: Revenue
"""),
    required=("date",),
    notes=("the revenue is Klaviyo's own attribution: it is kept as a value, and is no sale",),
)

_EVENT = """
event: event | attributes.metric.name | attributes.metric.data.attributes.name
date: time | attributes.time | attributes.datetime | datetime
line_id: attributes.unique_id | attributes.uuid | uuid | properties.$event_id | id
customer_id: customer_properties.$id | attributes.profile.external_id
| attributes.profile.data.attributes.external_id
email: customer_properties.$email | attributes.profile.$email | attributes.profile.email
| attributes.profile.data.attributes.email
phone: customer_properties.$phone_number | attributes.profile.$phone_number | attributes.profile.phone_number
| attributes.profile.data.attributes.phone_number
first_name: customer_properties.$first_name | attributes.profile.$first_name | attributes.profile.first_name
| attributes.profile.data.attributes.first_name
last_name: customer_properties.$last_name | attributes.profile.$last_name | attributes.profile.last_name
| attributes.profile.data.attributes.last_name
street: customer_properties.$address1
city: customer_properties.$city
region: customer_properties.$region
postcode: customer_properties.$zip
country: customer_properties.$country
"""
_ITEM = "properties.Items.{0} | attributes.properties.Items.{0}"
_SIGNATURES = (
    ("event", "customer_properties.$email"),
    ("attributes.metric.name", "attributes.time"),
    ("attributes.metric.data.attributes.name",),
)

ORDERS = Format(
    name="klaviyo orders",
    role="sales",
    title="Klaviyo events",
    signatures=_SIGNATURES,
    fields=columns(
        _EVENT
        + f"""
order_id: properties.OrderId | attributes.properties.OrderId | properties.$event_id | attributes.unique_id
order_total: properties.$value | attributes.value | attributes.properties.$value
order_discount: properties.Discount Value | properties.DiscountValue | attributes.properties.Discount Value
| attributes.properties.DiscountValue
product_id: {_ITEM.format("SKU")} | {_ITEM.format("ProductID")}
description: {_ITEM.format("ProductName")}
quantity: {_ITEM.format("Quantity")}
unit_price: {_ITEM.format("ItemPrice")}
currency: properties.$currency_code | attributes.value_currency
"""
    ),
    required=("date",),
    money="documents",
    zone="UTC",
    back=words("refunded order | cancelled order"),
    kinds=words("placed order | refunded order | cancelled order"),
    rest="klaviyo events",
    aside="any",
)

EVENTS = Format(
    name="klaviyo events",
    role="events",
    title="Klaviyo events",
    fields=columns(
        _EVENT
        + """
product_id: properties.ProductID | attributes.properties.ProductID | properties.SKU | attributes.properties.SKU
value: properties.$value | attributes.value | attributes.properties.$value
currency: properties.$currency_code | attributes.value_currency
properties: properties | attributes.properties
"""
    ),
    required=("date",),
    zone="UTC",
)
