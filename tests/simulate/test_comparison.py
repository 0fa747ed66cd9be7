import ibis
import numpy as np
import pyarrow as pa
import pytest

from keepwell.errors import DataError
from keepwell.simulate import compared

TRUTH = pa.table(
    {
        "customer_id": [f"K{i:02d}" for i in range(21)],
        "active": [True] * 10 + [False] * 11,
        "orders": [2] * 10 + [0] * 11,
        "discounted": [10.0 * (i + 1) for i in range(20)] + [7.0],
    }
)
VALUES = pa.table(
    {
        "customer_id": [f"K{i:02d}" for i in range(20)] * 2,
        "horizon": ["12m"] * 20 + ["life"] * 20,
        "p_active": [0.5] * 40,
        "expected_orders": [1.1] * 40,
        "expected_contribution": [11.0 * (i + 1) for i in range(20)] + [9999.0] * 20,
    }
)


def equity(lower, upper):
    return pa.table({"horizon": ["12m", "life"], "expected": [1.0, 1.0], "lower": [lower, 0.0], "upper": [upper, 0.0]})


def test_totals_are_those_of_the_next_twelve_months():
    report = compared(VALUES, equity(2000.0, 2200.0), TRUTH)
    assert report["customers"] == 20
    assert report["contribution"] == pytest.approx({"forecast": 2310.0, "truth": 2100.0, "ratio": 1.1})
    assert report["orders"] == pytest.approx({"forecast": 22.0, "truth": 20.0, "ratio": 1.1})
    assert report["active"] == pytest.approx({"forecast": 10.0, "truth": 10.0, "ratio": 1.0})


def test_who_has_no_forecast_is_counted_apart():
    report = compared(VALUES, equity(0.0, 1.0), TRUTH)
    assert report["left_out"] == 1
    assert report["left_out_contribution"] == pytest.approx(7.0)


@pytest.mark.parametrize(("lower", "upper", "holds"), [(2000, 2200, True), (2100, 2100, True), (2101, 2300, False)])
def test_the_interval_is_asked_whether_it_holds_the_truth(lower, upper, holds):
    assert compared(VALUES, equity(float(lower), float(upper)), TRUTH)["interval"]["holds"] is holds


def test_deciles_run_from_the_highest_forecast_down_and_add_up():
    deciles = compared(VALUES, equity(0.0, 1.0), TRUTH)["deciles"]
    assert [d["decile"] for d in deciles] == list(range(1, 11))
    assert deciles[0]["forecast"] == pytest.approx(11.0 * (20 + 19))
    assert deciles[0]["truth"] == pytest.approx(10.0 * (20 + 19))
    assert sum(d["truth"] for d in deciles) == pytest.approx(2100)
    assert sum(d["customers"] for d in deciles) == 20


def test_a_forecast_that_ranks_rightly_finds_all_of_the_best_tenth():
    assert compared(VALUES, equity(0.0, 1.0), TRUTH)["found"] == pytest.approx(1.0)


def test_the_shops_numbers_are_found_through_the_customers():
    hidden = VALUES.set_column(0, "customer_id", pa.array([f"id{i}" for i in range(20)] * 2))
    names = pa.table({"customer_id": [f"id{i}" for i in range(20)], "customer_key": [f"K{i:02d}" for i in range(20)]})
    plain = compared(VALUES, equity(0.0, 1.0), TRUTH)
    assert compared(hidden, equity(0.0, 1.0), TRUTH, customers=names) == plain


def test_an_ibis_table_is_compared_like_an_arrow_one():
    tables = ibis.memtable(VALUES), ibis.memtable(equity(0.0, 1.0))
    assert compared(*tables, TRUTH) == compared(VALUES, equity(0.0, 1.0), TRUTH)


def test_another_shops_truth_is_refused():
    strangers = TRUTH.set_column(0, "customer_id", pa.array([f"Z{i}" for i in range(21)]))
    with pytest.raises(DataError, match="no customer of the forecast is in the truth"):
        compared(VALUES, equity(0.0, 1.0), strangers)


def test_rank_does_not_depend_on_the_order_of_rows():
    mixed = VALUES.take(np.random.default_rng(1).permutation(40))
    assert compared(mixed, equity(0.0, 1.0), TRUTH) == compared(VALUES, equity(0.0, 1.0), TRUTH)
