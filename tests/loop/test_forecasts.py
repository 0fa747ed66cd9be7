"""What a run says of its forecasts follows from its tables."""

from datetime import date

import pyarrow as pa
import pytest

from keepwell.loop import forecasts
from keepwell.tables import CONTRACTS

EARLY, LATE = date(2024, 1, 2), date(2024, 10, 1)


@pytest.fixture
def tables(engine):
    """Return a function that makes tables of the contract from rows."""

    def made(**rows):
        out = {}
        for name, given in rows.items():
            schema = CONTRACTS[name].schema.to_pyarrow()
            out[name] = engine.table(pa.Table.from_pylist(given, schema=schema).to_batches(), schema)
        return out

    return made


def marked(origin, horizon, method, **measures):
    key = {"origin": origin, "horizon": horizon, "method": method, "group": "all"}
    return [{**key, "measure": name, "value": float(value)} for name, value in measures.items()]


BACKTEST = [
    *marked(EARLY, 91, "bgnbd", expected=90, actual=100),
    *marked(EARLY, 273, "stack", expected=330, actual=300),
    *marked(EARLY, 273, "stack", champion=1, won_by=0.2, won_by_se=0.03),
    *marked(EARLY, 273, "own past rate", best=1, expected=500, actual=300),
    *marked(LATE, 91, "bgnbd", expected=120, actual=100, champion=1, best=1, won_by=0.1, won_by_se=0.01),
    {**marked(LATE, 91, "bgnbd", expected=1)[0], "group": "0"},
]
EQUITY = [
    {"horizon": h, "expected": 10.0 * i, "lower": 5.0 * i, "upper": 20.0 * i, "origins": 2, "basis": ""}
    for i, h in enumerate(("life", "12m", "3m"), 1)
]


def test_each_horizon_has_its_own_champion_and_tests(tables, engine):
    found = forecasts.horizons(tables(backtest=BACKTEST, equity=EQUITY), engine)
    assert [row["horizon"] for row in found] == ["3m", "12m", "life"]
    soon, year, life = found
    assert (soon["champion"], soon["best"], soon["tests"]) == ("bgnbd", "bgnbd", 2)
    assert (soon["error_low"], soon["error_high"]) == (pytest.approx(-0.1), pytest.approx(0.2))
    assert (year["champion"], year["best"], year["won_by"]) == ("stack", "own past rate", 0.2)
    assert (year["tests"], year["error_high"]) == (1, pytest.approx(0.1))
    assert life["champion"] is None  # nothing is tested over a life
    assert (life["expected"], year["upper"]) == ("10.0000", "40.0000")


def test_the_champion_is_that_of_twelve_months_or_of_the_longest_tested(tables, engine):
    found = forecasts.horizons(tables(backtest=BACKTEST, equity=EQUITY), engine)
    assert forecasts.champion(found) == "stack"
    assert forecasts.champion(found[:1]) == "bgnbd"
    assert forecasts.champion([found[-1]]) is None


def test_the_test_that_is_shown_is_the_latest_path_that_is_over(tables, engine):
    path = [
        {"origin": o, "period": p, "expected": e, "lower": e - 2, "upper": e + 2, "actual": a}
        for o, p, e, a in (
            (EARLY, date(2024, 1, 9), 5.0, 9.0),
            (LATE, date(2024, 10, 8), 6.0, 7.0),
            (LATE, date(2024, 10, 15), 5.0, 9.0),
            (date(2024, 12, 1), date(2024, 12, 8), 4.0, None),
        )
    ]
    found = forecasts.shown_test(tables(forecast_path=path), engine)
    assert found == {
        "origin": "2024-10-01", "days": 14, "expected": 11.0, "actual": 16.0, "inside": 1, "periods": 2,
    }  # fmt: skip
    assert forecasts.shown_test(tables(forecast_path=path[-1:]), engine) is None


def test_serious_warnings_come_first(tables, engine):
    rows = [{"kind": k, "subject": "all", "words": f"{k}!", "number": None} for k in ("odd cohort", "too few")]
    assert [row["kind"] for row in forecasts.warnings(tables(warnings=rows), engine)] == ["too few", "odd cohort"]
    assert forecasts.warnings({}, engine) == []
