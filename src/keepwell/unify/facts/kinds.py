"""The kinds of facts as data: which fields make which columns, and what a row must and must not say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from keepwell.unify.amounts import MONEY
from keepwell.unify.typed import Seen

if TYPE_CHECKING:
    import ibis.expr.types as ir

Value = Callable[["ir.Table", Seen], Any]  # a column from the typed fields of a file
Fault = tuple[Callable[["ir.Table"], Any], str, str]  # where it holds, the field at fault, why
YES = ("true", "yes", "y", "1", "t", "x", "won", "ja", "oui", "si", "sí")
_RATINGS = {"nps": ("nps", "promoter", "recommend"), "csat": ("csat", "satisfaction")}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of facts: `columns` of its table by name, the currency and whose they are apart."""

    columns: Mapping[str, Value]
    faults: tuple[Fault, ...] = ()
    who: bool = True  # its rows speak of customers
    money: tuple[str, ...] = ()  # of `columns`, what is in the row's currency
    key: str = ""  # the column by which a later row replaces an earlier one; '': rows are compared by content


def _field(name: str, dtype: str = "") -> Value:
    return lambda table, _file: table[name].cast(dtype) if dtype else table[name]


def _lower(name: str) -> Value:
    """Return a column in lower case; where the file has none, the format's own word for it."""
    return lambda table, file: table[name].strip().lower().nullif("").fill_null(file.format.kind or _otherwise(file))


def _otherwise(file: Seen) -> str:
    """Return what kind of row it is where neither the row nor the format says so."""
    mapping = file.recognition.mapping
    if file.recognition.role != "feedback":
        return {"touches": "contact", "payouts": "charge"}.get(file.recognition.role, "")
    column = mapping.get("score", "").lower()
    named = (kind for kind, words in _RATINGS.items() if any(word in column for word in words))
    return next(named, "rating" if column else "review")


def _missing(name: str, why: str) -> Fault:
    return (lambda table: table[name].isnull()), name, why


def _negative(name: str, why: str) -> Fault:
    return (lambda table: (table[name] < 0).fill_null(ibis.literal(value=False))), name, why


def is_won(table: ir.Table, file: Seen) -> Any:
    """Return whether a deal became a sale: as the file says, else by the name of its stage."""
    letters = table.stage.lower().re_replace(r"[^a-z]", "")
    by_stage = letters.endswith("won") | letters.isin(["gewonnen", "gagne", "ganado"])
    if file.format.won:
        by_stage = by_stage | table.stage.lower().strip().isin(sorted(file.format.won))
    by_stage = by_stage.fill_null(ibis.literal(value=False))
    if "won" not in file.recognition.mapping:
        return by_stage
    said = table.won.lower().strip()
    return said.notnull().ifelse(said.isin(YES), by_stage)


def _taken(table: ir.Table, file: Seen) -> Any:
    """Return the fee that was taken, negative where it was given back; 0 where the row names none."""
    return (-table.fee if file.format.signed_fees else table.fee).fill_null(ibis.literal(0).cast(MONEY))


_AT: dict[str, Value] = {"at": _field("ordered_at"), "date": _field("order_date")}
_COUNT = "decimal(18,4)"

KINDS: Mapping[str, Kind] = {
    "touches": Kind(
        {
            **_AT,
            "kind": _lower("kind"),
            "channel": _field("channel"),
            "campaign": _field("campaign"),
            "order_id": _field("order_id"),
            "minutes": _field("minutes", _COUNT),
            "cost": _field("cost"),
        },
        faults=(_negative("minutes", "minutes below 0"), _negative("cost", "a cost below 0")),
        money=("cost",),
    ),
    "feedback": Kind(
        {
            **_AT,
            "kind": _lower("kind"),
            "score": _field("score", _COUNT),
            "text": _field("text"),
            "product_id": _field("product_id"),
            "order_id": _field("order_id"),
        },
        faults=((lambda table: table.score.isnull() & table.text.isnull(), "score", "neither a score nor words"),),
    ),
    "events": Kind(
        {
            **_AT,
            "kind": lambda table, file: table.event.strip().nullif("").fill_null(file.format.kind or None),
            "product_id": _field("product_id"),
            "value": _field("value"),
            "properties": _field("properties"),
        },
        faults=(_missing("event", "no name of what happened"),),
        money=("value",),
    ),
    "spend": Kind(
        {
            "date": _field("order_date"),
            "channel": _field("channel"),
            "campaign": _field("campaign"),
            "amount": _field("amount"),
        },
        faults=(_missing("amount", "no amount"),),
        who=False,
        money=("amount",),
    ),
    "payouts": Kind(
        {
            "order_id": _field("order_id"),
            "date": _field("order_date"),
            "kind": _lower("kind"),
            "amount": lambda table, file: ibis.coalesce(table.amount, table.net + _taken(table, file)),
            "fee": _taken,
        },
        faults=((lambda table: table.amount.isnull() & table.net.isnull(), "amount", "no amount"),),
        who=False,
        money=("amount", "fee"),
    ),
    "deals": Kind(
        {
            "deal_id": _field("deal_id"),
            "deal_name": _field("deal_name"),  # `name` is the person's until the table is laid out
            "stage": _field("stage"),
            "amount": _field("amount"),
            "opened": _field("order_date"),
            "closed": _field("closed"),
            "won": is_won,
        },
        faults=(_missing("deal_id", "no deal"), _missing("stage", "no stage")),
        money=("amount",),
        key="deal_id",
    ),
    "rates": Kind(
        {
            "date": _field("order_date"),
            "to_currency": lambda table, _file: table.to_currency.upper(),
            "rate": _field("rate", "decimal(18,8)"),
        },
        faults=(
            _missing("currency", "no currency"),
            _missing("rate", "no rate"),
            (lambda table: (table.rate <= 0).fill_null(ibis.literal(value=False)), "rate", "a rate not above 0"),
        ),
        who=False,
    ),
}
