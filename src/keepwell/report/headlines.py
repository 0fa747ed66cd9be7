"""The first screen: what customers are worth, who earns it, what to do this week, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keepwell.charts import forecast, keep, whale
from keepwell.charts.words import count, day, missing, money, plural, share, signed_share
from keepwell.loop.forecasts import lead
from keepwell.report.earned import assumed_part
from keepwell.report.gather import Gathered
from keepwell.report.intake import decimal
from keepwell.report.keeping import HOW_TO, stop_totals
from keepwell.report.trust import beaten, champion_rows, error_range
from keepwell.settings import Settings

Row = dict[str, Any]
TOO_WIDE = 20.0  # times: an interval that much wider than its lower end has no middle worth printing
SOON = {"3m": "3 months", "6m": "6"}
HORIZONS = {"12m": "in the next 12 months", "life": "over their life as customers"}


@dataclass(frozen=True, slots=True)
class Range:
    """An interval drawn as a bar: places are percent of the bar's width."""

    start: float
    width: float
    middle: float
    zero: float
    words: str


@dataclass(frozen=True, slots=True)
class Headline:
    """One answer of the first screen."""

    name: str
    question: str
    answer: str
    detail: str
    formula: str
    source: str  # tables
    evidence: str  # 'measured' or 'assumed'
    why: str  # what is assumed, or what it was measured on
    link: str  # the section with more
    range: Range | None = None
    command: str = ""  # what to type next


def headlines(data: Gathered, summary: Row, settings: Settings, *, currency: str) -> tuple[Headline, ...]:
    """Return the four answers."""
    return (
        _worth(data, summary, settings, currency),
        _earners(data, settings, currency),
        _do(data, summary, settings, currency),
        _trust(data, summary),
    )


def _margin(data: Gathered, settings: Settings) -> tuple[str, str]:
    """Return whether contribution is assumed or measured, and what that rests on."""
    part, a = assumed_part(data), settings.assumptions
    if part <= 0:
        return "measured", "costs and refunds as the files give them"
    return "assumed", (
        f"the product cost of {share(part)} of net revenue, from a margin of {share(a.margin)} "
        f"(thought possible: {share(a.margin_low)} to {share(a.margin_high)})"
    )


def _worth(data: Gathered, summary: Row, settings: Settings, currency: str) -> Headline:
    evidence, why = _margin(data, settings)
    equity = {r["horizon"]: r for r in data["equity"].to_pylist()}
    told = summary.get("equity") or {}
    year = equity.get(told.get("horizon") or "12m")
    shared: Row = {
        "name": "worth",
        "question": "How much are my customers worth?",
        "formula": "the sum over customers of the contribution expected of each: sales less discounts, refunds, "
        "product cost, fulfilment and fees, before future contact, discounted "
        f"{share(settings.assumptions.discount_rate)} a year",
        "source": "equity, values",
        "evidence": evidence,
        "why": f"a forecast from {why}" if evidence == "measured" else why,
        "link": "customers",
    }
    if year is None or missing(year["expected"]):
        return Headline(
            answer="Not known yet",
            detail="There is too little history to forecast from: customers must have had time to come back.",
            **shared,
        )
    ends = f"{money(year['lower'], currency)} to {money(year['upper'], currency)}"
    detail = f"90% interval: {ends}."
    soon = [f"{money(equity[name]['expected'], currency)} in {word}" for name, word in SOON.items() if name in equity]
    detail += f" Of it {' and '.join(soon)}." if soon else ""
    if "life" in equity and year["horizon"] != "life":
        detail += f" {HORIZONS['life'].capitalize()}: {_life(equity['life'], currency)}."
    when = HORIZONS.get(year["horizon"], year["horizon"])
    return Headline(
        answer=f"{money(year['expected'], currency)} {when}", detail=detail, range=_range(year, currency), **shared
    )


def _life(life: Row, currency: str) -> str:
    """Say what a life is worth; where the interval's ends are too far apart for its middle to mean anything, say so."""
    ends = f"{money(life['lower'], currency)} to {money(life['upper'], currency)}"
    if life["lower"] <= 0 or life["upper"] > TOO_WIDE * life["lower"]:
        return f"too uncertain for one number ({ends})"
    return f"{money(life['expected'], currency)} ({ends})"


def _range(year: Row, currency: str) -> Range:
    low, middle, high = year["lower"], year["expected"], year["upper"]
    left, right = min(0.0, low), max(0.0, high)
    span = (right - left) * 1.05 or 1.0
    at = [round(100 * (v - left) / span, 2) for v in (low, middle, high, 0.0)]
    words = f"Between {money(low, currency)} and {money(high, currency)}, expected {money(middle, currency)}"
    return Range(start=at[0], width=max(0.5, at[2] - at[0]), middle=at[1], zero=at[3], words=words)


