"""The palette keeps its meanings apart for every eye, and reads on paper."""

import itertools

import numpy as np
import pytest

from keepwell.charts import palette

# Machado, Oliveira & Fernandes (2009), IEEE TVCG 15(6):1291-1298, severity 1.0, on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
MEANINGS = {name: getattr(palette, name) for name in ("PROFIT", "LOSS", "UNCERTAIN", "CHOSEN")}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])


def linear(colour):
    """Return a hex colour as linear RGB."""
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """Return CIE L*a*b* of linear RGB under D65."""
    ratio = TO_XYZ @ np.clip(rgb, 0, 1) / WHITE
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one, other):
    """Return the WCAG 2 contrast ratio of two hex colours."""
    light, dark = sorted((float(TO_XYZ[1] @ linear(c)) for c in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("eye", BLINDNESS)
def test_profit_and_loss_differ_strongly_for_every_eye(eye):
    seen = [lab(np.array(BLINDNESS[eye]) @ linear(c)) for c in (palette.PROFIT, palette.LOSS)]
    assert np.linalg.norm(seen[0] - seen[1]) > 40


@pytest.mark.parametrize("eye", BLINDNESS)
@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(MEANINGS, 2)))
def test_any_two_meanings_can_be_told_apart(eye, one, other):
    seen = [lab(np.array(BLINDNESS[eye]) @ linear(MEANINGS[name])) for name in (one, other)]
    assert np.linalg.norm(seen[0] - seen[1]) > 20  # about 2.3 is a difference just seen


@pytest.mark.parametrize("name", ["PROFIT", "LOSS", "CHOSEN", "INK"])
def test_text_in_a_meaning_reads_on_paper(name):
    assert contrast(getattr(palette, name), palette.PAPER) >= 4.5


@pytest.mark.parametrize("cell", [colour for _place, colour in palette.CELLS])
def test_numbers_read_in_every_cell_of_a_map(cell):
    assert contrast(palette.INK, cell) >= 4.5


def test_steps_darken_from_the_least_to_the_most():
    light = [float(TO_XYZ[1] @ linear(c)) for c in palette.STEPS]
    assert light == sorted(light)


@pytest.mark.parametrize("number", range(1, 8))
def test_every_group_gets_its_own_step(number):
    assert len(set(palette.steps(number))) == number


def test_more_than_seven_groups_are_refused():
    with pytest.raises(ValueError, match="legend"):
        palette.steps(8)
