"""Write the report of a run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path, PureWindowsPath
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from keepwell.charts.words import day
from keepwell.engine import Engine
from keepwell.report.ahead import first_screen, subscribers
from keepwell.report.earned import concentrated, profit, so_far
from keepwell.report.gather import Gathered, gathered
from keepwell.report.heading import headed
from keepwell.report.headlines import headlines
from keepwell.report.intake import quality
from keepwell.report.keeping import kept
from keepwell.report.merged import merged
from keepwell.report.method import assumed, details
from keepwell.report.parts import Section
from keepwell.report.sold import sold
from keepwell.report.trust import trusted
from keepwell.report.truth import truth
from keepwell.report.valued import customers
from keepwell.report.won import won
from keepwell.settings import Settings
from keepwell.tables import Tables


def written(tables: Tables, summary: Mapping[str, Any], settings: Settings, engine: Engine, to: Path) -> Path:
    """Write one HTML file that needs nothing else, and return its path.

    Args:
        tables: The tables of a run by name; one that is missing counts as empty.
        summary: The run in short, as `keepwell run --json` prints it (money as strings). A simulated shop adds
            `truth`, as `keepwell.simulate.compared` says it.
        settings: What the run assumed.
        engine: The engine that the tables live in.
        to: The file to write; its folder exists.
    """
    data = gathered(tables, engine)
    aside = to.with_name(f".{to.name}.part")  # so that a crash leaves the report before, or none, and no half of one
    aside.write_text(page(data, dict(summary), settings, engine=engine.name), encoding="utf-8")
    return aside.replace(to)


def page(data: Gathered, summary: dict[str, Any], settings: Settings, *, engine: str) -> str:
    """Return the HTML of the gathered answers."""
    currency = _currency(data, settings)
    env = Environment(
        loader=PackageLoader("keepwell.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return env.get_template("report.html.j2").render(
        title=_title(summary, settings),
        as_of=day(date.fromisoformat(summary["as_of"])),
        currency=currency,
        simulated=bool(summary.get("truth")),
        caution=first_screen(summary),
        truth=truth(summary.get("truth"), currency=currency),
        headlines=headlines(data, summary, settings, currency=currency),
        facts=so_far(data, customers=summary["customers"], currency=currency),
        sections=_sections(data, summary, settings, currency=currency, engine=engine),
        run=summary["run"],
        style=_asset("report.css"),
        script=_asset("report.js"),
        plotly=Markup(get_plotlyjs()),  # noqa: S704 - Plotly's own script, from the installed package
    )


def _sections(
    data: Gathered, summary: dict[str, Any], settings: Settings, *, currency: str, engine: str
) -> tuple[Section, ...]:
    champion = str((summary.get("backtest") or {}).get("champion") or "")
    found = (
        profit(data, currency=currency),
        concentrated(data, currency=currency),
        sold(data, currency=currency),
        customers(data, summary, currency=currency),
        headed(data, currency=currency),
        won(data, currency=currency),
        subscribers(data),
        trusted(data, summary, champion=champion, currency=currency),
        kept(data, currency=currency, assumed=settings.assumptions),
        quality(data, summary, currency=currency),
        merged(data, currency=currency),
        assumed(summary),
        details(data, summary, engine=engine),
    )
    return tuple(section for section in found if section is not None)


def _currency(data: Gathered, settings: Settings) -> str:
    """Return the reporting currency: of the settings, or the only one in the files; empty where neither says."""
    named = data["currencies"].to_pylist()
    return settings.shop.currency or (str(named[0]["currency"]) if len(named) == 1 else "")


def _title(summary: dict[str, Any], settings: Settings) -> str:
    folder = PureWindowsPath(str(summary["workspace"])).name  # splits at both kinds of slashes
    return settings.shop.name or folder.removesuffix(".keepwell") or "Your shop"


def _asset(name: str) -> Markup:
    """Read a file of this package that goes into the page as it is."""
    return Markup(files("keepwell.report").joinpath(name).read_text(encoding="utf-8"))  # noqa: S704 - our own file
