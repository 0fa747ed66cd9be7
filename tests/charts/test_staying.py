"""How long subscribers stay, counted from those that ended and those that run."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from keepwell.charts.staying import answer, staying_data, survival
from keepwell.engine import collected
from keepwell.tables import CONTRACTS

LAST = date(2024, 12, 31)


@pytest.fixture
def counted(engine):
    """Return a function that counts subscriptions given as (days they lasted, whether they ended).

    An end is `early` days before the last day of the files; what is forecast is forecast from `day`.
    """

    def made(*lasted, day=None, early=0):
        end = LAST - timedelta(days=early)
        rows = [
            {"subscription_id": str(i), "customer_id": str(i), "started": end - timedelta(days=days),
             "period": "month", "ended": end if ended else None, "price": None, "plan": None, "reason": None}
            for i, (days, ended) in enumerate(lasted)
        ]  # fmt: skip
        schema = CONTRACTS["subscriptions"].schema.to_pyarrow()
        subs = engine.table(pa.Table.from_pylist(rows, schema=schema).to_batches(), schema)
        lines = engine.table([], CONTRACTS["order_lines"].schema.to_pyarrow())
        schema = CONTRACTS["forecast_path"].schema.to_pyarrow()
        row = {"origin": day, "period": LAST, "expected": 1.0, "lower": 0.0, "upper": 2.0, "actual": None}
        path = engine.table(pa.Table.from_pylist([row] if day else [], schema=schema).to_batches(), schema)
        tables = {"subscriptions": subs, "order_lines": lines, "forecast_path": path}
        return collected(engine, staying_data(tables))

    return made


def test_where_all_have_ended_the_curve_is_the_plain_share(counted):
    rows = survival(counted(*((15, True) for _ in range(3)), *((45, True) for _ in range(5)), (400, True), (400, True)))
    shares = {row["month"]: row["share"] for row in rows}
    assert (shares[0], shares[1], shares[2]) == (1.0, 0.7, pytest.approx(0.2))


def test_those_who_run_count_as_long_as_they_were_watched(counted):
    rows = survival(counted(*((45, True) for _ in range(4)), *((100, False) for _ in range(6))))
    assert rows[-1]["month"] >= 2
    assert rows[-1]["share"] == pytest.approx(0.6)
    assert rows[-1]["lower"] < 0.6 < rows[-1]["upper"]


def test_what_comes_after_the_day_asked_for_has_not_happened(counted):
    """40 days before the files end: the first two still run, the third has begun that day, the fourth has not."""
    day = LAST - timedelta(days=40)
    data = counted((100, True), (100, False), (40, False), (20, True), day=day)
    assert data.to_pylist() == [{"months": 0, "ended": 0, "running": 1}, {"months": 1, "ended": 0, "running": 2}]


def test_who_has_left_is_not_watched_any_longer(counted):
    data = counted((100, True), (100, False), day=LAST, early=70)
    assert data.to_pylist() == [{"months": 3, "ended": 1, "running": 0}, {"months": 5, "ended": 0, "running": 1}]


def test_the_answer_names_the_last_month_that_is_known(counted):
    assert answer(counted((45, True), (100, False), (100, False), (100, False))).startswith("75% of subscribers")
    assert "too little" in answer(counted())
