"""What a section is made of."""

from datetime import date
from decimal import Decimal

import plotly.graph_objects as go
import pytest

from keepwell.charts.words import NOTHING
from keepwell.report.parts import FORMS, Column, grid, plot, priced


@pytest.mark.parametrize("form", FORMS)
def test_every_form_writes_nothing_as_a_dash(form):
    assert FORMS[form](None) == NOTHING


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        ("money", Decimal("1234.5678"), "1,234.5678"),
        ("money", Decimal("-0.5000"), "−0.50"),
        ("money", 1234.5678, "1,234.57"),
        ("share", 0.5, "50%"),
        ("signed", 0.5, "+50%"),
        ("count", 12345, "12,345"),
        ("rough", -1.005e3, "−1,005.00"),
        ("fine", 0.123456, "0.1235"),
        ("day", date(2020, 2, 3), "2020-02-03"),
        ("year", 2020, "2020"),
        ("text", "", NOTHING),
    ],
)
def test_values_are_written_by_their_form(form, value, text):
    assert FORMS[form](value) == text


def test_a_table_has_a_cell_for_each_row_and_column():
    made = grid("Caption", [{"a": 1, "b": "x"}, {"a": None, "b": ""}], (Column("a", "A", "count"), Column("b", "B")))
    assert made.rows == (("1", "x"), (NOTHING, NOTHING))
    assert [column.numeric for column in made.columns] == [True, False]


def test_a_chart_gives_its_title_to_the_page():
    figure = go.Figure(go.Bar(x=["</script><b>"], y=[1]), layout={"title": {"text": "answer"}, "height": 300})
    made = plot("p", "answer", figure, note="", behind=grid("c", [], ()))
    assert "answer" not in made.figure
    assert "<" not in made.figure
    assert figure.layout.title.text == "answer"  # the figure that came in is as it was


def test_a_figure_without_traces_is_only_its_sentence():
    made = plot("p", "too few", go.Figure(), note="n", behind=grid("c", [], ()))
    assert (made.answer, made.figure) == ("too few", "")


def test_headings_carry_the_currency_where_there_is_one():
    assert (priced("Money", "EUR"), priced("Money", "")) == ("Money, EUR", "Money")
