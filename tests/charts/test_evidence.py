"""The waterfall of evidence for one person."""

import pytest

from keepwell.charts.evidence import answer, figure, levels

STEPS = [
    {"what": "prior", "left": "", "right": "", "bits": -13.0},
    {"what": "first name", "left": "Ann <b>", "right": "Anne", "bits": 4.0},
    {"what": "street", "left": "7 Elm Lane", "right": "7 Elm Ln", "bits": 12.5},
    {"what": "born", "left": "1980-01-01", "right": "1981-01-01", "bits": -2.5},
]


def test_the_bars_are_the_bits_and_their_sum():
    drawn = figure(STEPS, probability=0.66, kind="matched")
    bars = drawn.data[0]
    assert list(bars.x) == [-13.0, 4.0, 12.5, -2.5, 1.0]
    assert list(bars.measure) == ["relative"] * 4 + ["total"]
    assert levels(STEPS) == [-13.0, -9.0, 3.5, 1.0]
    low, high = drawn.layout.xaxis.range
    assert low < -13.0
    assert high > 3.5


def test_the_title_says_how_sure_it_is_and_what_speaks_for_and_against():
    said = answer(STEPS, probability=0.6667, kind="matched")
    assert said == "The chance that both are one person is 67%: street speaks most for it, born most against it"


@pytest.mark.parametrize(("kind", "word"), [("email", "the same e-mail"), ("decided", "decision")])
def test_a_key_or_a_word_needs_no_weighing(kind, word):
    assert answer([], probability=None, kind=kind) == f"One person by {word}: nothing was weighed"
    assert not figure([], probability=None, kind=kind).data


def test_what_a_record_says_cannot_be_taken_for_markup():
    labels = figure(STEPS, probability=0.5, kind="matched").data[0].y
    assert "Ann &lt;b&gt;" in labels[1]
    assert figure(STEPS, probability=0.5, kind="matched").layout.xaxis.title.text.startswith("Weight of evidence, bits")


def test_a_chance_near_one_is_no_certainty():
    assert "is 99.6%: street" in answer(STEPS, probability=0.9962, kind="matched")
    assert "is >99.9%: street" in answer(STEPS, probability=0.99999, kind="matched")
