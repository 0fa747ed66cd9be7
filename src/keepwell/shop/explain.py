"""One customer explained: what they did, what they earned us, what they will, and why we say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from keepwell.engine import Engine, collected
from keepwell.errors import DataError
from keepwell.models.gammagamma import GammaGamma
from keepwell.models.signedspend import SignedSpend
from keepwell.settings import Settings
from keepwell.tables import LEDGER_LINES, UNKNOWN, Tables

Row = dict[str, Any]
_NEAREST = 3
_NO_CHANGE = 1e-6
_SPEND_MODELS: dict[str, Any] = {"gammagamma": GammaGamma, "signedspend": SignedSpend}
_SUMMED = (*LEDGER_LINES, "contribution", "assumed_sales")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that a run says of one customer, as plain values; `text()` says it in words."""

    customer: Row  # of table customers
    orders: tuple[Row, ...]  # date, order, purchase, sales, contribution; the earliest first
    months: tuple[Row, ...]  # of table ledger, the earliest first
    totals: Row  # of the ledger's lines
    history: Row | None  # None: never bought anything that they kept
    values: tuple[Row, ...]  # of table values, with the arithmetic; the 12 months first
    segments: dict[str, str]  # scheme -> segment
    verdict: Row | None  # of table plan; None: no contact cost is set, or there is no value
    as_of: date

    def to_dict(self) -> dict[str, Any]:
        """Return values for JSON: money of the books as text with all decimals, dates as ISO."""
        return {
            "customer": _plain(self.customer),
            "as_of": str(self.as_of),
            "history": _plain(self.history),
            "orders": _plain(self.orders),
            "months": _plain(self.months),
            "totals": _plain(self.totals),
            "values": _plain(self.values),
            "segments": dict(self.segments),
            "verdict": _plain(self.verdict),
        }

    def text(self) -> str:
        """Return the explanation in words."""
        parts = [_who(self), _past(self), _profit(self), _future(self), _alike(self), _judged(self)]
        return "\n\n".join(part for part in parts if part)


def explained(customer: str, tables: Tables, settings: Settings, engine: Engine) -> Explanation:
    """Gather what the tables say of a customer, given by id, by the shop's own key, or by e-mail.

    Raises:
        DataError: There is no such customer; names those like it.
    """
    person = _found(customer, tables, engine)
    key = person["customer_id"]

    def rows(name: str, *order: str) -> list[Row]:
        table = tables[name]
        return _drop_id(collected(engine, table.filter(table.customer_id == key).order_by(*order)).to_pylist())

    months = rows("ledger", "month")
    history = next(iter(rows("history", "first_date")), None)
    everybody = _everybodys_mean(tables, engine)
    return Explanation(
        customer=person,
        orders=tuple(_order(row) for row in rows("order_contribution", "order_date", "order_id")),
        months=tuple(months),
        totals={line: sum((row[line] for row in months), Decimal("0.0000")) for line in _SUMMED},
        history=history,
        values=tuple(_value(row, history, everybody) for row in rows("values", "horizon")),
        segments={row["scheme"]: row["segment"] for row in rows("segments", "scheme")},
        verdict=next(iter(rows("plan", "action")), None),
        as_of=settings.as_of or date.max,
    )


def _found(customer: str, tables: Tables, engine: Engine) -> Row:
    t, wanted = tables["customers"], customer.strip()
    same = (t.customer_id == wanted) | (t.customer_key.lower() == wanted.lower()) | (t.email.lower() == wanted.lower())
    rows = collected(engine, t.filter(same).order_by("customer_id").limit(_NEAREST)).to_pylist()
    for match in (_is("customer_id", wanted), _is("customer_key", wanted), _is("email", wanted), _any):
        named = [row for row in rows if match(row)]
        if len(named) == 1:
            return named[0]
        if named:
            keys = ", ".join(row["customer_id"] for row in named)
            raise DataError(f"{customer!r} is more than one customer", mend=f"Give one of the ids {keys}.")
    raise DataError(f"there is no customer {customer!r}", mend=_those_like(wanted, tables, engine))


