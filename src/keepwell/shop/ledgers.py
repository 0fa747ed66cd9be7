"""The cost model at work, and one customer's profit and loss by month: what `keepwell costs` and `ledger` say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Literal

from keepwell.engine import Engine, collected
from keepwell.shop.explain import found_customer
from keepwell.shop.plain import plain
from keepwell.tables import LEDGER_IN, LEDGER_LINES, Tables

Row = dict[str, Any]
By = Literal["month", "quarter", "year", "all"]
_ZERO = Decimal("0.0000")
_AFTER = {"refunds": "net revenue", "product_cost": "contribution 1", "returns_handling": "contribution 2"}
_SIGNS = {"discounts": -1, "refunds": -1, "tax": 0}
_ORDER = (*(name for name in LEDGER_IN if name != "tax"), *LEDGER_LINES[len(LEDGER_IN) :])


@dataclass(frozen=True, slots=True)
class CostModel:
    """Sums of tables `costs` and `unassigned` over the months asked for."""

    first: date | None
    last: date | None
    resources: tuple[Row, ...]  # resource, cost, minutes, worked, customers, nobody, unused
    activities: tuple[Row, ...]  # resource, activity, times, minutes, each (cost of one), cost, customers, nobody
    unassigned: tuple[Row, ...]  # ledger_line, reason, subject, amount
    months: tuple[Row, ...]  # month, resource, cost, customers, nobody, unused

    def to_dict(self) -> dict[str, Any]:
        """Return values for JSON: money as text with all decimals, dates as ISO."""
        found: dict[str, Any] = plain(asdict(self))
        return found

    def text(self) -> str:
        """Return it in words."""
        return "\n\n".join(part for part in (_resources(self), _activities(self), _left(self)) if part)


@dataclass(frozen=True, slots=True)
class CustomerLedger:
    """A customer's profit and loss by period, the earliest first."""

    customer: Row
    by: By
    periods: tuple[Row, ...]  # period, orders and the lines of the ledger

    def to_dict(self) -> dict[str, Any]:
        """Return values for JSON: money as text with all decimals, dates as ISO."""
        found: dict[str, Any] = plain(asdict(self))
        return found

    def text(self) -> str:
        """Return it as a statement: a line of the ledger a row, a period a column, the latest six and the sum."""
        who = self.customer["name"] or self.customer["customer_key"]
        shown = self.periods[-6:]
        head = f"{who} ({self.customer['customer_id']}), by {self.by}"
        if len(shown) < len(self.periods):
            head += f": the latest {len(shown)} of {len(self.periods)}, and the sum of all"
        if not self.periods:
            return f"{head}: nothing stands in their ledger."
        columns = [*shown] if self.by == "all" else [*shown, _summed(self.periods, "all")]
        used = [line for line in (*_ORDER, "tax") if any(row[line] for row in self.periods)]
        rows = [["", *(row["period"] for row in columns)], ["orders", *(f"{row['orders']:,}" for row in columns)]]
        for line in _ORDER:
            if line in used:
                sign = "" if _sign(line) > 0 else "- "
                rows.append([f"{sign}{line.replace('_', ' ')}", *(_money(row[line]) for row in columns)])
            if line in _AFTER:
                rows.append([f"= {_AFTER[line]}", *(_money(_left_after(row, line)) for row in columns)])
        rows.append(["= contribution 3", *(_money(row["contribution"]) for row in columns)])
        if "tax" in used:
            rows.append(["(tax, passed on)", *(_money(row["tax"]) for row in columns)])
        return f"{head}\n{_laid_out(rows)}"


def cost_model(tables: Tables, engine: Engine, *, month: date | None = None) -> CostModel:
    """Sum the cost model over all months, or tell one month of it."""
    found = {}
    for name in ("costs", "unassigned"):
        t = tables[name] if month is None else tables[name].filter(tables[name].month == month)
        found[name] = collected(engine, t.order_by(t.columns[:4])).to_pylist()
    wholes = [row for row in found["costs"] if not row["activity"]]
    done = [row for row in found["costs"] if row["activity"]]
    months = [row["month"] for row in found["costs"]]
    resources = _added(wholes, ("resource",), ("cost", "minutes", "customers", "nobody", "unused"))
    worked = {row["resource"]: row["minutes"] for row in _added(done, ("resource",), ("minutes",))}
    activities = _added(done, ("resource", "activity"), ("times", "minutes", "cost", "customers", "nobody"))
    return CostModel(
        first=min(months, default=None),
        last=max(months, default=None),
        resources=tuple(row | {"worked": worked.get(row["resource"], _ZERO)} for row in resources),
        activities=tuple(row | {"each": row["cost"] / row["times"] if row["times"] else None} for row in activities),
        unassigned=tuple(_added(found["unassigned"], ("ledger_line", "reason", "subject"), ("amount",))),
        months=tuple({name: row[name] for name in _MONTHLY} for row in wholes),
    )


