"""One customer explained in words: sums that come out, and what moved them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from math import log2
from typing import Any, Protocol

from keepwell.shop.moved import Moved
from keepwell.tables import LEDGER_LINES

Row = dict[str, Any]
NAMES = {"3m": "3 months", "6m": "6 months", "12m": "12 months", "life": "life"}
_NO_CHANGE = 1e-6


class Explanation(Protocol):
    """What is told of a customer; see `keepwell.shop.explain`."""

    @property
    def customer(self) -> Row:
        """Who they are."""

    @property
    def orders(self) -> tuple[Row, ...]:
        """What they ordered."""

    @property
    def months(self) -> tuple[Row, ...]:
        """What they earned by month."""

    @property
    def totals(self) -> Row:
        """What they earned."""

    @property
    def trend(self) -> Row | None:
        """Where they are heading."""

    @property
    def loss(self) -> Row | None:
        """Why they cost more than they bring."""

    @property
    def history(self) -> Row | None:
        """What the models read."""

    @property
    def values(self) -> tuple[Row, ...]:
        """What they will earn."""

    @property
    def moved(self) -> Moved | None:
        """What moved it."""

    @property
    def segments(self) -> dict[str, str]:
        """Who is alike."""

    @property
    def verdict(self) -> Row | None:
        """Keep or stop."""

    @property
    def as_of(self) -> date:
        """Last day looked at."""


def text(e: Explanation) -> str:
    """Return the explanation in words."""
    parts = [_who(e), _past(e), _profit(e), _heading(e), _future(e), _alike(e), _judged(e)]
    return "\n\n".join(part for part in parts if part)


def _who(e: Explanation) -> str:
    c = e.customer
    named = [c[name] for name in ("name", "email", "country") if c[name]]
    lines = [f"Customer {c['customer_key']}" + (f" ({', '.join(named)})" if named else ""), f"  id {c['customer_id']}"]
    lines.append(f"  seen from {c['first_seen']} to {c['last_seen']}; the run looks up to {e.as_of}")
    return "\n".join(lines)


def _past(e: Explanation) -> str:
    lines = ["What they did"]
    if e.history is None:
        follows = "; what they are worth is their subscription" if e.values else ", so no value can be told"
        lines.append(f"  Bought nothing that was not taken back{follows}.")
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


_TURNS = {
    "new": "new: first seen in the last 12 months",
    "steady": "steady: within a quarter of the year that it is compared with",
    "gone": "gone: no purchase in the last 12 months",
    "recovered": "recovered: back above zero",
    "newly unprofitable": "newly unprofitable: fell below zero",
}


def _heading(e: Explanation) -> str:
    """Say where contribution is heading, since when, and why it is below zero where it is."""
    if e.trend is None:
        return ""
    t = e.trend
    since = (
        "" if t["turned"] is None else f", {'the last one in' if t['turn'] == 'gone' else 'since'} {t['turned']:%B %Y}"
    )
    lines = ["Where they are heading", f"  {_TURNS.get(t['turn'], t['turn'])}{since}"]
    years = f"last 12 months {_money(t['recent'])}, 12 before {_money(t['before'])}"
    lines.append(f"  contribution before what winning them cost: {years}")
    if t["slope"] is not None:
        lines.append(f"  middle change from one full year to the next {_signed(t['slope'])}")
    if e.loss is not None:
        lines.append(f"  they cost more than they bring, most of all by {e.loss['reason']}: {e.loss['words']}")
    return "\n".join(lines)


def _signed(value: float) -> str:
    return f"{value:+,.2f}"


def _future(e: Explanation) -> str:
    if not e.values:
        return ""
    lines = ["What they will earn us (before the cost of future contact)", *_sums(e.values)]
    lines += _spend(e.values[0])
    v = next((row for row in e.values if row["horizon"] == "12m"), e.values[0])
    soon = ", ".join(f"{days} days {v[f'p_order_{days}']:.1%}" for days in (30, 60, 90))
    due = f"as likely as not by {v['next_order']}" if v["next_order"] else "never as likely as not"
    lines.append(f"  chance of an order within {soon}; {due}")
    lines += _leaving(e.values)
    lines += _why(e)
    lines += _made(e.values)
    return "\n".join(lines)


def _made(values: Sequence[Row]) -> list[str]:
    """Say how the values were made: what holds for all horizons once, then what differs."""
    parts = [v["basis"].split("; ") for v in values]
    same = [part for part in parts[0] if all(part in other for other in parts)]
    lines = ["  How it was made", f"    {'; '.join(same)}"] if same else ["  How it was made"]
    for v, told in zip(values, parts, strict=True):
        own = "; ".join(part for part in told if part not in same)
        lines += [f"    {NAMES[v['horizon']]}: {own}"] if own else []
    return lines


def _sums(values: Sequence[Row]) -> list[str]:
    """Return the arithmetic of each horizon: chance active x orders if active, discounted x one order."""
    lines = ["  chance active x orders if active = orders; discounted x one order = worth"]
    for v in values:
        lines.append(f"  {NAMES[v['horizon']]:<11}{_orders(v)}{_worth(v)}")
        ends = f"nine of ten such customers bring {_money(v['q05'])} to {_money(v['q95'])}"
        lines.append(f"  {'':<11}chance of no order {v['p_zero']:.1%}; {ends}")
    return lines


def _orders(v: Row) -> str:
    if v["orders_if_active"] is None:
        return f"{v['expected_orders']:.4f} orders"
    return f"{v['p_active']:.4f} x {v['orders_if_active']:.4f} = {v['expected_orders']:.4f} orders"


def _worth(v: Row) -> str:
    worth = f"{v['expected_contribution']:.4f}"
    if v["discounted_orders"] is None:
        return f"; worth {worth}"
    return f"; {v['discounted_orders']:.4f} x {v['spend']:.4f} = {worth}"


def _leaving(values: Sequence[Row]) -> list[str]:
    told = [f"{NAMES[v['horizon']]} {v['p_leave']:.1%}" for v in values if v["p_leave"] is not None]
    return [f"  chance that the subscription ends within {', '.join(told)}"] if told else []


def _why(e: Explanation) -> list[str]:
    """Say what moved the forecast of 12 months away from everybody's."""
    m, h = e.moved, e.history
    if m is None or h is None:
        return []
    lines = ["  What moved it, beside everybody's mean (12 months)"]
    lines.append(_step("everybody's mean", f"{m.everybody:.4f} orders"))
    lines.append(_step(_times(h["repeats"]), f"x {m.by_repeats:.2f}", m.by_repeats))
    lines.append(_step(_silence(h), f"x {m.by_silence:.2f}", m.by_silence))
    lines.append(_step("orders of this customer", f"= {m.orders:.4f}"))
    spend = f"one order, everybody's mean being {_money(m.everybody_spend)}"
    lines.append(_step(spend, f"x {m.by_spend:.2f}", m.by_spend))
    if m.reasons:
        lines.append("  What the trees saw, beside the purchase models")
        lines += [_step(reason.words, f"x {reason.factor:.2f}", reason.factor) for reason in m.reasons]
    return lines


def _step(words: str, number: str, factor: float | None = None) -> str:
    bar = "" if factor is None else f"  {_bar(factor)}"
    return f"    {words:<46}{number:>14}{bar}".rstrip()


def _bar(factor: float) -> str:
    """Draw a factor: a sign for each tenth of a doubling or halving, ten at most.

    >>> _bar(2.0), _bar(0.5), _bar(1.0)
    ('++++++++++', '----------', '')
    """
    size = 10 * log2(max(factor, 1e-9))
    return ("+" if size > 0 else "-") * min(10, round(abs(size)))


def _silence(h: Row) -> str:
    quiet = h["age"] - h["recency"]
    if not h["repeats"]:
        return f"silent for {_days(quiet)} since the only purchase"
    return f"silent for {_days(quiet)}, own rhythm {_days(round(h['recency'] / h['repeats']))}"


def _times(n: int) -> str:
    return "never came back" if n == 0 else "came back once" if n == 1 else f"came back {n:,} times"


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
