"""The formats that are known, as data: the special ones first, the generic ones where none of them fits."""

from keepwell.unify.formats import (
    amazon,
    anything,
    bigcommerce,
    ebay,
    etsy,
    generic,
    gumroad,
    hubspot,
    klaviyo,
    loyverse,
    magento,
    salesforce,
    segment,
    shopify,
    square,
    stripe,
    uci,
    woo,
)
from keepwell.unify.formats.shape import ADDED, AMOUNTS, DATES, FIELDS, RATES, TEXTS, Format, plain
from keepwell.unify.formats.uci import CDNOW_BARE

SPECIAL = (
    shopify.ORDERS,
    shopify.PRODUCTS,
    shopify.CUSTOMERS,
    shopify.PAYOUTS,
    woo.ADVANCED,
    woo.ANALYTICS,
    woo.REST,
    woo.META,
    stripe.V1,
    stripe.V2,
    stripe.SUBSCRIPTIONS,
    stripe.CUSTOMERS,
    stripe.BALANCE,
    square.TRANSACTIONS,
    square.ITEMS,
    uci.ONLINE_RETAIL,
    uci.CDNOW,
    loyverse.ITEMS,
    magento.ORDERS,
    bigcommerce.ORDERS,
    amazon.ORDERS,
    amazon.DATE_RANGE,
    etsy.ITEMS,
    gumroad.SALES,
    ebay.TRANSACTIONS,
    klaviyo.PROFILES,
    klaviyo.CAMPAIGNS,
    klaviyo.ORDERS,
    segment.ORDERS,
    hubspot.DEALS,
    hubspot.CONTACTS,
    hubspot.COMPANIES,
    salesforce.OPPORTUNITIES,
)
RESTS = (amazon.FEES, ebay.FEES, klaviyo.EVENTS, segment.EVENTS)  # what other rows of a file of several kinds are
GENERIC = (generic.SALES, generic.PRODUCTS, generic.CUSTOMERS, generic.SUBSCRIPTIONS)
FORMATS = {format_.name: format_ for format_ in (*SPECIAL, *RESTS, *GENERIC, *anything.ANYTHING)}

__all__ = [
    "ADDED",
    "AMOUNTS",
    "CDNOW_BARE",
    "DATES",
    "FIELDS",
    "FORMATS",
    "GENERIC",
    "RATES",
    "SPECIAL",
    "TEXTS",
    "Format",
    "plain",
]
