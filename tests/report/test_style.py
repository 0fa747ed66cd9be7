"""The style sheet: contrast, print and phone."""

import re
from importlib.resources import files

import pytest

CSS = files("keepwell.report").joinpath("report.css").read_text(encoding="utf-8")
COLOURS = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", CSS))
TEXT_ON = [
    ("ink", "paper"),
    ("ink", "ground"),
    ("soft", "paper"),
    ("soft", "ground"),
    ("link", "paper"),
    ("link", "ground"),
    ("assumed-ink", "assumed-ground"),
    ("measured-ink", "measured-ground"),
]


def luminance(colour):
    """Return the relative luminance of WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_keeps_the_contrast_of_wcag_aa(text, ground):
    light, dark = sorted((luminance(COLOURS[text]), luminance(COLOURS[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_the_colours_are_those_of_the_charts():
    from keepwell.charts import palette

    for name in ("profit", "loss", "uncertain", "chosen", "ink"):
        assert COLOURS[name].upper() == getattr(palette, name.upper())


def test_it_has_rules_for_paper_and_for_phones():
    assert "@media print" in CSS
    assert "@page" in CSS
    assert re.search(r"@media screen and \(max-width", CSS)


def test_it_asks_for_nothing_from_outside():
    assert not re.search(r"@import|url\(|https?:", CSS)
