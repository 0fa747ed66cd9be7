"""The formats that are known, as data: the special ones first, the generic ones where none of them fits."""

from keepwell.unify.formats import generic, shopify, square, stripe, uci, woo
from keepwell.unify.formats.shape import ADDED, AMOUNTS, DATES, FIELDS, RATES, TEXTS, Format, plain
from keepwell.unify.formats.uci import CDNOW_BARE

SPECIAL = (
    shopify.ORDERS,
    shopify.PRODUCTS,
    shopify.CUSTOMERS,
    woo.ADVANCED,
    woo.ANALYTICS,
    woo.REST,
    stripe.V1,
    stripe.V2,
    stripe.SUBSCRIPTIONS,
    square.TRANSACTIONS,
    square.ITEMS,
    uci.ONLINE_RETAIL,
    uci.CDNOW,
)
GENERIC = (generic.SALES, generic.PRODUCTS, generic.CUSTOMERS, generic.SUBSCRIPTIONS)
FORMATS = {format_.name: format_ for format_ in (*SPECIAL, *GENERIC)}

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
