"""The charts of a fitted model say what their numbers say."""

import pyarrow as pa

from keepwell.charts import fits

DATA = pa.table({"repeats": [0, 1, 2], "actual": [60.0, 30.0, 10.0], "expected": [57.0, 31.0, 12.0]})


def test_repeats_are_drawn_beside_the_model_and_the_last_bar_holds_the_rest():
    figure = fits.repeats(DATA, label="Pareto/NBD")
    assert [bar.name for bar in figure.data] == ["data", "Pareto/NBD"]
    assert list(figure.data[0].x) == ["0", "1", "2+"]
    assert list(figure.data[1].y) == [57.0, 31.0, 12.0]
    assert fits.repeats_answer(DATA) == "60 customers of 100 never came back; the model expects 57"


def test_the_holdout_is_summed_over_customers():
    data = DATA.append_column("customers", pa.array([10.0, 5.0, 1.0]))
    assert fits.holdout_answer(data) == "737 purchases were forecast and 760 came (−3%)"
    assert len(fits.holdout(data, label="x").data) == 2


def test_the_map_leaves_out_what_cannot_be():
    data = pa.table(
        {
            "repeats": [0.0, 0.0, 3.0, 3.0],
            "recency": [0.0, 9.0, 0.0, 9.0],
            "age": [9.0] * 4,
            "p_active": [0.4, None, None, 0.95],
        }
    )
    figure = fits.active(data, label="x")
    assert [list(row) for row in figure.data[0].z] == [[0.4, None], [None, 0.95]]
    assert "40% to 95%" in fits.active_answer(data)
