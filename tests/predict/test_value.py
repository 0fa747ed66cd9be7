"""Money put on the forecast, batch by batch."""

import pickle
from dataclasses import replace
from datetime import date
from functools import partial

import numpy as np
import pyarrow as pa
import pytest

from keepwell.engine import collected
from keepwell.models import compound
from keepwell.models.gammagamma import GammaGamma
from keepwell.models.shapes import Cells
from keepwell.predict.horizon import Ahead
from keepwell.predict.level import NONE, Level
from keepwell.predict.value import READ, SCHEMA, Known, at_cells, lookup, next_orders, valued
from keepwell.tables import offences

GAMMA = GammaGamma(6.25, 3.74, 15.44)
CELLS = Cells(np.array([0, 2, 2]), np.array([0, 30, 31]), np.array([50, 90, 90]), np.ones(3))


def ahead(name):
    pmf = np.array([0.4, 0.3, 0.2, 0.1, 0.1, 0.5, 0.4])
    active = np.array([0.5, 0.9, 0.8])
    return Ahead(
        name=name,
        days=365,
        p_active=active,
        orders=np.array([0.5, 1.17, 1.04]),
        discounted=np.array([0.48, 1.1, 1.0]),
        none=1 - active * (1 - np.array([0.4, 0.1, 0.1])),
        group=np.array([0, 1, 1]),
        start=np.array([0, 4, 7]),
        pmf=pmf,
        discount=np.array([0.96, 0.95, 0.95]),
        moves=np.array([[0.01, 0.02, 0.03], [0.0, 0.01, 0.04]]),
    )


SOON = np.array([[0.1, 0.2, 0.3], [0.2, 0.3, 0.4], [0.3, 0.4, 0.5]])


def known(level=NONE, **more):
    worth = compound.gamma_worth(GAMMA, compound.points(256, seed=1), np.ones(256))
    both, due = (ahead("12m"), ahead("life")), np.array([-1, 19_800, 19_900])
    return Known(lookup(CELLS), both, due, SOON, worth, level, 0.5, ("a", "b"), **more)


class Twice:
    """A method of rows that expects twice as much as the last cell's."""

    def of(self, batch):
        rows = at_cells(ahead("life"), np.full(len(batch), 2))
        return replace(rows, orders=2 * rows.orders, p_active=batch["extra"].to_numpy())


def batch(*rows):
    names = ["string", *["int64"] * 3, *["float64"] * 3]
    columns = zip(*rows, strict=True)
    return pa.record_batch([pa.array(c, t) for c, t in zip(columns, names, strict=True)], names=list(READ))


ROWS = (("ann", 2, 31, 90, 20.0, 50.0, 1300.0), ("bob", 0, 0, 50, 80.0, 0.0, 0.0), ("cid", 2, 30, 90, 5.0, 9.0, 41.0))


def test_each_customer_gets_a_row_for_each_horizon():
    found = valued(batch(*ROWS), known=known())
    assert found.schema == SCHEMA
    assert found["customer_id"].to_pylist() == ["ann", "bob", "cid"] * 2
    assert found["horizon"].to_pylist() == ["12m"] * 3 + ["life"] * 3
    assert found["basis"].to_pylist() == ["a"] * 3 + ["b"] * 3


def test_the_customers_cell_gives_the_forecast_and_their_orders_the_spend():
    rows = {r["customer_id"]: r for r in valued(batch(*ROWS), known=known()).to_pylist()[:3]}
    ann = rows["ann"]
    spend = GAMMA.p * (GAMMA.gamma + 70) / (GAMMA.p * 3 + GAMMA.q - 1)
    assert (ann["p_active"], ann["expected_orders"]) == (0.8, 1.04)
    assert ann["spend"] == pytest.approx(spend)
    assert ann["expected_contribution"] == pytest.approx(spend * 1.0)
    weight = GAMMA.p * 3 / (GAMMA.p * 3 + GAMMA.q - 1)
    assert ann["spend_weight"] == pytest.approx(weight)
    sd = np.sqrt((0.03 * spend) ** 2 + (0.04 * spend) ** 2 + (1.0 * (1 - weight) * 0.5) ** 2)
    assert ann["sd_mean"] == pytest.approx(sd)
    assert ann["next_order"] == date(1970, 1, 1) + (date(2024, 6, 26) - date(1970, 1, 1))
    assert rows["bob"]["next_order"] is None
    assert rows["bob"]["q50"] == 0 < rows["bob"]["q95"]


def test_the_chance_of_an_order_soon_is_that_of_the_cell_in_every_horizon():
    rows = valued(batch(*ROWS), known=known()).to_pylist()
    for row in rows[::3]:
        assert [row[f"p_order_{days}"] for days in (30, 60, 90)] == [0.3, 0.4, 0.5]
        assert row["p_leave"] is None


def test_a_method_of_rows_takes_the_place_of_the_cells_in_its_horizon():
    wide = batch(*ROWS).append_column("extra", pa.array([0.1, 0.2, 0.3]))
    rows = valued(wide, known=known(rows={"life": Twice()}, reads=("extra",))).to_pylist()
    assert rows[:3] == valued(batch(*ROWS), known=known()).to_pylist()[:3]
    assert [row["p_active"] for row in rows[3:]] == [0.1, 0.2, 0.3]
    assert [row["expected_orders"] for row in rows[3:]] == [2.08] * 3


class Never:
    """A method of rows that holds no order for likely."""

    def of(self, batch):
        return replace(at_cells(ahead("life"), np.zeros(len(batch), int)), none=np.full(len(batch), 0.99))


def test_more_time_never_makes_no_order_likelier_whichever_methods_answer():
    rows = valued(batch(*ROWS), known=known(rows={"life": Never()})).to_pylist()
    for near, far in zip(rows[:3], rows[3:], strict=True):
        assert far["p_zero"] == near["p_zero"] < 0.99
        assert far["p_order_90"] <= 1 - near["p_zero"]


def test_the_level_scales_all_money_of_its_group():
    low = Level(np.array([1.0, 1.0, 0.5, 1.0]), 5)
    one, other = (valued(batch(*ROWS), known=known(level)).to_pylist() for level in (NONE, low))
    for name in ("spend", "expected_contribution", "q75", "q95"):
        assert other[0][name] == pytest.approx(0.5 * one[0][name])
        assert other[1][name] == one[1][name]


def test_a_batch_can_be_sent_to_a_worker():
    kernel = pickle.loads(pickle.dumps(partial(valued, known=known())))  # noqa: S301 - our own bytes
    assert kernel(batch(*ROWS)).equals(valued(batch(*ROWS), known=known()))


def test_the_next_order_is_rounded_up_and_may_never_come():
    found = next_orders(np.array([0.2, 10.0, np.inf, 1e9]), date(1970, 1, 11))
    assert found.tolist() == [11, 20, -1, -1]


@pytest.mark.parametrize("column", ["expected_contribution", "sd_mean", "spend"])
def test_what_is_no_number_breaks_the_contract(duckdb, column):
    good = valued(batch(*ROWS), known=known())
    place = good.schema.get_field_index(column)
    spoilt = good.set_column(place, good.schema.field(place), pa.array([np.nan, *good[column].to_pylist()[1:]]))
    counts = [collected(duckdb, offences("values", duckdb.table([b], SCHEMA))).to_pylist()[0] for b in (good, spoilt)]
    assert [row["money is a number"] for row in counts] == [0, 1]