def _earners(data: Gathered, settings: Settings, currency: str) -> Headline:
    evidence, why = _margin(data, settings)
    said = whale.concentration(data["whale"])
    answer, detail = whale.answer(data["whale"], currency=currency), ""
    if said is not None and said.whole > 0:
        answer = f"The best fifth earn {share(said.best / said.whole)} of the profit"
        best = f"{said.best_customers:,} of {said.customers:,} customers earned {money(said.best, currency)} so far."
        part = share(abs(said.worst) / said.whole)
        worst = f"lost {part} of the profit again" if said.worst < 0 else f"earned {part}"
        detail = f"{best} The worst fifth {worst} ({money(said.worst, currency)})."
    return Headline(
        name="earners",
        question="Who earns it?",
        answer=answer,
        detail=detail,
        formula="contribution of the most profitable fifth of customers, divided by that of all",
        source="whale, ledger",
        evidence=evidence,
        why=why,
        link="concentration",
    )


def _do(data: Gathered, summary: Row, settings: Settings, currency: str) -> Headline:
    a = settings.assumptions
    shared: Row = {
        "name": "do",
        "question": "What should I do this week?",
        "evidence": "assumed",
        "why": f"that contact causes {share(a.contact_share)} of orders (thought possible: "
        f"{share(a.contact_share_low)} to {share(a.contact_share_high)}); a test on a few customers would measure it",
        "link": "keep",
    }
    if summary.get("stop") is not None and data["verdicts"].num_rows:
        return _stop(data, summary["stop"], currency, shared)
    row = keep.at(data["keep"], a.contact_share)
    if row is None:
        return Headline(
            answer="Gather more history",
            detail="There is no forecast to decide on. Add the orders of more months:",
            command="keepwell add FILES; keepwell run",
            formula="none",
            source="break_even",
            **shared,
        )
    return Headline(
        answer=f"Spend at most {money(row['highest_cost'], currency)} a year on contacting a customer",
        detail="Above that, contact no longer pays on half of them. To learn whom to stop, give what a contact costs:",
        command=HOW_TO,
        formula=f"the median over customers of {share(row['share'])} of the contribution expected in 12 months",
        source="break_even, values",
        **shared,
    )


def _stop(data: Gathered, stop: Row, currency: str, shared: Row) -> Headline:
    totals = stop_totals(data)
    customers, saves = int(stop["customers"]), decimal(stop["saves"])
    rest = (
        f"{totals['unsure']:,} customers hinge on that assumption: test them before you decide. "
        if totals["unsure"]
        else ""
    )
    low, high = money(totals["saves_low"], currency), money(totals["saves_high"], currency)
    return Headline(
        answer=f"Stop contacting {customers:,} of {totals['judged']:,} customers: saves {money(saves, currency)}"
        if customers
        else f"Stop nobody: contact pays on all of {plural(totals['judged'], 'customer')}",
        detail=(
            f"In the next 12 months; {low} to {high} over the range thought possible, if these same {customers:,} are "
            "stopped whatever contact turns out to cause. "
            f"For {totals['sure']:,} of them the verdict is the same over all of that range. {rest}"
            if customers
            else f"Contact pays on each of them on average. {rest}"
        ).strip(),
        formula="the cost of contact not spent, less the contribution given up, over customers on whom contact costs "
        "more than it brings",
        source="plan, break_even",
        **shared,
    )


def _trust(data: Gathered, summary: Row) -> Headline:
    champion = str((summary.get("backtest") or {}).get("champion") or "")
    past = forecast.tracks(data["forecast"])
    shared: Row = {
        "name": "trust",
        "question": "How far can I trust this?",
        "formula": "purchases forecast for all customers with only what was known on an earlier day, beside what came",
        "source": "forecast_path, backtest",
        "evidence": "measured",
        "link": "trust",
    }
    if not past:
        return Headline(
            answer="Untested so far",
            detail="The history is too short to forecast a part of it from the rest. Take the forecast as a guess.",
            why="that the models fit this shop: no part of the past could be held back to test them",
            **{**shared, "evidence": "assumed"},
        )
    last, rows = past[-1], champion_rows(data, champion)
    error = f" ({signed_share(last.expected / last.actual - 1)})" if last.actual else ""
    days = len({row["origin"] for row in rows}) or len(past)
    said = (error_range(rows, summary), _won(summary), beaten(summary))
    return Headline(
        answer=f"{count(round(last.expected))} purchases forecast, {count(round(last.actual))} came{error}",
        detail=f"Had it stopped on {day(last.origin)}, the same method would have forecast that for the "
        f"{last.days} days that followed. {' '.join(part for part in said if part)}".strip(),
        why=f"on {plural(days, 'earlier day')} of the shop's own past",
        **shared,
    )


def _won(summary: Row) -> str:
    """Say by how much the method behind the 12 months beat the best rule that needs no model."""
    row = lead(summary.get("horizons") or [])
    if row is None or not row["won_by"] or row["won_by"] <= 0:
        return ""
    return f"The error of its forecasts is {share(row['won_by'])} below that of the best plain rule."
