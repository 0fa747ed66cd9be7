"""Forecast beside truth, by tenths."""

from keepwell.charts.deciles import answer, deciles_data, figure


def tenths(truths, forecasts):
    rows = [
        {"decile": i + 1, "customers": 5, "forecast": float(f), "truth": float(t), "orders": 3}
        for i, (t, f) in enumerate(zip(truths, forecasts, strict=True))
    ]
    return deciles_data(rows)


def test_the_best_tenth_is_held_against_the_whole():
    data = tenths([60, 30, 10], [50, 30, 20])
    assert answer(data) == (
        "The tenth of customers of whom most was expected truly brought 60% of the whole; 50% was forecast"
    )
    forecast, truth = figure(data, currency="EUR").data
    assert (list(forecast.y), list(truth.y)) == ([50, 30, 20], [60, 30, 10])
    assert forecast.marker.pattern.shape == "/"  # they differ without colour too


def test_nothing_bought_is_a_sentence():
    data = tenths([0, 0], [1, 1])
    assert "no truth" in answer(data)
    assert not figure(data, currency="EUR").data
    assert not figure(tenths([], []), currency="EUR").data