def _is(column: str, wanted: str) -> Callable[[Row], bool]:
    return lambda row: row[column] == wanted


def _any(_: Row) -> bool:
    return True


def _those_like(wanted: str, tables: Tables, engine: Engine) -> str:
    t = tables["customers"]
    known = t.filter(t.customer_id != UNKNOWN)
    by_key = known.mutate(far=known.customer_key.lower().levenshtein(wanted.lower()))
    near = collected(engine, by_key.order_by("far", "customer_key").limit(_NEAREST)).to_pylist()
    keys = [repr(row["customer_key"]) for row in near]
    return f"Those most like it: {', '.join(keys)}." if keys else "No row names a customer."


def _order(row: Row) -> Row:
    """Return what is shown of an order."""
    sales = row["gross"] - row["discounts"]
    names = ("order_date", "order_id", "purchase", "refunds", "contribution")
    return {name: row[name] for name in names[:3]} | {"sales": sales} | {name: row[name] for name in names[3:]}


def _everybodys_mean(tables: Tables, engine: Engine) -> float | None:
    """Return what an order of somebody unknown is expected to bring, by the spend model of this run."""
    fits = tables["fits"]
    latest = fits.filter(fits.origin == fits.origin.max(), fits.model.isin(list(_SPEND_MODELS)))
    rows = collected(engine, latest.select("model", "parameter", "estimate")).to_pylist()
    if not rows:
        return None
    params = _SPEND_MODELS[rows[0]["model"]]
    found = {row["parameter"]: row["estimate"] for row in rows}
    return float(params(**{field.name: found[field.name] for field in fields(params)}).mean)


def _value(row: Row, history: Row | None, everybody: float | None) -> Row:
    """Add the arithmetic of a value.

    Expected contribution = discounted orders x spend; spend = (own mean x weight + everybody's x the rest) x of late.
    """
    spend, weight = row["spend"], row["spend_weight"]
    orders = row["expected_contribution"] / spend if spend else None
    more = {"discounted_orders": orders, "own_mean_order": None, "everybodys_mean_order": everybody, "of_late": None}
    if history is None or everybody is None:
        return row | more
    own = (history["first_contribution"] + history["repeat_sum"]) / (history["repeats"] + 1)
    shrunk = weight * own + (1 - weight) * everybody
    return row | more | {"own_mean_order": own, "of_late": spend / shrunk if shrunk else None}


def _drop_id(rows: list[Row]) -> list[Row]:
    return [{name: value for name, value in row.items() if name != "customer_id"} for row in rows]


def _who(e: Explanation) -> str:
    c = e.customer
    named = [c[name] for name in ("name", "email", "country") if c[name]]
    lines = [f"Customer {c['customer_key']}" + (f" ({', '.join(named)})" if named else ""), f"  id {c['customer_id']}"]
    lines.append(f"  seen from {c['first_seen']} to {c['last_seen']}; the run looks up to {e.as_of}")
    return "\n".join(lines)


def _past(e: Explanation) -> str:
    lines = ["What they did"]
    if e.history is None:
        lines.append("  Bought nothing that was not taken back, so no value can be told.")
    else:
        h = e.history
        lines.append(f"  {_days(h['repeats'] + 1)} with a purchase, {_days(h['recency'])} from the first to the last")
        lines.append(f"  the last was {_days(h['age'] - h['recency'])} before {e.as_of}")
    shown = e.orders[-12:]
    if len(shown) < len(e.orders):
        lines.append(f"  the latest {len(shown)} of {len(e.orders)} orders:")
    for order in shown:
        kind = "" if order["purchase"] else "  (no purchase kept)"
        back = f"  given back {_money(order['refunds'])}" if order["refunds"] else ""
        money = f"sales {_money(order['sales'])}  contribution {_money(order['contribution'])}"
        lines.append(f"  {order['order_date']}  {order['order_id']:<16}  {money}{back}{kind}")
    return "\n".join(lines)


