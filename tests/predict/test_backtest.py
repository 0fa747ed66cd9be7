"""The backtest on real purchases, against what other software measured on the same split."""

import numpy as np
import pytest

from keepwell import predict
from keepwell.engine import collected
from keepwell.settings import from_dict

# CDNOW, 23,570 customers, 39 weeks then 39: total, mae, rmse, spearman of CLVTools 0.12.1, BTYD and lifetimes 0.11.3,
# which agree to these digits; the own rate is (x / T) * 39 weeks.
PEERS = {
    "paretonbd": (17_153, 0.7938, 1.7262, 0.4517),
    "bgnbd": (16_874, 0.8187, 1.7329, 0.4420),
    "own past rate": (29_011, 1.0381, 2.1582, 0.4850),
}


MODELS = {"models": ["bgnbd", "paretonbd"], "season": False, "covariates": [], "challenger": False}


@pytest.fixture(scope="module")
def backtest(duckdb, orders_of, request):
    path = request.getfixturevalue("cdnow")
    rows = [line.split() for line in path.read_text().splitlines() if line.strip()[:1].isdigit()]
    day = np.array([f"{r[1][:4]}-{r[1][4:6]}-{r[1][6:]}" for r in rows], "datetime64[D]")
    day = (day - np.datetime64("2023-01-01")).astype(int)
    orders = orders_of(duckdb, [r[0] for r in rows], day, [float(r[3]) for r in rows])
    found = predict.run({"order_contribution": orders}, from_dict({"as_of": "1998-06-30", "predict": MODELS}), duckdb)
    rows = collected(duckdb, found["backtest"]).to_pylist()
    rows.sort(key=lambda r: r["horizon"])  # the longest of an origin is the one that stays
    return {(r["origin"].isoformat(), r["method"], r["group"], r["measure"]): r["value"] for r in rows}


@pytest.mark.parametrize("method", PEERS)
def test_cdnow_at_39_weeks_agrees_with_the_peers(backtest, method):
    total, *rest = PEERS[method]
    found = [backtest["1997-09-30", method, "all", m] for m in ("expected", "mae", "rmse", "spearman", "actual")]
    assert found[0] == pytest.approx(total, abs=1)
    assert found[1:4] == pytest.approx(rest, abs=1e-4)
    assert found[4] == 19_684


@pytest.mark.parametrize("group", ["all", "0", "1", "2-4", "5+"])
@pytest.mark.parametrize("model", ["bgnbd", "paretonbd"])
def test_cdnow_distributions_hold_by_number_of_repeats(backtest, model, group):
    """Sales rose by a seventh after the split, so the highest tenth holds more than its share."""
    tenths = [backtest["1997-09-30", model, group, f"pit_{d}"] for d in range(10)]
    assert sum(tenths) == pytest.approx(1)
    assert tenths[:9] == pytest.approx([0.1] * 9, abs=0.042)  # 5+ are 1,256 customers: four standard errors are 0.034
    assert tenths[9] == pytest.approx(0.1, abs=0.06)
    assert 0.9 <= backtest["1997-09-30", model, group, "coverage_90"] <= 0.97


def test_the_models_beat_one_distribution_for_everybody_and_the_own_rate_by_crps(backtest):
    for origin in ("1997-07-01", "1997-09-30", "1997-12-30", "1998-03-31"):
        for model in ("bgnbd", "paretonbd"):
            crps = backtest[origin, model, "all", "crps"]
            assert crps < 0.85 * backtest[origin, "population mean", "all", "crps"]
            assert crps < 0.95 * backtest[origin, "own past rate", "all", "crps"]


@pytest.fixture(scope="module")
def simulated(duckdb, orders_of, draw_shop):
    """The backtest of a shop that the Pareto/NBD describes: 12,000 customers, 78 weeks."""
    customer, day, worth = draw_shop(12_000, seed=11)
    seen = day < 546
    orders = orders_of(duckdb, customer[seen], day[seen], worth[seen])
    found = predict.run({"order_contribution": orders}, from_dict({"as_of": "2024-06-29", "predict": MODELS}), duckdb)
    rows = collected(duckdb, found["backtest"]).to_pylist()
    rows.sort(key=lambda r: r["horizon"])  # the longest of an origin is the one that stays
    return {(r["origin"].isoformat(), r["method"], r["group"], r["measure"]): r["value"] for r in rows}


@pytest.mark.parametrize("origin", ["2023-09-30", "2023-12-30", "2024-03-30"])
def test_in_the_models_own_world_the_transform_is_uniform_and_the_total_right(simulated, origin):
    tenths = [simulated[origin, "paretonbd", "all", f"pit_{d}"] for d in range(10)]
    assert tenths == pytest.approx([0.1] * 10, abs=0.02)
    assert simulated[origin, "paretonbd", "all", "bias"] == pytest.approx(0, abs=0.08)  # 12,000 customers: sd 3%
    assert simulated[origin, "paretonbd", "all", "coverage_90"] >= 0.9
