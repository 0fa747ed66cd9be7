"""Where each 100 of revenue goes."""

from decimal import Decimal

import pyarrow as pa

from keepwell.charts.divided import MOST, NO_KIND, NOBODY, answer, figure, known, net, rows_of
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