def _profit(e: Explanation) -> str:
    names = [name for name in LEDGER_LINES if e.totals[name]]
    lines = ["What they earned us", *(f"  {name.replace('_', ' '):<18}{_money(e.totals[name]):>14}" for name in names)]
    lines.append(f"  {'contribution':<18}{_money(e.totals['contribution']):>14}")
    if e.totals["assumed_sales"]:
        lines.append(
            f"  the cost of {_money(e.totals['assumed_sales'])} of sales is the assumed margin's, not measured"
        )
    lines.append("  by month: " + ", ".join(f"{m['month']:%Y-%m} {_money(m['contribution'])}" for m in e.months[-12:]))
    return "\n".join(lines)


def _future(e: Explanation) -> str:
    if not e.values:
        return ""
    lines = ["What they will earn us (before the cost of future contact)"]
    for v in e.values:
        name = "in the next 12 months" if v["horizon"] == "12m" else "for life"
        lines.append(f"  {name}: {_money(v['expected_contribution'])}")
        lines.append(f"    between {_money(v['q05'])} and {_money(v['q95'])} in nine of ten such customers")
        if v["discounted_orders"] is not None:
            product = f"{v['discounted_orders']:.4f} x {v['spend']:.4f} = {v['expected_contribution']:.4f}"
            lines.append(f"    {product} (orders expected, discounted x contribution expected of one order)")
        lines.append(f"    chance of no order: {v['p_zero']:.1%}")
    lines += _spend(e.values[0])
    v = e.values[0]
    due = f"an order is as likely as not by {v['next_order']}" if v["next_order"] else "no next order is likely"
    lines.append(f"  chance of still being a customer: {v['p_active']:.1%}; {due}")
    lines.append(f"  {v['basis']}")
    return "\n".join(lines)


def _spend(v: Row) -> list[str]:
    if v["of_late"] is None:
        return []
    w, own, everybody = v["spend_weight"], v["own_mean_order"], v["everybodys_mean_order"]
    late = "" if abs(v["of_late"] - 1) < _NO_CHANGE else f" x {v['of_late']:.4f}"
    lines = [f"  one order: ({w:.3f} x {own:.4f} + {1 - w:.3f} x {everybody:.4f}){late} = {v['spend']:.4f}"]
    lines.append("    (own mean and everybody's, by how much their own orders tell" + (")" if not late else ","))
    return lines if not late else [*lines, "    times what orders bring of late beside what the past says)"]


def _alike(e: Explanation) -> str:
    if not e.segments:
        return ""
    return "Who is alike\n" + "\n".join(f"  {scheme:<6}{segment}" for scheme, segment in e.segments.items())


def _judged(e: Explanation) -> str:
    if e.verdict is None:
        if e.values:
            return "Keep or stop\n  No verdict: give --contact-cost to `keepwell run`."
        return ""
    v = e.verdict
    lines = ["Keep or stop", f"  {v['verdict']}: {v['reason']}"]
    share = "no share of their purchases" if v["break_even"] is None else f"{v['break_even']:.1%} of what they will buy"
    lines.append(f"  contact pays if it causes {share}; cost of contact in 12 months {_money(v['cost'])}")
    span = f"{_money(v['gain_lower'])} to {_money(v['gain_upper'])}"
    lines.append(f"  expected gain of contact {_money(v['gain'])} ({span} over the range, {v['evidence']})")
    lines.append(f"  chance that it pays back on this person {v['pays_back']:.1%}; that this is right {v['right']:.1%}")
    return "\n".join(lines)


def _days(n: int) -> str:
    return f"{n:,} day" if n == 1 else f"{n:,} days"


def _money(value: float | Decimal) -> str:
    return f"{value:,.2f}"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, (Decimal, date)) else value
