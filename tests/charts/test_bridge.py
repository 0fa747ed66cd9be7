"""What changed since the year before."""

from decimal import Decimal

import pyarrow as pa
import pytest

from keepwell.charts.bridge import answer, figure


def rows(*given, months=36):
    return pa.Table.from_pylist(
        [
            {"turn": turn, "customers": n, "recent": Decimal(recent), "before": Decimal(before), "months": months}
            for turn, n, recent, before in given
        ]
    )


YEARS = (("new", 5, 360, 0), ("gone", 4, 0, 250), ("growing", 3, 500, 350), ("fading", 2, 100, 200))


def test_the_steps_lead_from_one_year_to_the_other():
    drawn = figure(rows(*YEARS), currency="EUR").data[0]
    assert list(drawn.x) == [800, -250, -100, 150, 360, 960]
    assert sum(drawn.x[:-1]) == drawn.x[-1]
    assert drawn.measure[0] == "absolute"
    assert drawn.measure[-1] == "total"


def test_it_says_by_how_much_and_who():
    assert answer(rows(*YEARS), currency="EUR") == (
        "Contribution of the last 12 months is €160 more than of the 12 before (+20%); customers who are new added "
        "most, €360"
    )
    falls = answer(rows(("fading", 2, 100, 200), ("steady", 1, 50, 50)), currency="EUR")
    assert falls.endswith("€100 less than of the 12 before (−40%); customers ‘fading’ took most, €100")


@pytest.mark.parametrize(("months", "drawn"), [(23, False), (24, True)])
def test_two_years_are_compared_only_where_the_log_holds_both(months, drawn):
    data = rows(*YEARS, months=months)
    assert bool(figure(data, currency="EUR").data) == drawn
    assert ("23 months" in answer(data, currency="EUR")) != drawn
