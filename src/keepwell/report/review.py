"""The page of the review queue: each pair of records side by side, with the weight of the evidence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from keepwell.charts import evidence
from keepwell.report.parts import Column, Grid, Plot, grid, plot
from keepwell.shop.identities import COMPARED, Listing, Pair, held_back

_SIDES = (Column("what", "What is told"), Column("left", "The elder record"), Column("right", "The younger record"))
_STEPS = (*_SIDES, Column("bits", "Bits", "rough"))
_BESIDE = (*COMPARED, "source", "format", "seen", "rows")
_STATES = {
    "proposed": "The run leaves them apart and asks.",
    "merged": "The run took them for one person.",
    "refused": "The run left them apart, as somebody refused this evidence.",
    "never": "They stay apart, as somebody said never.",
}
_WORDS = {"same": "accepted", "refused": "refused", "never": "told apart for ever"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A pair on the page."""

    id: str
    state: str
    plot: Plot
    grids: tuple[Grid, ...]


def review_page(found: Listing, *, title: str, run: str, to: Path) -> Path:
    """Write one HTML file with the pairs that needs nothing else, and return its path."""
    env = Environment(
        loader=PackageLoader("keepwell.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = env.get_template("review.html.j2").render(
        title=title,
        intro=_intro(found),
        pairs=[shown(pair) for pair in found.pairs],
        run=run,
        style=_asset("report.css"),
        script=_asset("report.js"),
        plotly=Markup(get_plotlyjs()),  # noqa: S704 - Plotly's own script, from the installed package
    )
    aside = to.with_name(f".{to.name}.part")
    aside.write_text(text, encoding="utf-8")
    return aside.replace(to)


def shown(pair: Pair) -> Shown:
    """Return what the page says of a pair."""
    steps = [asdict(step) for step in pair.evidence]
    weighed = grid("What was weighed", steps, _STEPS)
    answer = evidence.answer(steps, probability=pair.probability, kind=pair.kind)
    figure = evidence.figure(steps, probability=pair.probability, kind=pair.kind)
    drawn = plot(pair.id, answer, figure, note="", behind=weighed)
    word = f" Since then they were {_WORDS[pair.word]}; that counts from the next run on." if pair.word else ""
    held = held_back(pair)
    word = (f" It was {held}." if held else "") + word
    return Shown(pair.id, _STATES[pair.state] + word, drawn, (grid("Side by side", _beside(pair), _SIDES), weighed))


def _beside(pair: Pair) -> list[dict[str, Any]]:
    """Return what the two records tell, without what neither does."""
    rows = ({"what": name, "left": pair.left.get(name), "right": pair.right.get(name)} for name in _BESIDE)
    return [row for row in rows if row["left"] is not None or row["right"] is not None]


def _intro(found: Listing) -> str:
    if not found.pairs:
        return "There is no pair to look at."
    whole = (
        "All of them stand here" if len(found.pairs) == found.total else f"The first {len(found.pairs):,} stand here"
    )
    return f"{found.total:,} pairs of records. {whole}, the likeliest first; one bit more of evidence doubles the odds."


def _asset(name: str) -> Markup:
    return Markup(files("keepwell.report").joinpath(name).read_text(encoding="utf-8"))  # noqa: S704 - our own file