_MONTHLY = ("month", "resource", "cost", "customers", "nobody", "unused")


def customer_ledger(customer: str, tables: Tables, engine: Engine, *, by: By = "month") -> CustomerLedger:
    """Return the profit and loss of a customer, given by id, by the shop's own key, by e-mail or by phone.

    Raises:
        DataError: There is no such customer; names those like it.
    """
    person = found_customer(customer, tables, engine)
    t = tables["ledger"]
    rows = collected(engine, t.filter(t.customer_id == person["customer_id"]).order_by("month")).to_pylist()
    periods = [_summed(list(same), name) for name, same in groupby(rows, key=lambda row: _period(row["month"], by))]
    return CustomerLedger(person, by, tuple(periods))


def _period(month: date, by: By) -> str:
    named = {"quarter": f"{month.year}-Q{(month.month + 2) // 3}", "year": f"{month.year}", "all": "all"}
    return named.get(by, f"{month:%Y-%m}")


def _summed(rows: Sequence[Row], name: str) -> Row:
    columns = (*LEDGER_LINES, "contribution_1", "contribution_2", "contribution", "assumed_sales")
    sums = {line: sum((row[line] for row in rows), _ZERO) for line in columns}
    return {"period": name, "orders": sum(row["orders"] for row in rows), **sums}


def _sign(line: str) -> int:
    return _SIGNS.get(line, 1 if line in LEDGER_IN else -1)


def _left_after(row: Row, line: str) -> Decimal:
    names = _ORDER[: _ORDER.index(line) + 1]
    return sum((_sign(name) * row[name] for name in names), _ZERO)


def _added(rows: Iterable[Row], keys: Sequence[str], sums: Sequence[str]) -> list[Row]:
    found: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        one = found.setdefault(key, dict(zip(keys, key, strict=True)) | dict.fromkeys(sums, 0))
        for name in sums:
            one[name] += row[name]
    return [found[key] for key in sorted(found)]


def _resources(model: CostModel) -> str:
    if not model.resources:
        return (
            "No resource is set: work costs nothing yet. `keepwell init` writes a keepwell.toml; give people and "
            "machines there as `costs.resources`, and their work as `costs.activities`."
        )
    rows = [["resource", "cost", "customers", "nobody known", "unused", "minutes worked of"]]
    rows += [
        [row["resource"], *(_money(row[name]) for name in ("cost", "customers", "nobody", "unused")), _used(row)]
        for row in model.resources
    ]
    return f"What resources cost, {model.first:%Y-%m} to {model.last:%Y-%m}\n{_laid_out(rows)}"


def _used(row: Row) -> str:
    share = f" ({row['worked'] / row['minutes']:.0%})" if row["minutes"] else ""
    return f"{row['worked']:,.0f} of {row['minutes']:,.0f}{share}"


def _activities(model: CostModel) -> str:
    if not model.activities:
        return ""
    rows = [["work", "by", "times", "minutes", "cost of one", "cost"]]
    for row in model.activities:
        each = "" if row["each"] is None else f"{row['each']:,.2f}"
        minutes = f"{row['minutes']:,.0f}" if row["minutes"] else ""
        rows.append([row["activity"], row["resource"], f"{row['times']:,}", minutes, each, _money(row["cost"])])
    return f"What called for it\n{_laid_out(rows, texts=2)}"


def _left(model: CostModel) -> str:
    if not model.unassigned:
        return ""
    rows = [
        [row["reason"], row["subject"] or "-", row["ledger_line"], _money(row["amount"])] for row in model.unassigned
    ]
    whole = sum((row["amount"] for row in model.unassigned), _ZERO)
    return f"What no customer bears: {_money(whole)}\n{_laid_out(rows, texts=3)}"


def _laid_out(rows: Sequence[Sequence[str]], *, texts: int = 1) -> str:
    """Lay rows out in columns: the first `texts` to the left, numbers to the right."""
    wide = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [c.ljust(w) if i < texts else c.rjust(w) for i, (c, w) in enumerate(zip(row, wide, strict=True))]
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines)


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"
