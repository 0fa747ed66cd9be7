"""Forecast beside what came."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from keepwell.charts.forecast import answer, figure, forecast_data, inside_share, tracks
from keepwell.engine import collected


def path(made, origin, expected, actual, width=5.0):
    rows = [
        {
            "origin": origin,
            "period": origin + timedelta(days=7 * (k + 1)),
            "expected": float(e),
            "lower": e - width,
            "upper": e + width,
            "actual": a,
        }
        for k, (e, a) in enumerate(zip(expected, actual, strict=True))
    ]
    return made.arrow("forecast_path", rows)


def test_the_answer_sums_the_latest_tested_origin(engine, made):
    early = path(made, date(2020, 1, 1), [10, 10], [100.0, 100.0])
    late = path(made, date(2020, 6, 1), [10, 10, 10], [11.0, 12.0, 17.0])
    coming = path(made, date(2020, 12, 1), [9, 9], [None, None])
    table = pa.concat_tables([coming, late, early])
    data = collected(engine, forecast_data({"forecast_path": engine.table(table.to_batches(), table.schema)}))
    assert answer(data) == (
        "On 1 June 2020 the same method would have forecast 30 purchases; 40 came (−25%), "
        "2 of 3 periods inside the 90% band"
    )
    assert inside_share(data) == "2 of 5 (40%)"
    assert [t.origin for t in tracks(data)] == [date(2020, 1, 1), date(2020, 6, 1)]


def test_the_future_is_dashed_and_has_no_dots(made):
    data = pa.concat_tables([path(made, date(2020, 6, 1), [10], [11.0]), path(made, date(2020, 12, 1), [9], [None])])
    figure_ = figure(data)
    dashed = [trace for trace in figure_.data if trace.line.dash == "dash"]
    dots = next(trace for trace in figure_.data if trace.mode == "markers")
    assert [list(trace.x) for trace in dashed] == [["2020-12-08"]]
    assert list(dots.y) == [11.0]


def test_nothing_came_is_no_division_by_nothing(made):
    assert "0 came, 1 of 1" in answer(path(made, date(2020, 6, 1), [1], [0.0]))


@pytest.mark.parametrize("actual", [None, 5.0])
def test_only_a_past_period_makes_a_test(made, actual):
    data = path(made, date(2020, 6, 1), [5], [actual])
    assert bool(figure(data).data) == (actual is not None)
