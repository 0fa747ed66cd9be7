"""Why two records are taken for one person: each comparison's weight, from the prior to the sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from keepwell.charts import palette
from keepwell.charts.frame import framed, plain, sentence, wrapped
from keepwell.charts.words import share

Step = Mapping[str, Any]  # what, left, right, bits
DECIDED = {"number": "the same customer number", "email": "the same e-mail", "phone": "the same phone number"}


_SURE = 0.999  # no weighing makes a chance quite 100%


def answer(steps: Sequence[Step], *, probability: float | None, kind: str) -> str:
    """Say how sure it is that two records are of one person, and what speaks most for and against it."""
    if probability is None:
        return f"One person by {DECIDED.get(kind, 'decision')}: nothing was weighed"
    said = f"The chance that both are one person is {_chance(probability)}"
    compared = [step for step in steps if step["left"] or step["right"]]
    best = max(compared, key=lambda step: step["bits"], default=None)
    worst = min(compared, key=lambda step: step["bits"], default=None)
    if best is not None and best["bits"] > 0:
        said += f": {best['what']} speaks most for it"
    if worst is not None and worst["bits"] < 0:
        said += f", {worst['what']} most against it"
    return said


def figure(steps: Sequence[Step], *, probability: float | None, kind: str) -> go.Figure:
    """Draw the weights from the top down, in bits: one bit more doubles the odds."""
    title = answer(steps, probability=probability, kind=kind)
    if not steps:
        return sentence(title)
    total = sum(step["bits"] for step in steps)
    drawn = go.Figure(
        go.Waterfall(
            orientation="h",
            y=[*(_label(step) for step in steps), f"in all<br><b>{_signed(total)}</b>"],
            x=[*(step["bits"] for step in steps), total],
            measure=[*("relative" for _step in steps), "total"],
            increasing={"marker": {"color": palette.PROFIT}},
            decreasing={"marker": {"color": palette.LOSS}},
            totals={"marker": {"color": palette.INK}},
            connector={"line": {"color": palette.UNCERTAIN, "width": 1}},
        )
    )
    framed(drawn, title, x="Weight of evidence, bits (one more doubles the odds)", y="", height=110 + 46 * len(steps))
    reach = [0.0, *levels(steps)]
    room = 0.05 * (max(reach) - min(reach)) or 1.0
    drawn.update_layout(showlegend=False, waterfallgap=0.3)
    drawn.update_yaxes(autorange="reversed", showgrid=False)
    drawn.update_xaxes(range=[min(reach) - room, max(reach) + room])
    return drawn


def levels(steps: Sequence[Step]) -> list[float]:
    """Return the sum after each step."""
    level, touched = 0.0, []
    for step in steps:
        level += step["bits"]
        touched.append(level)
    return touched


def _label(step: Step) -> str:
    """Name a step with what it compared and its weight, beside the axis where no bar can cover it."""
    sides = f"{step['left'] or 'nothing'} | {step['right'] or 'nothing'}" if step["left"] or step["right"] else ""
    told = f"{step['what']}: {sides}" if sides else str(step["what"])
    return f"{wrapped(told, 42)}<br><b>{plain(_signed(step['bits']))}</b>"


def _signed(bits: float) -> str:
    return f"{bits:+.1f}".replace("-", "\N{MINUS SIGN}")


def _chance(probability: float) -> str:
    """Return it in per cent, never as a certainty."""
    if probability > _SURE:
        return ">99.9%"
    return f"{probability:.1%}" if probability > 0.99 else share(probability)
