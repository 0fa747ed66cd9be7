"""What a format is: how it is told by its columns, which column fills which field, and a few rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal[
    "sales",
    "products",
    "customers",
    "subscriptions",
    "payouts",
    "touches",
    "feedback",
    "events",
    "spend",
    "deals",
    "rates",
]
MoneyRule = Literal["rows", "orders", "documents"]
SameRule = Literal["rows", "key", "order"]

# Every field a column can fill, by how its text is read.
DATES = ("date", "ended", "closed", "born", "consent_at")
# Who a row speaks of. A number is of customers in its source's own count, a company's in another count.
WHO = (
    "customer_id",
    "company_id",
    "email",
    "phone",
    "mobile",  # counts where there is no phone
    "name",
    "first_name",
    "last_name",
    "company",
    "street",
    "street_2",  # goes on with the street
    "city",
    "postcode",
    "region",
    "country",
)
# Yes or no, or the moment of the yes; `consent` is for the channel that `consent_channel` names, else for all.
CONSENTS = ("consent", "consent_email", "consent_sms", "consent_phone", "consent_post")
TEXTS = (
    *WHO,
    *CONSENTS,
    "consent_channel",
    "order_id",
    "line_id",  # of whatever a row is: an order's line, a payment, a ticket, an event
    "time",
    "time_zone",
    "product_id",
    "description",
    "weight",  # a number, perhaps with its unit; in kilograms afterwards
    "rush",  # yes or no, or the name of a way of delivery
    "category",
    "currency",
    "paid_currency",
    "to_currency",  # of a rates file: the currency that a rate leads to
    "status",
    "cancelled",
    "test",  # filled, or yes: the order is a test
    "event",
    "kind",  # of a touch, of feedback, of a payout's row
    "channel",
    "campaign",
    "text",
    "properties",  # JSON
    "deal_id",
    "deal_name",
    "stage",
    "won",
    "subscription_id",
    "period",
    "plan",
    "reason",
)
AMOUNTS = (
    "amount",
    "order_total",
    "paid_amount",
    "paid_refund",
    "gross",
    "discount",
    "order_discount",
    "shipping",
    "tax",
    "tip",
    "refund",
    "fee",
    "net",
    "cost",
    "value",  # money that an event names; no sale
    "shipping_2", "shipping_3", "shipping_4", "tax_2", "tax_3", "tax_4", "tax_5", "tax_6", "tax_7",
    "discount_2", "discount_3", "fee_2", "fee_3", "fee_4", "fee_5", "fee_6", "fee_7",
)  # fmt: skip
RATES = ("quantity", "unit_price", "unit_cost", "price", "minutes", "score", "rate")
FIELDS = (*DATES, *TEXTS, *AMOUNTS, *RATES)
# Amounts that stand in several columns: the further fields are added to the first.
ADDED = {
    base: tuple(name for name in AMOUNTS if re.fullmatch(rf"{base}_\d", name))
    for base in ("shipping", "tax", "discount", "fee")
}


def plain(name: str) -> str:
    """Return a column's name as it is compared: lower case, letters and digits only, '#' read as 'no'.

    >>> plain("Created (UTC)"), plain("order_id"), plain("Order #")
    ('createdutc', 'orderid', 'orderno')
    """
    return re.sub(r"[\W_]+", "", name.replace("#", "no").casefold())


@dataclass(frozen=True, slots=True)
class Format:
    """A format: data only, so that a new one is one more table.

    `signatures` are sets of columns, one of which must be there whole. `fields` gives each field its columns,
    the preferred first. `money` names the rule that turns the fields into money: 'rows' (each row carries its
    own), 'orders' (what belongs to an order stands on each of its rows and counts once; where no column has its total,
    that is the sum of its parts) or 'documents' (the total stands on the order's first row, and its lines must
    explain it). `same` says when a row of a second file is the same
    row: 'rows' (equal in every field; the larger count is kept), 'key' (equal `line_id`) or 'order' (the order
    as the last file has it).
    """

    name: str
    role: Role
    title: str
    fields: Mapping[str, tuple[str, ...]]
    signatures: tuple[tuple[str, ...], ...] = ()
    required: tuple[str, ...] = ()
    money: MoneyRule = "rows"
    same: SameRule = "rows"
    vendor: str = ""  # whose own count customer numbers are in; '' is the shop's, which all generic files share
    kind: str = ""  # of its touches, feedback, events or payouts, where no column says
    won: frozenset[str] = frozenset()  # stages of deals that became sales, in lower case
    zone: str = ""  # zone of stamps without an offset; '' is the shop's
    void: frozenset[str] = (
        frozenset()
    )  # statuses of orders (subscriptions) never paid, or cancelled whole; in lower case
    unpaid: frozenset[str] = frozenset()  # statuses of orders that are not paid yet; void where `facts.unpaid` says so
    over: frozenset[str] = frozenset()  # statuses of subscriptions that have ended
    returned: frozenset[str] = frozenset()  # statuses of orders whose money went back without an amount being given
    refunds_dated: bool = True  # a row that takes money back stands on its own day
    nobody: frozenset[str] = frozenset()  # customer ids that name nobody here: a shop's number for guests
    back: frozenset[str] = frozenset()  # values of `event` whose rows take money back, whatever the sign they carry
    all_back: bool = False  # every row takes money back
    signed_fees: bool = False  # a fee taken is negative, one given back positive
    # Files that hold several kinds of rows: those whose `event` is one of `kinds` are of this format, the others of
    # the format called `rest`. All are of `rest` as soon as a file of the format `aside` is there ('any': any sales).
    kinds: frozenset[str] = frozenset()
    rest: str = ""
    aside: str = ""
    notes: tuple[str, ...] = field(default=())


def columns(text: str) -> dict[str, tuple[str, ...]]:
    """Read 'field: column | column' lines; a line that starts with '|' goes on with the one above it.

    >>> columns("date: Created at | Paid at")
    {'date': ('Created at', 'Paid at')}
    """
    text = text.replace("\n|", " |")
    pairs = (line.split(":", 1) for line in text.splitlines() if line.strip())
    return {name.strip(): tuple(c.strip() for c in names.split("|")) for name, names in pairs}


def words(text: str) -> frozenset[str]:
    """Read 'word | word', as statuses are written.

    >>> sorted(words("void | not paid"))
    ['not paid', 'void']
    """
    return frozenset(word.strip() for word in text.replace("\n", " ").split("|"))
