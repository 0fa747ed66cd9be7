"""What all charts share: their frame, and the sentence that stands where there is nothing to draw."""

from __future__ import annotations

import html
import textwrap
from typing import Any

import plotly.graph_objects as go

from keepwell.charts import palette
from keepwell.charts.words import SYMBOLS

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_AXIS = {
    "gridcolor": palette.GRID,
    "zerolinecolor": palette.UNCERTAIN,
    "linecolor": palette.UNCERTAIN,
    "automargin": True,
    "title": {"standoff": 8},
}


def plain(text: str) -> str:
    """Escape text for Plotly, which reads a little HTML in labels."""
    return html.escape(text, quote=False)


WIDE = "wide"  # the `meta` of a trace that a page leaves out where the figure is narrow as a phone


def framed(figure: go.Figure, title: str, *, x: str, y: str, height: int = 380, wrap: int = 38) -> go.Figure:
    """Give a figure its title (the answer in words), axis titles with units, and the house's looks.

    Axis titles are broken into lines of `wrap` characters: 38 fit the width of a phone.
    """
    figure.update_layout(
        template=None,
        title={"text": wrapped(title), "x": 0, "xanchor": "left", "xref": "paper", "font": {"size": 16}},
        font={"family": FONT, "size": 12, "color": palette.INK},
        paper_bgcolor=palette.PAPER,
        plot_bgcolor=palette.PAPER,
        height=height,
        margin={"l": 8, "r": 12, "t": 40 + 20 * wrapped(title).count("<br>"), "b": 8},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        hovermode="closest",
        dragmode=False,
    )
    figure.update_xaxes(**_AXIS)
    figure.update_yaxes(**_AXIS)
    figure.update_layout(xaxis_title_text=wrapped(x, wrap), yaxis_title_text=wrapped(y, wrap))
    return figure


def sentence(title: str) -> go.Figure:
    """Return a figure without traces: its title says why there is nothing to draw."""
    figure = go.Figure()
    figure.update_layout(
        template=None,
        title={"text": wrapped(title), "x": 0, "xref": "paper", "font": {"family": FONT, "size": 16}},
        xaxis={"visible": False},
        yaxis={"visible": False},
        height=120,
    )
    return figure


def wrapped(title: str, width: int = 90) -> str:
    """Break a title into lines, for Plotly does not wrap."""
    return "<br>".join(plain(line) for line in textwrap.wrap(title, width))


def money_axis(currency: str, *, top: float) -> dict[str, Any]:
    """Return tick settings for money up to `top`: the currency in front, thousands told by k and M."""
    form = "~s" if top >= 10_000 else ",.0f" if top >= 10 else ",.2f"  # "~s" would write 0.5 as 500m
    return {"tickformat": form, "tickprefix": SYMBOLS.get(currency.upper(), "")}


def unit(currency: str) -> str:
    """Return the currency as it stands in an axis title."""
    return currency or "the file's currency"
