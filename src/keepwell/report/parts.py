"""What a section of the report is made of: sentences, tables and plots, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

import plotly.graph_objects as go

from keepwell.charts.words import MINUS, NOTHING, count, exact, missing, share, signed_share

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its key in the rows, its heading, and how its values are written."""

    key: str
    head: str
    form: str = "text"  # a name in `FORMS`

    @property
    def numeric(self) -> bool:
        """Whether it is set flush right."""
        return self.form not in {"text", "day"}


def amount(value: Any) -> str:
    """Write money exactly: decimals with every digit, floats to the cent."""
    return exact(value if isinstance(value, Decimal) or value is None else Decimal(f"{value:.2f}"))


def _decimals(value: Any, places: int) -> str:
    return NOTHING if value is None or missing(value) else f"{value:,.{places}f}".replace("-", MINUS)


FORMS: dict[str, Callable[[Any], str]] = {
    "text": lambda value: NOTHING if value is None or value == "" else str(value),
    "told": lambda value: NOTHING if value is None or value == "" else str(value),  # a number in words already
    "day": lambda value: value.isoformat() if isinstance(value, date) else NOTHING,
    "money": amount,
    "share": share,
    "signed": signed_share,
    "count": count,
    "number": exact,
    "rough": lambda value: _decimals(value, 2),
    "fine": lambda value: _decimals(value, 4),
    "year": lambda value: NOTHING if value is None else str(value),
}


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: every cell is a text already."""

    kind: ClassVar[str] = "grid"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    folded: bool = False  # behind one click


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, and a command to type behind it."""

    kind: ClassVar[str] = "text"
    words: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Caution:
    """A warning in plain words."""

    kind: ClassVar[str] = "caution"
    subject: str
    words: str
    serious: bool


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart with its answer as heading, what to know for reading it, and the numbers behind it."""

    kind: ClassVar[str] = "plot"
    name: str  # unique in the page
    answer: str
    figure: str  # JSON; empty where the answer is all there is
    height: int
    note: str
    behind: Grid


Part = Grid | Text | Caution | Plot


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page."""

    name: str  # unique in the page
    short: str  # in the navigation
    title: str
    parts: tuple[Part, ...]


def priced(head: str, currency: str) -> str:
    """Return a heading with the currency behind it, where there is one."""
    return f"{head}, {currency}" if currency else head


def grid(caption: str, rows: Iterable[Row], columns: Sequence[Column], *, note: str = "", folded: bool = False) -> Grid:
    """Write rows as a table."""
    cells = tuple(tuple(FORMS[c.form](row[c.key]) for c in columns) for row in rows)
    return Grid(caption, tuple(columns), cells, note, folded)


def plot(name: str, answer: str, figure: go.Figure, *, note: str, behind: Grid) -> Plot:
    """Take a chart apart for the page: its title becomes the heading, for Plotly does not wrap titles."""
    if not figure.data:
        return Plot(name, answer, "", 0, "", behind)
    bare = go.Figure(figure)
    bare.update_layout(title=None, margin_t=12)
    return Plot(name, answer, _script_safe(bare.to_json()), int(figure.layout.height), note, behind)


def _script_safe(text: str) -> str:
    """Keep JSON from ending the script element that holds it."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
