"""One customer explained: what they did, what they earned us, what they will, and why we say so."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from keepwell.engine import Engine, collected
from keepwell.errors import DataError
from keepwell.loop.person import customer as meant
from keepwell.loop.person import those_like
from keepwell.models.gammagamma import GammaGamma
from keepwell.models.signedspend import SignedSpend
from keepwell.settings import Settings
from keepwell.shop.moved import Moved, moved
from keepwell.shop.plain import plain
from keepwell.shop.told import text
from keepwell.tables import HORIZONS, LEDGER_LINES, UNKNOWN, Tables

Row = dict[str, Any]
ORDER = (*HORIZONS, "life")
_SPEND_MODELS: dict[str, Any] = {"gammagamma": GammaGamma, "signedspend": SignedSpend}
_SUMMED = (*LEDGER_LINES, "contribution", "assumed_sales")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that a run says of one customer, as plain values; `text()` says it in words."""

    customer: Row  # of table customers
    orders: tuple[Row, ...]  # date, order, purchase, sales, contribution; the earliest first
    months: tuple[Row, ...]  # of table ledger, the earliest first
    totals: Row  # of the ledger's lines
    trend: Row | None  # of table trends: where they are heading, and since when; None: no month in the ledger
    loss: Row | None  # of table loss_makers: why they cost more than they bring; None: they do not
    history: Row | None  # None: never bought anything that they kept
    values: tuple[Row, ...]  # of table values, with the arithmetic; the nearest horizon first
    moved: Moved | None  # what moved the forecast away from everybody's; None: no value, or a subscriber's
    segments: dict[str, str]  # scheme -> segment
    verdict: Row | None  # of table plan; None: no contact cost is set, or there is no value
    as_of: date

    def to_dict(self) -> dict[str, Any]:
        """Return values for JSON: money of the books as text with all decimals, dates as ISO."""
        return {
            "customer": plain(self.customer),
            "as_of": str(self.as_of),
            "history": plain(self.history),
            "orders": plain(self.orders),
            "months": plain(self.months),
            "totals": plain(self.totals),
            "trend": plain(self.trend),
            "loss": plain(self.loss),
            "values": plain(self.values),
            "moved": None if self.moved is None else asdict(self.moved),
            "segments": dict(self.segments),
            "verdict": plain(self.verdict),
        }

    def text(self) -> str:
        """Return the explanation in words."""
        return text(self)


def explained(customer: str, tables: Tables, settings: Settings, engine: Engine) -> Explanation:
    """Gather what the tables say of a customer, given by id, by the shop's own key, by e-mail or by phone.

    Raises:
        DataError: There is no such customer; names those like it.
    """
    person = found_customer(customer, tables, engine)
    key = person["customer_id"]

    def rows(name: str, *order: str) -> list[Row]:
        table = tables[name]
        return _drop_id(collected(engine, table.filter(table.customer_id == key).order_by(*order)).to_pylist())

    months = rows("ledger", "month")
    history = next(iter(rows("history", "first_date")), None)
    values = sorted(rows("values", "horizon"), key=lambda row: ORDER.index(row["horizon"]))
    everybody = _everybodys_mean(tables, engine, orders=history["repeats"] + 1 if history else 0)
    return Explanation(
        customer=person,
        orders=tuple(_order(row) for row in rows("order_contribution", "order_date", "order_id")),
        months=tuple(months),
        totals={line: sum((row[line] for row in months), Decimal("0.0000")) for line in _SUMMED},
        trend=next(iter(rows("trends", "turn")), None),
        loss=next(iter(rows("loss_makers", "reason")), None),
        history=history,
        values=tuple(_value(row, history, everybody) for row in values),
        moved=moved(key, history, values, tables, engine),
        segments={row["scheme"]: row["segment"] for row in rows("segments", "scheme")},
        verdict=next(iter(rows("plan", "action")), None),
        as_of=settings.as_of or date.max,
    )


def found_customer(customer: str, tables: Tables, engine: Engine) -> Row:
    """Return the row of `customers` that an id, the shop's own key, an e-mail address or a phone number means.

    Any number, address or phone of any of their records does, and every id that they had before.

    Raises:
        DataError: There is none, or there are several; names those like it.
    """
    if customer.strip() == UNKNOWN:  # who stands in the ledger, and is nobody to be found otherwise
        nobody = tables["customers"].filter(tables["customers"].customer_id == UNKNOWN)
        row = next(iter(collected(engine, nobody).to_pylist()), None)
    else:
        row = meant(customer, tables, engine)
    if row is None:
        raise DataError(f"there is no customer {customer!r}", mend=those_like(customer, tables, engine))
    return row


def _order(row: Row) -> Row:
    """Return what is shown of an order."""
    sales = row["gross"] - row["discounts"]
    names = ("order_date", "order_id", "purchase", "refunds", "contribution")
    return {name: row[name] for name in names[:3]} | {"sales": sales} | {name: row[name] for name in names[3:]}


def _everybodys_mean(tables: Tables, engine: Engine, *, orders: int) -> float | None:
    """Return what is expected of anybody with so many orders before these are looked at, by this run's spend model."""
    fits = tables["fits"]
    latest = fits.filter(fits.origin == fits.origin.max(), fits.model.isin(list(_SPEND_MODELS)))
    rows = collected(engine, latest.select("model", "parameter", "estimate")).to_pylist()
    if not rows:
        return None
    params = _SPEND_MODELS[rows[0]["model"]]
    found = {row["parameter"]: row["estimate"] for row in rows}
    model = params(**{field.name: found[field.name] for field in fields(params) if field.name in found})
    return float(model.mean_of(np.array([float(orders)]))[0])


def _value(row: Row, history: Row | None, everybody: float | None) -> Row:
    """Add the arithmetic of a value.

    Expected orders = chance of being active x orders if active. Expected contribution = discounted orders x spend;
    spend = (own mean x weight + everybody's x the rest) x of late. What a payment of a subscription brings is no such
    mean: it follows from its price.
    """
    if row["p_leave"] is not None:
        everybody = None
    spend, weight = row["spend"], row["spend_weight"]
    more = {
        "orders_if_active": row["expected_orders"] / row["p_active"] if row["p_active"] else None,
        "discounted_orders": row["expected_contribution"] / spend if spend else None,
        "own_mean_order": None,
        "everybodys_mean_order": everybody,
        "of_late": None,
    }
    if history is None or everybody is None:
        return row | more
    own = (history["first_contribution"] + history["repeat_sum"]) / (history["repeats"] + 1)
    shrunk = weight * own + (1 - weight) * everybody
    return row | more | {"own_mean_order": own, "of_late": spend / shrunk if shrunk else None}


def _drop_id(rows: list[Row]) -> list[Row]:
    return [{name: value for name, value in row.items() if name != "customer_id"} for row in rows]
