"""When customers turned."""

from datetime import date

import pyarrow as pa

from keepwell.charts.turning import answer, figure

MAY, JUNE = date(2024, 5, 1), date(2024, 6, 1)


def rows(*given):
    return pa.Table.from_pylist([dict(zip(("turned", "turn", "customers"), row, strict=True)) for row in given])


def test_those_who_turn_down_stand_below_the_line():
    data = rows((MAY, "growing", 4), (MAY, "fading", 3), (JUNE, "newly unprofitable", 2), (JUNE, "recovered", 1))
    assert answer(data) == "In the last 12 months 5 customers turned up and 5 down (2 now below zero)"
    drawn = {trace.name: list(trace.y) for trace in figure(data).data}
    assert drawn == {
        "began to grow": [4, 0],
        "turned profitable": [0, 1],
        "began to fade": [-3, 0],
        "fell below zero": [0, -2],
    }
