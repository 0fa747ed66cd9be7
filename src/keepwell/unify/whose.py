"""Whose a raw row is, told by plain marks, and which of its columns hold nothing personal.

This is for forgetting and for telling people what is held on them, which must find rows in files that no run has read
and whose amounts or dates nobody could read. So it looks at the text of the columns that say who somebody is, and at
nothing else: a mark is that text made coarse, so that spelling alone does not hide a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import ibis

from keepwell.engine import Engine
from keepwell.unify.columns import as_text, code
from keepwell.unify.formats import FORMATS, Format
from keepwell.unify.formats.shape import CONSENTS, FIELDS, WHO
from keepwell.unify.reading import RawFile
from keepwell.unify.who import somebody, space

if TYPE_CHECKING:
    import ibis.expr.types as ir

# Marks of a row: its customer's number in its own count, e-mail and phone; `row` of all that it says of the person;
# `order` of the order it is about. Each is text, null where the row has none.
KEYS = ("number", "email", "phone")
MARKS = (*KEYS, "row", "order")
PHONE_DIGITS = (7, 9)  # fewer are no number; more than the last nine are country and trunk codes

# Fields that identify a transaction: replaced by a stand-in, so that rows of one order stay together.
STAND_INS = frozenset({"order_id", "line_id", "deal_id", "subscription_id"})
# Fields that say nothing of a person. Text that people write ('reason', 'text', 'deal_name'...) is not among them.
_IMPERSONAL = frozenset(FIELDS) - frozenset(WHO) - frozenset(CONSENTS) - STAND_INS - {
    "born", "consent_at", "consent_channel", "text", "properties", "deal_name", "reason",
} | {"country"}  # fmt: skip
_WRITTEN = frozenset({"description", "category"})  # a product's words in sales, anybody's words elsewhere
# Rows of these kinds of files are nothing but the person: they are taken out whole.
PERSONAL_ROLES = frozenset({"customers", "subscriptions"})

What = Literal["keep", "stand-in", "clear"]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a raw file is laid out: what it is, and what each of its columns is to a person who is forgotten."""

    format: Format
    mapping: Mapping[str, str]  # field -> column
    others: tuple[Mapping[str, str], ...] = ()  # of the other kinds of rows in it
    keys: frozenset[str] = frozenset()  # columns by which later files correct rows, or a database is pulled

    @property
    def taken_out(self) -> bool:
        """Whether a person's rows are taken out whole, as they hold nothing else."""
        return self.format.role in PERSONAL_ROLES

    def columns(self, header: tuple[str, ...]) -> dict[str, What]:
        """Return what to do with each column of a forgotten person's row; what nobody understood is cleared."""
        used: dict[str, set[str]] = {}
        for mapping in (self.mapping, *self.others):
            for field, column in mapping.items():
                used.setdefault(column, set()).add(field)
        whats = {column: _what(used.get(column, set()), self.format.role) for column in header}
        return {c: "stand-in" if what == "clear" and c in self.keys else what for c, what in whats.items()}


def _what(fields: set[str], role: str) -> What:
    impersonal = _IMPERSONAL if role in {"sales", "products"} else _IMPERSONAL - _WRITTEN
    if not fields or not fields <= impersonal | STAND_INS:
        return "clear"
    return "stand-in" if fields & STAND_INS else "keep"


def layout(
    format_: str, mapping: Mapping[str, str], *, others: Sequence[Mapping[str, str]] = (), keys: Iterable[str] = ()
) -> Layout:
    """Return the layout of a file that was recognised as the format named so."""
    return Layout(FORMATS[format_], mapping, tuple(others), frozenset(keys))


def marks(raw: RawFile, how: Layout, engine: Engine) -> ir.Table:
    """Return `line` and the marks of each row of a raw file."""
    table = engine.read(raw.path)
    columns = {field: column for mapping in (*how.others, how.mapping) for field, column in mapping.items()}
    text = {field: as_text(table[column]).strip().nullif("") for field, column in columns.items()}
    none = ibis.null("string")
    number, email = (_key(text[name]) if name in text else none for name in ("customer_id", "email"))
    if how.format.nobody and "customer_id" in text:
        number = number.isin(sorted(how.format.nobody)).ifelse(none, number)
    # Nothing is not joined to text: DuckDB takes that for a number.
    number = ibis.literal(f"{space(raw.source, how.format)}|") + number if "customer_id" in text else none
    told = [(name, text[name]) for name in WHO if name in text and name != "country"]
    parts = [ibis.literal(f"{name}=") + coarse(_key(value)) for name, value in told]
    return table.select(
        line=table.line.cast("int64"),
        number=number,
        email=email.lower(),
        phone=ibis.coalesce(*(phone_mark(text[n]) for n in ("phone", "mobile") if n in text), none),
        row=_together(parts),
        order=_whole_number(code(text["order_id"])) if "order_id" in text else none,
    )


def _key(value: Any) -> Any:
    return somebody(_whole_number(code(value)))


def _whole_number(text: Any) -> Any:
    """Return a code that went through a spreadsheet as '17850.0' as '17850'."""
    return text.re_replace(r"^(\d+)\.0+$", r"\1")


def coarse(text: Any) -> Any:
    """Return text in lower case without blanks and signs; null where nothing is left."""
    return text.lower().re_replace(r"[\s.,;:'\"()/_+#-]+", "").nullif("")


def phone_mark(text: Any) -> Any:
    """Return the last digits of a phone number, which are the same with and without a country's code."""
    least, most = PHONE_DIGITS
    digits = text.re_replace(r"\.0$", "").re_replace(r"[^0-9]+", "")
    last = (digits.length() > most).ifelse(digits.substr(digits.length() - most), digits)
    return (digits.length() >= least).ifelse(last, ibis.null("string"))


def _together(parts: list[Any]) -> Any:
    """Return the parts that are there as one text, null where none is."""
    if not parts:
        return ibis.null("string")
    return ibis.literal("|").join([part.fill_null("") for part in parts]).re_replace(r"^\|+$", "").nullif("")


def same_phone(text: str, known: frozenset[str]) -> bool:
    """Return whether a text is one of the phone numbers whose marks are `known`; see `phone_mark`.

    >>> same_phone("+44 1632 960123", frozenset(["632960123"])), same_phone("call me", frozenset(["632960123"]))
    (True, False)
    """
    digits = "".join(filter(str.isdigit, text.removesuffix(".0")))
    return len(digits) >= PHONE_DIGITS[0] and digits[-PHONE_DIGITS[1] :] in known
