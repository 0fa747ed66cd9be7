"""Where each 100 of revenue goes."""

from decimal import Decimal

import pyarrow as pa

from keepwell.charts.divided import ENDS, MOST, NO_KIND, NOBODY, answer, figure, known, left_out, net, rows_of
from keepwell.tables import LEDGER_LINES

NOTHING = dict.fromkeys((*LEDGER_LINES, "contribution_1", "contribution_2", "contribution"), Decimal(0))


def rows(*given):
    return pa.Table.from_pylist(
        [
            {**NOTHING, **{name: Decimal(value) if name != "group" else value for name, value in row.items()}}
            for row in given
        ]
    )


BEST = {"group": "frequent", "gross": 110, "discounts": 10, "product_cost": 60, "contribution": 40}
WORST = {"group": "one-time", "gross": 50, "product_cost": 30, "fulfilment": 15, "service": 10, "contribution": -5}


def test_it_says_of_whom_most_is_left_and_of_whom_least():
    assert answer(rows(BEST, WORST)) == (
        "Of each 100 of revenue from ‘frequent’ customers, 40 are left; from ‘one-time’ customers, −10"
    )


def test_costs_and_what_is_left_fill_each_bar():
    drawn = figure(rows(BEST, WORST), currency="EUR").data
    assert [trace.name for trace in drawn] == [
        "product cost", "sending, fees, returns", "serving and winning", "left as contribution",
    ]  # fmt: skip
    for i in range(2):
        assert abs(sum(trace.x[i] for trace in drawn) - 1) < 1e-9


def test_nobody_and_those_without_a_kind_are_no_answer():
    data = rows(BEST, {**WORST, "group": NOBODY}, {**WORST, "group": NO_KIND})
    assert [row["group"] for row in known(data)] == ["frequent"]
    assert answer(data) == "Of each 100 of revenue from ‘frequent’ customers, 40 are left"


def test_the_smaller_groups_are_added_up():
    data = rows(*({**BEST, "group": f"channel {i}"} for i in range(12)))
    told = rows_of(data)
    assert len(told) == MOST
    assert told[-1]["group"] == "6 others"
    assert sum(net(row) for row in told) == 12 * 100


def test_a_tiny_group_is_left_out_of_the_chart_and_named():
    tiny = {"group": NO_KIND, "gross": "1.40", "service": "17", "contribution": "-15.60"}
    data = rows(BEST, WORST, tiny)
    drawn = figure(data, currency="EUR")
    assert left_out(data) == [NO_KIND]
    assert all(len(trace.y) == 2 for trace in drawn.data)
    assert drawn.layout.xaxis.range is None


def test_a_bar_longer_than_the_axis_says_how_far_it_reaches():
    lost = {"group": "one-time", "gross": 50, "service": 200, "contribution": -150}
    drawn = figure(rows(BEST, lost), currency="EUR")
    assert drawn.layout.xaxis.range == ENDS
    assert [name.split("<br>")[2:] for name in drawn.data[-1].y] == [[], ["cut off: −300% left"]]
