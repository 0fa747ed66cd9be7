"""Which kind of facts a table of no known format holds, told by which of its columns there are.

Sales, products, customers and subscriptions are told in `recognise`; here are the others, which are asked first. Each
test needs a column that only such a file has, so that a plain file of sales is never taken for anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from keepwell.unify.formats import plain
from keepwell.unify.formats.anything import (
    ANYTHING,
    DEALS,
    EVENTS,
    FEEDBACK,
    LOG,
    PAYOUTS,
    RATES,
    RETURNS,
    SPEND,
    TOUCHES,
)
from keepwell.unify.formats.shape import Format

Mapped = Mapping[str, str]  # field -> column
KEYS = frozenset(
    {"customer_id", "company_id", "email", "phone", "mobile", "name", "last_name", "company"}
)  # any of them names a customer
_TOUCH = frozenset(map(plain, TOUCHES.fields["kind"][:-2])) | {"kind"}
_WORDS = frozenset(map(plain, FEEDBACK.fields["text"])) - {"text", "body", "message", "answer", "comment", "comments"}
_EVENT = frozenset(map(plain, EVENTS.fields["event"])) - {"action", "activity"}
_MONEY = frozenset({"amount", "order_total", "unit_price", "gross"})


def guessed(mapped: Callable[[Format], Mapped], sales: Mapped, *, browsing: Callable[[str], bool]) -> Format | None:
    """Return the format of a table of facts that is no plain sales, or None.

    Args:
        mapped: Gives a format's field -> column as far as the table has them.
        sales: The same of the generic format of sales.
        browsing: Tells whether a column's values are what visitors do on pages.
    """
    asked = ((format_, _Table(mapped(format_), sales, browsing)) for format_ in ANYTHING)
    return next((format_ for format_, table in asked if _TESTS[format_.name](table)), None)


@dataclass(frozen=True, slots=True)
class _Table:
    """What is asked of a table: the columns of one format, and of the generic format of sales."""

    there: Mapped
    sales: Mapped
    browsing: Callable[[str], bool]

    def has(self, *fields: str) -> bool:
        """Return whether the format's columns are all there."""
        return set(fields) <= self.there.keys()

    @property
    def named(self) -> bool:
        """Whether a column names a customer."""
        return bool(KEYS & self.sales.keys())

    @property
    def apart(self) -> bool:
        """Whether a row is about a customer, an order or a product."""
        return self.named or bool({"order_id", "product_id"} & self.sales.keys())

    @property
    def priced(self) -> bool:
        """Whether a column may be an order's money."""
        return bool(_MONEY & self.sales.keys())

    @property
    def logged(self) -> bool:
        """Whether it is a log of what visitors did."""
        return self.has("date", "event") and plain(self.there["event"]) in _EVENT and self.browsing(self.there["event"])

    @property
    def unsold(self) -> bool:
        """Whether it is dated and no sale."""
        return self.has("date") and not self.priced and "quantity" not in self.sales

    def worded(self, field: str, words: frozenset[str]) -> bool:
        """Return whether the field's column is called one of `words`."""
        return plain(self.there.get(field, "")) in words


_TESTS: Mapping[str, Callable[[_Table], bool]] = {
    DEALS.name: lambda t: t.has("deal_id", "stage") and "product_id" not in t.sales,
    RATES.name: lambda t: t.has("date", "currency", "rate") and not t.apart,
    RETURNS.name: lambda t: t.has("date", "product_id", "quantity"),
    PAYOUTS.name: lambda t: (
        t.has("date", "fee") and (t.has("amount") or t.has("net")) and _of_payouts(t.there) and not t.named
    ),
    SPEND.name: lambda t: (
        t.has("date", "amount") and (t.has("channel") or t.has("campaign")) and not t.apart and _of_spend(t.there)
    ),
    EVENTS.name: lambda t: t.logged and not (t.priced and t.named),
    LOG.name: lambda t: t.logged and t.priced and t.named,
    FEEDBACK.name: lambda t: t.unsold and (t.has("score") or t.worded("text", _WORDS)),
    TOUCHES.name: lambda t: (
        t.unsold and t.named and (t.has("minutes") or t.has("campaign") or t.worded("kind", _TOUCH))
    ),
}


def _of_payouts(there: Mapped) -> bool:
    """Return whether the columns tell of payouts: a net amount, or the word itself."""
    return "net" in there or any("payout" in plain(column) for column in there.values())


def _of_spend(there: Mapped) -> bool:
    """Return whether the amount is told to be spent: by its name, or because it stands beside a campaign."""
    return plain(there["amount"]) != "amount" or "campaign" in there
